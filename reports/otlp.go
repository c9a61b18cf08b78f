package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	collectmetrics "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	collecttraces "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	otlpmetrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	otlptraces "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/plumbline-dev/plumbline"
)

// otlpScope names who has measured.
const otlpScope = "github.com/plumbline-dev/plumbline"

// OTLPMetrics are the figures of a run as the body of an OTLP request
// (ExportMetricsServiceRequest, protobuf): the gauges that OpenMetrics has.
func OTLPMetrics(r plumbline.Report) ([]byte, error) {
	at := nanos(r, seconds64(r.Seconds))
	scope := &otlpmetrics.ScopeMetrics{Scope: &common.InstrumentationScope{Name: otlpScope, Version: r.Run.Tool}}
	for _, f := range metricsOf(r) {
		gauge := &otlpmetrics.Gauge{}
		for _, x := range f.samples {
			gauge.DataPoints = append(gauge.DataPoints, &otlpmetrics.NumberDataPoint{
				TimeUnixNano: at, Attributes: attributes(x.labels...), Value: &otlpmetrics.NumberDataPoint_AsDouble{AsDouble: x.value},
			})
		}
		if len(gauge.DataPoints) > 0 {
			scope.Metrics = append(scope.Metrics, &otlpmetrics.Metric{Name: f.name, Description: f.help, Unit: unitOf(f.name), Data: &otlpmetrics.Metric_Gauge{Gauge: gauge}})
		}
	}
	return proto.Marshal(&collectmetrics.ExportMetricsServiceRequest{
		ResourceMetrics: []*otlpmetrics.ResourceMetrics{{Resource: ourselves(r), ScopeMetrics: []*otlpmetrics.ScopeMetrics{scope}}},
	})
}

// OTLPTraces are the course of a run as the body of an OTLP request
// (ExportTraceServiceRequest, protobuf): a span for the run with an event for
// each claim that is broken, below it one for each experiment and each phase,
// and the requests that findings show, in the very traces that the target has
// seen: its own spans hang below them.
func OTLPTraces(r plumbline.Report) ([]byte, error) {
	t := tracer{report: r, trace: identifier(16, "run", r.Run.ID)}
	t.run()
	for _, line := range r.Timeline {
		t.experiment(line)
	}
	for _, f := range r.Findings {
		for _, x := range f.Evidence {
			t.request(f, x)
		}
	}
	scope := &otlptraces.ScopeSpans{Scope: &common.InstrumentationScope{Name: otlpScope, Version: r.Run.Tool}, Spans: t.spans}
	return proto.Marshal(&collecttraces.ExportTraceServiceRequest{
		ResourceSpans: []*otlptraces.ResourceSpans{{Resource: ourselves(r), ScopeSpans: []*otlptraces.ScopeSpans{scope}}},
	})
}

type tracer struct {
	report plumbline.Report
	trace  []byte
	root   []byte
	spans  []*otlptraces.Span
	seen   map[string]bool // span IDs of requests
}

func (t *tracer) run() {
	r := t.report
	t.root = identifier(8, "run", r.Run.ID)
	span := &otlptraces.Span{
		TraceId: t.trace, SpanId: t.root, Name: "plumbline run of " + r.Service, Kind: otlptraces.Span_SPAN_KIND_INTERNAL,
		StartTimeUnixNano: nanos(r, 0), EndTimeUnixNano: nanos(r, seconds64(r.Seconds)),
		Attributes: attributes("plumbline.outcome", string(r.Outcome), "plumbline.target", r.Target), Status: &otlptraces.Status{},
	}
	if r.Outcome == plumbline.Unfit {
		span.Status = &otlptraces.Status{Code: otlptraces.Status_STATUS_CODE_ERROR, Message: r.Sentence}
	}
	for _, f := range failures(r) {
		span.Events = append(span.Events, &otlptraces.Span_Event{TimeUnixNano: span.EndTimeUnixNano, Name: "broken", Attributes: attributes("plumbline.claim", f.Claim, "plumbline.reason", f.Reason)})
	}
	t.spans = append(t.spans, span)
}

