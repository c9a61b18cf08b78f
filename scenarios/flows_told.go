package scenarios

import (
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// flowsTold are what became of the flows of the judged load, in the order of the
// design.
func flowsTold(d plumbline.Design, e *plumbline.Evidence) []plumbline.FlowUse {
	var out []plumbline.FlowUse
	for _, f := range d.Load.Flows {
		u := plumbline.FlowUse{Flow: plumbline.FlowPrefix + f.Name}
		for _, s := range f.Steps {
			u.Steps = append(u.Steps, plumbline.FlowStep{Step: s.Name, Operation: s.Operation})
		}
		for _, x := range e.Flows {
			if x.Operation == u.Flow && x.Experiment == loadTarget && x.Phase != warmUp {
				countFlows(&u, x)
			}
		}
		if u.Hits == 0 {
			continue
		}
		for i, s := range f.Steps {
			u.Steps[i].Quantiles = stepQuantiles(e, u.Flow, s)
		}
		out = append(out, u)
	}
	return out
}

// countFlows takes in the flows of one class.
func countFlows(u *plumbline.FlowUse, x plumbline.Series) {
	u.Hits += x.Count
	if x.Class == "2xx" {
		u.Whole += x.Count
	} else {
		if u.Ended == nil {
			u.Ended = map[string]int64{}
		}
		u.Ended[x.Class] += x.Count
	}
	for _, r := range x.Reached {
		if i := slices.IndexFunc(u.Steps, func(s plumbline.FlowStep) bool { return s.Step == r.Step }); i >= 0 {
			u.Steps[i].Reached += r.Count
		}
	}
	for _, m := range x.Marks {
		if !slices.Contains(u.Why, m.Message) && len(u.Why) < exhibitLimit {
			u.Why = append(u.Why, m.Message)
		}
	}
}

// stepQuantiles are the median and the 99th percentile of a step, as far as it
// was answered.
func stepQuantiles(e *plumbline.Evidence, flow string, s plumbline.Step) []plumbline.Quantile {
	var bins []plumbline.Bin
	for _, x := range e.Series {
		if x.Experiment == loadTarget && x.Phase != warmUp && x.Stream == flow && x.Step == s.Name && serves(x) {
			bins = append(bins, x.Latency...)
		}
	}
	return quantilesOf(s.Operation, mergedBins(bins), 0.5, 0.99)
}

// quantilesOf are quantiles of a histogram as reports have them; none of an empty
// one.
func quantilesOf(operation string, bins []plumbline.Bin, qs ...float64) []plumbline.Quantile {
	var out []plumbline.Quantile
	for _, q := range qs {
		v := quantileOfBins(bins, q)
		if v.samples == 0 {
			continue
		}
		out = append(out, plumbline.Quantile{
			Operation: operation, Q: q, Samples: v.samples,
			Value: milliseconds(v.value), Low: milliseconds(v.low), High: milliseconds(v.high),
		})
	}
	return out
}
