package main

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collectmetrics "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	collecttraces "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	traces "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// A collector takes OTLP over HTTP. Its first answer may be that it is busy.
type collector struct {
	mu      sync.Mutex
	busy    int
	rejects int64
	metrics []*collectmetrics.ExportMetricsServiceRequest
	traces  []*collecttraces.ExportTraceServiceRequest
	header  http.Header
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header = r.Header
	if c.busy > 0 {
		c.busy--
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body, _ := io.ReadAll(r.Body)
	var got, answer proto.Message
	switch r.URL.Path {
	case "/v1/metrics":
		m := &collectmetrics.ExportMetricsServiceRequest{}
		c.metrics = append(c.metrics, m)
		got, answer = m, &collectmetrics.ExportMetricsServiceResponse{PartialSuccess: &collectmetrics.ExportMetricsPartialSuccess{RejectedDataPoints: c.rejects, ErrorMessage: "too old"}}
	case "/v1/traces":
		m := &collecttraces.ExportTraceServiceRequest{}
		c.traces = append(c.traces, m)
		got, answer = m, &collecttraces.ExportTraceServiceResponse{}
	}
	if got == nil || r.Header.Get("Content-Type") != "application/x-protobuf" || (proto.UnmarshalOptions{}).Unmarshal(body, got) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	out, _ := proto.Marshal(answer)
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(out)
}

func started(t *testing.T, c *collector) string {
	t.Helper()
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	return s.URL
}

const unfitReport = "../../reports/testdata/unfit.json"

func TestARunIsSentToACollector(t *testing.T) {
	t.Parallel()
	c := &collector{busy: 1}
	code, _, said := commanded(t, "report", unfitReport, "--otlp", started(t, c))
	if code != 0 || len(c.metrics) != 1 || len(c.traces) != 1 {
		t.Fatalf("exit code %d, %d requests with metrics and %d with traces: %s", code, len(c.metrics), len(c.traces), said)
	}
	values := map[string]int{}
	for _, m := range c.metrics[0].GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
		for _, p := range m.GetGauge().GetDataPoints() {
			values[m.GetName()]++
			if p.GetTimeUnixNano() == 0 || word(p.GetAttributes(), "service") != "shop" {
				t.Errorf("%s: %v", m.GetName(), p)
			}
			if m.GetName() == "plumbline_run_outcome" && (p.GetAsDouble() == 1) != (word(p.GetAttributes(), "outcome") == "unfit") {
				t.Errorf("the outcome is %v", p)
			}
		}
	}
	for _, want := range []string{"plumbline_run_outcome", "plumbline_claim_measured", "plumbline_claim_allowed", "plumbline_latency_seconds"} {
		if values[want] == 0 {
			t.Errorf("no %s among %v", want, values)
		}
	}
	theSpans(t, c.traces[0].GetResourceSpans()[0].GetScopeSpans()[0].GetSpans())
	if who := word(c.traces[0].GetResourceSpans()[0].GetResource().GetAttributes(), "service.name"); who != "plumbline" {
		t.Errorf("the spans are of %q", who)
	}
}

// theSpans have one root of the run with its broken claims, and hang together;
// the requests are in the traces that the target saw.
func theSpans(t *testing.T, spans []*traces.Span) {
	t.Helper()
	byID, requests := map[string]*traces.Span{}, 0
	for _, s := range spans {
		if id := hex.EncodeToString(s.GetSpanId()); len(id) != 16 || len(s.GetTraceId()) != 16 || byID[id] != nil || s.GetEndTimeUnixNano() < s.GetStartTimeUnixNano() {
			t.Errorf("%v", s)
		} else {
			byID[id] = s
		}
	}
	for _, s := range spans[1:] {
		if s.GetKind() == traces.Span_SPAN_KIND_CLIENT {
			if requests++; string(s.GetTraceId()) == string(spans[0].GetTraceId()) || len(s.GetLinks()) != 1 {
				t.Errorf("%v", s)
			}
			continue
		}
		if up := byID[hex.EncodeToString(s.GetParentSpanId())]; up == nil || up.GetStartTimeUnixNano() > s.GetStartTimeUnixNano() {
			t.Errorf("%s hangs below %v", s.GetName(), up)
		}
	}
	if root := spans[0]; len(root.GetEvents()) != 5 || root.GetStatus().GetCode() != traces.Status_STATUS_CODE_ERROR || requests == 0 || len(spans) < 10 {
		t.Errorf("%d spans, %d of requests; the root has %d events", len(spans), requests, len(root.GetEvents()))
	}
}

func word(all []*common.KeyValue, key string) string {
	for _, x := range all {
		if x.GetKey() == key {
			return x.GetValue().GetStringValue()
		}
	}
	return ""
}

func TestWhatACollectorRefusesIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to, want string
		code     int
	}{
		"left out": {started(t, &collector{rejects: 3}), "3 data points: too old", 5},
		"busy":     {started(t, &collector{busy: 9}), "503", 5},
		"no such":  {started(t, &collector{}) + "/elsewhere", "400", 5},
		"no URL":   {"collector:4318", "FLG202", 2},
	} {
		code, _, said := commanded(t, "report", unfitReport, "--otlp", c.to)
		if code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%s: exit code %d: %s", name, code, said)
		}
	}
}
