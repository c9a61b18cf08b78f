package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// withLimited is a design whose creation of orders reserves and charges, and of
// whose stock there is only so much.
func withLimited(d *plumbline.Design) {
	withKeys(d)
	d.Dependencies = append([]plumbline.Dependency{{Name: "inventory", Wire: plumbline.WireHTTP, Class: plumbline.ClassCritical, Operations: []string{"createOrder"}, Timeout: time.Second}}, d.Dependencies...)
	d.Finite = []plumbline.Finite{{
		Name: "limited", Operation: "createOrder", Body: map[string]any{"product_id": "p-4"}, Takes: 10, Most: 100,
		Left:   plumbline.Reading{Operation: "getProduct", Parameters: map[string]string{"sku": "p-4"}, At: "/stock"},
		Within: 5 * time.Second,
		Steps:  []plumbline.SagaStep{{Dependency: "inventory", Does: "PUT /reservations/", Undoes: "DELETE /reservations/"}, {Dependency: "payment", Does: "POST /charge"}},
	}}
}

// rounds lets each round be answered with so many 2xx, the rest 409, and the
// readings say what is left.
func rounds(got, before, after int) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		var out []plumbline.Observation
		for _, o := range e.Observations {
			_, name, _ := strings.Cut(o.Stream, "/")
			switch {
			case o.Experiment == dataClaims+"/limited" && strings.HasPrefix(name, "take-"):
				for i := range 30 {
					c, t := o, *o.Transcript
					if c.Transcript = &t; i > 0 {
						c.Stream = fmt.Sprintf("%s %d", o.Stream, i+1)
					}
					if i >= got {
						c.Status = 409
					}
					out = append(out, c)
				}
				continue
			case strings.HasPrefix(name, "left-"):
				o.Transcript.ResponseBody = fmt.Sprintf(`{"stock":%d}`, before)
			case strings.HasPrefix(name, "after-"):
				o.Transcript.ResponseBody = fmt.Sprintf(`{"stock":%d}`, after)
			}
			out = append(out, o)
		}
		e.Observations = out
	}
}

// A sagaStory is what a service does in one phase.
type sagaStory struct {
	status        int
	done, undone  bool // of the reservation
	failedUndos   int
	after, listed int // what is left, and how many orders there are more than before
	unharmed      bool
}

// sagaTold lets a service tell its stories, by the phase; the others are those of
// a right one.
func sagaTold(stories map[string]sagaStory) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		var at time.Duration
		for i := range e.Observations {
			o := &e.Observations[i]
			if o.Experiment != dataSaga+"/limited" {
				continue
			}
			s, told := stories[o.Phase]
			if !told {
				s = sagaStory{status: 503, done: true, undone: true, after: 100}
			}
			if o.Phase == sagaUsual && !told {
				s = sagaStory{status: 201, done: true, after: 90, listed: 1, unharmed: true}
			}
			if o.Phase == sagaUndo && !told {
				s.failedUndos = 2
			}
			switch o.Stream[strings.LastIndex(o.Stream, "/")+1:] {
			case "before":
				o.Transcript.ResponseBody = `{"stock":100}`
			case "after":
				o.Transcript.ResponseBody = fmt.Sprintf(`{"stock":%d}`, s.after)
			case "take":
				o.Status, at = s.status, max(at, o.Done())
				s.calls(e, *o)
			}
			for k := range e.Walked {
				if w := &e.Walked[k]; w.Experiment == o.Experiment && w.Phase == o.Phase && w.Step == "list-after" {
					w.New = []string{"o-1", "o-2"}[:s.listed]
				}
			}
		}
		e.Ended = at + time.Minute
	}
}

// calls are those of the request on the wires.
func (s sagaStory) calls(e *plumbline.Evidence, o plumbline.Observation) {
	e.Exchanges = slices.DeleteFunc(e.Exchanges, func(x plumbline.Exchange) bool { return x.Trace == o.Trace })
	add := func(wire, method, path string, upstream int, fault plumbline.FaultKind) {
		e.Exchanges = append(e.Exchanges, plumbline.Exchange{Wire: wire, Trace: o.Trace, Method: method, Path: path, Upstream: upstream, FaultKind: fault, Began: o.Sent, Ended: o.Done()})
	}
	kind := map[string]plumbline.FaultKind{"step 2 hangs": plumbline.FaultHang, "step 2 fails": plumbline.FaultStatus, sagaUndo: plumbline.FaultStatus, "step 2 loses its answer": plumbline.FaultLostResponse}[o.Phase]
	switch {
	case s.unharmed:
		add("inventory", "PUT", "/reservations/1", 200, "")
		add("payment", "POST", "/charge", 200, "")
	case o.Phase == "step 1 loses its answer":
		add("inventory", "PUT", "/reservations/1", 200, plumbline.FaultLostResponse)
	case s.done:
		add("inventory", "PUT", "/reservations/1", 200, "")
		add("payment", "POST", "/charge", 0, kind)
	}
	for range s.failedUndos {
		add("inventory", "DELETE", "/reservations/1", 0, plumbline.FaultStatus)
	}
	if s.undone {
		add("inventory", "DELETE", "/reservations/1", 200, "")
	}
}

