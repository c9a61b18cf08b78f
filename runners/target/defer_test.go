package target

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A target that asks for patience gets it once, and only where that is asked for.
func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		patient  bool
		after    string
		refuses  int
		want     int
		asked    int
		deferred int
	}{
		"once":             {true, "0", 1, 200, 2, 1},
		"again":            {true, "0", 9, 429, 2, 1},
		"no header":        {true, "", 1, 429, 1, 0},
		"too long":         {true, "600", 1, 429, 1, 0},
		"no time":          {true, "soon", 1, 429, 1, 0},
		"a date gone by":   {true, "Sun, 06 Nov 1994 08:49:37 GMT", 1, 200, 2, 1},
		"not asked for it": {false, "0", 1, 429, 1, 0},
	} {
		asked := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked <= c.refuses {
				if c.after != "" {
					w.Header().Set("Retry-After", c.after)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}))
		cl, err := New(Config{Base: s.URL, Began: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		a := cl.Do(t.Context(), Shot{Request: plumbline.Request{Method: http.MethodGet, Path: "/"}, Patient: c.patient})
		if a.Status != c.want || asked != c.asked || a.Deferred != c.deferred {
			t.Errorf("%s: answered %d after %d requests, deferred %d", name, a.Status, asked, a.Deferred)
		}
		s.Close()
	}
}

func TestGentle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		experiment string
		role       plumbline.Role
		want       bool
	}{{"contract/valid", plumbline.RoleProbe, true}, {"outage/payment", plumbline.RoleFault, false}, {"contract/x", plumbline.RoleFault, false}, {"load/target", plumbline.RoleBaseline, false}} {
		if got := Gentle(c.experiment, c.role); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
