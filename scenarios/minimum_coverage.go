package scenarios

import (
	"fmt"
	"math"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const minimumCoverage = "contract/minimum-coverage"

func init() {
	register(plumbline.Function{
		ID:    minimumCoverage,
		Title: "Enough of the document was put to the test",
		Doc: `Method: what the run has proved of the document is counted, as the report shows it: operations that were answered 2xx; documented statuses that were seen, but for 5xx and default, which a right service need not show; constraints of the input that a request was sent to break and that was answered; documented fields of answers that were seen.
Criterion: each share that a minimum is declared for (coverage, or --min-coverage) reaches it. Less is no breach: the claim is unproven, and with it the run, however many other claims are kept.
Guard: it is claimed only where a minimum is declared, and counts only what the run sent by itself and was answered; repetitions of failures do not count. A document that has none of what is counted is not judged.`,
		Standard: "DESIGN D2: no proof, no pass",
		Order:    94,
		Plan:     planMinimum,
		Judge:    floor(judgeMinimum),
	})
}

// A countable is a part of the document that coverage is counted of.
type countable struct {
	name  string // as in the declaration
	least func(plumbline.Minimum) float64
	of    string // what is counted, in words
	count func(plumbline.Operation, plumbline.OperationCoverage, bool) (proved, all int)
}

func countables() []countable {
	return []countable{
		{"operations", func(m plumbline.Minimum) float64 { return m.Operations }, "operations answered 2xx", func(_ plumbline.Operation, _ plumbline.OperationCoverage, exercised bool) (proved, all int) {
			return one01(exercised), 1
		}},
		{"statuses", func(m plumbline.Minimum) float64 { return m.Statuses }, "documented statuses seen", statusesSeen},
		{"constraints", func(m plumbline.Minimum) float64 { return m.Constraints }, "constraints broken by a request", constraintsTried},
		{"fields", func(m plumbline.Minimum) float64 { return m.Fields }, "documented fields seen", func(_ plumbline.Operation, c plumbline.OperationCoverage, _ bool) (proved, all int) {
			return c.FieldsSeen, c.Fields
		}},
	}
}

func one01(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// statusesSeen counts the documented statuses that a right service shows when
// it is asked for them.
func statusesSeen(o plumbline.Operation, c plumbline.OperationCoverage, _ bool) (proved, all int) {
	for _, s := range o.Statuses {
		if s == "default" || strings.HasPrefix(s, "5") {
			continue
		}
		all++
		proved += one01(answeredAs(c.Statuses, s))
	}
	return proved, all
}

// constraintsTried counts the constraints that cases of the operation break.
func constraintsTried(o plumbline.Operation, c plumbline.OperationCoverage, _ bool) (proved, all int) {
	sent := map[string]bool{}
	for _, x := range c.Constraints {
		sent[x.Pointer+" "+x.Keyword] = true
	}
	kinds := map[string]bool{}
	for _, k := range o.Invalid {
		name := k.Pointer + " " + k.Keyword
		if k.Keyword == "" || kinds[name] {
			continue
		}
		kinds[name] = true
		all++
		proved += one01(sent[name])
	}
	return proved, all
}

func planMinimum(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, k := range countables() {
		least := k.least(d.Coverage)
		if least <= 0 {
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: minimumCoverage + "/" + k.name, Function: minimumCoverage, Basis: plumbline.BasisDeclared, Source: d.Coverage.Source,
			Statement: fmt.Sprintf("at least %s of %s", percentOf(least), k.of),
		})
	}
	if len(p.Claims) == 0 {
		p.Skips = []plumbline.Skip{{
			Function: minimumCoverage, Reason: plumbline.ReasonNotDeclared, Detail: "nothing says how much of the document a run has to prove", Unlock: "coverage",
		}}
	}
	return p
}

// percentOf is a share in words; a shortfall is not rounded away.
func percentOf(f float64) string { return fmt.Sprintf("%g %%", math.Floor(f*1000+1e-9)/10) }

func judgeMinimum(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	for _, k := range countables() {
		if c.ID == minimumCoverage+"/"+k.name {
			return k.judge(d, e)
		}
	}
	return broken("nothing is counted for %s", c.ID)
}

func (k countable) judge(d plumbline.Design, e *plumbline.Evidence) plumbline.Verdict {
	proved, all := 0, 0
	var lacking []string
	for _, o := range d.Operations {
		c, exercised := operationCoverage(o, d, e)
		p, n := k.count(o, c, exercised)
		proved, all = proved+p, all+n
		if p < n {
			lacking = append(lacking, o.ID)
		}
	}
	if all == 0 {
		return skipped(plumbline.ReasonNotApplicable, "the document has nothing of which %s could be counted", k.of)
	}
	least, got := k.least(d.Coverage), float64(proved)/float64(all)
	f := figure{got, least, "share", all}
	if got >= least {
		return pass(f, "%d of %d %s (%s)", proved, all, k.of, percentOf(got))
	}
	v := inconclusive(plumbline.ReasonUncovered, "%d of %d %s: %s, and %s are wanted; some is lacking of %s", proved, all, k.of, percentOf(got), percentOf(least), first(lacking, 4))
	v.Measured, v.Allowed, v.Unit, v.Samples = got, least, "share", all
	v.Remedy = "the report says of every operation what was not tested, and what would let it be"
	return v
}
