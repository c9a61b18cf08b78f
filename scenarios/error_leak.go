package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const errorLeak = "security/error-leak"

func init() {
	register(plumbline.Function{
		ID:    errorLeak,
		Title: "No response shows internals",
		Doc: `Method: every response of the run, also those under load and under faults, where leaks appear, is searched as it arrives: stack traces of Go, Java, Python, .NET, Node, PHP and Ruby, texts of database errors, paths of source files, addresses of the declared dependencies, debug pages of frameworks, and secrets.
Criterion: nothing found.
Guard: a stack trace needs two frames or the name of a known exception, so that prose which says "at line 3" is none; at least one error response must have been seen, and one that is none, or nothing was put to the test.`,
		Standard: "OWASP API8:2023; RFC 9457 §5",
		Mutants:  []string{"leaks-stacktrace"},
		Order:    31,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			p := plumbline.Proposal{Claims: []plumbline.Claim{{
				ID: errorLeak + "/all-responses", Function: errorLeak, Basis: plumbline.BasisDefault,
				Statement: "no response of the run shows a stack trace, a database error, a source path, a dependency's address or a secret",
			}}}
			for _, x := range []plumbline.Experiment{validCases(d), invalidCases(d)} {
				if len(x.Phases[0].Calls) > 0 {
					p.Experiments = append(p.Experiments, x)
				}
			}
			return p
		},
		Judge: judgeLeaks,
	})
}

func judgeLeaks(_ plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s := exposureOf(e)
	f := figure{float64(len(s.kinds)), 0, "kinds of leak", int(s.responses)}
	switch {
	case len(s.kinds) > 0:
		v := fail(f, "%s in %d responses: %s", plural(len(s.kinds), "kind")+" of leak", s.responses, first(sortedKeys(s.kinds), 3))
		v.Remedy = "answer errors with a fixed text and keep the cause in the log, beside the trace id"
		v.Evidence = leakExhibits(e, s.leaks)
		return v
	case s.responses == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no response was seen")
	case s.errors == 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "none of %d responses was an error, and errors are where leaks appear", s.responses)
	case s.errors == s.responses:
		return inconclusive(plumbline.ReasonNoPositiveControl, "all of %d responses were errors: the service itself was not seen", s.responses)
	}
	return pass(f, "nothing found in %d responses, %d of them errors", s.responses, s.errors)
}

// An exposure is what the responses of a run showed of the inside.
type exposure struct {
	responses, errors int64
	kinds             map[string]int
	leaks             []plumbline.Observation // recorded one by one
}

func exposureOf(e *plumbline.Evidence) exposure {
	s := exposure{kinds: map[string]int{}}
	for _, o := range e.Observations {
		if o.Error != "" || o.Status == 0 {
			continue
		}
		s.responses++
		if o.Status >= 400 {
			s.errors++
		}
		if s.add(o.Marks) {
			s.leaks = append(s.leaks, o)
		}
	}
	for _, x := range e.Series {
		if !strings.HasSuffix(x.Class, "xx") {
			continue
		}
		s.responses += x.Count
		if x.Class == "4xx" || x.Class == "5xx" {
			s.errors += x.Count
		}
		s.add(x.Marks)
	}
	return s
}

// add counts leaks by their kind and says whether there is one.
func (s *exposure) add(marks []plumbline.Mark) bool {
	found := leakMarks(marks)
	for _, m := range found {
		s.kinds[m.Message]++
	}
	return len(found) > 0
}

func leakMarks(marks []plumbline.Mark) []plumbline.Mark {
	return slices.DeleteFunc(slices.Clone(marks), func(m plumbline.Mark) bool { return m.Kind != plumbline.MarkLeak })
}

// leakExhibits shows one response for each kind of leak, those first of which
// a transcript was kept.
func leakExhibits(e *plumbline.Evidence, leaks []plumbline.Observation) []plumbline.Exhibit {
	slices.SortStableFunc(leaks, func(a, b plumbline.Observation) int { return kept(b) - kept(a) })
	shown := map[string]bool{}
	var out []plumbline.Exhibit
	for _, o := range leaks {
		m := leakMarks(o.Marks)[0]
		if shown[m.Message] || len(out) == exhibitLimit {
			continue
		}
		shown[m.Message] = true
		out = append(out, exhibit(e, o, fmt.Sprintf("%s, status %d: %s", o.Operation, o.Status, m.Message)))
	}
	return out
}

func kept(o plumbline.Observation) int {
	if o.Transcript != nil {
		return 1
	}
	return 0
}
