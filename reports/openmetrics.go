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

// A metrics is an OpenMetrics exposition that is being written.
type metrics struct{ strings.Builder }

// family begins a metric family: gauges, every one.
func (m *metrics) family(name, help string) {
	fmt.Fprintf(&m.Builder, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help)
}

// sample writes one value; the labels are names and values in turn.
func (m *metrics) sample(name string, value float64, labels ...string) {
	if math.IsNaN(value) {
		return
	}
	m.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		fmt.Fprintf(&m.Builder, "%s%s=\"%s\"", map[bool]string{true: "{", false: ","}[i == 0], labels[i], label(labels[i+1]))
	}
	if len(labels) > 1 {
		m.WriteByte('}')
	}
	m.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

// label escapes a label value.
func label(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(strings.ToValidUTF8(s, "�"))
}

// OpenMetrics writes the figures of a run as OpenMetrics text: for GitLab's
// metrics reports, the textfile collector of node_exporter, or a push gateway.
// What a claim allows is a series beside what was measured.
func OpenMetrics(w io.Writer, r plumbline.Report) error {
	m := &metrics{}
	m.run(r)
	m.claims(r)
	m.figures(r)
	m.WriteString("# EOF\n")
	_, err := io.WriteString(w, m.String())
	return err
}

func (m *metrics) run(r plumbline.Report) {
	m.family("plumbline_run_outcome", "1 for the outcome of the run.")
	for _, o := range []plumbline.Overall{plumbline.Fit, plumbline.Unfit, plumbline.NotProven} {
		m.sample("plumbline_run_outcome", map[bool]float64{true: 1}[r.Outcome == o], "service", r.Service, "outcome", string(o))
	}
	m.family("plumbline_run_seconds", "How long the run took.")
	m.sample("plumbline_run_seconds", r.Seconds, "service", r.Service)
	m.family("plumbline_run_began_seconds", "When the run began, since 1970.")
	m.sample("plumbline_run_began_seconds", float64(r.Run.Began.UnixMilli())/1000, "service", r.Service)
	m.family("plumbline_requests", "Requests of the run to the target.")
	m.sample("plumbline_requests", float64(r.Requests.Sent), "service", r.Service)
	m.family("plumbline_operations_exercised_ratio", "Operations that answered 2xx at least once, of those documented.")
	if r.Coverage.Declared > 0 {
		m.sample("plumbline_operations_exercised_ratio", float64(r.Coverage.Exercised)/float64(r.Coverage.Declared), "service", r.Service)
	}
}

func (m *metrics) claims(r plumbline.Report) {
	n := count(r)
	m.family("plumbline_claims", "Claims by outcome, as the verdict counts them.")
	for _, c := range []struct {
		of   plumbline.Outcome
		word string
	}{{plumbline.Pass, "kept"}, {plumbline.Fail, "broken"}, {plumbline.Inconclusive, "unproven"}, {plumbline.Waived, "waived"}, {warned, "warned"}, {plumbline.Skipped, "skipped"}} {
		m.sample("plumbline_claims", float64(n[c.of]), "service", r.Service, "outcome", c.word)
	}
	judged := slices.DeleteFunc(slices.Clone(r.Findings), func(f plumbline.Finding) bool { return f.Outcome == plumbline.Skipped })
	m.family("plumbline_claim_kept", "1 for a claim that is kept, 0 for one that is broken, -1 for one that could not be judged.")
	for _, f := range judged {
		m.sample("plumbline_claim_kept", map[plumbline.Outcome]float64{plumbline.Pass: 1, plumbline.Fail: 0, plumbline.Waived: 0, plumbline.Error: -1, plumbline.Inconclusive: -1}[f.Outcome],
			"service", r.Service, "claim", f.Claim, "outcome", string(f.Outcome))
	}
	figures := slices.DeleteFunc(judged, func(f plumbline.Finding) bool { return f.Unit == "" })
	m.family("plumbline_claim_measured", "What was measured for a claim, in its unit.")
	for _, f := range figures {
		m.sample("plumbline_claim_measured", f.Measured, "service", r.Service, "claim", f.Claim, "unit", f.Unit)
	}
	m.family("plumbline_claim_allowed", "What is allowed for a claim, in its unit.")
	for _, f := range figures {
		m.sample("plumbline_claim_allowed", f.Allowed, "service", r.Service, "claim", f.Claim, "unit", f.Unit)
	}
}

func (m *metrics) figures(r plumbline.Report) {
	m.family("plumbline_latency_seconds", "Latency quantiles under the declared load, from due.")
	for _, q := range r.Quantiles {
		m.sample("plumbline_latency_seconds", q.Value/1000, "service", r.Service, "operation", q.Operation, "quantile", strconv.FormatFloat(q.Q, 'g', -1, 64))
	}
	m.family("plumbline_latency_samples", "Requests behind the quantiles.")
	seen := map[string]bool{}
	for _, q := range r.Quantiles {
		if !seen[q.Operation] {
			m.sample("plumbline_latency_samples", float64(q.Samples), "service", r.Service, "operation", q.Operation)
		}
		seen[q.Operation] = true
	}
	m.family("plumbline_recovery_seconds", "From the end of a fault to the first request since which all were good.")
	for _, o := range r.Outages {
		if o.Recovered && o.Bad > 0 {
			m.sample("plumbline_recovery_seconds", o.Recovery, "service", r.Service, "dependency", o.Dependency, "operation", o.Operation, "fault", o.Phase)
		}
	}
}
