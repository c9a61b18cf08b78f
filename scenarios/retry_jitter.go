package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const retryJitter = "resilience/retry-jitter"

// What counts as jitter.
const (
	jitterSpread = 0.10 // (p90 − p10) / p50
	jitterGaps   = 30
	jitterFloor  = 50 * time.Millisecond // below which a median gap, or a width of gaps, says nothing
	jitterQuiet  = 20                    // median gap to the median service time of the wire
	jitterWide   = 5                     // width of the gaps to the width of the service times
)

func init() {
	register(plumbline.Function{
		ID:    retryJitter,
		Title: "Retries are not synchronised",
		Doc: `Method: every call of at least thirty requests is answered 503; the gaps between the end of one attempt and the beginning of the next are read off the wire and kept apart by the number of the attempt.
Criterion: at each number with at least 30 gaps, whose median or whose p90 − p10 is at least 50 ms, their spread (p90 − p10) / p50 is at least 0.10.
Guard: noise only ever widens a fixed gap, so a spread below 0.10 accuses whatever the noise. To pass, the median gap must be at least 20 times the median service time of healthy calls on the wire, or the gaps spread over at least five times as much time as the service times do; else the verdict is inconclusive. Simulated at 30 gaps: a fixed gap of 100 ms is caught 96 to 99.9 times in 100, jitter of ±10 % is accused once or twice in 1000; jitter of ±5 % counts as none.`,
		Standard: "AWS Architecture Blog, Exponential Backoff And Jitter",
		Mutants:  []string{"retry-without-jitter"},
		Order:    52,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, retryJitter, func(dep plumbline.Dependency) plumbline.Proposal {
				if dep.Retry == nil || !dep.Retry.Jitter {
					return unclaimed(dep, plumbline.ReasonNotDeclared, "no retry with jitter is declared on "+dep.Name, "dependencies."+dep.Name+".retry: {jitter: true}")
				}
				if attemptsOf(dep) < 2 {
					return unclaimed(dep, plumbline.ReasonNotApplicable, dep.Name+" is declared to be tried once", "")
				}
				x, skip, ok := probes(d, dep)
				if !ok {
					return skip
				}
				return claimed(plumbline.BasisDeclared, dep.Retry.Source, fmt.Sprintf("the gaps before retries of %s vary by 10 %% or more", dep.Name), x)
			})
		},
		Judge: floor(judgeJitter),
	})
}

// A gapSample is the gaps before one number of attempt.
type gapSample struct {
	attempt int
	gaps    []time.Duration
	shown   []trial
}

func judgeJitter(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	p, ok := probeOf(d, q.dep, probeUnavailable)
	if !ok {
		return skipped(plumbline.ReasonNotApplicable, "no request can be kept from %s by itself", q.dep.Name)
	}
	if v, ok := q.ran(p.experiment, p.phase); !ok {
		return v
	}
	hit, all := 0, 0
	samples := map[int]*gapSample{}
	for _, op := range p.uses {
		trials := q.faulted(p, op.ID)
		hit += len(trials)
		all += gapsOf(trials, samples)
	}
	switch {
	case hit < jitterGaps:
		return q.undelivered(p.experiment, p.phase, hit, jitterGaps)
	case all == 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "none of %d requests tried %s a second time when it answered 503", hit, q.dep.Name)
	}
	return q.judgeGaps(p, samples)
}

// gapsOf collects the gaps of the requests by number of attempt.
func gapsOf(trials []trial, samples map[int]*gapSample) int {
	all := 0
	for _, t := range trials {
		for _, same := range t.repeats(t.seen.Done()) {
			for i := 1; i < len(same); i++ {
				s := samples[i+1]
				if s == nil {
					s = &gapSample{attempt: i + 1}
					samples[i+1] = s
				}
				s.gaps = append(s.gaps, same[i].Began-same[i-1].Ended)
				s.shown = append(s.shown, t)
				all++
			}
		}
	}
	return all
}

func (q inquiry) judgeGaps(p probe, samples map[int]*gapSample) plumbline.Verdict {
	noise := q.healthyCalls(p)
	var told, noisy string
	least := figure{measured: -1, allowed: jitterSpread, unit: "ratio"}
	most := 0
	for _, number := range sortedInts(samples) {
		s := samples[number]
		most = max(most, len(s.gaps))
		p50 := median(s.gaps)
		if len(s.gaps) < jitterGaps || max(p50, widthOf(s.gaps)) < jitterFloor {
			continue
		}
		width := spread(s.gaps)
		f := figure{width, jitterSpread, "ratio", len(s.gaps)}
		text := fmt.Sprintf("%d gaps before attempt %d, median %s, spread %.2f", len(s.gaps), number, readable(p50), width)
		switch {
		case width < jitterSpread:
			v := fail(f, "the retries of %s keep step: %s", q.dep.Name, text)
			v.Evidence = q.exhibits(s.shown)
			v.Remedy = "draw each wait at random, for example evenly between nothing and the full backoff"
			return v
		case p50 < jitterQuiet*median(noise) && widthOf(s.gaps) < jitterWide*widthOf(noise):
			noisy = text
		default:
			if least.measured < 0 || width < least.measured {
				least = f
			}
			told = text
		}
	}
	switch {
	case told != "":
		return pass(least, "%s", told)
	case noisy != "":
		return inconclusive(plumbline.ReasonNoise, "%s, but healthy calls take %s and vary by %s: the spread may be noise", noisy, readable(median(noise)), readable(widthOf(noise)))
	}
	return inconclusive(plumbline.ReasonTooFewSamples, "no number of attempt has %d gaps of %s or more in the median or in width; the most is %d gaps", jitterGaps, readable(jitterFloor), most)
}

// healthyCalls are the service times of the calls on the wire that no fault
// hit, while others were hit.
func (q inquiry) healthyCalls(p probe) []time.Duration {
	var out []time.Duration
	for _, op := range p.uses {
		for _, t := range q.beside(p, op.ID) {
			for _, x := range t.calls {
				if x.Fault == "" && x.Ended > x.Began {
					out = append(out, x.Ended-x.Began)
				}
			}
		}
	}
	return out
}

// widthOf is how much time lies between the 10th and the 90th percentile.
func widthOf(durations []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	if len(sorted) < 2 {
		return 0
	}
	return quantileOf(sorted, 0.9).value - quantileOf(sorted, 0.1).value
}
