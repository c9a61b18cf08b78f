package target

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// slowly is a service that creates by and by: 202 names a job, which is asked
// again and again. jobs is when it was asked.
func slowly(t *testing.T, accepted, working string, vanishes bool) (p *Pool, jobs func() []time.Time) {
	t.Helper()
	var mu sync.Mutex
	var asked []time.Time
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case r.Method == http.MethodPost:
			w.Header().Set("Location", "/jobs/7")
			if accepted != "" {
				w.Header().Set("Retry-After", accepted)
			}
			w.WriteHeader(http.StatusAccepted)
			_, _ = fmt.Fprint(w, `{"id":7}`)
		case strings.HasPrefix(r.URL.Path, "/jobs/"):
			asked = append(asked, time.Now())
			switch {
			case len(asked) == 1 && working != "":
				w.Header().Set("Retry-After", working)
				fallthrough
			case len(asked) == 1:
				_, _ = fmt.Fprint(w, `{"status":"running"}`)
			case vanishes:
				http.NotFound(w, r)
			default:
				_, _ = fmt.Fprint(w, `{"status":"done","result":"/reports/31"}`)
			}
		case r.URL.Path == "/reports/31" || vanishes:
			_, _ = fmt.Fprint(w, `{"id":31}`)
		default:
			http.NotFound(w, r)
		}
	})
	one := []plumbline.Bind{{In: "path", Name: "report", From: "create", Pointer: "/id"}}
	kase := func(id, method, path string, binds []plumbline.Bind) []plumbline.Case {
		return []plumbline.Case{{ID: id + "/required", Operation: id, Request: plumbline.Request{Method: method, Path: path}, Binds: binds}}
	}
	ops := []plumbline.Operation{
		{ID: "create", Method: http.MethodPost, Path: "/reports", Produces: []string{"report"}, Deletes: "delete", Cases: kase("create", http.MethodPost, "/reports", nil)},
		{ID: "read", Method: http.MethodGet, Path: "/reports/{report}", Cases: kase("read", http.MethodGet, "/reports/{report}", one)},
		{ID: "delete", Method: http.MethodDelete, Path: "/reports/{report}", Cases: kase("delete", http.MethodDelete, "/reports/{report}", one)},
	}
	return &Pool{Client: newClient(t, base, nil), Operations: ops, Mode: plumbline.ModeOwn}, func() []time.Time {
		mu.Lock()
		defer mu.Unlock()
		return asked
	}
}

// The status monitor is asked no sooner than the 202, or its own answer, asks
// for, and tells the identifier in the end.
func TestAMonitorIsAskedWhenItSays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		accepted, working string
		first, second     time.Duration // at least
	}{
		"the 202 asks":     {"1", "", time.Second, 0},
		"the monitor asks": {"", "1", 0, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, jobs := slowly(t, c.accepted, c.working, false)
			read, _ := p.operation("read")
			began := time.Now()
			req, err := p.Fill(t.Context(), read.Cases[0])
			if err != nil || req.Path != "/reports/31" {
				t.Fatalf("%s, %v", req.Path, err)
			}
			asked := jobs()
			if len(asked) != 2 || asked[0].Sub(began) < c.first || asked[1].Sub(asked[0]) < c.second {
				t.Errorf("asked after %v", asked)
			}
		})
	}
}

// A monitor that was there and is gone is not asked until time is over.
func TestAMonitorThatVanishesIsLeft(t *testing.T) {
	t.Parallel()
	p, jobs := slowly(t, "", "", true)
	read, _ := p.operation("read")
	_, err := p.Fill(t.Context(), read.Cases[0])
	if len(jobs()) != 2 || err == nil {
		t.Errorf("asked %d times: %v", len(jobs()), err)
	}
}

func TestSaysDeleted(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"id":1,"deleted":true}`:            true,
		`{"data":{"id":1,"isDeleted":true}}`: true,
		`{"data":{"deleted_at":"2026"}}`:     true,
		`{"status":"archived"}`:              true,
		`{"id":1,"deleted":false}`:           false,
		`{"deleted_at":null}`:                false,
		`[]`:                                 false,
	} {
		if got := saysDeleted(plumbline.Response{Body: []byte(body)}); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}
