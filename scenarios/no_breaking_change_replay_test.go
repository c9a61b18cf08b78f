package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// released gives the design requests of a released document: one that the
// document at hand takes, one that it refuses, and one to what was removed.
func released(d *plumbline.Design) {
	one := func(id, operation, violates string) plumbline.Case {
		return plumbline.Case{ID: "released/" + id, Operation: operation, Origin: plumbline.OriginReleased, Kind: plumbline.CaseRobust, Violates: violates}
	}
	d.Released = []plumbline.Operation{
		{ID: "getProduct", Method: "GET", Cases: []plumbline.Case{one("p1", "getProduct", ""), one("p2", "getProduct", "query/q is required")}},
		{ID: "old", Method: "GET", Cases: []plumbline.Case{one("old", "old", "the document at hand has no such operation")}},
		{ID: "oldWrite", Method: "POST", Cases: []plumbline.Case{one("w", "oldWrite", "")}},
	}
}

// toReleased makes the evidence of released requests of one operation.
func toReleased(operation string, more ...func(*plumbline.Observation)) *plumbline.Evidence {
	e := &plumbline.Evidence{}
	for n, change := range more {
		o := plumbline.Observation{
			Experiment: contractReleased, Phase: "released", Stream: "released/" + string(rune('a'+n)), Operation: operation, Kind: plumbline.CaseRobust,
			Status: 200, Latency: time.Millisecond,
		}
		change(&o)
		e.Observations = append(e.Observations, o)
	}
	return e
}

func TestReleasedRequestsAreReplayed(t *testing.T) {
	as := func(status int, violates string, marks ...plumbline.Mark) func(*plumbline.Observation) {
		return func(o *plumbline.Observation) { o.Status, o.Violates, o.Marks = status, violates, marks }
	}
	missing := plumbline.Mark{Kind: plumbline.MarkReleased, Pointer: "/total", Message: "is missing"}
	fine := as(200, "")
	consumer := func(reads ...string) func(*plumbline.Design) {
		return func(d *plumbline.Design) {
			d.Consumers = []plumbline.Consumer{{Consumer: "web", Operation: "getProduct", Reads: reads}}
		}
	}
	allowed := func(field string) func(*plumbline.Design) {
		return func(d *plumbline.Design) {
			d.Consumers = nil
			d.Changes = []plumbline.Change{{Operation: "getProduct", Field: field, Allowed: "ADR 7"}}
		}
	}
	nobody := func(d *plumbline.Design) { d.Consumers = nil }
	for name, c := range map[string]struct {
		operation string
		e         *plumbline.Evidence
		design    func(*plumbline.Design)
		outcome   plumbline.Outcome
		level     plumbline.Level
		says      string
	}{
		"all as released":                 {"getProduct", toReleased("getProduct", fine, fine), nobody, plumbline.Pass, "", "2 answers"},
		"a property is missing":           {"getProduct", toReleased("getProduct", fine, as(200, "", missing)), nobody, plumbline.Fail, "", "/total is missing"},
		"which a consumer reads":          {"getProduct", toReleased("getProduct", as(200, "", missing)), consumer("/total"), plumbline.Fail, "", "(web)"},
		"which no consumer reads":         {"getProduct", toReleased("getProduct", as(200, "", missing)), consumer("/name"), plumbline.Fail, plumbline.LevelLikely, "/total"},
		"and is allowed":                  {"getProduct", toReleased("getProduct", as(200, "", missing)), allowed("/total"), plumbline.Pass, "", "is allowed"},
		"and another is allowed":          {"getProduct", toReleased("getProduct", as(200, "", missing)), allowed("/name"), plumbline.Fail, "", "/total"},
		"refused, and narrowed":           {"getProduct", toReleased("getProduct", fine, as(400, "query/q is required")), nobody, plumbline.Fail, "", "refused with 400: query/q is required"},
		"refused, and not narrowed":       {"getProduct", toReleased("getProduct", fine, as(422, "")), nobody, plumbline.Pass, "", ""},
		"refused for who asks":            {"getProduct", toReleased("getProduct", fine, as(403, "query/q is required")), nobody, plumbline.Pass, "", ""},
		"refused for the state of things": {"getProduct", toReleased("getProduct", fine, as(409, "query/q is required")), nobody, plumbline.Pass, "", ""},
		"not there, of what is":           {"getProduct", toReleased("getProduct", fine, as(404, "query/q is required")), nobody, plumbline.Pass, "", ""},
		"removed":                         {"old", toReleased("old", as(404, "the document at hand has no such operation")), nobody, plumbline.Fail, "", "refused with 404"},
		"removed, and still served":       {"old", toReleased("old", as(200, "the document at hand has no such operation")), nobody, plumbline.Pass, "", ""},
		"never a success":                 {"getProduct", toReleased("getProduct", as(404, "")), nobody, plumbline.Skipped, "", "never answered 2xx"},
		"never answered":                  {"getProduct", toReleased("getProduct", func(o *plumbline.Observation) { o.Error = plumbline.ErrorUnbound }), nobody, plumbline.Inconclusive, "", ""},
	} {
		d := shop()
		released(&d)
		c.design(&d)
		v := judgeChanges(d, plumbline.Claim{Function: noBreakingChange, Operation: c.operation}, c.e)
		if v.Outcome != c.outcome || v.Level != c.level || !strings.Contains(v.Statement, c.says) {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Level, v.Statement)
		}
		if v.Outcome == plumbline.Fail && len(v.Suspects) == 0 {
			t.Errorf("%s: nothing to repeat", name)
		}
	}
}

// A removed operation that changes something is not called, nor anything that
// the mode forbids; and what fails is told only when it comes again.
func TestReplaysKeepToTheModeAndAreRepeated(t *testing.T) {
	d := shop()
	released(&d)
	x := releasedCases(d)
	var names []string
	for _, c := range x.Phases[0].Calls {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "released/p1 released/p2 released/old" {
		t.Errorf("calls: %s", got)
	}
	p := drawn(t, d, noBreakingChange)
	e := toReleased("getProduct", func(o *plumbline.Observation) {
		o.Stream, o.Marks = "released/p1", []plumbline.Mark{{Kind: plumbline.MarkReleased, Pointer: "/total", Message: "is missing"}}
	})
	again := Repetition(d, p, Functions(), e, 1)
	if len(again) != 1 || len(again[0].Phases[0].Calls) != 1 || !again[0].Phases[0].Calls[0].Fresh || again[0].Phases[0].Calls[0].Own == nil {
		t.Errorf("repetitions: %+v", again)
	}
}