func init() {
	kept := sagaStory{status: 504, done: true, after: 90}
	specimens[noOversell] = specimen{
		kept:     spoil(noOversell+"/limited", rounds(10, 100, 0), withLimited),
		broken:   spoil(noOversell+"/limited", rounds(30, 100, 90), withLimited),
		unproven: spoil(noOversell+"/limited", rounds(9, 80, 0), withLimited),
	}
	specimens[sagaCompensates] = specimen{
		kept:     spoil(sagaCompensates+"/limited", sagaTold(nil), withLimited),
		broken:   spoil(sagaCompensates+"/limited", sagaTold(map[string]sagaStory{"step 2 hangs": kept}), withLimited),
		unproven: spoil(sagaCompensates+"/limited", sagaTold(map[string]sagaStory{"step 2 hangs": {status: 503, after: 100}}), withLimited),
	}
	specimens[compensationRetried] = specimen{
		kept:     spoil(compensationRetried+"/limited", sagaTold(nil), withLimited),
		broken:   spoil(compensationRetried+"/limited", sagaTold(map[string]sagaStory{sagaUndo: {status: 503, done: true, failedUndos: 2, after: 90}}), withLimited),
		unproven: spoil(compensationRetried+"/limited", sagaTold(map[string]sagaStory{sagaUndo: kept}), withLimited),
	}
}

func TestWhatIsFiniteAndDoneInSteps(t *testing.T) {
	t.Parallel()
	left := sagaStory{status: 503, done: true, after: 90}
	usual := func(s sagaStory) map[string]sagaStory { return map[string]sagaStory{sagaUsual: s} }
	hangs := func(s sagaStory) map[string]sagaStory { return map[string]sagaStory{"step 2 hangs": s} }
	soon := func(e *plumbline.Evidence) { e.Ended -= time.Minute }
	unlisted := func(e *plumbline.Evidence) { e.Walked = nil }
	nobodys := func(e *plumbline.Evidence) {
		for i := range e.Exchanges {
			if e.Exchanges[i].Method == "DELETE" {
				e.Exchanges[i].Trace = ""
			}
		}
	}
	for name, c := range map[string]struct {
		claim   string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		level   plumbline.Level
	}{
		"some are left over":                {noOversell, rounds(9, 100, 10), plumbline.Pass, ""},
		"nobody is refused":                 {noOversell, rounds(30, 1000, 700), plumbline.Fail, ""},
		"less than nothing":                 {noOversell, rounds(10, 100, -20), plumbline.Fail, ""},
		"others hold some":                  {noOversell, rounds(8, 80, 0), plumbline.Pass, ""},
		"nobody gets any":                   {noOversell, rounds(0, 100, 100), plumbline.Inconclusive, ""},
		"the undo is a job of its own":      {sagaCompensates, all(sagaTold(nil), nobodys), plumbline.Pass, ""},
		"it is made all the same":           {sagaCompensates, sagaTold(hangs(sagaStory{status: 504, done: true, after: 90, listed: 1})), plumbline.Pass, ""},
		"it can do without the step":        {sagaCompensates, sagaTold(hangs(sagaStory{status: 202, done: true, after: 90})), plumbline.Pass, ""},
		"no list shows whether it was made": {sagaCompensates, all(sagaTold(hangs(left)), unlisted), plumbline.Fail, plumbline.LevelLikely},
		"the list and the reading show it":  {sagaCompensates, sagaTold(hangs(left)), plumbline.Fail, plumbline.LevelProved},
		"it comes back by itself":           {sagaCompensates, sagaTold(hangs(sagaStory{status: 503, done: true, after: 100})), plumbline.Fail, plumbline.LevelLikely},
		"the run ends too soon":             {sagaCompensates, all(sagaTold(hangs(left)), soon), plumbline.Inconclusive, ""},
		"others take of it":                 {sagaCompensates, sagaTold(hangs(sagaStory{status: 503, done: true, undone: true, after: 90})), plumbline.Inconclusive, ""},
		"the reading shows nothing":         {sagaCompensates, sagaTold(usual(sagaStory{status: 201, done: true, after: 100, unharmed: true})), plumbline.Inconclusive, ""},
		"it never works":                    {sagaCompensates, sagaTold(usual(left)), plumbline.Inconclusive, ""},
		"a call goes past the wire":         {sagaCompensates, sagaTold(usual(sagaStory{status: 201, after: 90})), plumbline.Inconclusive, ""},
		"the undo is nobody's":              {compensationRetried, sagaTold(map[string]sagaStory{sagaUndo: {status: 503, done: true, undone: true, after: 100}}), plumbline.Inconclusive, ""},
		"the failed step is done without":   {compensationRetried, sagaTold(map[string]sagaStory{sagaUndo: {status: 201, done: true, after: 90}}), plumbline.Inconclusive, ""},
		"given up too soon to tell":         {compensationRetried, all(sagaTold(map[string]sagaStory{sagaUndo: {status: 503, done: true, failedUndos: 2, after: 90}}), soon), plumbline.Inconclusive, ""},
	} {
		d, claim, e := spoil(c.claim+"/limited", c.change, withLimited)(t)
		if v := catalogue[claim.Function].Judge(d, claim, e); v.Outcome != c.outcome || v.Level != c.level {
			t.Errorf("%s: %s %s %s: %s", name, v.Outcome, v.Level, v.Reason, v.Statement)
		}
	}
}

func TestWhatIsNotFiniteIsNotClaimed(t *testing.T) {
	t.Parallel()
	observed := func(d *plumbline.Design) { withLimited(d); d.Mode = plumbline.ModeObserve }
	untracedDesign := func(d *plumbline.Design) { withLimited(d); d.Propagation = plumbline.PropagationNone }
	for id, designs := range map[string][]func(*plumbline.Design){
		noOversell: {withKeys, observed}, sagaCompensates: {withKeys, observed, untracedDesign}, compensationRetried: {withKeys, observed, untracedDesign},
	} {
		for _, with := range designs {
			d := shop()
			with(&d)
			if p := catalogue[id].Plan(d); len(p.Claims) != 0 || len(p.Skips) != 1 || p.Skips[0].Unlock == "" {
				t.Errorf("%s: %+v", id, p)
			}
		}
	}
}
