package runners

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// things is a small service: things are created, read a moment later, listed
// in pages of two, and deleted.
func things(t *testing.T) *Live {
	t.Helper()
	var mu sync.Mutex
	var ids []string
	reads := map[string]int{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /things", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, fmt.Sprintf("t%d", len(ids)+1))
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"id":%q,"name":"other"}`, ids[len(ids)-1])
	})
	mux.HandleFunc("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		id := r.PathValue("id")
		if reads[id]++; reads[id] < 3 {
			http.Error(w, "{}", http.StatusNotFound)
			return
		}
		_, _ = fmt.Fprintf(w, `{"id":%q,"name":"other"}`, id)
	})
	mux.HandleFunc("DELETE /things/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /things", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		at := 0
		_, _ = fmt.Sscan(r.URL.Query().Get("cursor"), &at)
		page := map[string]any{"items": []map[string]string{}, "next": nil}
		for _, id := range ids[min(at, len(ids)):min(at+2, len(ids))] {
			page["items"] = append(page["items"].([]map[string]string), map[string]string{"id": id})
		}
		if at+2 < len(ids) {
			page["next"] = fmt.Sprint(at + 2)
		}
		_ = json.NewEncoder(w).Encode(page)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client, err := target.New(target.Config{Base: server.URL, Run: "a1b2c3d4e5f6", Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	d := plumbline.Design{Mode: plumbline.ModeOwn, Operations: []plumbline.Operation{
		{ID: "create", Method: "POST", Path: "/things", Produces: []string{"id"}, Deletes: "delete", Cases: []plumbline.Case{{ID: "create/required", Operation: "create", Request: plumbline.Request{Method: "POST", Path: "/things", Body: []byte(`{"name":"mine"}`)}}}},
		{ID: "read", Method: "GET", Path: "/things/{id}"},
		{ID: "delete", Method: "DELETE", Path: "/things/{id}", Cases: []plumbline.Case{{ID: "delete/required", Operation: "delete", Request: plumbline.Request{Method: "DELETE", Path: "/things/{id}"}, Binds: []plumbline.Bind{{In: "path", Name: "id", From: "create", Pointer: "/id"}}}}},
		{ID: "list", Method: "GET", Path: "/things", Cases: []plumbline.Case{{ID: "list/required", Operation: "list", Request: plumbline.Request{Method: "GET", Path: "/things"}}}},
	}}
	return &Live{Design: d, Run: plumbline.Run{ID: "a1b2c3d4e5f6"}, Client: client, Pool: &target.Pool{Client: client, Operations: d.Operations, Mode: d.Mode}}
}

func ofStep(operation, method, path, step string) *plumbline.Case {
	return &plumbline.Case{
		ID: operation + "/own", Operation: operation, Request: plumbline.Request{Method: method, Path: path},
		Binds: []plumbline.Bind{{In: "path", Name: "id", From: "step:" + step, Pointer: "/id"}},
	}
}

func TestAFlowTakesValuesFromItsStepsAndComparesThem(t *testing.T) {
	t.Parallel()
	l := things(t)
	told := l.Flow(t.Context(), Place{Experiment: "x", Phase: "p"}, plumbline.Flow{Name: "f", Steps: []plumbline.Step{
		{Call: plumbline.Call{Name: "create", Operation: "create"}, Must: true},
		{
			Call:    plumbline.Call{Name: "read", Operation: "read", Own: ofStep("read", "GET", "/things/{id}", "create")},
			Poll:    &plumbline.Poll{Statuses: []int{200}, Every: time.Millisecond, Within: 5 * time.Second},
			Compare: []plumbline.Compare{{With: "sent:create"}, {With: "answer:create"}},
		},
		{Call: plumbline.Call{Name: "broken", Operation: "read", Own: ofStep("read", "GET", "/nothing/{id}", "create")}, Must: true},
		{Call: plumbline.Call{Name: "never", Operation: "list"}},
		{Call: plumbline.Call{Name: "delete", Operation: "delete", Own: ofStep("delete", "DELETE", "/things/{id}", "create")}, Cleanup: true},
	}})
	var got []string
	for _, o := range told.Observations {
		got = append(got, o.Stream+" "+wordOf(o))
	}
	if s := strings.Join(got, ", "); s != "f/create 201, f/read 200, f/broken 404, f/never unbound, f/delete 204" {
		t.Error(s)
	}
	m := told.Observations[1].Matches
	if len(m) != 2 || len(m[0].Marks) != 1 || m[0].Marks[0].Pointer != "/name" || len(m[1].Marks) != 0 || m[1].Fields != 2 {
		t.Errorf("matches: %+v", m)
	}
	if res := l.Teardown(t.Context()); len(res) != 1 || !res[0].Deleted {
		t.Errorf("tear-down: %+v", res)
	}
}

func TestAWalkFindsEveryItemOnce(t *testing.T) {
	t.Parallel()
	l := things(t)
	f := plumbline.Flow{Name: "f"}
	var names []string
	for i := range 5 {
		name := fmt.Sprintf("create %d", i)
		names = append(names, name)
		f.Steps = append(f.Steps, plumbline.Step{Call: plumbline.Call{Name: name, Operation: "create"}, Must: true})
	}
	between := []plumbline.Meanwhile{{Call: plumbline.Call{Name: "insert", Operation: "create"}, After: 1}}
	f.Steps = append(f.Steps, plumbline.Step{Call: plumbline.Call{Name: "list", Operation: "list"}, Walk: &plumbline.Walk{
		Paging: plumbline.Paging{Style: "cursor", Param: "cursor", Next: "/next"}, Items: "/items", ItemID: "/id", Expect: names, ID: "/id", Between: between,
	}})
	told := l.Flow(t.Context(), Place{}, f)
	if len(told.Walked) != 1 {
		t.Fatalf("%+v", told)
	}
	w := told.Walked[0]
	if w.Ended != "end" || w.Items != 6 || w.Distinct != 6 || w.Expected != 5 || len(w.Missing)+len(w.Twice) != 0 || fmt.Sprint(w.Pages) != "[2 2 2]" {
		t.Errorf("%+v", w)
	}
}

func TestWorkersKeepTheOrder(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{0, 1, 4, 100} {
		var got []int
		inOrder(t.Context(), workers, 50, func(i int) int { time.Sleep(time.Duration(i%3) * time.Millisecond); return i }, func(i int) { got = append(got, i) })
		for i, v := range got {
			if i != v || len(got) != 50 {
				t.Fatalf("%d workers: %v", workers, got)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	inOrder(ctx, 4, 1000, func(i int) int {
		if i == 5 {
			cancel()
		}
		return i
	}, func(int) { n++ })
	if n < 5 || n > 20 {
		t.Errorf("%d pieces were done after the end", n)
	}
}

// Copies are one request, sent at once; what comes later takes its values from
// the one that was answered 2xx. A step waits before them as before any other.
func TestCopiesAreSentAtOnce(t *testing.T) {
	t.Parallel()
	l := things(t)
	own := &plumbline.Case{ID: "create/keyed", Operation: "create", Request: plumbline.Request{Method: "POST", Path: "/things", Header: map[string][]string{"X-Key": {""}}, Body: []byte("{}")}}
	own.Unique = []plumbline.Bind{{In: "header", Name: "X-Key", From: plumbline.FromNew, Pointer: "uuid"}}
	began := time.Now()
	told := l.Flow(t.Context(), Place{}, plumbline.Flow{Name: "f", Steps: []plumbline.Step{
		{Call: plumbline.Call{Name: "make", Operation: "create", Own: own}, Copies: 3, Pause: 20 * time.Millisecond, Compare: []plumbline.Compare{{With: "sent:make"}}},
		{Call: plumbline.Call{Name: "delete", Operation: "delete", Own: ofStep("delete", "DELETE", "/things/{id}", "make")}, Pause: 20 * time.Millisecond},
		{Call: plumbline.Call{Name: "away", Operation: "delete", Own: ofStep("delete", "DELETE", "/things/{id}", "make")}, Each: "make", Pause: 20 * time.Millisecond},
	}})
	var names []string
	keys := map[string]bool{}
	for _, o := range told.Observations {
		names = append(names, o.Stream+" "+wordOf(o))
		if o.Operation == "create" {
			keys[o.Transcript.RequestHeader["X-Key"][0]] = true
		}
	}
	if got := strings.Join(names, ", "); got != "f/make 201, f/make 2 201, f/make 3 201, f/make 4 201, f/delete 204, f/away 204, f/away 2 204, f/away 3 204, f/away 4 204" {
		t.Error(got)
	}
	if len(keys) != 1 || len(told.Observations[3].Matches) != 1 || time.Since(began) < 60*time.Millisecond {
		t.Errorf("keys %v, matches %+v", keys, told.Observations[3].Matches)
	}
	if res := l.Teardown(t.Context()); len(res) != 4 {
		t.Errorf("booked: %+v", res)
	}
}

// The answer to the first request of a step is lost: the connection is cut, or
// the answer thrown away. The same bytes are sent again, and the list shows what
// is new.
func TestAnswersAreLost(t *testing.T) {
	t.Parallel()
	l := things(t)
	own := &plumbline.Case{ID: "create/keyed", Operation: "create", Request: plumbline.Request{Method: "POST", Path: "/things", Header: map[string][]string{"X-Key": {""}, "Content-Type": {"application/json"}}, Body: []byte(`{"name":"mine"}`)}}
	own.Unique = []plumbline.Bind{{In: "header", Name: "X-Key", From: plumbline.FromNew, Pointer: "uuid"}}
	create := func(name string) plumbline.Step {
		return plumbline.Step{Call: plumbline.Call{Name: name, Operation: "create", Own: own}}
	}
	list := func(name, since, like string) plumbline.Step {
		c := &plumbline.Case{ID: "list/own", Operation: "list", Request: plumbline.Request{Method: "GET", Path: "/things"}}
		return plumbline.Step{Call: plumbline.Call{Name: name, Operation: "list", Own: c}, Walk: &plumbline.Walk{
			Paging: plumbline.Paging{Style: "cursor", Param: "cursor", Next: "/next"}, Items: "/items", ItemID: "/id", Since: since, Like: like,
		}}
	}
	thrown, cut, early := create("thrown"), create("cut"), create("early")
	thrown.Lose, cut.Lose, early.Lose = &plumbline.Loss{Like: "usual", Share: 1}, &plumbline.Loss{Like: "usual", Share: 0}, &plumbline.Loss{Like: "nothing"}
	told := l.Flow(t.Context(), Place{}, plumbline.Flow{Name: "f", Steps: []plumbline.Step{create("usual"), list("list-0", "", ""), thrown, list("list-1", "list-0", ""), list("list-2", "list-0", "thrown"), cut, early}})
	var names []string
	keys := map[string]int{}
	for _, o := range told.Observations {
		if o.Operation == "create" {
			names = append(names, o.Stream+" "+wordOf(o))
		}
		if o.Operation == "create" && o.Transcript.RequestHeader != nil {
			keys[o.Transcript.RequestHeader["X-Key"][0]]++
		}
	}
	if got := strings.Join(names, ", "); got != "f/usual 201, f/thrown lost 201, f/thrown 201, f/cut lost canceled, f/cut 201, f/early lost unbound, f/early unbound" {
		t.Error(got)
	}
	if len(keys) != 3 {
		t.Errorf("keys %v", keys)
	}
	if got := told.Walked[1].New; strings.Join(got, " ") != "t2 t3" {
		t.Errorf("new: %v", got)
	}
	if got := told.Walked[2].New; len(got) != 0 { // the items of the list have nothing in common with what was sent
		t.Errorf("like it: %v", got)
	}
}
