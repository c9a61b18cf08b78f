package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[responseConforms] = specimen{
		kept:     spoil(responseConforms+"/getProduct", nil),
		broken:   spoil(responseConforms+"/getProduct", each(contractValid, "getProduct", totalIsString)),
		unproven: spoil(responseConforms+"/getProduct", func(e *plumbline.Evidence) { e.Observations = nil }),
	}
	specimens[noServerError] = specimen{
		kept:   spoil(noServerError+"/createOrder", nil),
		broken: spoil(noServerError+"/createOrder", each(contractWrong, "createOrder/quantity", crash)),
		unproven: spoil(noServerError+"/createOrder", each(contractWrong, "createOrder", func(_ int, o *plumbline.Observation) {
			o.Status, o.Error = 0, plumbline.ErrorRefused
		})),
	}
	specimens[pactsVerified] = specimen{
		kept:     spoil(pactsVerified+"/pacts/web.json", nil),
		broken:   spoil(pactsVerified+"/pacts/web.json", results(plumbline.PactMismatch, "$.price: expected a number")),
		unproven: spoil(pactsVerified+"/pacts/web.json", func(e *plumbline.Evidence) { e.Pacts = nil }),
	}
}

func totalIsString(_ int, o *plumbline.Observation) {
	o.Marks = []plumbline.Mark{{Kind: plumbline.MarkBody, Pointer: "/total", Message: "got string, want number", Schema: "/components/schemas/Order/properties/total"}}
}

func crash(_ int, o *plumbline.Observation) { o.Status = 500 }

// results changes the first result of every pact file.
func results(result, detail string) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Pacts {
			if i%3 == 0 {
				e.Pacts[i].Result, e.Pacts[i].Detail = result, []string{detail}
			}
		}
	}
}

func TestResponseConforms(t *testing.T) {
	mark := func(kind plumbline.MarkKind) []plumbline.Mark {
		return []plumbline.Mark{{Kind: kind, Message: string(kind)}}
	}
	underFault := func(status int, kind plumbline.MarkKind, hit bool) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			inject("outage/payment", 12)(e)
			for range 3 {
				o := plumbline.Observation{Experiment: "outage/payment", Phase: "down", Operation: "getProduct", Trace: runID + "00000000000000000009", Due: 1e9, Status: status, Marks: mark(kind)}
				e.Observations = append(e.Observations, o)
			}
			if hit {
				e.Exchanges = append(e.Exchanges, plumbline.Exchange{Wire: "recs", Trace: runID + "00000000000000000009", Fault: "1"})
			}
		}
	}
	for _, c := range []struct {
		name    string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		reason  plumbline.Reason
	}{
		{"an undocumented property is no breach", each(contractValid, "getProduct", func(_ int, o *plumbline.Observation) { o.Marks = mark(plumbline.MarkExtra) }), plumbline.Pass, ""},
		{"undocumented status", each(contractValid, "getProduct", func(n int, o *plumbline.Observation) {
			if n < 2 {
				o.Status, o.Marks = 418, mark(plumbline.MarkStatus)
			}
		}), plumbline.Fail, ""},
		{"rate limit", each(contractValid, "getProduct", func(n int, o *plumbline.Observation) {
			if n < 2 {
				o.Status, o.Marks = 429, mark(plumbline.MarkStatus)
			}
		}), plumbline.Pass, ""},
		{"stale example", each(contractValid, "getProduct", func(_ int, o *plumbline.Observation) { o.Status = 404 }), plumbline.Skipped, plumbline.ReasonNotApplicable},
		{"valid requests crash it", each(contractValid, "getProduct", func(_ int, o *plumbline.Observation) { o.Status, o.Marks = 500, mark(plumbline.MarkStatus) }), plumbline.Fail, ""},
		{"5xx under fault", underFault(500, plumbline.MarkStatus, false), plumbline.Pass, ""},
		{"lies under fault", underFault(200, plumbline.MarkBody, false), plumbline.Fail, ""},
		{"garbage of a dependency passed on", underFault(200, plumbline.MarkBody, true), plumbline.Pass, ""},
		{"undocumented status under fault", underFault(418, plumbline.MarkStatus, true), plumbline.Fail, ""},
		{"too few", func(e *plumbline.Evidence) {
			without(e, contractValid)
			e.Observations = append(e.Observations, plumbline.Observation{Experiment: contractValid, Operation: "getProduct", Status: 200})
		}, plumbline.Inconclusive, plumbline.ReasonTooFewSamples},
		{"nothing", func(e *plumbline.Evidence) { e.Observations = nil }, plumbline.Inconclusive, plumbline.ReasonIncomplete},
		{"breach under load", func(e *plumbline.Evidence) {
			for _, phase := range []string{warmUp, "steady"} {
				e.Series = append(e.Series, plumbline.Series{Experiment: loadTarget, Phase: phase, Operation: "getProduct", Class: "2xx", Count: 900, Marks: mark(plumbline.MarkBody)})
			}
		}, plumbline.Fail, ""},
		{"breach in one phase of load alone", func(e *plumbline.Evidence) {
			e.Series = append(e.Series, plumbline.Series{Experiment: loadTarget, Phase: "steady", Operation: "getProduct", Class: "2xx", Count: 900, Marks: mark(plumbline.MarkBody)})
		}, plumbline.Inconclusive, plumbline.ReasonNotReproduced},
		{"server errors under load are not judged here", func(e *plumbline.Evidence) {
			e.Series = append(e.Series, plumbline.Series{Experiment: loadTarget, Phase: "steady", Operation: "getProduct", Class: "5xx", Count: 900, Bad: 12, Marks: mark(plumbline.MarkBody)})
		}, plumbline.Pass, ""},
	} {
		d, claim, e := spoil(responseConforms+"/getProduct", c.change)(t)
		if v := judgeConforms(d, claim, e); v.Outcome != c.outcome || v.Reason != c.reason {
			t.Errorf("%s: %s %s, want %s %s: %s", c.name, v.Outcome, v.Reason, c.outcome, c.reason, v.Statement)
		}
	}
}

