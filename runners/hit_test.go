package runners

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A counter is a small service that gives numbers to what it is asked to keep,
// and notes whoever asks for what it has not given.
type counter struct {
	mu      sync.Mutex
	kept    map[string]string // what was last done with each
	names   map[string]bool
	strange []string
	fails   string // method that is answered 500
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := strings.Trim(strings.TrimPrefix(r.URL.Path, "/things"), "/")
	was := c.kept[id]
	switch {
	case r.Method == c.fails:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case r.Method == http.MethodPost:
		var body struct {
			Name string `json:"name"`
		}
		_ = json.NewDecoder(r.Body).Decode(&body)
		c.names[body.Name] = true
		id = fmt.Sprintf("t%d", len(c.kept)+1)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"id":%q}`, id)
	case was == "" || was == http.MethodDelete:
		c.strange = append(c.strange, r.Method+" "+r.URL.Path+" after "+was)
	}
	c.kept[id] = r.Method
}

// keeping is a run against a counter whose load is of lives: create, read and,
// unless the run has to clean up, delete.
func keeping(t *testing.T, c *counter, steps ...string) *Live {
	t.Helper()
	c.kept, c.names = map[string]string{}, map[string]bool{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	client, err := target.New(target.Config{Base: server.URL, Run: "a1b2c3d4e5f6", Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	of := func(operation, method string) plumbline.Step {
		own := ofStep(operation, method, "/things/{id}", "create")
		return plumbline.Step{Call: plumbline.Call{Name: operation, Operation: operation, Own: own}, Must: true}
	}
	all := map[string]plumbline.Step{"read": of("read", "GET"), "delete": of("delete", "DELETE")}
	create := plumbline.Case{ID: "create/required", Operation: "create", Request: plumbline.Request{Method: "POST", Path: "/things", Header: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(`{"name":"mine"}`)}}
	f := plumbline.Flow{Name: "life", Steps: []plumbline.Step{{Call: plumbline.Call{Name: "create", Operation: "create", Own: &create}, Must: true}}}
	for _, name := range steps {
		f.Steps = append(f.Steps, all[name])
	}
	bound := []plumbline.Bind{{In: "path", Name: "id", From: "create", Pointer: "/id"}}
	d := plumbline.Design{Mode: plumbline.ModeOwn, Load: plumbline.Load{Flows: []plumbline.Flow{f}}, Operations: []plumbline.Operation{
		{ID: "create", Method: "POST", Path: "/things", Produces: []string{"id"}, Deletes: "delete", Cases: []plumbline.Case{create}},
		{ID: "read", Method: "GET", Path: "/things/{id}", Cases: []plumbline.Case{{ID: "read/required", Operation: "read", Request: plumbline.Request{Method: "GET", Path: "/things/{id}"}, Binds: bound}}},
		{ID: "delete", Method: "DELETE", Path: "/things/{id}", Cases: []plumbline.Case{{ID: "delete/required", Operation: "delete", Request: plumbline.Request{Method: "DELETE", Path: "/things/{id}"}, Binds: bound}}},
	}}
	return &Live{Design: d, Run: plumbline.Run{ID: "a1b2c3d4e5f6"}, Client: client, Pool: &target.Pool{Client: client, Operations: d.Operations, Mode: d.Mode}}
}

// lived runs the lives of a counter and counts what was recorded, by operation,
// step and class.
func lived(t *testing.T, l *Live, n float64) (got map[string]int64, whole plumbline.Series) {
	t.Helper()
	f := l.Design.Load.Flows[0]
	ph := plumbline.Phase{Name: "steady", Duration: 100 * time.Millisecond, Streams: []plumbline.Stream{{
		Name: "flow:life", Operation: "flow:life", Flow: f.Operations(), Arrivals: plumbline.ArrivalsConstant, Stages: []plumbline.Stage{{From: 10 * n, To: 10 * n, Duration: 100 * time.Millisecond}},
	}}}
	at := Place{Experiment: "load/target", Phase: "steady"}
	s := LiveStreams{l}
	if err := s.Prepare(t.Context(), at, ph); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	got = map[string]int64{}
	if err := s.Run(t.Context(), at, ph, func(r plumbline.Record) {
		mu.Lock()
		defer mu.Unlock()
		if r.Series == nil {
			return
		}
		got[strings.Join(strings.Fields(r.Series.Operation+" "+r.Series.Step+" "+r.Series.Class), " ")] = r.Series.Count
		if plumbline.IsFlow(r.Series.Operation) {
			whole = *r.Series
		}
	}); err != nil {
		t.Fatal(err)
	}
	return got, whole
}

// A flow of the load carries what it is answered from step to step. What it
// created and deleted is gone; what it left is deleted with all that the run
// created.
func TestAFlowOfTheLoadLivesOnItsOwnThings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps []string
		fails string
		want  map[string]int64
		left  int
	}{
		"whole":           {[]string{"read", "delete"}, "", map[string]int64{"flow:life 2xx": 20, "create create 2xx": 20, "read read 2xx": 20, "delete delete 2xx": 20}, 0},
		"without its end": {[]string{"read"}, "", map[string]int64{"flow:life 2xx": 20, "create create 2xx": 20, "read read 2xx": 20}, 20},
		"broken":          {[]string{"read", "delete"}, http.MethodGet, map[string]int64{"flow:life ended": 20, "create create 2xx": 20, "read read 5xx": 20}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := &counter{fails: c.fails}
			l := keeping(t, x, c.steps...)
			got, whole := lived(t, l, 20)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(x.strange) > 0 || len(x.kept) != 20 {
				t.Errorf("%d were created, and wrong was %v", len(x.kept), x.strange)
			}
			if c.fails != "" && (len(whole.Marks) != 1 || whole.Marks[0].Message != "read: it was answered 500") {
				t.Errorf("got %+v", whole.Marks)
			}
			there := 0
			for _, last := range x.kept {
				if last != http.MethodDelete {
					there++
				}
			}
			if there != c.left {
				t.Errorf("%d are left, want %d", there, c.left)
			}
			for _, r := range l.Teardown(t.Context()) {
				if !r.Deleted {
					t.Errorf("%+v", r)
				}
			}
			for id, last := range x.kept {
				if last != http.MethodDelete {
					t.Errorf("%s is there after the run", id)
				}
			}
		})
	}
}

// Rows of a feeder go into the requests of a flow, but not where an earlier step
// says what stands there.
func TestAFlowOfTheLoadIsFed(t *testing.T) {
	t.Parallel()
	x := &counter{}
	l := keeping(t, x, "read", "delete")
	rows := []map[string]any{{"who": "ann", "id": "t999"}, {"who": "bob", "id": "t998"}}
	l.Design.Load.Feeders = []plumbline.Feeder{
		{Name: "names.csv", Operations: []string{"create"}, Order: plumbline.FeedSequential, AtEnd: plumbline.EndAgain, Fields: []plumbline.Feed{{Column: "who", In: "body", Name: "/name"}}, Rows: rows},
		{Name: "ids.csv", Operations: []string{"read"}, Order: plumbline.FeedSequential, AtEnd: plumbline.EndAgain, Fields: []plumbline.Feed{{Column: "id", In: "path", Name: "id"}}, Rows: rows},
	}
	got, _ := lived(t, l, 4)
	if diff := cmp.Diff(map[string]bool{"ann": true, "bob": true}, x.names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got["flow:life 2xx"] != 4 || len(x.strange) > 0 {
		t.Errorf("got %v, wrong was %v", got, x.strange)
	}
}

// What the mode does not allow is not sent, and is held against nobody.
func TestAFlowOfTheLoadKeepsToItsMode(t *testing.T) {
	t.Parallel()
	x := &counter{}
	l := keeping(t, x, "read", "delete")
	l.Design.Mode, l.Pool.Mode = plumbline.ModeObserve, plumbline.ModeObserve
	got, whole := lived(t, l, 4)
	if diff := cmp.Diff(map[string]int64{"flow:life unbound": 4}, got); diff != "" || len(x.kept) > 0 {
		t.Errorf("%d were created (-want +got):\n%s", len(x.kept), diff)
	}
	if len(whole.Marks) != 1 || !strings.Contains(whole.Marks[0].Message, "observe") {
		t.Errorf("got %+v", whole.Marks)
	}
}

// Think times are drawn from their range by the seed: a run that is repeated
// has the same, each hit, step and phase has its own, and they are spread evenly.
func TestThinkTimesAreDrawnByTheSeed(t *testing.T) {
	t.Parallel()
	few, many := plumbline.Think{Least: time.Second, Most: 3 * time.Second}, plumbline.Think{Least: 10 * time.Second}
	f := plumbline.Flow{Name: "life", Steps: []plumbline.Step{{Think: few}, {Think: few}, {Think: many}, {Think: few}}}
	drawn := func(seed uint64, at Place, number uint64) (out [4]time.Duration) {
		h, ok := (&Live{Run: plumbline.Run{Seed: seed}}).walk(at, f, 0, number).(*hit)
		for i := range out {
			turn, more := h.Next()
			if out[i] = turn.Think; !ok || !more {
				t.Fatalf("the flow ended before its step %d", i)
			}
			h.now++
		}
		return out
	}
	sum, least, most := time.Duration(0), time.Hour, time.Duration(0)
	const hits = 2000
	for n := range uint64(hits) {
		got := drawn(7, Place{}, n)
		if got[0] != 0 || got[2] != 10*time.Second || got[1] == got[3] {
			t.Fatalf("hit %d: got %v", n, got)
		}
		if again := drawn(7, Place{}, n); again != got {
			t.Fatalf("hit %d: got %v, and then %v", n, got, again)
		}
		sum, least, most = sum+got[1]+got[3], min(least, got[1], got[3]), max(most, got[1], got[3])
	}
	mean := (sum / hits / 2).Seconds()
	if least < few.Least || most > few.Most || least > 1010*time.Millisecond || most < 2990*time.Millisecond || mean < 1.95 || mean > 2.05 {
		t.Errorf("from %s to %s, %g s on average", least, most, mean)
	}
	first := drawn(7, Place{}, 0)
	for name, other := range map[string][4]time.Duration{
		"seed": drawn(8, Place{}, 0), "hit": drawn(7, Place{}, 1), "phase": drawn(7, Place{PhaseIndex: 1}, 0), "experiment": drawn(7, Place{ExperimentIndex: 1}, 0),
	} {
		if other == first {
			t.Errorf("another %s thinks the same: %v", name, first)
		}
	}
}
