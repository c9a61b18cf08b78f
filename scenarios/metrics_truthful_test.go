package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[metricsTruthful] = specimen{
		kept:     spoil(metricsTruthful+"/counts", metersTold(nil), metered),
		broken:   spoil(metricsTruthful+"/errors", metersTold(func(s *plumbline.Served) { s.Status = strings.Replace(s.Status, "503", "200", 1) }), metered),
		unproven: spoil(metricsTruthful+"/counts", nil, metered),
	}
}

// metered lets the target tell its metrics where it answers.
func metered(d *plumbline.Design) { d.Metrics = &plumbline.Metrics{URLs: []string{"/metrics"}} }

// metersTold breaks what the experiment breaks, and lets the target count every request.
// What it counts may be changed before it is counted.
func metersTold(lie func(*plumbline.Served)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		brokenAsOrdered(e)
		var counts []plumbline.Served
		for _, m := range phasesOf(e, obsMetrics) {
			total := totalOf(counts)
			for range 2 {
				e.Scrapes = append(e.Scrapes, plumbline.Scrape{
					At: m.Began, Instances: 1, Requests: total, Timed: total, Served: cloned(counts), Named: []string{"http_request_duration_seconds"},
				})
			}
			for o := range e.Of(obsMetrics, m.Phase) {
				s := servedOf(o)
				if lie != nil {
					lie(&s)
				}
				counts = countedOnce(counts, s)
			}
		}
	}
}

func cloned(all []plumbline.Served) []plumbline.Served {
	out := slices.Clone(all)
	for i := range out {
		out[i].Buckets = slices.Clone(out[i].Buckets)
	}
	return out
}

// brokenAsOrdered lets payment be late, and fail, in the phases that say so.
func brokenAsOrdered(e *plumbline.Evidence) {
	kind := map[string]plumbline.FaultKind{}
	for i := range e.Observations {
		o := &e.Observations[i]
		if o.Experiment != obsMetrics {
			continue
		}
		switch o.Phase {
		case metricsLate:
			o.Latency, kind[o.Trace] = 304*time.Millisecond, plumbline.FaultDelay
		case metricsFailing:
			o.Status, kind[o.Trace] = 503, plumbline.FaultStatus
		}
	}
	for i := range e.Exchanges {
		if x := &e.Exchanges[i]; x.Wire == "payment" && kind[x.Trace] != "" {
			x.Fault, x.FaultKind = "lease", kind[x.Trace]
		}
	}
}

// servedOf is how a truthful service counts a request.
func servedOf(o plumbline.Observation) plumbline.Served {
	op, _ := shop().Operation(o.Operation)
	s := plumbline.Served{Method: op.Method, Route: op.Path, Status: fmt.Sprint(o.Status), Count: 1, Timed: 1, Seconds: o.Latency.Seconds() - 0.001}
	return s
}

// countedOnce adds one request to counts with buckets of 5, 50, 100, 250, 500 and
// 1000 ms.
func countedOnce(all []plumbline.Served, s plumbline.Served) []plumbline.Served {
	i := slices.IndexFunc(all, func(x plumbline.Served) bool {
		return x.Route == s.Route && x.Method == s.Method && x.Status == s.Status
	})
	if i < 0 {
		i = len(all)
		x := plumbline.Served{Route: s.Route, Method: s.Method, Status: s.Status}
		for _, le := range []float64{0.005, 0.05, 0.1, 0.25, 0.5, 1, 0} {
			x.Buckets = append(x.Buckets, plumbline.Duration{UpTo: le})
		}
		all = append(all, x)
	}
	x := &all[i]
	x.Count, x.Timed, x.Seconds = x.Count+s.Count, x.Timed+s.Timed, x.Seconds+s.Seconds
	for k := range x.Buckets {
		if le := x.Buckets[k].UpTo; le == 0 || s.Seconds <= le {
			x.Buckets[k].Count += s.Timed
		}
	}
	return all
}

