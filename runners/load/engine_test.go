package load

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A log is what a session recorded.
type log struct {
	mu     sync.Mutex
	all    []plumbline.Observation
	series []plumbline.Series
	health []plumbline.Health
}

func (l *log) record(r plumbline.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case r.Observation != nil:
		l.all = append(l.all, *r.Observation)
	case r.Series != nil:
		l.series = append(l.series, *r.Series)
	case r.Health != nil:
		l.health = append(l.health, *r.Health)
	}
}

// bench is an engine in front of a real server. Offsets count from began.
func bench(t *testing.T, h http.HandlerFunc, change func(*target.Config)) (*Engine, time.Time) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	cfg := target.Config{Base: server.URL, Run: "a1b2c3d4e5f6", Began: time.Now(), Timeout: 5 * time.Second}
	if change != nil {
		change(&cfg)
	}
	c, err := target.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &Engine{Client: c}, cfg.Began
}

// session is one of streams whose requests go to /stream/number.
func session(streams ...plumbline.Stream) Session {
	for i := range streams {
		streams[i].Name, streams[i].Operation = string(rune('a'+i)), "op-"+string(rune('a'+i))
	}
	return Session{Experiment: "x", Phase: "p", Streams: streams, Seed: 1, Shot: func(stream int, _ uint64) target.Shot {
		return target.Shot{Operation: streams[stream].Operation, Case: "c", Request: plumbline.Request{Method: http.MethodGet, Path: "/" + streams[stream].Name}}
	}}
}

func detailed(s plumbline.Stream) plumbline.Stream {
	s.Detail = true
	return s
}

func TestRunSendsTheMix(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen, heads := map[string]int64{}, http.Header{}
	e, _ := bench(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.URL.Path]++
		heads = r.Header.Clone()
		if seen["/b"]%3 == 1 && r.URL.Path == "/b" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "four")
	}, nil)
	s := session(
		stream(plumbline.ArrivalsConstant, steady(140, 500*ms)), stream(plumbline.ArrivalsConstant, steady(60, 500*ms)),
		detailed(stream(plumbline.ArrivalsPoisson, steady(40, 500*ms))),
	)
	s.Thresholds = []time.Duration{time.Minute}
	var told [3]atomic.Int64
	s.Answered = func(stream int, a target.Answer) {
		if string(a.Response.Body) == "four" {
			told[stream].Add(1)
		}
	}
	l := &log{}
	began := e.Client.Now()
	if err := e.Run(t.Context(), s, l.record); err != nil {
		t.Fatal(err)
	}
	poisson := int64(len(hits(s.Streams, s.Seed)) - 100)
	want := map[string]int64{"/a": 70, "/b": 30, "/c": poisson}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("the server saw (-want +got):\n%s", diff)
	}
	got := map[string]int64{"/c": int64(len(l.all))}
	for _, x := range l.series {
		got["/"+x.Stream+" "+x.Class] += x.Count
		if x.Experiment != "x" || x.Phase != "p" || x.Operation != "op-"+x.Stream || x.Bytes != 4*x.Count || x.Within[0].Count != x.Count || x.Began < began {
			t.Errorf("got %+v", x)
		}
	}
	if diff := cmp.Diff(map[string]int64{"/a 2xx": 70, "/b 2xx": 20, "/b 5xx": 10, "/c": poisson}, got); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	if told[0].Load() != 70 || told[1].Load() != 30 || told[2].Load() != poisson {
		t.Errorf("told of %d, %d, %d answers", told[0].Load(), told[1].Load(), told[2].Load())
	}
	h := l.health[0]
	if len(l.health) != 1 || h.Planned != 100+poisson || h.Sent != h.Planned || h.Skipped != 0 || h.Experiment != "x" || h.Phase != "p" || h.Workers < fewestWorkers || h.LagMax < h.Lag99 || h.Lag99 < h.Lag50 {
		t.Errorf("got %+v", l.health)
	}
	for k := range heads {
		if strings.Contains(k, "Vegeta") {
			t.Errorf("the server saw %s", k)
		}
	}
}