// A request that is meant to be refused may be refused in an undocumented way,
// and a crash on it is another function's to find.
func TestResponseConformsLeavesRefusalsToOthers(t *testing.T) {
	d, claim, e := spoil(responseConforms+"/createOrder", func(e *plumbline.Evidence) {
		for range 3 {
			for _, status := range []int{422, 500} {
				e.Observations = append(e.Observations, plumbline.Observation{
					Experiment: contractWrong, Operation: "createOrder", Case: "createOrder/malformed-json", Status: status,
					Marks: []plumbline.Mark{{Kind: plumbline.MarkStatus, Message: "not documented"}},
				})
			}
		}
	})(t)
	if v := judgeConforms(d, claim, e); v.Outcome != plumbline.Pass {
		t.Errorf("%s: %s", v.Outcome, v.Statement)
	}
}

// The same mistake in every element of an array is one breach.
func TestBreachesOfOneKindAreOne(t *testing.T) {
	d, claim, e := spoil(responseConforms+"/getProduct", each(contractValid, "getProduct", func(n int, o *plumbline.Observation) {
		totalIsString(n, o)
		o.Marks[0].Pointer = "/items/" + strings.Repeat("1", n+1) + "/price"
	}))(t)
	if v := judgeConforms(d, claim, e); v.Outcome != plumbline.Fail || v.Measured != 1 {
		t.Errorf("%s, %v breaches: %s", v.Outcome, v.Measured, v.Statement)
	}
}

func TestValidCasesGiveEnoughResponsesInAUsefulOrder(t *testing.T) {
	d := shop()
	x := validCases(d)
	n, order := map[string]int{}, []string{}
	for _, c := range slices.Concat(x.Phases[0].Calls, x.Phases[1].Calls) {
		if n[c.Operation] == 0 {
			order = append(order, c.Operation)
		}
		n[c.Operation] += c.Repeat
	}
	for id, got := range n {
		if got < conformLeast {
			t.Errorf("%s gets %d requests", id, got)
		}
	}
	if got, want := strings.Join(order, " "), "createOrder getLiveness getProduct getOrder deleteOrder"; got != want {
		t.Errorf("order %s, want %s (refund changes what the run did not create)", got, want)
	}
}

