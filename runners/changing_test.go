package runners

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// orders is a service whose GET /orders/{id}/next may raise a count of the order.
func orders(t *testing.T, raises bool) *Live {
	t.Helper()
	var mu sync.Mutex
	rank := map[string]int{}
	mux := http.NewServeMux()
	show := func(w http.ResponseWriter, id string) { _, _ = fmt.Fprintf(w, `{"id":%q,"rank":%d}`, id, rank[id]) }
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		id := fmt.Sprint("o", len(rank)+1)
		rank[id] = 1
		w.WriteHeader(http.StatusCreated)
		show(w, id)
	})
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		show(w, r.PathValue("id"))
	})
	mux.HandleFunc("GET /orders/{id}/next", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if raises {
			rank[r.PathValue("id")]++
		}
		_, _ = w.Write([]byte("{}"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client, err := target.New(target.Config{Base: server.URL, Run: "a1b2c3d4e5f6", Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	d := plumbline.Design{Mode: plumbline.ModeOwn, Operations: []plumbline.Operation{
		{ID: "create", Method: "POST", Path: "/orders", Produces: []string{"id"}, Cases: []plumbline.Case{{ID: "create/required", Operation: "create", Request: plumbline.Request{Method: "POST", Path: "/orders", Body: []byte("{}")}}}},
		{ID: "read", Method: "GET", Path: "/orders/{id}"},
		{ID: "next", Method: "GET", Path: "/orders/{id}/next"},
	}}
	return &Live{Design: d, Run: plumbline.Run{ID: "a1b2c3d4e5f6"}, Client: client, Pool: &target.Pool{Client: client, Operations: d.Operations, Mode: d.Mode}}
}

func trial() plumbline.Flow {
	f := plumbline.Flow{Name: "orders/next", Tries: "next"}
	add := func(name, operation, of, before string) {
		s := plumbline.Step{Call: plumbline.Call{Name: name, Operation: operation}}
		switch operation {
		case "read":
			s.Own = ofStep("read", "GET", "/orders/{id}", of)
		case "next":
			s.Own = ofStep("next", "GET", "/orders/{id}/next", of)
		}
		if before != "" {
			s.Compare = []plumbline.Compare{{With: "answer:" + before, Strict: true}}
		}
		f.Steps = append(f.Steps, s)
	}
	add(plumbline.TrialMake, "create", "", "")
	add(plumbline.TrialFirst, "read", plumbline.TrialMake, "")
	add(plumbline.TrialQuiet, "read", plumbline.TrialMake, plumbline.TrialFirst)
	add(plumbline.TrialCall, "next", plumbline.TrialMake, "")
	add(plumbline.TrialAfter, "read", plumbline.TrialMake, plumbline.TrialQuiet)
	add(plumbline.TrialOther, "create", "", "")
	add(plumbline.TrialStart, "read", plumbline.TrialOther, "")
	add(plumbline.TrialStill, "read", plumbline.TrialOther, plumbline.TrialStart)
	add(plumbline.TrialCalm, "read", plumbline.TrialOther, plumbline.TrialStill)
	add(plumbline.TrialAgain, "next", plumbline.TrialOther, "")
	add(plumbline.TrialEnd, "read", plumbline.TrialOther, plumbline.TrialCalm)
	return f
}

// A GET that was seen to change data is no load any more; the streams beside
// it keep their places.
func TestWhatChangesDataFallsSilent(t *testing.T) {
	for raises, want := range map[bool]float64{true: 0, false: 10} {
		l := orders(t, raises)
		l.Flow(context.Background(), Place{Experiment: "contract/safe"}, trial())
		steady := []plumbline.Stage{{From: 10, To: 10, Duration: time.Second}}
		planned := []plumbline.Stream{{Name: "next", Operation: "next", Stages: steady}, {Name: "read", Operation: "read", Stages: steady}}
		got := l.changing.still(planned)
		if got[0].Expected() != want || got[1].Expected() != 10 || planned[0].Expected() != 10 {
			t.Errorf("raises %v: %+v", raises, got)
		}
		if silent(got[:1]) != raises || silent(got) {
			t.Errorf("raises %v: silent", raises)
		}
	}
}
