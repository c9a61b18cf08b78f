package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The most that one finding shows.
const (
	exhibitLimit  = 5
	exchangeLimit = 10
)

// exhibit shows one request with what it set off on the wires.
func exhibit(e *plumbline.Evidence, o plumbline.Observation, summary string) plumbline.Exhibit {
	shown := o
	shown.Transcript = nil
	x := plumbline.Exhibit{Summary: summary, Trace: o.Trace, Phase: o.Experiment + "/" + o.Phase, Request: o.Transcript, Observation: &shown}
	if o.Trace == "" {
		return x
	}
	for _, w := range e.Exchanges {
		if w.Trace == o.Trace {
			x.Exchanges = append(x.Exchanges, w)
		}
	}
	slices.SortStableFunc(x.Exchanges, func(a, b plumbline.Exchange) int { return cmp.Compare(a.Began, b.Began) })
	x.Exchanges = x.Exchanges[:min(len(x.Exchanges), exchangeLimit)]
	return x
}

// exhibits shows the first observations, each summed up by the same words and
// its answer.
func exhibits(e *plumbline.Evidence, observations []plumbline.Observation) []plumbline.Exhibit {
	var out []plumbline.Exhibit
	for _, o := range observations[:min(len(observations), exhibitLimit)] {
		what := o.Operation
		if o.Case != "" && !strings.HasPrefix(o.Case, o.Operation) {
			what += " " + o.Case
		} else if o.Case != "" {
			what = o.Case
		}
		out = append(out, exhibit(e, o, withLearnt(fmt.Sprintf("%s: %s after %s", what, answer(o), readable(o.Latency)), o)))
	}
	return out
}

// answer is what came back, in a word: "503", or the class of the error.
func answer(o plumbline.Observation) string {
	if o.Error != "" {
		return string(o.Error)
	}
	return fmt.Sprint(o.Status)
}

// answers counts answers by their word: "201 ×28, timeout ×2".
func answers(observations []plumbline.Observation) string {
	n := map[string]int{}
	for _, o := range observations {
		n[answer(o)]++
	}
	return counted(n)
}

// counted writes a count of words in the order of the words.
func counted(n map[string]int) string {
	var parts []string
	for word, count := range n {
		parts = append(parts, fmt.Sprintf("%s ×%d", word, count))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// readable rounds a duration to what a reader can use.
func readable(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

// milliseconds is a duration as a number of milliseconds.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// plural counts things: "1 call", "3 calls".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// sentToTarget says whether the request left the harness, so that what came
// back is the target's doing.
func sentToTarget(o plumbline.Observation) bool {
	switch o.Error {
	case plumbline.ErrorCanceled, plumbline.ErrorUnbound, plumbline.ErrorPorts:
		return false
	default:
		return true
	}
}

// succeeded says whether the answer is 2xx.
func succeeded(o plumbline.Observation) bool {
	return o.Error == "" && o.Status >= 200 && o.Status < 300
}

// first lists the first n of some words and says how many are left.
func first(words []string, n int) string {
	shown := strings.Join(words[:min(len(words), n)], "; ")
	if more := len(words) - n; more > 0 {
		shown += fmt.Sprintf("; and %d more", more)
	}
	return shown
}
