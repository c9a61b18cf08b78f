package scrape

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

const prometheusText = `# HELP process_cpu_seconds_total x
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1.5
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 2.5e+07
# TYPE process_open_fds gauge
process_open_fds 12
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.7e+09
# TYPE go_goroutines gauge
go_goroutines 9
# TYPE http_client_requests_total counter
http_client_requests_total{code="200"} 99
# TYPE http_requests_total counter
http_requests_total{method="get",route="/orders",code="200"} 7
http_requests_total{method="get",route="/orders",code="503"} 2
http_requests_total{method="get",route="/metrics",code="200"} 50
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{method="get",route="/orders",code="200",le="0.1"} 6
http_request_duration_seconds_bucket{method="get",route="/orders",code="200",le="+Inf"} 7
http_request_duration_seconds_sum{method="get",route="/orders",code="200"} 0.9
http_request_duration_seconds_count{method="get",route="/orders",code="200"} 7
`

const openMetricsText = `# TYPE http_requests counter
# HELP http_requests x
http_requests_total{route="/a",status="2xx"} 3.0 # {trace_id="a # b"} 1.0
# TYPE http_server_duration_milliseconds histogram
# UNIT http_server_duration_milliseconds milliseconds
http_server_duration_milliseconds_bucket{http_route="/a",http_status_code="200",le="250.0"} 3
http_server_duration_milliseconds_bucket{http_route="/a",http_status_code="200",le="+Inf"} 3
http_server_duration_milliseconds_sum{http_route="/a",http_status_code="200"} 600
http_server_duration_milliseconds_count{http_route="/a",http_status_code="200"} 3
# EOF
`

func serving(t *testing.T, text func() string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(text()))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/metrics"
}

func always(text string) func() string { return func() string { return text } }

func TestRead(t *testing.T) {
	t.Parallel()
	s := &Source{Metrics: plumbline.Metrics{URLs: []string{serving(t, always(prometheusText)), serving(t, always(prometheusText))}}, Began: time.Now()}
	got := s.Read(t.Context(), true)
	if got.At <= 0 {
		t.Errorf("at %s", got.At)
	}
	got.At = 0
	want := plumbline.Scrape{
		Instances: 2, Began: 1.7e9, CPU: 3, Memory: 5e7, Descriptors: 24, Threads: 18, Requests: 18, Failed: 4, Timed: 14, Seconds: 1.8,
		Named: []string{"http_request_duration_seconds", "http_requests_total"},
		Served: []plumbline.Served{
			{Method: "GET", Route: "/orders", Status: "200", Count: 14, Timed: 14, Seconds: 1.8, Buckets: []plumbline.Duration{{UpTo: 0.1, Count: 12}, {Count: 14}}},
			{Method: "GET", Route: "/orders", Status: "503", Count: 4},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := s.Read(t.Context(), false); got.Served != nil || got.Requests != 18 {
		t.Errorf("got %+v", got)
	}
}

func TestReadOpenMetrics(t *testing.T) {
	t.Parallel()
	got := (&Source{Metrics: plumbline.Metrics{URLs: []string{serving(t, always(openMetricsText))}}, Began: time.Now()}).Read(t.Context(), true)
	want := []plumbline.Served{
		{Route: "/a", Status: "200", Timed: 3, Seconds: 0.6, Buckets: []plumbline.Duration{{UpTo: 0.25, Count: 3}, {Count: 3}}},
		{Route: "/a", Status: "2xx", Count: 3},
	}
	if diff := cmp.Diff(want, got.Served); diff != "" || got.Error != "" {
		t.Errorf("%s (-want +got):\n%s", got.Error, diff)
	}
}

func TestDeclaredNames(t *testing.T) {
	t.Parallel()
	text := "# TYPE shop_calls counter\nshop_calls{code=\"500\"} 4\n# TYPE shop_took summary\nshop_took_sum 2\nshop_took_count 4\n"
	m := plumbline.Metrics{URLs: []string{serving(t, always(text))}, Requests: "shop_calls", Durations: "shop_took"}
	got := (&Source{Metrics: m, Began: time.Now()}).Read(t.Context(), true)
	if got.Requests != 4 || got.Failed != 4 || got.Timed != 4 || got.Seconds != 2 {
		t.Errorf("got %+v", got)
	}
	if got := (&Source{Metrics: plumbline.Metrics{URLs: m.URLs}, Began: time.Now()}).Read(t.Context(), true); got.Requests != 0 || got.Named != nil {
		t.Errorf("undeclared: %+v", got)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close()
	for at, want := range map[string]string{
		serving(t, always("{not: metrics}\n")):                "text format",
		serving(t, always("{}")):                              "text format",
		serving(t, always("{} 1\n")):                          "text format",
		strings.TrimSuffix(serving(t, always("")), "metrics"): "answered 404",
		strings.Replace(down.URL, "//", "//user:secret@", 1):  "refused",
		"http://\x7f": "metrics endpoint",
	} {
		got := (&Source{Metrics: plumbline.Metrics{URLs: []string{at}}, Began: time.Now()}).Read(t.Context(), true)
		if !strings.Contains(got.Error, want) || strings.Contains(got.Error, "secret") || got.Instances != 0 {
			t.Errorf("%q: %+v", at, got)
		}
	}
}

// Counts that still rise are read until they hold still; those that never do are
// given up, and say so by the last reading alone.
func TestSettled(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	rising := func(until int64) func() string {
		return func() string {
			return "# TYPE http_requests_total counter\nhttp_requests_total " + map[bool]string{true: "1", false: "2"}[n.Add(1) < until] + "\n"
		}
	}
	s := &Source{Metrics: plumbline.Metrics{URLs: []string{serving(t, rising(2))}}, Began: time.Now()}
	all := s.Settled(t.Context())
	if len(all) != 2 || all[0].Requests != all[1].Requests || all[0].Requests != 2 || n.Load() != 3 {
		t.Errorf("after %d readings: %+v", n.Load(), all)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if all := s.Settled(ended); len(all) != 1 {
		t.Errorf("got %+v", all)
	}
}

func TestFollow(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &Source{Metrics: plumbline.Metrics{URLs: []string{serving(t, always(prometheusText))}}, Began: time.Now(), Every: time.Millisecond}
	var got []plumbline.Scrape
	s.Follow(ctx, func(x plumbline.Scrape) {
		if got = append(got, x); len(got) == 3 {
			cancel()
		}
	})
	if len(got) != 3 || got[2].At <= got[0].At || got[0].Requests == 0 {
		t.Errorf("got %+v", got)
	}
}

func TestProcesses(t *testing.T) {
	t.Parallel()
	s := &Source{PIDs: func() []int { return []int{os.Getpid()} }, Began: time.Now()}
	got := s.Read(t.Context(), true)
	if got.Error != "" && runtime.GOOS != "linux" {
		t.Skip(got.Error)
	}
	if got.Instances != 1 || got.Memory < 1<<20 || got.Descriptors < 3 || got.Threads < 1 || got.Requests != 0 {
		t.Errorf("got %+v", got)
	}
	for _, none := range []*Source{{Began: time.Now()}, {Began: time.Now(), PIDs: func() []int { return nil }}} {
		if got := none.Read(t.Context(), true); got.Error == "" {
			t.Errorf("got %+v", got)
		}
	}
}
