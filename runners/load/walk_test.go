package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A life creates something, reads it and deletes it: the path of the later steps
// is what the first was answered.
type life struct {
	now   int
	name  string
	think time.Duration
	pause int // repetitions of the second step
	ended error
}

// lifeSteps are the names of its steps.
func lifeSteps() []string { return []string{"create", "read", "delete"} }

func (l *life) Next() (Turn, bool) {
	if l.ended != nil || l.now > 2 {
		return Turn{}, false
	}
	t := Turn{Step: l.now, Shot: l.shot}
	if l.now > 0 {
		t.Think = l.think
	}
	if l.pause < 0 {
		t.Think, t.Pause = 0, 20*ms
	}
	return t, true
}

func (l *life) shot(context.Context) target.Shot {
	s := target.Shot{Operation: lifeSteps()[l.now], Case: "c", Request: plumbline.Request{Method: []string{"POST", "GET", "DELETE"}[l.now], Path: "/things"}}
	switch {
	case l.now > 0 && l.name == "":
		s.Unbound = errors.New("the answer names nothing")
	case l.now > 0:
		s.Request.Path += "/" + l.name
	}
	return s
}

func (l *life) Took(a target.Answer) {
	switch {
	case a.Error == "" && a.Status/100 == 2:
		if body := a.Response.Body; l.now == 0 && len(body) > 0 {
			l.name = string(body)
		}
		l.now, l.pause = l.now+1, max(l.pause, 0)
	case l.pause > 0:
		l.pause = -l.pause
	default:
		l.ended = fmt.Errorf("%s: %d %s", lifeSteps()[l.now], a.Status, a.Error)
	}
}

func (l *life) Ended() error { return l.ended }

// lives is a session of which each hit is a life.
func lives(s plumbline.Stream, think time.Duration) Session {
	x := session(s)
	x.Streams[0].Name, x.Streams[0].Operation, x.Streams[0].Flow = "lives", "flow:life", lifeSteps()
	x.Steps, x.Thinking = [][]string{lifeSteps()}, []time.Duration{2 * think}
	x.Walk = func(int, uint64) Walk { return &life{think: think} }
	return x
}