// Every observation is due when the schedule says so, whenever it was sent.
func TestDueIsOfTheSchedule(t *testing.T) {
	t.Parallel()
	e, _ := bench(t, func(http.ResponseWriter, *http.Request) {}, nil)
	s := session(detailed(stream(plumbline.ArrivalsPoisson, steady(200, 400*ms))))
	l := &log{}
	if err := e.Run(t.Context(), s, l.record); err != nil {
		t.Fatal(err)
	}
	want := map[time.Duration]int{}
	for _, d := range dues(hits(s.Streams, s.Seed)) {
		want[d]++
	}
	began := l.all[0].Due
	for _, o := range l.all {
		began = min(began, o.Due)
		if o.Sent < o.Due || o.Latency < o.Sent-o.Due {
			t.Errorf("due at %s, sent at %s, latency %s", o.Due, o.Sent, o.Latency)
		}
	}
	began -= hits(s.Streams, s.Seed)[0].due
	got := map[time.Duration]int{}
	for _, o := range l.all {
		got[o.Due-began]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A server that stalls once: a generator that waits for its answers sends one
// slow request and leaves out the others that were due. Here all that were due
// in the stall are sent, and each has waited at least to the end of it.
func TestLatencyIsFreeOfCoordinatedOmission(t *testing.T) {
	t.Parallel()
	const rate, stall = 200, 400 * ms
	var gate sync.RWMutex
	var n atomic.Int32
	var began time.Time
	var from, to time.Duration
	e, zero := bench(t, func(http.ResponseWriter, *http.Request) {
		if n.Add(1) == 20 {
			gate.Lock()
			from = time.Since(began)
			time.Sleep(stall)
			to = time.Since(began)
			gate.Unlock()
			return
		}
		gate.RLock()
		defer gate.RUnlock()
	}, nil)
	began = zero
	s := session(detailed(stream(plumbline.ArrivalsConstant, steady(rate, time.Second))), stream(plumbline.ArrivalsConstant, steady(rate/2, time.Second)))
	s.Thresholds = []time.Duration{stall / 4}
	l := &log{}
	if err := e.Run(t.Context(), s, l.record); err != nil {
		t.Fatal(err)
	}
	within := 0
	for _, o := range l.all {
		if o.Due <= from || o.Due >= to {
			continue
		}
		within++
		if o.Done() < to {
			t.Errorf("due %s into the stall of %s and answered after %s", o.Due-from, to-from, o.Latency)
		}
	}
	want := int((to - from).Seconds() * rate)
	if within < want-1 || within > want+1 {
		t.Errorf("%d observations due in a stall of %s, want %d", within, to-from, want)
	}
	slow := int64(0)
	for _, x := range l.series {
		slow += x.Count - x.Within[0].Count
	}
	if least := int64((to-from-stall/4).Seconds()*rate/2) - 1; slow < least {
		t.Errorf("%d of the folded requests took more than a quarter of the stall, want at least %d", slow, least)
	}
}

// A generator that cannot send in time says so, and the time is in the
// latency but not in the service.
func TestLatenessIsReported(t *testing.T) {
	t.Parallel()
	const held = 60 * ms
	for name, c := range map[string]struct {
		change func(*target.Config)
		shot   time.Duration
		lag99  time.Duration
		slow   int64 // requests with a latency above 30 ms, at least
	}{
		"held up on the way": {nil, held, held, 40},
		// 40 requests in 0.2 s against 50 a second, five of them at once: the last waits for half a second.
		"ceiling of the rate": {func(c *target.Config) { c.Limit = 50 }, 0, 400 * ms, 25},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := bench(t, func(http.ResponseWriter, *http.Request) {}, c.change)
			s := session(stream(plumbline.ArrivalsConstant, steady(200, 200*ms)))
			s.Thresholds = []time.Duration{30 * ms}
			shot := s.Shot
			s.Shot = func(stream int, n uint64) target.Shot { time.Sleep(c.shot); return shot(stream, n) }
			l := &log{}
			if err := e.Run(t.Context(), s, l.record); err != nil {
				t.Fatal(err)
			}
			h, x := l.health[0], l.series[0]
			if h.Sent != 40 || h.Lag99 < c.lag99 || h.LagMax < h.Lag99 {
				t.Errorf("got %+v, want a lag of %s", h, c.lag99)
			}
			if x.Count != 40 || x.Count-x.Within[0].Count < c.slow || quantileOf(x.Latency, 1) < h.Lag99 {
				t.Errorf("got %d of %d slow, %v", x.Count-x.Within[0].Count, x.Count, x.Latency)
			}
			if service, latency := quantileOf(x.Service, 0.5), quantileOf(x.Latency, 0.5); service >= latency {
				t.Errorf("a service of %s in a latency of %s", service, latency)
			}
		})
	}
}

