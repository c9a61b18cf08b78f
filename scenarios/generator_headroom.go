package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const generatorHeadroom = "harness/generator-headroom"

// What a load generator that keeps up looks like.
const (
	sentShare  = 0.99                   // of the requests that were due
	lagLimit   = 10 * time.Millisecond  // 99th percentile of sent − due
	lagTooMuch = 100 * time.Millisecond // beyond the tolerance of every time bound that counts from due
	lagOfMoved = 250 * time.Millisecond // beyond that of the moments of requests that are timed from sending
	lagSamples = 1000                   // requests below which a 99th percentile is the slowest few
)

func init() {
	register(plumbline.Function{
		ID:    generatorHeadroom,
		Title: "The load generator, not the target, had time to spare",
		Doc: `Method: for every phase with streams the generator compares when each request was due with when it was sent, and counts those that it could not send at all.
Criterion: at least 99 % of the due requests were sent, none failed for want of ports or descriptors, and the 99th percentile of the lag is at most 10 ms; in phases of fewer than 1000 requests, where that percentile is the slowest few, at most 100 ms.
Guard: it never accuses the target. Latency counts from the moment a request was due, so lag can only make the target look slower: beyond 100 ms, or with requests unsent, no claim that used the phase is judged (250 ms where requests are recorded one by one and timed from sending, so that lag only moves them); between 10 and 100 ms a load objective that fails is checked against the times from sending and judged only if it fails there too.`,
		Standard: "Schroeder et al. 2006, open and closed workloads; coordinated omission",
		Informs:  true,
		Order:    13,
		Plan: func(plumbline.Design) plumbline.Proposal {
			return plumbline.Proposal{Claims: []plumbline.Claim{{
				ID: generatorHeadroom + "/all-phases", Function: generatorHeadroom, Basis: plumbline.BasisDefault,
				Statement: "the load generator sends what is due when it is due",
			}}}
		},
		Judge: judgeHeadroom,
	})
}

func judgeHeadroom(_ plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	if len(e.Health) == 0 {
		return inconclusive(plumbline.ReasonIncomplete, "no phase with streams was run to its end")
	}
	var short []string
	worst := e.Health[0]
	planned := int64(0)
	for _, h := range e.Health {
		planned += h.Planned
		if why := lateness(h); why != "" {
			short = append(short, fmt.Sprintf("%s/%s: %s", h.Experiment, h.Phase, why))
		}
		if h.Lag99 > worst.Lag99 {
			worst = h
		}
	}
	if len(short) > 0 {
		v := inconclusive(plumbline.ReasonGeneratorSaturated, "%s of %d fell behind: %s", plural(len(short), "phase"), len(e.Health), strings.Join(short[:min(len(short), exhibitLimit)], "; "))
		v.Remedy = "run plumbline on a host of its own, or at a lower rate"
		return v
	}
	return pass(figure{milliseconds(worst.Lag99), milliseconds(lagLimit), "ms", int(planned)},
		"%s with %d requests due; the largest 99th percentile of the lag was %s", plural(len(e.Health), "phase"), planned, readable(worst.Lag99))
}

// lateness says how the generator fell short of the criterion in a phase, or
// nothing.
func lateness(h plumbline.Health) string {
	if why := saturation(h); why != "" {
		return why
	}
	if h.Planned >= lagSamples && h.Lag99 > lagLimit {
		return fmt.Sprintf("99th percentile of the lag %s", readable(h.Lag99))
	}
	return ""
}

// moreRoom is the remedy where the generator was the limit.
const moreRoom = "run plumbline on a machine of its own, or with more processors"

// saturation says why nothing that was measured in the phase can be trusted,
// or nothing.
func saturation(h plumbline.Health) string { return fellShort(h, lagTooMuch) }

// saturationOf is that of a phase. Requests that are recorded one by one are
// timed from sending, so that lag does no more than move them.
func saturationOf(ph plumbline.Phase, h plumbline.Health) string {
	if slices.ContainsFunc(ph.Streams, func(s plumbline.Stream) bool { return !s.Detail }) {
		return saturation(h)
	}
	return fellShort(h, lagOfMoved)
}

func fellShort(h plumbline.Health, most time.Duration) string {
	switch {
	case float64(h.Sent) < sentShare*float64(h.Planned):
		return fmt.Sprintf("%d of %d due requests were sent", h.Sent, h.Planned)
	case h.Exhausted > 0:
		return fmt.Sprintf("%d requests failed for want of ports or descriptors", h.Exhausted)
	case h.Lag99 > most:
		return fmt.Sprintf("99th percentile of the lag %s", readable(h.Lag99))
	}
	return ""
}
