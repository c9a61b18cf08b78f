package scenarios

import (
	"cmp"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A fault of a service, as an oracle sees it: what is wrong, how sure that is,
// and the request that shows it.
type wrongdoing struct {
	level  plumbline.Level
	what   string
	cause  string
	who    string // "service" or "document"; empty when nothing says so
	shown  plumbline.Observation
	broken plumbline.Case      // of an invalid request: what it is
	with   []plumbline.Suspect // what has to be repeated beside it, or, for a step of a flow, instead
	flow   bool
}

// accuse is the verdict on wrongdoings, the surest first; there is at least one.
func accuse(e *plumbline.Evidence, samples int, unit string, found []wrongdoing) plumbline.Verdict {
	slices.SortStableFunc(found, func(a, b wrongdoing) int { return cmp.Compare(surety(a.level), surety(b.level)) })
	worst := found[0]
	var words []string
	for _, w := range found {
		if !slices.Contains(words, w.what) {
			words = append(words, w.what)
		}
	}
	v := fail(figure{float64(len(words)), 0, unit, samples}, "%s", first(words, 3))
	v.Level, v.Cause, v.Wrong = worst.level, worst.cause, worst.who
	for _, w := range found {
		if w.level != worst.level {
			continue
		}
		if !w.flow {
			v.Suspects = appendSuspects(v.Suspects, suspectsOf(w.shown)...)
		}
		v.Suspects = appendSuspects(v.Suspects, w.with...)
		if len(v.Evidence) < exhibitLimit {
			v.Evidence = append(v.Evidence, exhibit(e, w.shown, w.what))
		}
	}
	return v
}

func surety(l plumbline.Level) int {
	return slices.Index([]plumbline.Level{"", plumbline.LevelProved, plumbline.LevelLikely, plumbline.LevelAdvisory}, l)
}

// suspectsOf names the request of an observation, when it is one that can be
// made again by itself: calls can, what streamed under load cannot.
func suspectsOf(observations ...plumbline.Observation) []plumbline.Suspect {
	var out []plumbline.Suspect
	for _, o := range observations {
		if repeatableHere(o) {
			out = appendSuspects(out, plumbline.Suspect{Experiment: o.Experiment, Phase: o.Phase, Stream: o.Stream})
		}
	}
	return out
}

// repeatableHere says whether the request was a call of an experiment without
// faults and without load.
func repeatableHere(o plumbline.Observation) bool {
	for _, p := range []string{"contract/", "auth/", "api/", "obs/", "http/", "security/"} {
		if strings.HasPrefix(o.Experiment, p) {
			return o.Stream != ""
		}
	}
	return false
}

func appendSuspects(to []plumbline.Suspect, more ...plumbline.Suspect) []plumbline.Suspect {
	for _, s := range more {
		if !slices.Contains(to, s) {
			to = append(to, s)
		}
	}
	return to
}

// beyond says whether the request was one that the document does not describe,
// so that its answer cannot break the document.
func beyond(o plumbline.Observation) bool {
	return astray(o) || slices.Contains([]string{contractMethods, contractShadow, contractNegotiation}, o.Experiment)
}
