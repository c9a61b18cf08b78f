package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const (
	loadRegression = "load/regression"
	// loadAgain repeats the target load where something was slower than it was.
	loadAgain = "load/again"
)

// When a night counts as slower than those before it (reporting of baselines:
// request-level tests alarm every other night, for runs differ more than
// requests do).
const (
	nightsLeast     = 5
	slowerTolerance = 0.10                 // of the median of the nights
	slowerFloor     = 2 * time.Millisecond // beyond it
	slowerBand      = 3.0                  // median absolute deviations of the nights, each worth
	normalDeviation = 1.4826
	regressionQ     = 0.99
)

func init() {
	register(plumbline.Function{
		ID:    loadRegression,
		Title: "The load is answered no slower than on the nights before",
		Doc: `Method: the 99th percentile of each operation under the target load, of its good answers, is held against those of the last ten good runs of the history on a machine of the same kind (--history). Where one is slower, the load is sent once more.
Criterion: it fails when both loads are slower than the median of these runs by more than 10 %, by more than 2 ms, and by more than three median absolute deviations (each 1.4826 of them, as of a normal distribution), and the lower bound of the quantile is above that median as well. regression of an entry of slos gives its operations another tolerance and another floor, and with confirm: false one load is enough.
Guard: fewer than five good runs are no baseline, and nothing is judged then. What the second load does not show again is told, and is not red. Nothing is judged when the generator fell behind, or when fewer requests were answered than bound the quantile. A generator that was late, beyond 10 ms in the 99th percentile, does not accuse: latency counts from due, and a machine too busy to send on time is no machine to call a target slow by that shares it. plumbline compare, which loads two deployments in turn, tells more, and needs no history.`,
		Standard: "median and MAD over runs (Hampel 1974); confirmation against run-to-run noise",
		Order:    46,
		Plan:     planRegression,
		Judge:    judgeRegression,
	})
}

func planRegression(d plumbline.Design) plumbline.Proposal {
	x, _ := targetLoad(d)
	switch {
	case !d.History:
		return plumbline.Proposal{Skips: []plumbline.Skip{{Reason: plumbline.ReasonNotDeclared, Detail: "no earlier runs are given", Unlock: "--history FOLDER"}}}
	case d.Load.Profile != "" && d.Load.Profile != profileBaseline, len(x.Phases) == 0:
		return plumbline.Proposal{Skips: []plumbline.Skip{{Reason: plumbline.ReasonNotApplicable, Detail: "the load is not that of the nights before"}}}
	}
	p := plumbline.Proposal{Experiments: []plumbline.Experiment{x}}
	for _, id := range operationsOf(x.Phases[0]) {
		op, _ := d.Operation(id)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: loadRegression + "/" + op.ID, Function: loadRegression, Operation: op.ID, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: op.ID + " is answered no slower than on the nights before", Experiments: []string{loadTarget},
		})
	}
	return p
}

// operationsOf are the operations that the streams of a phase send requests of.
func operationsOf(ph plumbline.Phase) []string {
	var out []string
	for _, s := range ph.Streams {
		out = append(out, unlisted(s.Reaches(), out)...)
	}
	return out
}

// A nightly is how one operation was answered, beside the nights before.
type nightly struct {
	quantileInterval
	median, limit float64 // ms
}

// slower says whether the night is out of the band of those before it.
func (n nightly) slower() bool {
	return milliseconds(n.value) > n.limit && milliseconds(n.low) > n.median
}

// slownessOf is when an operation counts as slower: as the objective says that
// is about it and the fewest others.
func slownessOf(d plumbline.Design, operation string) plumbline.Regression {
	out := plumbline.Regression{}
	fewest := -1
	for _, o := range d.Objectives {
		n := len(o.Operations)
		if n == 0 {
			n = len(d.Operations) + 1
		}
		if o.Regression != nil && o.Covers(operation) && (fewest < 0 || n < fewest) {
			out, fewest = *o.Regression, n
		}
	}
	out.Tolerance, out.Floor = cmp.Or(out.Tolerance, slowerTolerance), cmp.Or(out.Floor, slowerFloor)
	return out
}

// bandOf is the middle of the nights and the latency beyond which one is slower,
// in milliseconds.
func bandOf(nights []float64, r plumbline.Regression) (center, limit float64) {
	center = middle(nights)
	var off []float64
	for _, v := range nights {
		off = append(off, max(v-center, center-v))
	}
	return center, max(center*(1+r.Tolerance), center+milliseconds(r.Floor), center+slowerBand*normalDeviation*middle(off))
}

// nightsOf are the values of an operation in earlier runs; those that are too
// few are none.
func nightsOf(e *plumbline.Evidence, operation string) []float64 {
	for _, b := range e.Baselines {
		if b.Operation == operation && b.Q == regressionQ {
			return b.Values
		}
	}
	return nil
}

