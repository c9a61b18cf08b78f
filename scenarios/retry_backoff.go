package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const retryBackoff = "resilience/retry-backoff"

// How gaps have to grow.
const (
	backoffGrowth = 1.2 // of the mean from one gap to the next
	backoffLeast  = 20 * time.Millisecond
	backoffWhole  = 0.9  // of the requests that waited once have to have waited again: else the short gaps alone are seen
	backoffShare  = 0.25 // of the declared first gap; full jitter has its median at half
)

func init() {
	register(plumbline.Function{
		ID:    retryBackoff,
		Title: "The gap between attempts grows",
		Doc: `Method: calls of at least thirty requests are answered 503, and of ten each they are reset and refused; the gaps between the end of one attempt and the beginning of the next are read off the wire and put together by the number of the attempt.
Criterion: the median of the first gap is at least a quarter of the declared one and 20 ms, and the mean of each further gap at least 1.2 times that of the one before; of each a twentieth at both ends is left out.
Guard: only where a backoff is declared. With full jitter single gaps shrink, so that means of thirty gaps or more are compared, and it fails only when the interval of their ratio (95 %) lies below 1.2; what lies between is undecided. Gaps after a reset that the HTTP client has not waited for (below 10 ms) are replays of its own and left out. Where time runs out before a further attempt in more than one request of ten, the short gaps alone would be seen: no more are judged.`,
		Standard: "Amazon Builders' Library, Timeouts, retries and backoff with jitter; trimmed means with winsorized variance (Tukey & McLaughlin 1963)",
		Mutants:  []string{"retry-without-backoff"},
		Order:    53,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, retryBackoff, func(dep plumbline.Dependency) plumbline.Proposal {
				if dep.Retry != nil && dep.Retry.Backoff == 0 {
					return unclaimed(dep, plumbline.ReasonNotDeclared, "no backoff is declared on "+dep.Name, "dependencies."+dep.Name+".retry.backoff")
				}
				x, skip, ok := retriedProbes(d, dep)
				if !ok {
					return skip
				}
				return claimed(plumbline.BasisDeclared, dep.Retry.Source, fmt.Sprintf("the gaps before attempts at %s grow from about %s", dep.Name, readable(dep.Retry.Backoff)), x)
			})
		},
		Judge: floor(judgeBackoff),
	})
}

func judgeBackoff(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	samples := map[int]*gapSample{}
	for _, name := range []string{probeUnavailable, probeReset, probeRefuse} {
		p, ok := probeOf(d, q.dep, name)
		if !ok {
			return skipped(plumbline.ReasonNotApplicable, "no request can be kept from %s by itself", q.dep.Name)
		}
		if v, ok := q.ran(p.experiment, p.phase); !ok {
			return v
		}
		hits := 0
		for _, op := range p.uses {
			trials := q.faulted(p, op.ID)
			hits += len(trials)
			gapsOf(trials, samples)
		}
		if name == probeUnavailable && hits < jitterGaps {
			return q.undelivered(p.experiment, p.phase, hits, jitterGaps)
		}
	}
	for _, s := range samples {
		s.waited()
	}
	return q.judgeGrowth(samples)
}

// waited leaves out the gaps that nobody has waited for.
func (s *gapSample) waited() {
	var gaps []time.Duration
	var shown []trial
	for i, g := range s.gaps {
		if g >= replayGap {
			gaps, shown = append(gaps, g), append(shown, s.shown[i])
		}
	}
	// A backoff that has no gap to speak of must not vanish from sight.
	if 2*len(gaps) >= len(s.gaps) {
		s.gaps, s.shown = gaps, shown
	}
}

func (q inquiry) judgeGrowth(samples map[int]*gapSample) plumbline.Verdict {
	first := samples[2]
	if first == nil || len(first.gaps) < jitterGaps {
		n := 0
		if first != nil {
			n = len(first.gaps)
		}
		return inconclusive(plumbline.ReasonTooFewSamples, "%s before a second attempt at %s, %d are needed", plural(n, "gap"), q.dep.Name, jitterGaps)
	}
	least := max(backoffLeast, time.Duration(backoffShare*float64(q.dep.Retry.Backoff)))
	was := medianOf(first.gaps)
	told := fmt.Sprintf("%d gaps before attempt 2, median %s", len(first.gaps), readable(was.value))
	f := figure{milliseconds(was.value), milliseconds(least), "ms", len(first.gaps)}
	switch {
	case was.high < least && was.high > 0:
		v := fail(f, "%s, at least %s is declared", told, readable(least))
		v.Evidence, v.Remedy = q.exhibits(first.shown), growRemedy
		return v
	case was.value < least:
		return inconclusive(plumbline.ReasonUndecided, "%s, at least %s is declared", told, readable(least))
	}
	return q.judgeFurther(f, told, samples)
}

const growRemedy = "wait longer before each attempt, for example a random time below twice the bound of the one before"

// judgeFurther compares each further gap with the one before.
func (q inquiry) judgeFurther(f figure, told string, samples map[int]*gapSample) plumbline.Verdict {
	was, seen := trimmedOf(samples[2].gaps), len(samples[2].gaps)
	told += ", mean " + readable(was.mean)
	for _, number := range sortedInts(samples)[1:] {
		s := samples[number]
		if len(s.gaps) < jitterGaps || float64(len(s.gaps)) < backoffWhole*float64(seen) {
			break
		}
		now := trimmedOf(s.gaps)
		told += fmt.Sprintf("; %d before attempt %d, mean %s", len(s.gaps), number, readable(now.mean))
		growth, high := now.over(was)
		f = figure{growth, backoffGrowth, "ratio", len(s.gaps)}
		switch {
		case high < backoffGrowth:
			v := fail(f, "the gaps do not grow: %s", told)
			v.Evidence, v.Remedy = q.exhibits(s.shown), growRemedy
			return v
		case growth < backoffGrowth:
			return inconclusive(plumbline.ReasonUndecided, "%s: whether they grow by a fifth cannot be told", told)
		}
		was, seen = now, len(s.gaps)
	}
	return pass(f, "%s", told)
}

// medianOf is the median of durations with its interval.
func medianOf(durations []time.Duration) quantileInterval {
	return quantileOf(slices.Sorted(slices.Values(durations)), 0.5)
}
