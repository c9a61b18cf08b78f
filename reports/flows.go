package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// flowSentence tells what became of a flow of the load: "480 of 483 were made
// whole; ended 3".
func flowSentence(f plumbline.FlowUse) string {
	s := fmt.Sprintf("%s of %s were made whole", grouped(f.Whole), grouped(f.Hits))
	for _, class := range slices.SortedFunc(maps.Keys(f.Ended), func(a, b string) int {
		return cmp.Or(cmp.Compare(f.Ended[b], f.Ended[a]), cmp.Compare(a, b))
	}) {
		s += fmt.Sprintf("; %s %s", flowEnd(class), grouped(f.Ended[class]))
	}
	return s
}

// flowEnd says in words how flows of a class ended.
func flowEnd(class string) string {
	switch class {
	case string(plumbline.ErrorEnded):
		return "answered otherwise than they go on with"
	case string(plumbline.ErrorUnbound):
		return "could not be made"
	case string(plumbline.ErrorCanceled):
		return "cut short by the run"
	case "4xx", "5xx":
		return "refused for want of capacity (" + class + ")"
	}
	return "ended by " + class
}

// stepLatency are the quantiles of a step with their intervals and samples.
func stepLatency(s plumbline.FlowStep) string {
	var parts []string
	for _, q := range s.Quantiles {
		parts = append(parts, fmt.Sprintf("p%g %s, n=%s", 100*q.Q, within(q.Value, plumbline.Interval{Low: q.Low, High: q.High}, "ms"), grouped(q.Samples)))
	}
	return strings.Join(parts, "; ")
}

// flows tells what became of the flows of the load.
func (p *page) flows(r plumbline.Report) {
	for _, f := range r.Flows {
		p.wrap(fmt.Sprintf("  %-*s ", min(32, p.width/3), f.Flow), flowSentence(f))
		for _, why := range f.Why {
			p.wrap("      ended at ", why)
		}
		for _, s := range f.Steps {
			p.wrap(fmt.Sprintf("      %-*s ", min(28, p.width/3), s.Step), strings.TrimSuffix(fmt.Sprintf("%s: %s; %s", s.Operation, grouped(s.Reached), stepLatency(s)), "; "))
		}
	}
	if len(r.Flows) > 0 {
		p.WriteByte('\n')
	}
}
