package target

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func TestNewGuardsTheHost(t *testing.T) {
	t.Parallel()
	for base, c := range map[string]struct {
		allow []string
		force bool
		want  string // part of the error; empty: none
	}{
		"http://localhost:8080":              {},
		"https://api.staging.example.org/v1": {},
		"http://preprod.example.org":         {},
		"http://alive.example.org":           {},
		"http://prod.example.org":            {want: "looks like production"},
		"http://api-PROD-eu.example.org":     {want: "looks like production"},
		"http://api.live.example.org:8443":   {want: "looks like production"},
		"http://production":                  {force: true},
		"http://orders:80":                   {allow: []string{"orders"}},
		"http://orders:81":                   {allow: []string{"orders:81"}},
		"http://orders:82":                   {allow: []string{"orders:80", "payment"}, want: "not among the allowed"},
		"localhost:8080":                     {want: "not the URL"},
		"":                                   {want: "not the URL"},
		"ftp://user:hunter2@orders":          {want: "ftp://user:xxxxx@orders is not the URL"},
	} {
		_, err := New(Config{Base: base, Allow: c.allow, Force: c.force})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", base, err, c.want)
		}
	}
}

func TestObservationNamesItsPlace(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "four") })
	c := newClient(t, base, nil)
	s := Shot{
		Experiment: "x", Phase: "p", Stream: "s", Operation: "o", Case: "c", Trace: Trace(runID, [3]int{1, 2, 3}, 4),
		Request: plumbline.Request{Method: http.MethodPost, Path: "/", Body: []byte("{}")}, Due: c.Now() - time.Second,
	}
	a := c.Do(t.Context(), s)
	got := a.Observation
	if got.Experiment != "x" || got.Phase != "p" || got.Stream != "s" || got.Operation != "o" || got.Case != "c" || got.Trace != s.Trace || got.Parent == "" {
		t.Errorf("got %+v", got)
	}
	// One that is a second late has waited for a second before it was sent.
	if got.Due != s.Due || got.Sent-got.Due < time.Second || got.Latency < got.Sent-got.Due || got.Bytes != 4 || got.Transcript != nil {
		t.Errorf("got %+v", got)
	}
	if string(a.Request.Body) != "{}" || string(a.Response.Body) != "four" {
		t.Errorf("got %q and %q", a.Request.Body, a.Response.Body)
	}
}

func TestTranscriptIsKeptForABreach(t *testing.T) {
	t.Parallel()
	base := serve(t, func(http.ResponseWriter, *http.Request) {})
	for kind, want := range map[plumbline.MarkKind]bool{plumbline.MarkBody: true, plumbline.MarkLeak: true, plumbline.MarkExtra: false, "": false} {
		c := newClient(t, base, func(cfg *Config) {
			cfg.Inspect = func(string, plumbline.Request, plumbline.Response) []plumbline.Mark {
				if kind == "" {
					return nil
				}
				return []plumbline.Mark{{Kind: kind}}
			}
		})
		s := get("/")
		s.Transcript = false
		if a := c.Do(t.Context(), s); (a.Transcript != nil) != want {
			t.Errorf("%q: got transcript %v", kind, a.Transcript)
		}
	}
}

func TestCeilingOfTheRate(t *testing.T) {
	t.Parallel()
	var seen atomic.Int32
	base := serve(t, func(http.ResponseWriter, *http.Request) { seen.Add(1) })
	c := newClient(t, base, func(cfg *Config) { cfg.Limit = 20 })
	began := time.Now()
	for range 8 {
		c.Do(t.Context(), get("/"))
	}
	// Two at once, then one every 50 ms.
	if took := time.Since(began); took < 290*time.Millisecond {
		t.Errorf("8 requests in %s at 20 a second", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := get("/")
	s.Due = c.Now() - time.Second
	before := seen.Load()
	if a := c.Do(ctx, s); a.Error != plumbline.ErrorCanceled || a.Latency < time.Second || a.Latency != a.Sent-a.Due || seen.Load() != before {
		t.Errorf("one that was never sent: got %+v", a.Observation)
	}
}

func TestARequestThatCannotBeMade(t *testing.T) {
	t.Parallel()
	c := newClient(t, "http://127.0.0.1:1", nil)
	s := get("/x")
	s.Request.Method = "NOT A METHOD"
	s.Due = c.Now() - time.Second
	if a := c.Do(t.Context(), s); a.Error != plumbline.ErrorOther || a.Transcript == nil || a.Latency < time.Second {
		t.Errorf("got %+v", a.Observation)
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	if err := newClient(t, base, nil).Reachable(t.Context()); err != nil {
		t.Errorf("any answer will do: %v", err)
	}
	err := newClient(t, "http://user:hunter2@127.0.0.1:1", nil).Reachable(t.Context())
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Authorization"))
		if r.URL.Path == "/slow" {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	})
	c := newClient(t, base, func(cfg *Config) {
		cfg.Timeout, cfg.Default, cfg.Identities = time.Second, "me", map[string]Credential{"me": {Bearer: "tok"}}
	})
	for url, want := range map[string]struct {
		body  string
		sent  bool
		whole bool
	}{
		base + "/x":              {"Bearer tok", true, true},
		base + "/slow":           {"Bearer tok", true, false},
		"http://elsewhere.test/": {"", false, false},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Send(req)
		if (err == nil) != want.sent {
			t.Fatalf("%s: got %v", url, err)
		}
		if err != nil {
			if req.Header.Get("Authorization") != "" {
				t.Errorf("%s: credentials for a foreign host", url)
			}
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if closing := resp.Body.Close(); string(body) != want.body || (err == nil) != want.whole || closing != nil {
			t.Errorf("%s: got %q %v %v, want %+v", url, body, err, closing, want)
		}
	}
}