// nightOf is how the load of an experiment was answered; ok is false when there
// was none.
func nightOf(e *plumbline.Evidence, experiment, operation string, nights []float64, r plumbline.Regression) (n nightly, ok bool) {
	var bins []plumbline.Bin
	for _, x := range e.Series {
		if x.Experiment == experiment && x.Phase != warmUp && x.Operation == operation && serves(x) {
			bins = append(bins, x.Latency...)
		}
	}
	n.quantileInterval = quantileOfBins(mergedBins(bins), regressionQ)
	n.median, n.limit = bandOf(nights, r)
	return n, n.samples > 0
}

func judgeRegression(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	nights := nightsOf(e, c.Operation)
	if len(nights) < nightsLeast {
		return skipped(plumbline.ReasonTooFewSamples, "no baseline yet: %d of %d good runs on a machine of this kind", len(nights), nightsLeast)
	}
	rule := slownessOf(d, c.Operation)
	now, ok := nightOf(e, loadTarget, c.Operation, nights, rule)
	switch {
	case !ok:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s was not answered under load", c.Operation)
	case now.high == 0:
		return skipped(plumbline.ReasonTooFewSamples, "%d answers do not bound the 99th percentile", now.samples)
	}
	for _, h := range e.Health {
		if why := saturation(h); why != "" && (h.Experiment == loadTarget || h.Experiment == loadAgain) {
			return inconclusive(plumbline.ReasonGeneratorSaturated, "in %s of %s: %s", h.Phase, h.Experiment, why)
		}
	}
	f := figure{milliseconds(now.value), rate(now.limit), "ms", int(now.samples)}
	told := fmt.Sprintf("the 99th percentile is %s; in %d good runs before it was %.4g ms (median), and up to %.4g ms is no slower", readable(now.value), len(nights), now.median, now.limit)
	if !now.slower() {
		return between(pass(f, "%s", told), milliseconds(now.low), milliseconds(now.high), shownConfidence)
	}
	return confirmSlower(e, c.Operation, nights, rule, slowerThanBefore(f, now, told))
}

// confirmSlower lets the verdict that accuses stand where the load, sent once
// more, was slower too, and the machine had time both times.
func confirmSlower(e *plumbline.Evidence, operation string, nights []float64, rule plumbline.Regression, accused plumbline.Verdict) plumbline.Verdict {
	if why := lateOf(e, loadTarget); why != "" {
		return tooLateToTell(accused.Statement, why)
	}
	if rule.Unconfirmed {
		accused.Statement += "; it was not sent again, as is declared"
		return accused
	}
	again, ok := nightOf(e, loadAgain, operation, nights, rule)
	if !ok {
		return inconclusive(plumbline.ReasonIncomplete, "%s; it was not sent again", accused.Statement)
	}
	accused.Statement += "; sent again, it is " + readable(again.value)
	if !again.slower() {
		v := inconclusive(plumbline.ReasonNotReproduced, "%s", accused.Statement)
		v.Remedy = "nothing yet: the next night tells"
		return v
	}
	if why := lateOf(e, loadAgain); why != "" {
		return tooLateToTell(accused.Statement, why)
	}
	return accused
}

// lateOf says how late the generator was in the judged phases of a load, or
// nothing.
func lateOf(e *plumbline.Evidence, experiment string) string {
	if lag := lagOf(e, experiment); lag > lagLimit {
		return "99th percentile of the lag " + readable(lag)
	}
	return ""
}

func tooLateToTell(told, why string) plumbline.Verdict {
	v := inconclusive(plumbline.ReasonGeneratorSaturated, "%s; the generator itself was late then: %s", told, why)
	v.Remedy = moreRoom
	return v
}

func slowerThanBefore(f figure, now nightly, told string) plumbline.Verdict {
	v := between(fail(f, "%s", told), milliseconds(now.low), milliseconds(now.high), shownConfidence)
	v.Remedy = "find what has changed since the last good run; plumbline baseline promote accepts it"
	return v
}

// Again proposes to send the target load once more where an operation was
// slower than on the nights before; nothing once it was sent.
func Again(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) []plumbline.Experiment {
	if slices.ContainsFunc(e.Phases, func(m plumbline.PhaseMark) bool { return m.Experiment == loadAgain }) {
		return nil
	}
	for _, c := range p.Claims {
		if c.Function != loadRegression || judgeRegression(d, c, e).Reason != plumbline.ReasonIncomplete {
			continue
		}
		x, planned := p.Experiment(loadTarget)
		x.ID, x.Title, x.Claims = loadAgain, "the load once more, for something was slower than on the nights before", []string{}
		if planned {
			return []plumbline.Experiment{x}
		}
	}
	return nil
}