func TestMetrics(t *testing.T) {
	instances := func(n int) func(*plumbline.Design) { return func(d *plumbline.Design) { d.Environment.Instances = n } }
	elsewhere := func(d *plumbline.Design) { d.Metrics.URLs = []string{"http://10.0.0.1:9100/metrics"} }
	dropped := 0
	half := func(s *plumbline.Served) {
		if dropped++; dropped%2 == 0 {
			s.Count, s.Timed = 0, 0
		}
	}
	noRoutes := func(s *plumbline.Served) { s.Route, s.Method = "", "" }
	handlers := func(s *plumbline.Served) { s.Route, s.Method = "handler-of-all", "" }
	inRoute := func(s *plumbline.Served) {
		s.Route, s.Method = s.Method+" "+strings.ReplaceAll(s.Route, "{sku}", ":id"), ""
	}
	quick := func(s *plumbline.Served) { s.Seconds = 0.004 }
	thousand := func(s *plumbline.Served) { s.Seconds *= 1000 }
	for name, c := range map[string]struct {
		subject string
		lie     func(*plumbline.Served)
		designs []func(*plumbline.Design)
		after   func(*plumbline.Evidence)
		outcome plumbline.Outcome
		reason  plumbline.Reason
	}{
		"true":                             {"counts", nil, nil, nil, plumbline.Pass, ""},
		"true of failures":                 {"errors", nil, nil, nil, plumbline.Pass, ""},
		"true of durations":                {"latency", nil, nil, nil, plumbline.Pass, ""},
		"other spelling of routes":         {"counts", inRoute, nil, nil, plumbline.Pass, ""},
		"no routes":                        {"counts", noRoutes, nil, nil, plumbline.Pass, ""},
		"names of handlers":                {"counts", handlers, nil, nil, plumbline.Pass, ""},
		"classes of statuses":              {"errors", func(s *plumbline.Served) { s.Status = s.Status[:1] + "xx" }, nil, nil, plumbline.Pass, ""},
		"no statuses":                      {"errors", func(s *plumbline.Served) { s.Status = "" }, nil, nil, plumbline.Skipped, plumbline.ReasonNotApplicable},
		"failures are none":                {"errors", func(s *plumbline.Served) { s.Status = strings.Replace(s.Status, "503", "200", 1) }, nil, nil, plumbline.Fail, ""},
		"failures are none, routes unseen": {"errors", func(s *plumbline.Served) { noRoutes(s); s.Status = strings.Replace(s.Status, "503", "200", 1) }, nil, nil, plumbline.Fail, ""},
		"created is answered":              {"counts", func(s *plumbline.Served) { s.Status = strings.Replace(s.Status, "200", "201", 1) }, nil, nil, plumbline.Fail, ""},
		"half is counted":                  {"counts", half, nil, nil, plumbline.Fail, ""},
		"half is counted by one of two":    {"counts", half, []func(*plumbline.Design){instances(2)}, nil, plumbline.Inconclusive, plumbline.ReasonUndecided},
		"half, and told elsewhere":         {"counts", half, []func(*plumbline.Design){elsewhere}, nil, plumbline.Inconclusive, plumbline.ReasonUndecided},
		"half, and that is the only one":   {"counts", half, []func(*plumbline.Design){elsewhere, instances(1)}, nil, plumbline.Fail, ""},
		"all is counted twice":             {"counts", func(s *plumbline.Served) { s.Count = 2 }, nil, nil, plumbline.Inconclusive, plumbline.ReasonNoise},
		"refusals are not counted":         {"counts", func(s *plumbline.Served) { s.Count = map[bool]float64{true: 0, false: 1}[s.Status == "401"] }, nil, nil, plumbline.Fail, ""},
		"without the dependency":           {"latency", quick, nil, nil, plumbline.Fail, ""},
		"milliseconds called seconds":      {"latency", thousand, nil, nil, plumbline.Fail, ""},
		"nobody waited":                    {"latency", nil, nil, func(e *plumbline.Evidence) { e.Exchanges = nil }, plumbline.Inconclusive, plumbline.ReasonFaultNotDelivered},
		"others are served":                {"counts", nil, nil, func(e *plumbline.Evidence) { e.Scrapes[1].Requests++ }, plumbline.Inconclusive, plumbline.ReasonNoise},
		"started anew":                     {"counts", nil, nil, func(e *plumbline.Evidence) { e.Scrapes[2].Began++; e.Scrapes[3].Began++ }, plumbline.Inconclusive, plumbline.ReasonBaselineDrift},
		"not to be had": {"counts", nil, nil, func(e *plumbline.Evidence) {
			for i := range e.Scrapes {
				e.Scrapes[i] = plumbline.Scrape{At: e.Scrapes[i].At, Error: "the metrics endpoint answered 404"}
			}
		}, plumbline.Inconclusive, plumbline.ReasonUnsupported},
		"nothing is counted": {"counts", nil, nil, func(e *plumbline.Evidence) {
			for i := range e.Scrapes {
				e.Scrapes[i].Served, e.Scrapes[i].Named = nil, nil
			}
		}, plumbline.Skipped, plumbline.ReasonNotApplicable},
	} {
		t.Run(name, func(t *testing.T) {
			dropped = 0
			d, claim, e := spoil(metricsTruthful+"/"+c.subject, metersTold(c.lie), append([]func(*plumbline.Design){metered}, c.designs...)...)(t)
			if c.after != nil {
				c.after(e)
			}
			if v := judgeMetrics(d, claim, e); v.Outcome != c.outcome || v.Reason != c.reason {
				t.Errorf("%s %s, want %s %s: %s", v.Outcome, v.Reason, c.outcome, c.reason, v.Statement)
			}
		})
	}
}

