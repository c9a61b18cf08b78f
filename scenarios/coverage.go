package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// coverageOf says what was judged and what was not, function by function and
// operation by operation.
func coverageOf(d plumbline.Design, p plumbline.Plan, fns []plumbline.Function, e *plumbline.Evidence, findings []plumbline.Finding) plumbline.Coverage {
	c := plumbline.Coverage{Functions: []plumbline.FunctionCoverage{}, Operations: []plumbline.OperationCoverage{}, Declared: len(d.Operations)}
	sorted := slices.SortedFunc(slices.Values(fns), func(a, b plumbline.Function) int { return cmp.Compare(a.ID, b.ID) })
	for _, f := range sorted {
		one, judged := functionCoverage(f.ID, p, findings)
		c.Functions = append(c.Functions, one)
		if judged {
			c.Judged++
		} else {
			c.Skipped++
		}
	}
	for _, o := range d.Operations {
		one, exercised := operationCoverage(o, d, e)
		c.Operations = append(c.Operations, one)
		if exercised {
			c.Exercised++
		}
	}
	return c
}

// functionCoverage is the coverage of one function, and whether a claim of it
// was judged.
func functionCoverage(id string, p plumbline.Plan, findings []plumbline.Finding) (c plumbline.FunctionCoverage, judged bool) {
	c = plumbline.FunctionCoverage{Function: id, Outcome: plumbline.Skipped}
	var why []string // claims of the function that turned out to have nothing to judge
	for _, f := range onClaims(id, p, findings) {
		c.Claims++
		judged = judged || f.Outcome == plumbline.Pass || f.Outcome == plumbline.Fail || f.Outcome == plumbline.Waived
		if f.Outcome == plumbline.Skipped {
			why = append(why, f.Reason)
		}
		if plumbline.CompareOutcome(f.Outcome, c.Outcome) < 0 {
			c.Outcome, c.Reason = f.Outcome, string(f.Code)
		}
	}
	if c.Outcome == plumbline.Skipped {
		c.Reason = first(why, 2)
	}
	skips := slices.DeleteFunc(slices.Clone(p.Skips), func(s plumbline.Skip) bool { return s.Function != id })
	if c.Claims == 0 && len(skips) == 0 {
		c.Reason, c.Unlock = string(plumbline.ReasonNotSelected), "run without --only"
		return c, judged
	}
	c.Reason, c.Unlock = joined(c.Reason, skipReason(skips)), unlocks(skips)
	return c, judged
}

// onClaims are the findings on claims of a function; those on its skips are not
// among them.
func onClaims(id string, p plumbline.Plan, findings []plumbline.Finding) []plumbline.Finding {
	planned := map[string]bool{}
	for _, c := range p.Claims {
		planned[c.ID] = c.Function == id
	}
	return slices.DeleteFunc(slices.Clone(findings), func(f plumbline.Finding) bool { return !planned[f.Claim] })
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// skipReason sums up why a function, or some of its subjects, are not judged.
func skipReason(skips []plumbline.Skip) string {
	seen := map[string]bool{}
	var parts []string
	for _, s := range skips {
		why := string(s.Reason)
		if s.Detail != "" {
			why += ": " + s.Detail
		}
		if !seen[why] {
			seen[why] = true
			parts = append(parts, why)
		}
	}
	return first(parts, 2)
}

func unlocks(skips []plumbline.Skip) string {
	seen := map[string]bool{}
	var parts []string
	for _, s := range skips {
		if s.Unlock != "" && !seen[s.Unlock] {
			seen[s.Unlock] = true
			parts = append(parts, s.Unlock)
		}
	}
	return strings.Join(parts[:min(len(parts), 3)], "; ")
}

// operationCoverage counts the answers of one operation, and says whether it
// was exercised: whether it answered 2xx at least once. What was asked with
// another method or path than its own is no request of it.
func operationCoverage(o plumbline.Operation, d plumbline.Design, e *plumbline.Evidence) (c plumbline.OperationCoverage, exercised bool) {
	c = plumbline.OperationCoverage{Operation: o.ID}
	c.Statuses, exercised = answersTo(o.ID, e)
	c.Documented = o.Statuses
	c.Constraints = constraintCoverage(o, e)
	fieldCoverage(&c, o, e)
	c.Untested = append(untested(c, o), unloaded(d, e, o.ID)...)
	switch {
	case exercised:
	case len(c.Statuses) > 0:
		c.Reason = fmt.Sprintf("never answered 2xx (%s)", counted(c.Statuses))
	case !callable(d, o):
		s := notCallable("", o)
		c.Reason = string(s.Reason) + ": " + s.Detail
	default:
		c.Reason = "no request was sent"
	}
	return c, exercised
}

// answersTo counts the answers to an operation, by status or class.
func answersTo(operation string, e *plumbline.Evidence) (statuses map[string]int, exercised bool) {
	statuses = map[string]int{}
	for _, x := range e.Observations {
		if x.Operation == operation && !astray(x) {
			statuses[answer(x)]++
			exercised = exercised || succeeded(x)
		}
	}
	for _, x := range e.Series {
		if x.Operation == operation {
			statuses[x.Class] += int(x.Count)
			exercised = exercised || (x.Class == "2xx" && x.Count > 0)
		}
	}
	return statuses, exercised
}

// astray tells whether a request had another method or path than the operation
// that it is counted to.
func astray(o plumbline.Observation) bool {
	return o.Kind == plumbline.CaseRobust && (o.Keyword == keywordMethod || o.Keyword == keywordPath)
}
