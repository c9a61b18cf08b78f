package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	const claim = noBreakingChange + "/document"
	withoutMutant[noBreakingChange] = "it compares two documents; no defect of a running system changes them"
	specimens[noBreakingChange] = specimen{
		kept: spoil(claim, nil, since()),
		broken: func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
			d := shop()
			released(&d)
			return d, plumbline.Claim{ID: noBreakingChange + "/replay/getProduct", Function: noBreakingChange, Operation: "getProduct"},
				toReleased("getProduct", func(o *plumbline.Observation) {
					o.Stream, o.Marks = "released/p1", []plumbline.Mark{{Kind: plumbline.MarkReleased, Pointer: "/total", Message: "is missing"}}
				})
		},
		unproven: spoil(claim, nil, since(), func(d *plumbline.Design) { d.Operations = nil }),
	}
}

func init() {
	const claim = examplesValid + "/document"
	withoutMutant[examplesValid] = "a wrong example is a defect of the document; no defect of a running system is one"
	specimens[examplesValid] = specimen{
		kept: spoil(claim, nil),
		broken: spoil(claim, nil, func(d *plumbline.Design) {
			d.Untrue = []plumbline.Untrue{{Operation: "getOrder", Where: "response 200", Message: "/total: got string, want number", Source: plumbline.Source{File: "openapi.yaml", Line: 7, Pointer: "/components/schemas/Order/example"}}}
		}),
		unproven: spoil(claim, each(contractValid, "", func(_ int, o *plumbline.Observation) { o.Status = 404 })),
	}
}

func TestExamplesValid(t *testing.T) {
	const claim = examplesValid + "/document"
	d, _, e := specimens[examplesValid].broken(t)
	v := judgeExamples(d, e)
	if v.Wrong != "document" || !strings.Contains(v.Patch, "target: $.components.schemas.Order.example") || !strings.Contains(v.Statement, "openapi.yaml:7") {
		t.Errorf("%+v", v)
	}
	for status, want := range map[int]plumbline.Outcome{400: plumbline.Fail, 422: plumbline.Fail, 404: plumbline.Pass, 401: plumbline.Pass, 500: plumbline.Pass} {
		d, _, e := spoil(claim, each(contractValid, "getProduct", func(_ int, o *plumbline.Observation) { o.Status = status }))(t)
		if v := judgeExamples(d, e); v.Outcome != want {
			t.Errorf("%d: %s: %s", status, v.Outcome, v.Statement)
		}
	}
	if p := planExamples(plumbline.Design{}); len(p.Claims) != 0 || len(p.Skips) != 1 {
		t.Errorf("no example: %+v", p)
	}
}

func init() {
	const claim = specIsServed + "/document"
	withoutMutant[specIsServed] = "the sample system publishes no document of itself"
	specimens[specIsServed] = specimen{
		kept:     spoil(claim, nil),
		broken:   spoil(claim, fetched(plumbline.Check{Subject: "/openapi.json", Value: 2, Unit: UnitDifferences, Detail: "getA: gone (served)"})),
		unproven: spoil(claim, fetched(plumbline.Check{Subject: "/openapi.json", Unit: UnitUnanswered, Detail: "refused"})),
	}
}

// fetched puts what was found in the place of the good answer.
func fetched(checks ...plumbline.Check) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		e.Checks = nil
		for _, c := range checks {
			c.Name = CheckServed
			e.Checks = append(e.Checks, c)
		}
	}
}

func TestSpecIsServed(t *testing.T) {
	absent := plumbline.Check{Subject: "/openapi.json", Detail: "404"}
	differs := plumbline.Check{Subject: "/openapi.json", Value: 2, Unit: UnitDifferences, Detail: "x"}
	same := plumbline.Check{Subject: "/openapi.json", OK: true, Unit: UnitDifferences}
	for name, c := range map[string]struct {
		check    plumbline.Check
		declared string
		outcome  plumbline.Outcome
		level    plumbline.Level
	}{
		"the same":          {same, "", plumbline.Pass, plumbline.LevelLikely},
		"differs, found":    {differs, "", plumbline.Fail, plumbline.LevelLikely},
		"differs, declared": {differs, "/openapi.json", plumbline.Fail, ""},
		"absent":            {absent, "", plumbline.Skipped, plumbline.LevelLikely},
		"absent, declared":  {absent, "/openapi.json", plumbline.Fail, ""},
	} {
		d, claim, e := spoil(specIsServed+"/document", fetched(c.check), func(d *plumbline.Design) { d.Served = c.declared })(t)
		if v := judgeServed(d, claim, e); v.Outcome != c.outcome || v.Level != c.level {
			t.Errorf("%s: %s %q: %s", name, v.Outcome, v.Level, v.Statement)
		}
	}
}

// since gives the design a released document and what changed since.
func since(changes ...plumbline.Change) func(*plumbline.Design) {
	return func(d *plumbline.Design) { d.Base, d.Changes = "git:v1", changes }
}

func TestNoBreakingChange(t *testing.T) {
	proved := plumbline.Change{ID: "response-property-type-changed", Level: plumbline.LevelProved, Operation: "getOrder", Text: "total is an integer now", Consumers: []string{"web"}}
	likely := plumbline.Change{ID: "response-property-enum-value-added", Level: plumbline.LevelLikely, Operation: "getOrder", Text: "a further value"}
	meant := proved
	meant.Allowed = "ADR 7"
	for name, c := range map[string]struct {
		changes []plumbline.Change
		outcome plumbline.Outcome
		level   plumbline.Level
		says    string
	}{
		"broken":              {[]plumbline.Change{proved, likely}, plumbline.Fail, plumbline.LevelProved, "1 change since git:v1 breaks clients (web): getOrder: total is an integer now"},
		"only likely":         {[]plumbline.Change{likely}, plumbline.Fail, plumbline.LevelLikely, "may break"},
		"allowed":             {[]plumbline.Change{meant}, plumbline.Pass, "", "1 change allowed (ADR 7)"},
		"allowed, and likely": {[]plumbline.Change{meant, likely}, plumbline.Fail, plumbline.LevelLikely, "allowed (ADR 7)"},
	} {
		d, claim, e := spoil(noBreakingChange+"/document", nil, since(c.changes...))(t)
		v := judgeChanges(d, claim, e)
		if v.Outcome != c.outcome || v.Level != c.level || !strings.Contains(v.Statement, c.says) {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Level, v.Statement)
		}
	}
	p := planChanges(plumbline.Design{})
	if len(p.Claims) != 0 || p.Skips[0].Reason != plumbline.ReasonNotDeclared {
		t.Errorf("without a base: %+v", p)
	}
}