// Refusals that a door before the service may have made warn alone.
func TestMetricsOfRefusalsWarn(t *testing.T) {
	d, claim, e := spoil(metricsTruthful+"/counts", metersTold(func(s *plumbline.Served) { s.Count = map[bool]float64{true: 0, false: 1}[s.Status == "401"] }), metered)(t)
	if v := judgeMetrics(d, claim, e); v.Outcome != plumbline.Fail || v.Level != plumbline.LevelLikely {
		t.Errorf("%s %s: %s", v.Outcome, v.Level, v.Statement)
	}
}

// loadTold lets the target count what the load sends.
func loadTold(share, failed float64) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		served, bad := 0.0, 0.0
		for _, m := range e.Phases {
			e.Scrapes = append(e.Scrapes, plumbline.Scrape{At: m.Began, Instances: 1, Requests: served, Failed: bad, Timed: served})
			client := clientIn(e, m)
			served, bad = served+client.Requests*share, bad+client.Failed*failed
			e.Scrapes = append(e.Scrapes, plumbline.Scrape{At: m.Ended + countedLate, Instances: 1, Requests: served, Failed: bad, Timed: served})
		}
	}
}

func TestMetricsUnderLoad(t *testing.T) {
	errors := func(e *plumbline.Evidence) {
		e.Series = append(e.Series, plumbline.Series{Experiment: loadTarget, Phase: "steady", Operation: "createOrder", Class: "5xx", Count: 100})
	}
	for name, c := range map[string]struct {
		change func(*plumbline.Evidence)
		want   plumbline.Outcome
	}{
		"true":                 {func(e *plumbline.Evidence) { errors(e); loadTold(1, 1)(e) }, plumbline.Pass},
		"others too":           {func(e *plumbline.Evidence) { errors(e); loadTold(1.5, 1)(e) }, plumbline.Pass},
		"failures are hidden":  {func(e *plumbline.Evidence) { errors(e); loadTold(1, 0.5)(e) }, plumbline.Fail},
		"half is missing":      {loadTold(0.5, 1), plumbline.Inconclusive},
		"nobody asked":         {nil, plumbline.Inconclusive},
		"it counts no request": {loadTold(0, 0), plumbline.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			d, claim, e := spoil(metricsTruthful+"/load", c.change, metered)(t)
			if v := judgeMetrics(d, claim, e); v.Outcome != c.want {
				t.Errorf("%s, want %s: %s", v.Outcome, c.want, v.Statement)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	op := plumbline.Operation{ID: "getOrder", Method: "GET", Path: "/v1/orders/{id}", Cases: []plumbline.Case{{Request: plumbline.Request{Path: "/v1/orders/7"}}}}
	for route, want := range map[string]bool{
		"/v1/orders/{orderId}": true, "/v1/orders/:id": true, "/v1/orders/<int:id>": true, "/v1/orders/*": true, "/orders/{id}": true, "/api/v1/orders/{id}": true,
		"GET /v1/orders/{id}": true, "POST /v1/orders/{id}": false, "getOrder": true, "/v1/orders/7": true, "/v1/orders": false, "/{id}": false, "": false, "/v1/orders/{id}/items": false,
	} {
		g := metricsGauge{d: plumbline.Design{Operations: []plumbline.Operation{op}}, counted: []plumbline.Served{{Method: "GET", Route: route, Count: 1}}}
		if got := len(g.of("getOrder")) == 1; got != want {
			t.Errorf("%q: %t, want %t", route, got, want)
		}
	}
}

func TestAccount(t *testing.T) {
	_, _, e := spoil(metricsTruthful+"/load", loadTold(1, 1), metered)(t)
	got := accountOf(e)
	if got == nil || len(got.Points) == 0 {
		t.Fatalf("got %+v", got)
	}
	i := slices.IndexFunc(got.Phases, func(p plumbline.AccountPhase) bool { return p.Phase == "steady" })
	if i < 0 || got.Phases[i].Client.Requests != got.Phases[i].Target.Requests || cmp.Compare(got.Phases[i].Client.Requests, 0) <= 0 {
		t.Errorf("got %+v", got.Phases)
	}
	if accountOf(&plumbline.Evidence{}) != nil {
		t.Error("an account of nothing")
	}
}
