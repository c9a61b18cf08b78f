package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// unitThroughput is that of what a throughput measures and allows.
const unitThroughput = "good answers/s"

// shareObjectives are the objectives that a stretch of load can be held against by the
// share of its bad requests, while nothing is broken; the default one where
// there is none.
func shareObjectives(d plumbline.Design) []namedObjective {
	out := slices.DeleteFunc(namedObjectives(d), func(o namedObjective) bool { return o.During != "" || o.Throughput > 0 })
	if len(out) == 0 {
		return namedObjectives(plumbline.Design{})
	}
	return out
}

func throughputPromise(o plumbline.Objective, phase string) string {
	return fmt.Sprintf("%s answer at least %.4g requests a second well, together, %s", coverageOfObjective(o), o.Throughput, momentOf(phase))
}

// offeredTo is how many requests a second a load asks of the operations of an
// objective, on average over its judged phases or in one of them.
func offeredTo(x plumbline.Experiment, o plumbline.Objective, phase string) float64 {
	sent, lasts := 0.0, time.Duration(0)
	for _, ph := range x.Phases {
		if ph.Name == warmUp || phase != "" && ph.Name != phase {
			continue
		}
		lasts += ph.Duration
		for _, s := range ph.Streams {
			sent += s.Hits() * float64(s.Counted(o))
		}
	}
	if lasts == 0 {
		return 0
	}
	return sent / lasts.Seconds()
}

// A carried is what a deployment carried of what a load asked of it. An answer
// that comes after the load has ended was not given in its time: a queue that
// grows answers everything in the end.
type carried struct {
	service
	lasted      float64 // seconds of the load; zero when it was not recorded
	least, most float64 // good answers that came after its end, by bounds
}

// carriedOf is what was carried for an objective in the target load, of which e
// is the evidence, or in the one phase of it that is named.
func carriedOf(e *plumbline.Evidence, phase string, o plumbline.Objective, s service) carried {
	c := carried{service: s}
	end := c.span(e, phase)
	if sendingOf(e).stopped != "" {
		c.wholeSeconds()
		return c
	}
	for _, x := range judgedSeries(e, o) {
		if serves(x) {
			c.least += float64(x.Late)
			c.most += stillToCome(x, end)
		}
	}
	if c.least > 0 {
		c.most = c.least // they were counted; runs of earlier versions did not
	}
	return c
}

// span is when the load was over; it adds up how long it lasted. A phase begins
// when the last answer of the one before it is in.
func (c *carried) span(e *plumbline.Evidence, phase string) (end time.Duration) {
	for _, m := range e.Phases {
		if m.Experiment != loadTarget || m.Phase == warmUp || m.Rate == 0 || phase != "" && m.Phase != phase {
			continue
		}
		lasts := m.Expected / m.Rate
		c.lasted += lasts
		end = max(end, sessionOf(e, m)+time.Duration(lasts*float64(time.Second)))
	}
	return end
}

// sessionOf is when the first request of a phase was due.
func sessionOf(e *plumbline.Evidence, m plumbline.PhaseMark) time.Duration {
	for _, x := range e.Series {
		if x.Experiment == m.Experiment && x.Phase == m.Phase {
			return x.Began
		}
	}
	return m.Began
}

// stillToCome is how many answers of a series were still to come at a moment, at
// most: half of those of a second took its median at most, all but a hundredth
// its 99th percentile, and all its slowest.
func stillToCome(x plumbline.Series, at time.Duration) float64 {
	most := 0.0
	for _, s := range x.Slices {
		left := (at - x.Began - time.Duration(s.Second+1)*time.Second).Seconds()
		share := func(latency time.Duration) float64 { return min(1, max(0, latency.Seconds()-left)) }
		most += float64(s.Count) * (0.5*share(s.P50) + 0.49*share(s.P99) + 0.01*share(s.Max))
	}
	return most
}

// wholeSeconds leaves the seconds alone of a load that was stopped early, but
// for the last, in which it was.
func (c *carried) wholeSeconds() {
	n := max(0, len(c.seconds)-1)
	c.seconds = c.seconds[:n]
	c.total = tally{}
	for _, s := range c.seconds {
		c.total.n, c.total.bad = c.total.n+s.n, c.total.bad+s.bad
	}
	c.lasted = float64(n)
}

