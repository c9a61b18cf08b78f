package load

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// A closed workload has no more requests under way than it has clients, says
// what it is, and shares the turns by weight.
func TestClosedWorkload(t *testing.T) {
	t.Parallel()
	var under, most atomic.Int32
	e, _ := bench(t, func(http.ResponseWriter, *http.Request) {
		if n := under.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(ms)
		under.Add(-1)
	}, nil)
	s := session(stream(plumbline.ArrivalsClosed, steady(3, 300*ms)), stream(plumbline.ArrivalsClosed, steady(1, 300*ms)))
	l := &log{}
	if err := e.Run(t.Context(), s, l.record); err != nil {
		t.Fatal(err)
	}
	h := l.health[0]
	if !h.Closed || h.Workers != 4 || most.Load() > 4 || h.Skipped != 0 || len(l.series) != 2 {
		t.Fatalf("got %+v, %d at a time, %d series", h, most.Load(), len(l.series))
	}
	if a, b := l.series[0].Count, l.series[1].Count; b == 0 || a < 3*b-4 || a > 3*b+4 {
		t.Errorf("got %d and %d, want three for one", a, b)
	}
}

func TestOpenStreamsMakeNoClosedWorkload(t *testing.T) {
	t.Parallel()
	open, shut := stream(plumbline.ArrivalsPoisson), stream(plumbline.ArrivalsClosed)
	for i, c := range []struct {
		streams []plumbline.Stream
		want    bool
	}{{nil, false}, {[]plumbline.Stream{open}, false}, {[]plumbline.Stream{shut, open}, false}, {[]plumbline.Stream{shut, shut}, true}} {
		if got := closed(c.streams); got != c.want {
			t.Errorf("%d: got %t", i, got)
		}
	}
}

// A gross breach ends the session, what is under way included, and says why.
func TestGrossBreachStops(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	t.Cleanup(func() { close(hung) })
	e, _ := bench(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/b" {
			select {
			case <-hung:
			case <-r.Context().Done():
			}
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
	}, nil)
	s := session(stream(plumbline.ArrivalsConstant, steady(200, time.Hour)), stream(plumbline.ArrivalsConstant, steady(20, time.Hour)))
	s.Stop = &plumbline.Stop{Share: 0.5, Least: 50, Window: time.Second}
	l := &log{}
	if err := e.Run(t.Context(), s, l.record); err != nil {
		t.Fatal(err)
	}
	if h := l.health[0]; h.Stopped == "" || h.Sent < 50 {
		t.Errorf("got %+v", h)
	}
	classes := map[string]bool{}
	for _, x := range l.series {
		classes[x.Stream+" "+x.Class] = true
	}
	if !classes["a 5xx"] || !classes["b canceled"] || classes["b timeout"] {
		t.Errorf("got %v", classes)
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	good, bad := answered(0, ms, 200), answered(0, ms, 503)
	slow, ours := answered(0, time.Second, 200), answered(0, ms, 0)
	ours.Error = plumbline.ErrorCanceled
	many := func(o plumbline.Observation, n int, every time.Duration) []plumbline.Observation {
		var out []plumbline.Observation
		for i := range n {
			o.Due = 10*time.Second + time.Duration(i)*every
			out = append(out, o)
		}
		return out
	}
	rule := &plumbline.Stop{Share: 0.5, Least: 10, Window: time.Second, Within: 100 * ms}
	for name, c := range map[string]struct {
		rule *plumbline.Stop
		all  []plumbline.Observation
		want bool
	}{
		"no rule":                  {nil, many(bad, 1000, ms), false},
		"good":                     {rule, many(good, 1000, ms), false},
		"bad":                      {rule, many(bad, 10, ms), true},
		"too few":                  {rule, many(bad, 9, ms), false},
		"too thinly":               {rule, many(bad, 100, 200*ms), false},
		"slow":                     {rule, many(slow, 10, ms), true},
		"cancelled":                {rule, many(ours, 1000, ms), false},
		"once bad, long ago":       {rule, append(many(bad, 9, ms), many(good, 5000, 10*ms)[200:]...), false},
		"half of many":             {rule, append(many(good, 20, ms), many(bad, 20, ms)...), true},
		"after much that was good": {rule, append(many(good, 5000, ms), many(bad, 6000, ms)[5000:]...), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			g := newGuard(c.rule, cancel)
			for _, o := range c.all {
				g.add(o)
			}
			if stopped := errors.Is(context.Cause(ctx), errStopped); stopped != c.want || (g.why() != "") != c.want {
				t.Errorf("stopped: %t, %q", stopped, g.why())
			}
		})
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	a := []plumbline.Bin{{UpTo: 1, Count: 1}, {UpTo: 3, Count: 2}}
	b := []plumbline.Bin{{UpTo: 2, Count: 4}, {UpTo: 3, Count: 1}, {UpTo: 9, Count: 1}}
	want := []plumbline.Bin{{UpTo: 1, Count: 1}, {UpTo: 2, Count: 4}, {UpTo: 3, Count: 3}, {UpTo: 9, Count: 1}}
	for _, got := range [][]plumbline.Bin{Merge(a, b), Merge(b, a)} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if Quantile(want, 0.5) != 2 || Quantile(want, 0.9) != 9 || Quantile(want, 0.6) != 3 || Quantile(nil, 0.5) != 0 {
		t.Errorf("got %s, %s", Quantile(want, 0.5), Quantile(want, 0.9))
	}
}
