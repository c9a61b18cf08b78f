package runners

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// fedShop is a service that notes what it was asked for, and a design whose
// load is fed.
func fedShop(t *testing.T, f plumbline.Feeder) (l *Live, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, strings.TrimSpace(r.URL.String()+" "+string(body)))
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	client, err := target.New(target.Config{Base: server.URL, Run: "a1b2c3d4e5f6", Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	kase := func(id, method, path, body string, binds ...plumbline.Bind) plumbline.Operation {
		return plumbline.Operation{ID: id, Method: method, Path: path, Cases: []plumbline.Case{{ID: id + "/1", Operation: id, Request: plumbline.Request{Method: method, Path: path, Body: []byte(body)}, Binds: binds}}}
	}
	d := plumbline.Design{Mode: plumbline.ModeOwn, Operations: []plumbline.Operation{
		kase("search", "POST", "/search", `{"q":"x"}`),
		kase("read", "GET", "/things/{id}", "", plumbline.Bind{In: "path", Name: "id", From: "search", Pointer: "/id"}),
	}, Load: plumbline.Load{Feeders: []plumbline.Feeder{f}}}
	l = &Live{Design: d, Run: plumbline.Run{ID: "a1b2c3d4e5f6", Seed: 7}, Client: client, Pool: &target.Pool{Client: client, Operations: d.Operations, Mode: d.Mode}}
	return l, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(seen)
	}
}

func loadOf(operation string, n int) plumbline.Phase {
	lasts := 200 * time.Millisecond
	r := float64(n) / lasts.Seconds()
	return plumbline.Phase{Name: "steady", Duration: lasts, Streams: []plumbline.Stream{{
		Name: operation, Operation: operation, Arrivals: plumbline.ArrivalsConstant, Stages: []plumbline.Stage{{From: r, To: r, Duration: lasts}},
	}}}
}

func TestLoadIsFed(t *testing.T) {
	t.Parallel()
	rows := func(n int) (out []map[string]any) {
		for i := range n {
			out = append(out, map[string]any{"c": fmt.Sprint("r", i)})
		}
		return out
	}
	feeder := func(place string, operation string, n int, order plumbline.Feeding, end plumbline.AtEnd) plumbline.Feeder {
		feed, _ := plumbline.FeedAt("c", place)
		return plumbline.Feeder{Name: "rows.csv", Operations: []string{operation}, Fields: []plumbline.Feed{feed}, Order: order, AtEnd: end, Count: n, Rows: rows(n)}
	}
	for name, c := range map[string]struct {
		feeder plumbline.Feeder
		want   []string // sorted
		short  bool
	}{
		"sequential":     {feeder("body/q", "search", 5, plumbline.FeedSequential, plumbline.EndStop), []string{`/search {"q":"r0"}`, `/search {"q":"r1"}`, `/search {"q":"r2"}`, `/search {"q":"r3"}`}, false},
		"exactly enough": {feeder("body/q", "search", 4, plumbline.FeedSequential, plumbline.EndStop), []string{`/search {"q":"r0"}`, `/search {"q":"r1"}`, `/search {"q":"r2"}`, `/search {"q":"r3"}`}, false},
		"again":          {feeder("body/q", "search", 3, plumbline.FeedSequential, plumbline.EndAgain), []string{`/search {"q":"r0"}`, `/search {"q":"r0"}`, `/search {"q":"r1"}`, `/search {"q":"r2"}`}, false},
		"stop":           {feeder("body/q", "search", 2, plumbline.FeedSequential, plumbline.EndStop), []string{`/search {"q":"r0"}`, `/search {"q":"r1"}`}, true},
		"in a path":      {feeder("path/id", "read", 4, plumbline.FeedSequential, plumbline.EndStop), []string{"/things/r0", "/things/r1", "/things/r2", "/things/r3"}, false},
		"of the others":  {feeder("body/q", "nobody", 4, plumbline.FeedSequential, plumbline.EndStop), []string{`/search {"q":"x"}`, `/search {"q":"x"}`, `/search {"q":"x"}`, `/search {"q":"x"}`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, asked := fedShop(t, c.feeder)
			operation := "search"
			if c.feeder.Feeds("read") {
				operation = "read"
			}
			var mu sync.Mutex
			var doubts []plumbline.Doubt
			ph := loadOf(operation, 4)
			if err := l.Prepare(context.Background(), Place{}, ph); err != nil {
				t.Fatal(err)
			}
			err := LiveStreams{l}.Run(context.Background(), Place{Experiment: "load/target"}, ph, func(r plumbline.Record) {
				mu.Lock()
				defer mu.Unlock()
				if r.Doubt != nil {
					doubts = append(doubts, *r.Doubt)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			got := asked()
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.short != (len(doubts) == 1 && doubts[0].Reason == plumbline.ReasonLoadTooLow) || !c.short && len(doubts) > 0 {
				t.Errorf("doubts %+v", doubts)
			}
		})
	}
}

// The same seed draws the same rows for the same hits.
func TestRandomRowsAreThoseOfTheSeed(t *testing.T) {
	t.Parallel()
	draws := func(seed uint64) (out []string) {
		var f plumbline.Feeder
		for i := range 50 {
			f.Rows = append(f.Rows, map[string]any{"c": fmt.Sprint(i)})
		}
		feed, _ := plumbline.FeedAt("c", "query/q")
		f.Operations, f.Fields, f.Order = []string{"search"}, []plumbline.Feed{feed}, plumbline.FeedRandom
		l := &Live{Design: plumbline.Design{Operations: []plumbline.Operation{{ID: "search", Path: "/search"}}, Load: plumbline.Load{Feeders: []plumbline.Feeder{f}}}, Run: plumbline.Run{Seed: seed}}
		for n := range uint64(40) {
			r := plumbline.Request{Path: "/search"}
			if err := l.feed(&r, "search", 0, n); err != nil {
				t.Fatal(err)
			}
			out = append(out, r.Query)
		}
		return out
	}
	a, again, b := draws(7), draws(7), draws(8)
	if !slices.Equal(a, again) || slices.Equal(a, b) {
		t.Errorf("%v\n%v\n%v", a, again, b)
	}
	slices.Sort(a)
	if n := len(slices.Compact(a)); n < 15 {
		t.Errorf("%d different rows of 50 in 40 draws", n)
	}
}
