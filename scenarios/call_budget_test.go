package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[callBudget] = specimen{
		kept:     spoil(callBudget+"/orders", nil, withOrders),
		broken:   spoil(callBudget+"/orders", callsFor(func(items int) int { return items }), withOrders),
		unproven: spoil(callBudget+"/orders", func(e *plumbline.Evidence) { e.Exchanges = nil }, withOrders),
	}
}

// callsFor lets each page of the walks set off calls to recs, so many for what
// it shows.
func callsFor(calls func(items int) int) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for _, w := range e.Walked {
			for o := range e.Of(apiPages, "") {
				if o.Stream != w.Flow+"/"+w.Step || w.Experiment != apiPages {
					continue
				}
				for i := range calls(w.Pages[0]) {
					e.Exchanges = append(e.Exchanges, recsCall(o, fmt.Sprintf("/recommendations/%d", i), 200))
				}
			}
		}
	}
}

func recsCall(o plumbline.Observation, path string, status int) plumbline.Exchange {
	return plumbline.Exchange{Wire: "recs", Trace: o.Trace, Method: "GET", Path: path, Status: status, Began: o.Sent + time.Millisecond, Ended: o.Sent + 2*time.Millisecond}
}

func TestCallsOfALongList(t *testing.T) {
	few := func(items int) int { return min(items, 2) }
	retried := func(e *plumbline.Evidence) {
		for _, w := range e.Walked {
			for o := range e.Of(apiPages, "") {
				for range min(w.Pages[0], 8) {
					if o.Stream == w.Flow+"/"+w.Step {
						e.Exchanges = append(e.Exchanges, recsCall(o, "/recommendations", 503))
					}
				}
			}
		}
	}
	once := 0
	sometimes := callsFor(func(items int) int {
		once++
		if items == 25 {
			return items
		}
		return once % 2
	})
	for name, c := range map[string]struct {
		change func(*plumbline.Evidence)
		want   plumbline.Outcome
		says   string
	}{
		"one for each item":    {callsFor(func(items int) int { return items }), plumbline.Fail, "sets off 1 call to recs, one of 25 sets off 25"},
		"one for every second": {callsFor(func(items int) int { return items / 2 }), plumbline.Fail, "recs"},
		"one for all":          {callsFor(func(int) int { return 1 }), plumbline.Pass, "recs"},
		"one for each of two":  {callsFor(few), plumbline.Pass, "recs"},
		"retries":              {retried, plumbline.Pass, ""},
		"not always":           {sometimes, plumbline.Inconclusive, "long pages"},
	} {
		t.Run(name, func(t *testing.T) {
			d, claim, e := spoil(callBudget+"/orders", c.change, withOrders)(t)
			if v := judgeCallBudget(d, claim, e); v.Outcome != c.want || !strings.Contains(v.Statement, c.says) {
				t.Errorf("%s: %s", v.Outcome, v.Statement)
			}
		})
	}
}

// Growth warns where nobody has said how many calls there may be, or where there
// may be so many, and gates beyond that.
func TestGrowthBeyondWhatIsDeclaredGates(t *testing.T) {
	for declared, want := range map[int]plumbline.Level{0: plumbline.LevelLikely, 1: plumbline.LevelProved, 24: plumbline.LevelProved, 25: plumbline.LevelLikely} {
		d, claim, e := spoil(callBudget+"/orders", callsFor(func(items int) int { return items }), withOrders, func(d *plumbline.Design) {
			for i := range d.Dependencies {
				d.Dependencies[i].Calls = declared
			}
		})(t)
		if v := judgeCallBudget(d, claim, e); v.Outcome != plumbline.Fail || v.Level != want {
			t.Errorf("%d calls are declared: %s %s, want %s: %s", declared, v.Outcome, v.Level, want, v.Statement)
		}
	}
}

func TestCallsThatRepeatOthers(t *testing.T) {
	t.Parallel()
	call := func(began, took time.Duration, status int, closed plumbline.Closer) plumbline.Exchange {
		return plumbline.Exchange{Method: "GET", Path: "/stock/1", Began: began, Ended: began + took, Status: status, Closed: closed}
	}
	for name, c := range map[string]struct {
		calls []plumbline.Exchange
		want  int
	}{
		"two":                         {[]plumbline.Exchange{call(0, 1, 200, ""), call(10, 1, 200, "")}, 2},
		"the first failed":            {[]plumbline.Exchange{call(0, 1, 503, ""), call(10, 1, 200, "")}, 1},
		"told in another order":       {[]plumbline.Exchange{call(10, 1, 200, ""), call(0, 1, 503, "")}, 1},
		"the first was given up":      {[]plumbline.Exchange{call(0, 1, 200, plumbline.ClosedByCaller), call(10, 1, 200, "")}, 1},
		"the first took a while":      {[]plumbline.Exchange{call(0, 80, 200, ""), call(90, 1, 200, "")}, 1},
		"the second does not help it": {[]plumbline.Exchange{call(0, 1, 200, ""), call(90, 80, 200, "")}, 2},
	} {
		if got := firstCalls(c.calls, 100); got != c.want {
			t.Errorf("%s: %d calls, want %d", name, got, c.want)
		}
	}
}

func TestDeclaredCalls(t *testing.T) {
	declared := func(d *plumbline.Design) { d.Dependencies[0].Calls = 1 }
	twice := func(times int) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			n := 0
			for o := range e.Of(wiresLive, "") {
				for _, x := range e.Exchanges {
					if x.Trace == o.Trace && x.Wire == "payment" && n < times {
						n++
						x.Path = "/other"
						e.Exchanges = append(e.Exchanges, x)
					}
				}
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*plumbline.Evidence)
		want   plumbline.Outcome
	}{
		"as declared":    {nil, plumbline.Pass},
		"one more, once": {twice(1), plumbline.Inconclusive},
		"dark":           {func(e *plumbline.Evidence) { e.Exchanges = nil }, plumbline.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			d, claim, e := spoil(callBudget+"/to-payment", c.change, withOrders, declared)(t)
			if v := judgeCallBudget(d, claim, e); v.Outcome != c.want {
				t.Errorf("%s: %s", v.Outcome, v.Statement)
			}
		})
	}
}
