package scenarios

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// One mistake is one finding, told by the function that says how it comes about.
func TestTheFunctionNearestToTheCauseTellsIt(t *testing.T) {
	t.Parallel()
	byID := map[string]plumbline.Function{}
	for _, f := range Functions() {
		byID[f.ID] = f
	}
	for _, c := range []struct {
		first string
		other []string
	}{
		{methodSemantics, []string{statusRules, statusRules, statusRules}},
		{failedWrite, []string{responseConforms, responseConforms}},
	} {
		findings, causes := []plumbline.Finding{}, []string{}
		for i, id := range append(c.other, c.first) {
			findings = append(findings, plumbline.Finding{Function: id, Claim: id + "/" + string(rune('a'+i)), Outcome: plumbline.Fail, Level: plumbline.LevelProved, Gates: true})
			causes = append(causes, "the same")
		}
		joinCauses(findings, causes, byID)
		inReadingOrder(findings, byID)
		if findings[0].Function != c.first || len(findings[0].Symptoms) != len(c.other) || !findings[0].Gates {
			t.Errorf("%s: the first is %s with the symptoms %v", c.first, findings[0].Claim, findings[0].Symptoms)
		}
		for _, f := range findings[1:] {
			if f.Gates || f.Because != findings[0].Claim {
				t.Errorf("%s gates %t, because of %q", f.Claim, f.Gates, f.Because)
			}
		}
	}
}

// A refused write that has stored what the document forbids is behind all
// answers that show it.
func TestAStoredRefusalIsTheCauseOfWhatShowsIt(t *testing.T) {
	t.Parallel()
	mark := plumbline.Mark{Kind: plumbline.MarkBody, Pointer: "/quantity", Message: "got -1", Schema: "/components/schemas/Order/properties/quantity/minimum", Keyword: "minimum"}
	for name, c := range map[string]struct {
		marks []plumbline.Mark
		want  string
	}{
		"what is answered breaks the document": {[]plumbline.Mark{{Kind: plumbline.MarkBody, Pointer: "/other", Schema: "/x"}, mark}, causeOf(mark)},
		"it is within the document":            {nil, "failed write /orders"},
	} {
		d, claim, e := spoil(failedWrite+"/orders", step(contractFailed, "read-1", func(o *plumbline.Observation) {
			differs("answer:before", "/quantity", "is -1, was 2")(o)
			o.Marks = append(o.Marks, c.marks...)
		}), withOrders)(t)
		if v := judgeFailed(d, claim, e); v.Outcome != plumbline.Fail || v.Cause != c.want {
			t.Errorf("%s: %s, cause %q, want %q", name, v.Outcome, v.Cause, c.want)
		}
	}
}

// Of several writes that were stored, the one that the answers show is the cause.
func TestAnInvalidValueAmongWhatWasStoredIsTheCause(t *testing.T) {
	t.Parallel()
	mark := plumbline.Mark{Kind: plumbline.MarkBody, Pointer: "/quantity", Message: "got 0", Schema: "/components/schemas/Order/properties/quantity/minimum", Keyword: "minimum"}
	d, claim, e := spoil(failedWrite+"/orders", step(contractFailed, "read-1", func(o *plumbline.Observation) {
		differs("answer:before", "/note", "is a, was b")(o)
		differs("answer:before", "/quantity", "is 0, was 2")(o)
		o.Marks = append(o.Marks, mark)
	}), withOrders)(t)
	if v := judgeFailed(d, claim, e); v.Outcome != plumbline.Fail || v.Cause != causeOf(mark) {
		t.Errorf("%s, cause %q", v.Outcome, v.Cause)
	}
}
