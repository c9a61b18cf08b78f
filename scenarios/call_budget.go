package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const callBudget = "load/call-budget"

// When calls count as growing with what a list shows.
const (
	budgetSlope = 0.1 // calls for each further item
	budgetSpan  = 5   // items that a long page has more than the shortest
	budgetPages = 2   // long pages that must all say so

	budgetPatience = 7 // tenths of the declared timeout after which a call may have been given up
)

func init() {
	register(plumbline.Function{
		ID:    callBudget,
		Title: "The calls to dependencies that one request sets off are bounded",
		Doc: `Method: the walks of api/pagination-complete show one list in pages of 1, 7, 10 and 25 items; the calls that each page sets off are counted on the HTTP wires by its trace id. Where calls are declared for a dependency, those of every request that is made by itself and without a fault are counted as well.
Criterion: on the longest page the calls beyond those of the shortest are at most a tenth of the items beyond its; a query for each item is one each. No request sets off more calls to a dependency than are declared.
Guard: only what the run made is listed, so that no cache has it; only calls with the trace id of the page count, so that nobody else's work does; a call that repeats one which failed, was cut, or took so long that its caller may have given it up (0.7 of the declared timeout) is a retry and no call. At least two pages must have five items more than the shortest, and the calls must grow on all of them; if they grow on some and not on others, nothing is proved. Without a call of this run on the wire there is no proof that calls could be seen. That calls do not grow is not promised by anybody where their number is not declared, so that growth warns there; growth beyond the declared number, and any two requests beyond it, gate.`,
		Standard: "the N+1 problem (DataLoader); Fowler, Patterns of Enterprise Application Architecture, Lazy Load (ripple loading)",
		Mutants:  []string{"n-plus-one"},
		Order:    44,
		Plan:     planBudget,
		Judge:    judgeCallBudget,
	})
}

// httpWires are the dependencies whose calls can be counted.
func httpWires(d plumbline.Design) []plumbline.Dependency {
	if d.Propagation == plumbline.PropagationNone {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.Dependencies), func(dep plumbline.Dependency) bool { return dep.Wire == plumbline.WireTCP })
}

func planBudget(d plumbline.Design) plumbline.Proposal {
	wires := httpWires(d)
	if len(wires) == 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{needsWire(callBudget)}}
	}
	p := perPagedFamily(d, callBudget, pagesExperiment(d), "the calls that a page sets off do not grow with what it shows")
	for _, dep := range wires {
		if dep.Calls == 0 {
			p.Skips = append(p.Skips, plumbline.Skip{
				Function: callBudget, Subject: dep.Name, Reason: plumbline.ReasonNotDeclared,
				Detail: "how many calls to " + dep.Name + " one request may make is not declared", Unlock: "dependencies." + dep.Name + ".calls",
			})
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: callBudget + "/to-" + dep.Name, Function: callBudget, Dependency: dep.Name, Basis: plumbline.BasisDeclared, Source: dep.Source,
			Statement:   fmt.Sprintf("no request makes more than %s to %s", plural(dep.Calls, "call"), dep.Name),
			Experiments: []string{wiresLive},
		})
		if !slices.ContainsFunc(p.Experiments, func(x plumbline.Experiment) bool { return x.ID == wiresLive }) {
			p.Experiments = append(p.Experiments, wireSelfCheck(d))
		}
	}
	return p
}

// firstCalls counts calls that do not repeat one which failed, or which was
// given up: it was cut, or took about as long as its caller waits.
func firstCalls(calls []plumbline.Exchange, timeout time.Duration) int {
	n := 0
	failed := map[callKey]bool{}
	calls = slices.Clone(calls)
	slices.SortStableFunc(calls, func(a, b plumbline.Exchange) int { return cmp.Compare(a.Began, b.Began) })
	for _, x := range calls {
		key := callKey{x.Method, x.Path}
		if !failed[key] {
			n++
		}
		late := timeout > 0 && x.Ended-x.Began >= timeout*budgetPatience/10
		failed[key] = x.Status == 0 || x.Status >= 500 || x.Fault != "" || x.Closed != "" || late
	}
	return n
}

func judgeCallBudget(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	if c.Dependency != "" {
		return inquire(d, c, e).judgeCalls()
	}
	l, ok := lifeOfPages(d, strings.TrimPrefix(c.ID, callBudget+"/"))
	if !ok {
		return broken("the design has no family of %s", c.ID)
	}
	var clean []string
	shown := 0
	for _, dep := range httpWires(d) {
		q := inquiry{d: d, dep: dep, e: e, wire: trafficOf(e, dep.Name)}
		if !q.live() {
			continue
		}
		pages := q.pages(flownOf(e, apiPages, l.subject()))
		v, judged := q.growing(l, pages)
		if judged && v.Outcome != plumbline.Pass {
			return v
		}
		if judged {
			clean, shown = append(clean, v.Statement), max(shown, v.Samples)
		}
	}
	if len(clean) == 0 {
		if len(e.Exchanges) == 0 {
			return inconclusive(plumbline.ReasonWireDark, "no call of this run was seen on any HTTP wire")
		}
		return inconclusive(plumbline.ReasonTooFewSamples, "no short page and %d pages with at least %d items more were shown", budgetPages, budgetSpan)
	}
	return pass(figure{0, budgetSlope, "calls/item", shown}, "%s", strings.Join(clean, "; "))
}