func TestInvalidInput(t *testing.T) {
	broken := func(times int, spoil func(o *plumbline.Observation)) func(*plumbline.Evidence) {
		return each(contractWrong, "createOrder/malformed", func(n int, o *plumbline.Observation) {
			if n < times {
				spoil(o)
			}
		})
	}
	status := func(s int) func(o *plumbline.Observation) {
		return func(o *plumbline.Observation) { o.Status = s }
	}
	failed := func(class plumbline.ErrorClass) func(o *plumbline.Observation) {
		return func(o *plumbline.Observation) { o.Status, o.Error = 0, class }
	}
	for _, c := range []struct {
		name    string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		reason  plumbline.Reason
	}{
		{"each time", broken(2, status(500)), plumbline.Fail, ""},
		{"once", broken(1, status(500)), plumbline.Fail, ""},
		{"the connection ends", broken(3, failed(plumbline.ErrorEOF)), plumbline.Fail, ""},
		{"the harness cancels", broken(3, failed(plumbline.ErrorCanceled)), plumbline.Pass, ""},
		{"not implemented is a refusal", broken(3, status(501)), plumbline.Pass, ""},
		{"too large is a refusal", broken(3, status(413)), plumbline.Pass, ""},
		{"the dependency failed", func(e *plumbline.Evidence) {
			broken(3, status(502))(e)
			for _, o := range e.Observations {
				if o.Status == 502 {
					e.Exchanges = append(e.Exchanges, plumbline.Exchange{Wire: "payment", Method: "POST", Trace: o.Trace, Upstream: 503})
				}
			}
		}, plumbline.Pass, ""},
		{"everything is a 5xx", each(contractWrong, "createOrder", crash), plumbline.Inconclusive, plumbline.ReasonNoPositiveControl},
		{"nothing was sent", func(e *plumbline.Evidence) { e.Observations = nil }, plumbline.Inconclusive, plumbline.ReasonIncomplete},
	} {
		d, claim, e := spoil(noServerError+"/createOrder", c.change)(t)
		if v := judgeInvalid(d, claim, e); v.Outcome != c.outcome || v.Reason != c.reason {
			t.Errorf("%s: %s %s, want %s %s: %s", c.name, v.Outcome, v.Reason, c.outcome, c.reason, v.Statement)
		}
	}
}

func TestInvalidInputNamesTheLayerThatAnswered(t *testing.T) {
	d, claim, e := spoil(noServerError+"/createOrder", each(contractWrong, "createOrder", func(_ int, o *plumbline.Observation) {
		server := "shop"
		if strings.Contains(o.Case, "malformed") {
			o.Status, server = 503, "waf"
		}
		o.Transcript = &plumbline.Transcript{ResponseHeader: map[string][]string{"Server": {server}}}
	}))(t)
	v := judgeInvalid(d, claim, e)
	if v.Outcome != plumbline.Fail || !strings.Contains(v.Statement, "answered by waf") || !strings.Contains(v.Statement, "/body: malformed-json gives 503") {
		t.Errorf("%s: %s", v.Outcome, v.Statement)
	}
}

func TestPacts(t *testing.T) {
	all := func(result, detail string) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			for i := range e.Pacts {
				e.Pacts[i].Result, e.Pacts[i].Detail = result, []string{detail}
			}
		}
	}
	for _, c := range []struct {
		name    string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		reason  plumbline.Reason
	}{
		{"one state is missing", results(plumbline.PactStateUnset, ""), plumbline.Pass, ""},
		{"all states are missing", all(plumbline.PactStateUnset, ""), plumbline.Inconclusive, plumbline.ReasonNoPositiveControl},
		{"one was not answered", results(plumbline.PactError, "reset"), plumbline.Fail, ""},
		{"none was answered", all(plumbline.PactError, "refused"), plumbline.Inconclusive, plumbline.ReasonNoPositiveControl},
		{"one was not run", results(plumbline.PactNotRun, "deadline"), plumbline.Inconclusive, plumbline.ReasonIncomplete},
		{"no library", all(plumbline.PactNotRun, "libpact_ffi: no such library"), plumbline.Inconclusive, plumbline.ReasonNoLibrary},
		{"it holds no interaction", func(e *plumbline.Evidence) {
			e.Pacts = []plumbline.PactResult{{File: "pacts/web.json", Result: plumbline.PactEmpty}}
		}, plumbline.Skipped, plumbline.ReasonNotApplicable},
		{"mismatch and crash", func(e *plumbline.Evidence) {
			results(plumbline.PactMismatch, "")(e)
			e.Pacts[len(e.Pacts)-1].Result = plumbline.PactNotRun
		}, plumbline.Fail, ""},
		{"the verifier knows the file by another path", func(e *plumbline.Evidence) {
			results(plumbline.PactMismatch, "")(e)
			for i := range e.Pacts {
				e.Pacts[i].File = "../elsewhere/" + e.Pacts[i].File[strings.LastIndex(e.Pacts[i].File, "/")+1:]
			}
		}, plumbline.Fail, ""},
	} {
		d, claim, e := spoil(pactsVerified+"/pacts/web.json", c.change)(t)
		if v := judgePacts(d, claim, e); v.Outcome != c.outcome || v.Reason != c.reason {
			t.Errorf("%s: %s %s, want %s %s: %s", c.name, v.Outcome, v.Reason, c.outcome, c.reason, v.Statement)
		}
	}
}
