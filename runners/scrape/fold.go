package scrape

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/plumbline-dev/plumbline"
)

// Names by which services count requests and time them: those of the OpenTelemetry
// conventions (http.server.request.duration, before that http.server.duration),
// of Micrometer, and of the usual middlewares. Metrics of clients are none.
var (
	counters  = regexp.MustCompile(`^(\w+_)?http_(server_)?requests?(_count)?_total$`)
	durations = regexp.MustCompile(`^(\w+_)?http_(server_)?((requests?|response)_)?(duration|latency)(_seconds|_milliseconds|_ms)?$|^(\w+_)?http_server_requests_seconds$`)
	excluded  = regexp.MustCompile(`(^|_)(client|promhttp|scrape)(_|$)`)
)

// Labels by which requests are told apart, the most telling first.
const (
	routeLabels  = "http_route route handler path endpoint uri url operation name"
	methodLabels = "http_request_method http_method method verb"
	statusLabels = "http_response_status_code http_status_code status_code code status http_status"
)

// fold reads what is known of a service out of its metrics. Requests to the
// route of the metrics themselves are left out.
func fold(families map[string]*dto.MetricFamily, m plumbline.Metrics, own string) plumbline.Scrape {
	out := plumbline.Scrape{
		Began: value(families["process_start_time_seconds"]), CPU: value(families["process_cpu_seconds_total"]),
		Memory: value(families["process_resident_memory_bytes"]), Descriptors: value(families["process_open_fds"]),
		Threads: cmp.Or(value(families["go_goroutines"]), value(families["jvm_threads_live_threads"]), value(families["process_threads"])),
	}
	if out.CPU == 0 {
		out.CPU = value(families["process_cpu_seconds"])
	}
	counts := pick(families, m.Requests, counters, countable)
	times := pick(families, m.Durations, durations, timed)
	var all []plumbline.Served
	if times != nil {
		all = append(all, servedBy(times, own, counts == nil)...)
		out.Named = append(out.Named, times.GetName())
	}
	if counts != nil {
		all = append(all, servedBy(counts, own, true)...)
		out.Named = append(out.Named, counts.GetName())
	}
	out.Served = together(all)
	for _, s := range out.Served {
		out.Requests, out.Timed, out.Seconds = out.Requests+s.Count, out.Timed+s.Timed, out.Seconds+s.Seconds
		if strings.HasPrefix(s.Status, "5") {
			out.Failed += s.Count
		}
	}
	return out
}

// pick is the family of a declared name, or the first by name of those that are
// named as usual; nil when there is none.
func pick(families map[string]*dto.MetricFamily, declared string, usual *regexp.Regexp, fits func(*dto.MetricFamily) bool) *dto.MetricFamily {
	if declared != "" {
		for _, name := range []string{declared, declared + "_total", strings.ReplaceAll(declared, ".", "_")} {
			if f := families[name]; f != nil && fits(f) {
				return f
			}
		}
		return nil
	}
	var found []*dto.MetricFamily
	for name, f := range families {
		if usual.MatchString(name) && !excluded.MatchString(name) && fits(f) {
			found = append(found, f)
		}
	}
	slices.SortFunc(found, func(a, b *dto.MetricFamily) int {
		return cmp.Or(cmp.Compare(len(a.GetName()), len(b.GetName())), cmp.Compare(a.GetName(), b.GetName()))
	})
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// countable tells whether a family counts. The counters of OpenMetrics have no
// type in the text format.
func countable(f *dto.MetricFamily) bool {
	return f.GetType() == dto.MetricType_COUNTER || f.GetType() == dto.MetricType_UNTYPED
}

func timed(f *dto.MetricFamily) bool {
	return f.GetType() == dto.MetricType_HISTOGRAM || f.GetType() == dto.MetricType_SUMMARY
}

// servedBy are the requests that a family tells of. Counts says whether they are
// counted by it.
func servedBy(f *dto.MetricFamily, own string, counts bool) []plumbline.Served {
	unit := 1.0
	if strings.HasSuffix(f.GetName(), "_milliseconds") || strings.HasSuffix(f.GetName(), "_ms") {
		unit = 1e-3
	}
	var out []plumbline.Served
	for _, m := range f.GetMetric() {
		s := plumbline.Served{Method: strings.ToUpper(label(m, methodLabels)), Route: label(m, routeLabels), Status: label(m, statusLabels)}
		if own != "" && s.Route == own {
			continue
		}
		switch {
		case m.GetHistogram() != nil:
			h := m.GetHistogram()
			s.Timed, s.Seconds = float64(h.GetSampleCount()), h.GetSampleSum()*unit
			s.Buckets = buckets(h, unit)
		case m.GetSummary() != nil:
			s.Timed, s.Seconds = float64(m.GetSummary().GetSampleCount()), m.GetSummary().GetSampleSum()*unit
		}
		if counts {
			s.Count = s.Timed + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
		}
		out = append(out, s)
	}
	return out
}

func buckets(h *dto.Histogram, unit float64) []plumbline.Duration {
	var out []plumbline.Duration
	for _, b := range h.GetBucket() {
		if !math.IsInf(b.GetUpperBound(), 1) {
			out = append(out, plumbline.Duration{UpTo: b.GetUpperBound() * unit, Count: float64(b.GetCumulativeCount())})
		}
	}
	return append(out, plumbline.Duration{Count: float64(h.GetSampleCount())})
}

// label is the value of the first of some labels that a metric has.
func label(m *dto.Metric, names string) string {
	for name := range strings.FieldsSeq(names) {
		for _, l := range m.GetLabel() {
			if l.GetName() == name {
				return l.GetValue()
			}
		}
	}
	return ""
}

// value adds up the metrics of a family; zero when there is none.
func value(f *dto.MetricFamily) float64 {
	total := 0.0
	for _, m := range f.GetMetric() {
		total += m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
	}
	return total
}

// together joins what has the same labels, in the order of these.
func together(all []plumbline.Served) []plumbline.Served {
	slices.SortStableFunc(all, func(a, b plumbline.Served) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Status, b.Status))
	})
	var out []plumbline.Served
	for _, s := range all {
		n := len(out)
		if n == 0 || out[n-1].Route != s.Route || out[n-1].Method != s.Method || out[n-1].Status != s.Status {
			out = append(out, s)
			continue
		}
		last := &out[n-1]
		last.Count, last.Timed, last.Seconds = last.Count+s.Count, last.Timed+s.Timed, last.Seconds+s.Seconds
		last.Buckets = added(last.Buckets, s.Buckets)
	}
	return out
}

// added is the sum of histograms of the same buckets; of others that one which
// has any.
func added(a, b []plumbline.Duration) []plumbline.Duration {
	if len(a) != len(b) {
		if len(a) == 0 {
			return b
		}
		return a
	}
	out := slices.Clone(a)
	for i := range out {
		out[i].Count += b[i].Count
	}
	return out
}
