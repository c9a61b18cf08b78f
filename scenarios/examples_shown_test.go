package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// answersOfA are answers to getA with these bodies, as a run writes them down.
func answersOfA(held map[string]int64, marks []plumbline.Mark, bodies ...string) *plumbline.Evidence {
	e := &plumbline.Evidence{Seen: []plumbline.Seen{{Operation: "getA", Status: 200, Media: "application/json", Count: int64(len(bodies)), Fields: held}}}
	for _, b := range bodies {
		e.Observations = append(e.Observations, plumbline.Observation{
			Experiment: contractValid, Operation: "getA", Status: 200, Marks: marks, Transcript: &plumbline.Transcript{Method: "GET", ResponseBody: b},
		})
	}
	return e
}

func TestExamplesAreLaidBesideAnswers(t *testing.T) {
	example := plumbline.Picture{Status: "200", Fields: []string{"/id", "/part", "/part/x", "/rows", "/rows/*", "/rows/*/n"}, Body: `{"id":"7","part":{"x":1},"rows":[{"n":2}]}`}
	other := plumbline.Picture{Status: "200", Fields: []string{"/id"}, Body: `{"id":"8"}`}
	all := map[string]int64{"/id": 3, "/part": 3, "/part/x": 3, "/rows": 3, "/rows/*": 3, "/rows/*/n": 3}
	without := func(names ...string) map[string]int64 {
		out := map[string]int64{}
		for k, n := range all {
			out[k] = n
		}
		for _, name := range names {
			delete(out, name)
		}
		return out
	}
	right := `{"id":"1","part":{"x":1.5},"rows":[{"n":null}]}`
	retyped := `{"id":1,"part":{"x":1},"rows":[]}`
	broken := []plumbline.Mark{{Kind: plumbline.MarkBody, Message: "wrong"}}
	for name, c := range map[string]struct {
		pictures []plumbline.Picture
		e        *plumbline.Evidence
		want     plumbline.Outcome
		says     string
	}{
		"as shown":                      {[]plumbline.Picture{example}, answersOfA(all, nil, right, right, right), plumbline.Pass, "6 fields"},
		"a field is in no answer":       {[]plumbline.Picture{example}, answersOfA(without("/part/x"), nil, right, right, right), plumbline.Fail, "200 /part/x is in no answer, of 3"},
		"a part is in no answer, once":  {[]plumbline.Picture{example}, answersOfA(without("/part", "/part/x"), nil, right, right, right), plumbline.Fail, "200 /part is in no answer, of 3"},
		"lists were empty":              {[]plumbline.Picture{example}, answersOfA(without("/rows/*", "/rows/*/n"), nil, right, right, right), plumbline.Pass, ""},
		"two answers show nothing":      {[]plumbline.Picture{example}, answersOfA(without("/part"), nil, right, right), plumbline.Skipped, "2 answers"},
		"one of two examples lacks it":  {[]plumbline.Picture{example, other}, answersOfA(without("/part", "/part/x"), nil, right, right, right), plumbline.Pass, ""},
		"another type":                  {[]plumbline.Picture{example}, answersOfA(all, nil, retyped, retyped, retyped), plumbline.Fail, "200 /id is a text in the example, and a number in 3 answers"},
		"another type breaks a schema":  {[]plumbline.Picture{example}, answersOfA(all, broken, retyped, retyped, retyped), plumbline.Pass, ""},
		"one of the types of answers":   {[]plumbline.Picture{example}, answersOfA(all, nil, retyped, retyped, right), plumbline.Pass, ""},
		"a secret that was taken out":   {[]plumbline.Picture{{Status: "200", Fields: []string{"/id"}, Body: `{"id":7}`}}, answersOfA(all, nil, `{"id":"[redacted]"}`, `{"id":"[redacted]"}`, `{"id":"[redacted]"}`), plumbline.Pass, ""},
		"answers that were cut off":     {[]plumbline.Picture{example}, answersOfA(all, nil, retyped[:9], retyped[:9], retyped[:9]), plumbline.Pass, ""},
		"example of a class of success": {[]plumbline.Picture{{Status: "2XX", Fields: []string{"/gone"}, Body: `{"gone":1}`}}, answersOfA(all, nil, right, right, right), plumbline.Fail, "2XX /gone is in no answer"},
	} {
		d := plumbline.Design{Operations: []plumbline.Operation{{ID: "getA", Method: "GET", Path: "/a", Pictures: c.pictures}}}
		v := judgeShown(d, plumbline.Claim{ID: examplesValid + "/getA", Operation: "getA"}, c.e)
		if v.Outcome != c.want || !strings.Contains(v.Statement, c.says) {
			t.Errorf("%s: %s: %s", name, v.Outcome, v.Statement)
		}
		if v.Outcome == plumbline.Fail && (v.Level != plumbline.LevelAdvisory || v.Wrong != "document" || strings.Contains(v.Statement, ";")) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestExamplesOfAnswersAreClaimed(t *testing.T) {
	d := shop()
	d.Examples = 0
	want := 1
	for i := range d.Operations {
		d.Operations[i].Pictures = []plumbline.Picture{{Status: "200", Fields: []string{"/id"}, Body: `{"id":1}`}}
		d.Operations[i].Cases = d.Operations[i].Cases[:1]
		d.Operations[i].Cases[0].Origin = "generated"
		if callable(d, d.Operations[i]) {
			want++
		}
	}
	p := planExamples(d)
	if len(p.Claims) != want || len(p.Experiments) != 1 || len(p.Skips) != 0 {
		t.Errorf("%d claims, %d experiments, %d skips", len(p.Claims), len(p.Experiments), len(p.Skips))
	}
}
