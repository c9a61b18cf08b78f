package slo

import (
	"errors"
	"fmt"
	"strings"
)

// perSecond is the unit of a threshold that is a throughput.
const perSecond = "/s"

// nativeSource is the type of a metric source that names what is measured here.
const nativeSource = "plumbline"

// A measure is what an SLO is measured by, as far as it can be told.
type measure struct {
	ratio, known bool
	threshold    *metric
}

// measured is the indicator of an SLO: its own, or one of the same file.
func (r *reader) measured(d openSLO) measure {
	threshold, ratio := d.Spec.Indicator.Spec.ThresholdMetric, d.Spec.Indicator.Spec.RatioMetric
	if ref, ok := r.slis[d.Spec.IndicatorRef]; ok {
		threshold, ratio = ref.Spec.ThresholdMetric, ref.Spec.RatioMetric
	}
	return measure{ratio: ratio != nil, known: ratio != nil || threshold != nil, threshold: threshold}
}

// own is the binding that a metric source of ours holds itself:
//
//	metricSource: {type: plumbline, spec: {metric: http.latency, unit: ms, operations: [createOrder]}}
//
// The metric goodput is in good answers a second.
func (m measure) own() (b Binding, ok bool) {
	if m.threshold == nil || m.threshold.MetricSource.Type != nativeSource {
		return b, false
	}
	spec := m.threshold.MetricSource.Spec
	switch fmt.Sprint(spec["metric"]) {
	case "http.latency":
		b.Unit = "ms"
		if unit, said := spec["unit"]; said {
			b.Unit = fmt.Sprint(unit)
		}
	case "goodput":
		b.Unit = perSecond
	default:
		return b, false
	}
	if spec["phase"] != nil {
		return b, false // objectives of phases are of plumbline.yaml
	}
	list, _ := spec["operations"].([]any)
	for _, x := range list {
		b.Operations = append(b.Operations, fmt.Sprint(x))
	}
	return b, true
}

// unjudged says why an SLO is not judged; nothing when it is.
func (m measure) unjudged(d openSLO, bound bool) string {
	for _, o := range d.Spec.Objectives {
		if o.Indicator != nil || o.IndicatorRef != "" {
			return "it is a composite: its objectives have indicators of their own, and it is no share of requests"
		}
	}
	switch method := d.Spec.BudgetingMethod; {
	case method != "" && method != "Occurrences":
		return fmt.Sprintf("budgetingMethod %s needs time slices longer than a run; Occurrences is judged", method)
	case !m.known && d.Spec.IndicatorRef != "":
		return fmt.Sprintf("its indicator %q does not stand in the same file", d.Spec.IndicatorRef)
	case !m.known:
		return "it has no indicator: neither a thresholdMetric nor a ratioMetric"
	case !m.ratio && !bound:
		return strings.TrimSpace(m.threshold.MetricSource.Type+" measures it") + ", and no binding says which requests that metric is made of, and in which unit"
	}
	return ""
}

// carries reads the threshold of a throughput.
func carries(op string, value *float64) (float64, error) {
	if value == nil || *value <= 0 || (op != "gte" && op != "gt") {
		return 0, errors.New("a throughput needs op gte or gt and a value above zero")
	}
	return *value, nil
}