// live says whether a call of this run was ever seen on the wire.
func (q inquiry) live() bool {
	for trace := range q.wire {
		if plumbline.TraceRun(trace) == q.e.Run.ID {
			return true
		}
	}
	return false
}

// A shownPage is one page of a list and what it set off on one wire.
type shownPage struct {
	items, calls int
	trial        trial
}

// pages are the pages of all walks forth that were answered, by what they show.
func (q inquiry) pages(f flown) []shownPage {
	seen := map[string]plumbline.Observation{}
	for o := range q.e.Of(f.experiment, "") {
		if sentToTarget(o) && succeeded(o) {
			seen[o.Stream] = o
		}
	}
	var out []shownPage
	for _, w := range q.e.Walked {
		if w.Experiment != f.experiment || w.Flow != f.flow || w.Back {
			continue
		}
		for i, items := range w.Pages {
			stream := f.flow + "/" + w.Step
			if i > 0 {
				stream = fmt.Sprintf("%s page %d", stream, i+1)
			}
			o, ok := seen[stream]
			if !ok {
				continue
			}
			t := trial{o, q.wire[o.Trace]}
			out = append(out, shownPage{items, firstCalls(t.calls, q.dep.Timeout), t})
		}
	}
	slices.SortStableFunc(out, func(a, b shownPage) int { return a.items - b.items })
	return out
}

// growing judges whether the calls grow with the items; ok is false when the
// pages do not tell.
func (q inquiry) growing(l life, pages []shownPage) (v plumbline.Verdict, ok bool) {
	if len(pages) == 0 {
		return v, false
	}
	least, most := pages[0].items, 0 // of the shortest pages: items, and calls
	var long, guilty []shownPage
	for _, p := range pages {
		switch {
		case p.items == least:
			most = max(most, p.calls)
		case p.items >= least+budgetSpan:
			long = append(long, p)
		}
	}
	slope := func(p shownPage) float64 { return float64(p.calls-most) / float64(max(1, p.items-least)) }
	for _, p := range long {
		if slope(p) > budgetSlope {
			guilty = append(guilty, p)
		}
	}
	last := pages[len(pages)-1]
	f := figure{rate(max(0, slope(last))), budgetSlope, "calls/item", len(pages)}
	told := fmt.Sprintf("%s: a page of %s sets off %s to %s, one of %d sets off %d", l.f.Name, plural(least, "item"), plural(most, "call"), q.dep.Name, last.items, last.calls)
	switch {
	case len(long) < budgetPages:
		return v, false
	case slope(last) <= budgetSlope: // a page of two may cost more than one of one
		return pass(f, "%s", told), true
	case len(guilty) == len(long):
		v = fail(f, "%s", told)
		if v.Level = plumbline.LevelLikely; q.dep.Calls > 0 && last.calls > q.dep.Calls { // what is not declared is not promised
			v.Level = plumbline.LevelProved
		}
		v.Remedy = "ask " + q.dep.Name + " for all items of the page in one call"
		v.Evidence = q.exhibits([]trial{pages[0].trial, last.trial})
		return v, true
	}
	v = inconclusive(plumbline.ReasonNotReproduced, "on %d of %d long pages the calls to %s grow with the items; %s", len(guilty), len(long), q.dep.Name, told)
	v.Evidence = q.exhibits([]trial{guilty[0].trial})
	return v, true
}

// judgeCalls holds every request that was made by itself against the declared
// number of calls.
func (q inquiry) judgeCalls() plumbline.Verdict {
	over := map[string][]trial{}
	requests, most := 0, 0
	for _, experiment := range []string{wiresLive, apiPages, contractValid, traceCalls} {
		for o := range q.e.Of(experiment, "") {
			calls := q.wire[o.Trace]
			if o.Trace == "" || !sentToTarget(o) || len(calls) == 0 {
				continue
			}
			n := firstCalls(calls, q.dep.Timeout)
			requests, most = requests+1, max(most, n)
			if n > q.dep.Calls {
				over[o.Operation] = append(over[o.Operation], trial{o, calls})
			}
		}
	}
	f := figure{float64(most), float64(q.dep.Calls), "calls", requests}
	for _, id := range sortedKeys(over) {
		if len(over[id]) < 2 {
			continue
		}
		v := fail(f, "%s of %s made more than %s to %s, up to %d", plural(len(over[id]), "request"), id, plural(q.dep.Calls, "call"), q.dep.Name, most)
		v.Remedy = "gather what is asked of " + q.dep.Name + " into fewer calls, or declare more"
		v.Evidence = q.exhibits(over[id])
		return v
	}
	switch {
	case requests == 0:
		return inconclusive(plumbline.ReasonWireDark, "no request of this run was seen to call %s", q.dep.Name)
	case len(over) > 0:
		v := inconclusive(plumbline.ReasonNotReproduced, "one request made %d calls to %s", most, q.dep.Name)
		v.Evidence = q.exhibits(over[sortedKeys(over)[0]])
		return v
	}
	return pass(f, "%s that call %s made at most %s each", plural(requests, "request"), q.dep.Name, plural(most, "call"))
}