// decide decides whether so many good answers a second are carried, when so
// many were bad.
func (c *carried) decide(bad float64, n int64, o plumbline.Objective) decision {
	offered := float64(n) / c.lasted
	if offered <= o.Throughput {
		return decision{outcome: undecided, upper: 1}
	}
	bad = min(max(bad, 0), float64(n))
	return decideProportion(int64(bad+0.5), n, 1-o.Throughput/offered, confidenceOf(o), dispersion(c.seconds))
}

// judge judges a promised throughput.
func (c carried) judge(o plumbline.Objective, e *plumbline.Evidence) plumbline.Verdict {
	if c.lasted <= 0 || c.total.n == 0 {
		return inconclusive(plumbline.ReasonIncomplete, "how long the load lasted was not recorded")
	}
	n := c.total.n
	offered := float64(n) / c.lasted
	atWorst, atBest := float64(c.total.bad)+c.most, float64(c.total.bad)+c.least
	low, high := c.decide(atWorst, n, o), c.decide(atBest, n, o)
	sent := sendingOf(e)
	text := fmt.Sprintf("%.4g good answers a second (%s one-sided bounds %.4g to %.4g) of %.4g that were asked for over %.4g s, at least %.4g are promised%s%s%s",
		(float64(n)-atWorst)/c.lasted, percent(confidenceOf(o)), offered*(1-low.upper), offered*(1-high.lower), offered, c.lasted, o.Throughput,
		c.lateness(), c.notes(), sent.notes())
	figures := figure{max(0, (float64(n)-atWorst)/c.lasted), o.Throughput, unitThroughput, int(n)}
	if offered <= o.Throughput {
		v := inconclusive(plumbline.ReasonLoadTooLow, "%.4g requests a second were asked of %s over %.4g s, and %.4g good answers a second are promised: no answer to that tells whether they are carried%s%s",
			offered, coverageOfObjective(o), c.lasted, o.Throughput, c.notes(), sent.notes())
		v.Remedy = "ask for some per cent more than is promised: load.rate"
		return v
	}
	switch {
	case low.outcome == plumbline.Pass:
		if v := sent.forbids(o, low, text); v != nil {
			return *v
		}
		return pass(figures, "%s", text)
	case high.outcome == plumbline.Fail:
		figures.measured = max(0, (float64(n)-atBest)/c.lasted)
		return c.falls(o, e, figures, text)
	}
	v := inconclusive(plumbline.ReasonUndecided, "%s", text)
	v.Measured, v.Allowed, v.Unit, v.Samples = figures.measured, figures.allowed, figures.unit, figures.samples
	v.Remedy = "raise load.duration, or ask for more: load.rate"
	return v
}

// falls is the verdict where less than is promised was carried.
func (c carried) falls(o plumbline.Objective, e *plumbline.Evidence, f figure, text string) plumbline.Verdict {
	if sendingOf(e).closed {
		v := inconclusive(plumbline.ReasonUnsupported, "%s; the workload was closed: it asks for no more than what it is answered", text)
		v.Remedy = "an open workload: arrivals poisson or constant"
		return v
	}
	if rest := float64(c.total.bad-c.refused) + c.least; c.refused > 0 && c.decide(rest, c.total.n-c.refused, o).outcome != plumbline.Fail {
		v := inconclusive(plumbline.ReasonThrottled, "%s; the others keep the objective, or do not decide it, and a limit on one caller is no want of capacity", text)
		v.Remedy = "send from more identities, lift the limit for this caller, or ask for less (load.rate)"
		return v
	}
	v := fail(f, "%s", text)
	v.Remedy = "find what limits how much is answered well, or promise less"
	v.Evidence = c.exhibits(e, o)
	return v
}

// lateness tells of answers that came after the load had ended.
func (c carried) lateness() string {
	switch {
	case c.most < 1:
		return ""
	case c.least == 0:
		return fmt.Sprintf("; at most %.0f good answers came after the load had ended, and do not count", c.most)
	}
	return fmt.Sprintf("; %.0f good answers came after the load had ended, and do not count", c.least)
}