// What is too late to be sent is counted, and the rest goes on in time.
func TestStaleRequestsAreSkipped(t *testing.T) {
	t.Parallel()
	e, _ := bench(t, func(http.ResponseWriter, *http.Request) {}, nil)
	streams := []plumbline.Stream{stream(plumbline.ArrivalsConstant, steady(10, 20*time.Second))}
	d := &dispatch{ctx: t.Context(), engine: e, session: Session{Lateness: lateness, Streams: streams}, began: e.Client.Now() - 2*lateness, queue: newSchedule(streams, 1)}
	if wait, stop := d.Pace(0, 0); wait != 0 || stop {
		t.Fatalf("got %s %t", wait, stop)
	}
	// Due at 0.1 s and on; ten seconds have passed, so what was due before five is stale.
	if h, ok := d.next(); !ok || d.skipped < 49 || h.number != uint64(d.skipped) || h.due < lateness {
		t.Errorf("skipped %d, then sends %+v", d.skipped, h)
	}
	health := startHealth(Session{})
	health.sent(plumbline.Observation{})
	if r := health.finish(d.skipped); r.Skipped != d.skipped || r.Sent != 1 || r.Planned != d.skipped+1 {
		t.Errorf("got %+v", r)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	e, _ := bench(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}, func(c *target.Config) { c.Timeout = time.Minute })
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	s := session(stream(plumbline.ArrivalsConstant, steady(100, time.Minute)), plumbline.Stream{Arrivals: plumbline.ArrivalsConstant, Stages: []plumbline.Stage{steady(0.01, time.Hour)}})
	inner, sent := s.Shot, atomic.Int32{}
	s.Shot = func(stream int, n uint64) target.Shot {
		if sent.Add(1) == 10 {
			cancel()
		}
		return inner(stream, n)
	}
	l := &log{}
	began := time.Now()
	err := e.Run(ctx, s, l.record)
	if took := time.Since(began); !errors.Is(err, context.Canceled) || took > 20*time.Second {
		t.Errorf("got %v after %s", err, took)
	}
	for _, x := range l.series {
		if x.Class != string(plumbline.ErrorCanceled) || x.Count < 10 {
			t.Errorf("got %+v", x)
		}
	}
	if len(l.series) != 1 || len(l.health) != 1 || l.health[0].Sent != l.series[0].Count {
		t.Errorf("got %+v and %+v", l.series, l.health)
	}
}

func TestRunOfNothing(t *testing.T) {
	t.Parallel()
	e, _ := bench(t, func(http.ResponseWriter, *http.Request) {}, nil)
	l := &log{}
	if err := e.Run(t.Context(), session(), l.record); err != nil || len(l.series) > 0 || len(l.health) != 1 || l.health[0].Planned != 0 || l.health[0].LagMax != 0 {
		t.Errorf("got %v, %+v", err, l.health)
	}
}

func TestWorkersFollowLittle(t *testing.T) {
	t.Parallel()
	e, _ := bench(t, func(http.ResponseWriter, *http.Request) {}, func(c *target.Config) { c.Timeout = 10 * time.Second })
	for name, c := range map[string]struct {
		stages []plumbline.Stage
		want   int
	}{
		"few":  {[]plumbline.Stage{steady(1, time.Second)}, fewestWorkers},
		"peak": {[]plumbline.Stage{steady(1, time.Second), {From: 1, To: 100, Duration: time.Second}}, 1200},
		"many": {[]plumbline.Stage{steady(1e6, time.Second)}, mostWorkers},
	} {
		d := &dispatch{engine: e, session: Session{Streams: []plumbline.Stream{stream(plumbline.ArrivalsConstant, c.stages...)}}}
		if got := d.workers(); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}
