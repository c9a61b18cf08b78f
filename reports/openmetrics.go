package reports

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("openmetrics", "", OpenMetrics) }

// metrics are the figures of a run, as gauges.
type metrics struct{ families []metric }

// A metric is a gauge with its samples.
type metric struct {
	name, help string
	samples    []measure
}

// A measure is one value; the labels are names and values in turn.
type measure struct {
	value  float64
	labels []string
}

// metricsOf are the figures that go to programs which store them.
func metricsOf(r plumbline.Report) []metric {
	m := &metrics{}
	m.run(r)
	m.claims(r)
	m.figures(r)
	return m.families
}

// family begins a metric family.
func (m *metrics) family(name, help string) {
	m.families = append(m.families, metric{name: name, help: help})
}

// sample adds one value to the family that was begun last.
func (m *metrics) sample(value float64, labels ...string) {
	if math.IsNaN(value) {
		return
	}
	last := &m.families[len(m.families)-1]
	last.samples = append(last.samples, measure{value, labels})
}

// label escapes a label value.
func label(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(strings.ToValidUTF8(s, "�"))
}

// OpenMetrics writes the figures of a run as OpenMetrics text: for GitLab's
// metrics reports, the textfile collector of node_exporter, or a push gateway.
// What a claim allows is a series beside what was measured.
func OpenMetrics(w io.Writer, r plumbline.Report) error {
	var b strings.Builder
	for _, f := range metricsOf(r) {
		fmt.Fprintf(&b, "# TYPE %s gauge\n# HELP %s %s\n", f.name, f.name, f.help)
		for _, x := range f.samples {
			b.WriteString(f.name)
			for i := 0; i+1 < len(x.labels); i += 2 {
				fmt.Fprintf(&b, "%s%s=\"%s\"", map[bool]string{true: "{", false: ","}[i == 0], x.labels[i], label(x.labels[i+1]))
			}
			if len(x.labels) > 1 {
				b.WriteByte('}')
			}
			b.WriteString(" " + strconv.FormatFloat(x.value, 'g', -1, 64) + "\n")
		}
	}
	b.WriteString("# EOF\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (m *metrics) run(r plumbline.Report) {
	m.family("plumbline_run_outcome", "1 for the outcome of the run.")
	for _, o := range []plumbline.Overall{plumbline.Fit, plumbline.Unfit, plumbline.NotProven} {
		m.sample(map[bool]float64{true: 1}[r.Outcome == o], "service", r.Service, "outcome", string(o))
	}
	m.family("plumbline_run_seconds", "How long the run took.")
	m.sample(r.Seconds, "service", r.Service)
	m.family("plumbline_run_began_seconds", "When the run began, since 1970.")
	m.sample(float64(r.Run.Began.UnixMilli())/1000, "service", r.Service)
	m.family("plumbline_requests", "Requests of the run to the target.")
	m.sample(float64(r.Requests.Sent), "service", r.Service)
	m.family("plumbline_operations_exercised_ratio", "Operations that answered 2xx at least once, of those documented.")
	if r.Coverage.Declared > 0 {
		m.sample(float64(r.Coverage.Exercised)/float64(r.Coverage.Declared), "service", r.Service)
	}
}

func (m *metrics) claims(r plumbline.Report) {
	n := count(r)
	m.family("plumbline_claims", "Claims by outcome, as the verdict counts them.")
	for _, c := range []struct {
		of   plumbline.Outcome
		word string
	}{{plumbline.Pass, "kept"}, {plumbline.Fail, "broken"}, {plumbline.Inconclusive, "unproven"}, {plumbline.Waived, "waived"}, {warned, "warned"}, {mild, "broken-not-gating"}, {plumbline.Skipped, "skipped"}} {
		m.sample(float64(n[c.of]), "service", r.Service, "outcome", c.word)
	}
	judged := slices.DeleteFunc(slices.Clone(r.Findings), func(f plumbline.Finding) bool { return f.Outcome == plumbline.Skipped })
	m.family("plumbline_claim_kept", "1 for a claim that is kept, 0 for one that is broken, -1 for one that could not be judged.")
	for _, f := range judged {
		m.sample(map[plumbline.Outcome]float64{plumbline.Pass: 1, plumbline.Fail: 0, plumbline.Waived: 0, plumbline.Error: -1, plumbline.Inconclusive: -1}[f.Outcome],
			"service", r.Service, "claim", f.Claim, "outcome", string(f.Outcome))
	}
	figures := slices.DeleteFunc(judged, func(f plumbline.Finding) bool { return f.Unit == "" })
	m.family("plumbline_claim_measured", "What was measured for a claim, in its unit.")
	for _, f := range figures {
		m.sample(f.Measured, "service", r.Service, "claim", f.Claim, "unit", f.Unit)
	}
	m.family("plumbline_claim_allowed", "What is allowed for a claim, in its unit: the most or, of some, the least.")
	for _, f := range figures {
		m.sample(f.Allowed, "service", r.Service, "claim", f.Claim, "unit", f.Unit)
	}
}

func (m *metrics) figures(r plumbline.Report) {
	m.family("plumbline_latency_seconds", "Latency quantiles under the declared load, from due.")
	for _, q := range r.Quantiles {
		m.sample(q.Value/1000, "service", r.Service, "operation", q.Operation, "quantile", strconv.FormatFloat(q.Q, 'g', -1, 64))
	}
	m.family("plumbline_latency_samples", "Requests behind the quantiles.")
	seen := map[string]bool{}
	for _, q := range r.Quantiles {
		if !seen[q.Operation] {
			m.sample(float64(q.Samples), "service", r.Service, "operation", q.Operation)
		}
		seen[q.Operation] = true
	}
	m.family("plumbline_recovery_seconds", "From the end of a fault to the first request since which all were good.")
	for _, o := range r.Outages {
		if o.Recovered && o.Bad > 0 {
			m.sample(o.Recovery, "service", r.Service, "dependency", o.Dependency, "operation", o.Operation, "fault", o.Phase)
		}
	}
}
