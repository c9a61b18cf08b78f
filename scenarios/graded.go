package scenarios

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A grade is how the target answered requests for which a dependency was lost.
type grade struct {
	n        int
	ok       int // 2xx, as without the fault
	degraded int // 2xx with the declared marker
	clean    int // a status by which it may say that it cannot
	late     []trial
	wrong    []trial
	excused  int // late for having made more attempts than declared, which is another claim
	leaks    int // showed internals, which is another claim
	slowest  time.Duration
	why      map[string]int // of late and wrong
	answers  map[string]int
}

// graded judges the answers to faulted requests. They may take until the
// limit; where the dependency is optional only 2xx is right.
func (q inquiry) graded(trials []trial, limit time.Duration, optional bool) grade {
	g := grade{n: len(trials), why: map[string]int{}, answers: map[string]int{}}
	for _, t := range trials {
		g.slowest = max(g.slowest, t.seen.Service())
		g.answers[answer(t.seen)]++
		if t.seen.Marked(plumbline.MarkLeak) {
			g.leaks++
		}
		if t.seen.Service() > limit {
			if t.attempts() > attemptsOf(q.dep) {
				g.excused++
				continue
			}
			g.late = append(g.late, t)
			g.why["after more than "+readable(limit)]++
			continue
		}
		if why := g.sort(q.dep, t, optional); why != "" {
			g.wrong = append(g.wrong, t)
			g.why[why]++
		}
	}
	return g
}

// sort counts one answer in time and says what is wrong with it, or nothing.
func (g *grade) sort(dep plumbline.Dependency, t trial, optional bool) string {
	o := t.seen
	switch {
	case o.Error != "":
		return "no answer: " + string(o.Error)
	case o.Status < 400:
		if o.Marked(plumbline.MarkBody) || o.Marked(plumbline.MarkMedia) || o.Marked(plumbline.MarkStatus) {
			return fmt.Sprintf("a %d that breaks the document", o.Status)
		}
		if marked(o, dep.Degraded) {
			g.degraded++
		} else {
			g.ok++
		}
		return ""
	case optional:
		return fmt.Sprintf("%d, although it can do without", o.Status)
	case slices.Contains(cleanStatuses(dep), o.Status):
		g.clean++
		return ""
	}
	return fmt.Sprintf("%d, which is no clean failure", o.Status)
}

// marked says whether the answer carries the declared marker of degraded
// content.
func marked(o plumbline.Observation, marker string) bool {
	return slices.ContainsFunc(o.Marks, func(m plumbline.Mark) bool {
		return marker != "" && m.Kind == plumbline.MarkLess && m.Message == marker
	})
}

// Lessened returns what finds the declared markers of degraded content in a
// response: a header of that name, or a field in the body.
func Lessened(deps []plumbline.Dependency) func(plumbline.Response) []plumbline.Mark {
	return func(r plumbline.Response) []plumbline.Mark {
		var out []plumbline.Mark
		for _, d := range deps {
			if d.Degraded != "" && bears(r, d.Degraded) {
				out = append(out, plumbline.Mark{Kind: plumbline.MarkLess, Message: d.Degraded})
			}
		}
		return out
	}
}

func bears(r plumbline.Response, marker string) bool {
	for name := range r.Header {
		if strings.EqualFold(name, marker) {
			return true
		}
	}
	return bytes.Contains(r.Body, []byte(`"`+marker+`"`))
}

// mostWrong and mostLate are how many answers of a kind one grade may hold
// before it accuses: a tenth may be wrong, and a fifth late, at least one, for
// a machine that stops for a moment makes a few in a row late, and a target
// that does not watch the time all of them.
func (g grade) mostWrong() int { return g.n / 10 }
func (g grade) mostLate() int  { return max(1, g.n/5) }

// bad says whether the grade accuses.
func (g grade) bad() bool { return len(g.wrong) > g.mostWrong() || len(g.late) > g.mostLate() }

// worst are the requests that show what is bad.
func (g grade) worst() []trial {
	if len(g.wrong) > g.mostWrong() {
		return append(slices.Clone(g.wrong), g.late...)
	}
	return append(slices.Clone(g.late), g.wrong...)
}

// A gradedProbe is the grade of one operation under one probe.
type gradedProbe struct {
	probe     string
	operation string
	grade
}

func (g gradedProbe) name() string { return g.operation + " under " + g.probe }

// gradeProbes grades each operation under each of the probes. The verdict says
// why that cannot be done: a phase that did not run, or a fault that did not
// reach a request often enough.
func (q inquiry) gradeProbes(names []string, least int, limit func(probe, string) time.Duration) ([]gradedProbe, plumbline.Verdict, bool) {
	var out []gradedProbe
	optional := q.dep.Class == plumbline.ClassOptional
	for _, name := range names {
		p, ok := probeOf(q.d, q.dep, name)
		if !ok {
			continue
		}
		if v, ok := q.ran(p.experiment, p.phase); !ok {
			return nil, v, false
		}
		got := 0
		for _, op := range p.uses {
			hit := q.faulted(p, op.ID)
			if len(hit) < least {
				if q.must(op.ID) {
					return out, q.undelivered(p.experiment, p.phase, len(hit), least), false
				}
				continue
			}
			got++
			out = append(out, gradedProbe{name, op.ID, q.graded(hit, limit(p, op.ID), optional)})
		}
		if got == 0 {
			return out, q.undelivered(p.experiment, p.phase, 0, least), false
		}
	}
	if len(out) == 0 {
		return nil, inconclusive(plumbline.ReasonIncomplete, "nothing was tried on the wire to %s", q.dep.Name), false
	}
	return out, plumbline.Verdict{}, true
}

// accused picks what is bad, and sums up what was looked at.
func accused(all []gradedProbe) (bad []gradedProbe, worst []trial, requests int) {
	for _, g := range all {
		requests += g.n
		if g.bad() {
			bad = append(bad, g)
			worst = append(worst, g.worst()[0])
		}
	}
	for _, g := range bad {
		worst = append(worst, g.worst()[1:]...)
	}
	return bad, worst, requests
}

// reasons writes what is bad, each with what came back.
func reasons(bad []gradedProbe) string {
	parts := make([]string, 0, 3)
	for _, g := range bad[:min(len(bad), 3)] {
		parts = append(parts, fmt.Sprintf("%s: %s", g.name(), counted(g.why)))
	}
	if more := len(bad) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// badAnswers counts the answers that are wrong or late.
func badAnswers(all []gradedProbe) int {
	n := 0
	for _, g := range all {
		n += len(g.wrong) + len(g.late)
	}
	return n
}

// answersOf adds up what came back.
func answersOf(all []gradedProbe) string {
	n := map[string]int{}
	for _, g := range all {
		for word, count := range g.answers {
			n[word] += count
		}
	}
	return counted(n)
}

// slowestOf is the slowest answer.
func slowestOf(all []gradedProbe) time.Duration {
	slowest := time.Duration(0)
	for _, g := range all {
		slowest = max(slowest, g.slowest)
	}
	return slowest
}
