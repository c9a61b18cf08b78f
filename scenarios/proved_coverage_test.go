package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

func TestCoverageIsWhatWasProved(t *testing.T) {
	t.Parallel()
	o := plumbline.Operation{
		ID: "create", Method: "POST", Path: "/things", Statuses: []string{"201", "409", "default"}, Cases: []plumbline.Case{{ID: "create/required"}},
		Invalid: []plumbline.Case{{Keyword: "minimum", Pointer: "body/n"}, {Keyword: "required", Pointer: "body/n"}},
		Fields:  []plumbline.Field{{Status: "201", Pointer: "/id"}, {Status: "201", Pointer: "/tags/*"}, {Status: "default", Pointer: "/title"}},
	}
	e := &plumbline.Evidence{
		Observations: []plumbline.Observation{
			{Operation: "create", Status: 201},
			{Operation: "create", Status: 400, Keyword: "minimum", Pointer: "body/n", Kind: plumbline.CaseInvalid},
			{Operation: "create", Status: 201, Keyword: "minimum", Pointer: "body/n", Kind: plumbline.CaseInvalid},
			{Operation: "create", Error: plumbline.ErrorUnbound, Keyword: "required", Pointer: "body/n"},
		},
		Seen: []plumbline.Seen{{Operation: "create", Status: 201, Fields: map[string]int64{"/id": 2}}, {Operation: "create", Status: 400, Fields: map[string]int64{"/title": 1}}},
	}
	got, _ := operationCoverage(o, plumbline.Design{}, e)
	want := plumbline.OperationCoverage{
		Operation: "create", Statuses: map[string]int{"201": 2, "400": 1, "unbound": 1}, Documented: o.Statuses,
		Constraints: []plumbline.ConstraintCoverage{{Pointer: "body/n", Keyword: "minimum", Sent: 2, Refused: 1, Accepted: 1}},
		Fields:      3, FieldsSeen: 2, Unseen: []string{"201 /tags/*"},
		Untested: []string{
			"no answer was 409: nothing that was sent led to it",
			"not broken: body/n required; the requests were not sent, or never reached it",
			"1 of 3 documented fields were in no answer",
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// An OPTIONS on the path of an operation, or a path beside it, that is answered
// 200 reaches nothing of the document.
func TestAnotherMethodOrPathReachesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind    plumbline.CaseKind
		keyword string
		reached bool
	}{
		"its own":        {plumbline.CaseValid, "", true},
		"hostile values": {plumbline.CaseRobust, "unicode", true},
		"OPTIONS":        {plumbline.CaseRobust, keywordMethod, false},
		"another path":   {plumbline.CaseRobust, keywordPath, false},
	} {
		e := &plumbline.Evidence{Observations: []plumbline.Observation{
			{Operation: "read", Status: 404},
			{Operation: "read", Status: 200, Kind: c.kind, Keyword: c.keyword},
		}}
		got, reached := operationCoverage(plumbline.Operation{ID: "read", Method: "GET"}, plumbline.Design{}, e)
		if reached != c.reached || got.Statuses["404"] != 1 || got.Statuses["200"] != map[bool]int{true: 1}[c.reached] {
			t.Errorf("%s: reached %t, %v", name, reached, got.Statuses)
		}
	}
}