// A flow is one hit: what a step needs is of the answer before it, every step is
// a request of its operation, and the flow is told as one.
func TestAFlowIsOneHit(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	n, there, wrong := 0, map[string]string{}, []string{}
	e, _ := bench(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		id := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/things"), "/")
		was := there[id]
		switch {
		case r.Method == "POST":
			n++
			id = fmt.Sprintf("t%d", n)
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(id))
		case r.Method == "GET" && was != "POST", r.Method == "DELETE" && was != "GET":
			wrong = append(wrong, r.Method+" "+r.URL.Path+" after "+was)
		}
		there[id] = r.Method
	}, nil)
	s := lives(stream(plumbline.ArrivalsConstant, steady(100, 400*ms)), 5*ms)
	s.Thresholds = []time.Duration{time.Minute}
	l := &log{}
	if err := e.Run(t.Context(), s, l.record); err != nil {
		t.Fatal(err)
	}
	if n != 40 || len(wrong) > 0 || l.health[0].Sent != 120 || l.health[0].Planned != 120 {
		t.Errorf("%d were created, wrong were %v, %+v", n, wrong, l.health)
	}
	for id, last := range there {
		if last != "DELETE" {
			t.Errorf("%s was last seen by %s", id, last)
		}
	}
	type told struct {
		operation, step, class string
		count, within          int64
	}
	var got []told
	for _, x := range l.series {
		got = append(got, told{x.Operation, x.Step, x.Class, x.Count, x.Within[0].Count})
	}
	want := []told{{"flow:life", "", "2xx", 40, 40}, {"create", "create", "2xx", 40, 40}, {"read", "read", "2xx", 40, 40}, {"delete", "delete", "2xx", 40, 40}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	reached := []plumbline.Reached{{Step: "create", Operation: "create", Count: 40}, {Step: "read", Operation: "read", Count: 40}, {Step: "delete", Operation: "delete", Count: 40}}
	if diff := cmp.Diff(reached, l.series[0].Reached); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A step that fails ends its flow. What comes after it was not asked for, and is
// counted as that and as no failure.
func TestABrokenStepEndsItsFlow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status, body string
		class        string
		shed         bool
		reached      [3]int64
		operations   string
	}{
		"refused":            {"404 0 0", "x", "ended", false, [3]int64{10, 0, 0}, "create 4xx 10"},
		"in the middle":      {"201 404 0", "x", "ended", false, [3]int64{10, 10, 0}, "create 2xx 10, read 4xx 10"},
		"with an error":      {"201 500 0", "x", "ended", false, [3]int64{10, 10, 0}, "create 2xx 10, read 5xx 10"},
		"for want of room":   {"201 503 0", "x", "5xx", true, [3]int64{10, 10, 0}, "create 2xx 10, read 5xx 10"},
		"at the last":        {"201 200 429", "x", "4xx", true, [3]int64{10, 10, 10}, "create 2xx 10, read 2xx 10, delete 4xx 10"},
		"without a name":     {"201 200 200", "", "unbound", false, [3]int64{10, 0, 0}, "create 2xx 10"},
		"with a broken wire": {"201 -1 0", "x", "eof", false, [3]int64{10, 10, 0}, "create 2xx 10, read eof 10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var create, read, remove int
			if _, err := fmt.Sscan(c.status, &create, &read, &remove); err != nil {
				t.Fatal(err)
			}
			e, _ := bench(t, func(w http.ResponseWriter, r *http.Request) {
				status := map[string]int{"POST": create, "GET": read, "DELETE": remove}[r.Method]
				if status < 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(status)
				_, _ = w.Write([]byte(c.body))
			}, nil)
			l := &log{}
			if err := e.Run(t.Context(), lives(stream(plumbline.ArrivalsConstant, steady(100, 100*ms)), 0), l.record); err != nil {
				t.Fatal(err)
			}
			var steps []string
			for _, x := range l.series[1:] {
				steps = append(steps, fmt.Sprintf("%s %s %d", x.Operation, x.Class, x.Count))
			}
			whole := l.series[0]
			if whole.Operation != "flow:life" || whole.Class != c.class || whole.Shed != c.shed || whole.Count != 10 || len(whole.Marks) == 0 {
				t.Errorf("got %+v", whole)
			}
			for i, r := range whole.Reached {
				if r.Count != c.reached[i] {
					t.Errorf("%d reached %s", r.Count, r.Step)
				}
			}
			if got := strings.Join(steps, ", "); got != c.operations {
				t.Errorf("got %s", got)
			}
		})
	}
}

// Think time is no part of how long a flow takes, of its steps, or of the lag of
// the generator. Inside a bubble the clock is exact.
func TestThinkTimeIsNobodys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var at []time.Duration
		began := time.Now()
		e := engineFor(t, func(*http.Request) int {
			mu.Lock()
			at = append(at, time.Since(began))
			mu.Unlock()
			time.Sleep(30 * ms)
			return http.StatusOK
		})
		s := lives(stream(plumbline.ArrivalsConstant, steady(1, time.Second)), 10*time.Second)
		s.Walk = func(int, uint64) Walk { return &life{think: 10 * time.Second, name: "x"} }
		l := &log{}
		if err := e.Run(t.Context(), s, l.record); err != nil {
			t.Fatal(err)
		}
		// The answers of the station are empty: the life is named beforehand.
		want := []time.Duration{time.Second, 11*time.Second + 30*ms, 21*time.Second + 60*ms}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for i, longest := range []time.Duration{90 * ms, 30 * ms, 30 * ms, 30 * ms} {
			if got := Quantile(l.series[i].Latency, 1); got < longest || got > longest+longest/100 {
				t.Errorf("%s took %s, want %s", l.series[i].Operation, got, longest)
			}
		}
		if h := l.health[0]; h.LagMax > ms || h.Late != 0 {
			t.Errorf("a lag of %s", h.LagMax)
		}
		if due := l.series[3].Slices[0].Second; due != 21 {
			t.Errorf("the last step was due in second %d", due)
		}
	})
}