func (t *tracer) experiment(line plumbline.Timeline) {
	if len(line.Phases) == 0 {
		return
	}
	began, ended := line.Phases[0].Began, line.Phases[0].Ended
	for _, m := range line.Phases {
		began, ended = min(began, m.Began), max(ended, m.Ended)
	}
	id := identifier(8, "experiment", t.report.Run.ID, line.Experiment)
	t.add(line.Experiment, id, t.root, [2]time.Duration{began, ended}, attributes("plumbline.title", line.Title))
	for _, m := range line.Phases {
		t.add(m.Phase, identifier(8, "phase", t.report.Run.ID, line.Experiment, m.Phase, m.Began.String()), id, [2]time.Duration{m.Began, m.Ended}, attributes("plumbline.role", string(m.Role)))
	}
}

func (t *tracer) add(name string, id, parent []byte, when [2]time.Duration, about []*common.KeyValue) {
	t.spans = append(t.spans, &otlptraces.Span{
		TraceId: t.trace, SpanId: id, ParentSpanId: parent, Name: name, Kind: otlptraces.Span_SPAN_KIND_INTERNAL,
		StartTimeUnixNano: nanos(t.report, when[0]), EndTimeUnixNano: nanos(t.report, when[1]), Attributes: about, Status: &otlptraces.Status{},
	})
}

// request adds the request that an exhibit shows, under the identifiers that it
// was sent with.
func (t *tracer) request(f plumbline.Finding, x plumbline.Exhibit) {
	o := x.Observation
	if o == nil {
		return
	}
	trace, err := hex.DecodeString(o.Trace)
	id, err2 := hex.DecodeString(o.Parent)
	if err != nil || err2 != nil || len(trace) != 16 || len(id) != 8 || t.seen[o.Parent] {
		return
	}
	if t.seen == nil {
		t.seen = map[string]bool{}
	}
	t.seen[o.Parent] = true
	span := &otlptraces.Span{
		TraceId: trace, SpanId: id, Name: o.Operation, Kind: otlptraces.Span_SPAN_KIND_CLIENT,
		StartTimeUnixNano: nanos(t.report, o.Sent), EndTimeUnixNano: nanos(t.report, max(o.Sent, o.Due+o.Latency)),
		Attributes: attributes("plumbline.claim", f.Claim, "plumbline.experiment", o.Experiment, "plumbline.phase", o.Phase),
		Links:      []*otlptraces.Span_Link{{TraceId: t.trace, SpanId: t.root}}, Status: &otlptraces.Status{},
	}
	if o.Status > 0 {
		span.Attributes = append(span.Attributes, &common.KeyValue{Key: "http.response.status_code", Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: int64(o.Status)}}})
	}
	if !o.OK() {
		span.Status = &otlptraces.Status{Code: otlptraces.Status_STATUS_CODE_ERROR, Message: string(o.Error)}
	}
	t.spans = append(t.spans, span)
}

// ourselves is who has sent the requests: not the service that was judged.
func ourselves(r plumbline.Report) *resource.Resource {
	return &resource.Resource{Attributes: attributes("service.name", "plumbline", "service.version", r.Run.Tool,
		"plumbline.service", r.Service, "plumbline.run", r.Run.ID, "vcs.ref.head.revision", r.Run.Revision)}
}

// attributes are names and values in turn; empty ones are left out.
func attributes(pairs ...string) []*common.KeyValue {
	var out []*common.KeyValue
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			text := strings.ToValidUTF8(pairs[i+1], "\ufffd")
			out = append(out, &common.KeyValue{Key: pairs[i], Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: text}}})
		}
	}
	return out
}

// unitOf is the unit in the name of a metric, as UCUM writes it.
func unitOf(name string) string {
	switch {
	case strings.HasSuffix(name, "_seconds"):
		return "s"
	case strings.HasSuffix(name, "_ratio"):
		return "1"
	}
	return ""
}

func seconds64(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func nanos(r plumbline.Report, offset time.Duration) uint64 {
	return uint64(max(0, r.Run.Began.Add(offset).UnixNano())) //nolint:gosec // not negative
}

// identifier is the same for the same words: a run that is sent twice is one.
func identifier(size int, words ...string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return sum[:size]
}