// The pause before a repetition is what a client waits for: it is a part of how
// long the flow takes, and every attempt is a request of its operation.
func TestARepeatedStepTakesItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		e := engineFor(t, func(*http.Request) int {
			if n.Add(1) == 2 {
				return http.StatusNotFound
			}
			return http.StatusOK
		})
		s := lives(stream(plumbline.ArrivalsConstant, steady(1, time.Second)), 0)
		s.Walk = func(int, uint64) Walk { return &life{name: "x", pause: 1} }
		l := &log{}
		if err := e.Run(t.Context(), s, l.record); err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, x := range l.series {
			got[x.Operation+" "+x.Class] = x.Count
		}
		if diff := cmp.Diff(map[string]int64{"flow:life 2xx": 1, "create 2xx": 1, "read 4xx": 1, "read 2xx": 1, "delete 2xx": 1}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if took := Quantile(l.series[0].Latency, 1); took < 20*ms || took > 21*ms {
			t.Errorf("the flow took %s", took)
		}
	})
}

// The end of a session does not wait for users who think.
func TestTheEndWakesThoseWhoThink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := engineFor(t, func(*http.Request) int { return http.StatusOK })
		ctx, cancel := context.WithCancel(t.Context())
		s := lives(stream(plumbline.ArrivalsConstant, steady(10, time.Second)), time.Hour)
		go func() { time.Sleep(5 * time.Second); cancel() }()
		began := time.Now()
		l := &log{}
		err := e.Run(ctx, s, l.record)
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took > 5*time.Second+100*ms {
			t.Errorf("got %v after %s", err, took)
		}
		whole := l.series[0]
		if whole.Class != string(plumbline.ErrorCanceled) || whole.Count != 10 || whole.Reached[0].Count != 10 || whole.Reached[1].Count != 0 {
			t.Errorf("got %+v", whole)
		}
	})
}

// Users who think are no requests under way: they take no worker from others.
func TestThinkersTakeNoWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := engineFor(t, func(*http.Request) int { return http.StatusOK })
		s := lives(stream(plumbline.ArrivalsConstant, steady(100, 5*time.Second)), time.Minute)
		s.Walk = func(int, uint64) Walk { return &life{name: "x", think: time.Minute} }
		l := &log{}
		if err := e.Run(t.Context(), s, l.record); err != nil {
			t.Fatal(err)
		}
		if h := l.health[0]; h.Skipped != 0 || h.LagMax > ms || h.Sent != 1500 {
			t.Errorf("got %+v", h)
		}
	})
}

// Of a load without flows nothing is asked for theirs: what a hit allocates is
// that of its request.
func TestAHitWithoutFlowsPaysNothing(t *testing.T) {
	e := engineFor(t, func(*http.Request) int { return http.StatusOK })
	d := &dispatch{ctx: t.Context(), engine: e, session: session(stream(plumbline.ArrivalsConstant, steady(1, time.Second)))}
	d.folds, d.health, d.guard = newFolds(d.session, 0, time.Second), startHealth(d.session), newGuard(nil, nil)
	alone := testing.AllocsPerRun(200, func() { _ = e.Client.Do(d.ctx, d.session.Shot(0, 0)) })
	d.session.Walk = func(int, uint64) Walk { panic("no stream is one of a flow") }
	if hit := testing.AllocsPerRun(200, func() { d.send(hit{}) }); hit > alone {
		t.Errorf("%.0f allocations for a hit, %.0f for its request", hit, alone)
	}
}
