package site

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports/readers"
	"github.com/plumbline-dev/plumbline/runners/progress"
)

// chromium starts a headless browser on a page, or runs it to its end.
func chromium(t *testing.T, ctx context.Context, url string, flags ...string) *exec.Cmd { //nolint:revive // t comes first in tests
	t.Helper()
	profile, err := os.MkdirTemp("", "profile-") //nolint:usetesting // its processes may still write there when the test ends
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(profile) })
	c := readers.Chromium(ctx, t, profile, append(flags, url)...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	return c
}

// A sighting is what a person at the browser would see.
type sighting struct {
	Title, Status, Faults, Found, Phases, Tiles, Chart string
	Strays                                             int // elements that no template of ours makes
}

// recorder tells the test what is to be seen, whenever that changes.
const recorder = `;(() => {
  const text = id => (document.getElementById(id) || {}).textContent || "";
  const tell = () => fetch("/seen", { method: "POST", body: JSON.stringify({
    title: document.title, status: text("status"), faults: text("faults"), found: text("found"), phases: text("phases"), tiles: text("tiles"),
    chart: (document.querySelector("#chart svg.chart") || {}).outerHTML || "",
    strays: document.querySelectorAll("img, script:not([src]), a[href^='javascript:'], [onload], [onerror]").length,
  }) });
  new MutationObserver(tell).observe(document.body, { subtree: true, childList: true });
  tell();
})();`

// watched serves a site to a browser that tells what it sees.
func watched(t *testing.T, o Options) (url string, seen <-chan sighting) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.every = 20 * time.Millisecond
	js := s.files["site.js"]
	s.files["site.js"] = file{append(bytes.Clone(js.data), recorder...), js.media, `"recorded"`}
	all := make(chan sighting, 10000)
	h := s.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/seen" {
			h.ServeHTTP(w, r)
			return
		}
		var x sighting
		if err := json.NewDecoder(r.Body).Decode(&x); err != nil {
			t.Error(err)
		}
		all <- x
	}))
	t.Cleanup(server.Close)
	return server.URL, all
}

// TestABrowserSeesPhasesFaultAndVerdictArrive goes on with the run when the
// browser has shown what has happened so far. Every text of the run tries to
// run a script.
func TestABrowserSeesPhasesFaultAndVerdictArrive(t *testing.T) {
	t.Parallel()
	run := begin(t, "shop"+hostile)
	url, seen := watched(t, Options{History: t.TempDir(), Runs: run.dir})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := chromium(t, ctx, url+"/live", "--remote-debugging-port=0")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = c.Wait() }()
	var last sighting
	until := func(what string, there func(sighting) bool) {
		t.Helper()
		for !there(last) {
			select {
			case last = <-seen:
			case <-ctx.Done():
				t.Fatalf("the browser does not show %s; at last it shows %+v", what, last)
			}
			if strings.Contains(last.Title, "owned") && !strings.Contains(last.Title, "under test") || last.Strays > 0 {
				t.Fatalf("a script of the target ran, or could have: %+v", last)
			}
		}
	}
	until("that the run begins", func(s sighting) bool { return strings.Contains(s.Status, "is being put to the test") })
	run.outage(hostile)
	until("the phase", func(s sighting) bool {
		return strings.Contains(s.Status, "payment is out") && strings.Contains(s.Phases, "payment hang")
	})
	until("the fault", func(s sighting) bool { return strings.Contains(s.Faults, "In force now") })
	until("rate, p99 and time left", func(s sighting) bool {
		return strings.Contains(s.Tiles, "19/s") && strings.Contains(s.Tiles, "41.0 ms") && strings.Contains(s.Tiles, "time left57s")
	})
	until("what was found", func(s sighting) bool { return strings.Contains(s.Found, "Broken so far") })
	until("the chart", func(s sighting) bool { return s.Chart != "" })
	run.Tell(progress.Event{At: 8 * time.Second, Fault: &progress.Fault{Lease: "l", State: progress.FaultHealed}})
	until("that it is healed", func(s sighting) bool { return !strings.Contains(s.Faults, "In force now") })
	run.verdict(hostile)
	until("the verdict", func(s sighting) bool { return strings.Contains(s.Status, "is unfit") })
	run.report(t)
	until("the way to the report", func(s sighting) bool { return strings.Contains(s.Status, "Open the report") })
}

// TestPagesAreWholeWithoutScripts forbids the pages their own scripts.
func TestPagesAreWholeWithoutScripts(t *testing.T) {
	t.Parallel()
	run := begin(t, "shop")
	run.outage("")
	run.verdict("")
	run.report(t)
	site, err := New(Options{Runs: run.dir, History: pastOf(t, 10, func(r *plumbline.Report) {
		r.Findings[0].Claim += hostile
		r.Sentence += hostile
		for i := range r.Quantiles {
			r.Quantiles[i].Operation += hostile
		}
	})})
	if err != nil {
		t.Fatal(err)
	}
	h := site.Handler()
	s := httptest.NewServer(h)
	defer s.Close()
	blocked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.Header().Set("Content-Security-Policy", strings.Replace(policy, "script-src 'self'", "script-src 'none'", 1))
		_, _ = w.Write(answer.Body.Bytes())
	}))
	defer blocked.Close()
	for path, want := range map[string][]string{
		"/?last=3":      {"shop was unfit", `<svg class="stack"`, `<svg class="spark"`, "Show all", "resilience/breaker-opens/payment"},
		"/live/tonight": {"shop is unfit", "payment hang", "Open the report"},
	} {
		for scripts, url := range map[bool]string{true: s.URL, false: blocked.URL} {
			out, err := chromium(t, t.Context(), url+path, "--virtual-time-budget=5000", "--dump-dom").Output()
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range want {
				if !strings.Contains(string(out), w) {
					t.Errorf("%s, scripts %t: the page lacks %q", path, scripts, w)
				}
			}
			if ran := !strings.Contains(string(out), `id="theme" hidden`); ran != scripts {
				t.Errorf("%s: scripts ran: %t", path, ran)
			}
			for _, bad := range []string{"<img", "<title>owned", `<a href="javascript:`} {
				if strings.Contains(string(out), bad) {
					t.Errorf("%s, scripts %t: the document holds %q", path, scripts, bad)
				}
			}
		}
	}
}

// TestPagesAreUsable has axe-core look for what keeps people from using the
// pages, in light and in dark. The run that goes on tells no events: a browser
// would not come to an end with them.
func TestPagesAreUsable(t *testing.T) {
	t.Parallel()
	axe := readers.Axe(t)
	done := begin(t, "shop")
	done.outage("")
	done.verdict("")
	done.report(t)
	going := begin(t, "shop")
	going.outage("")
	history, none := Options{Runs: done.dir, History: pastOf(t, 6, nil)}, Options{Runs: t.TempDir(), History: t.TempDir()}
	for name, c := range map[string]struct {
		site        Options
		path, theme string
	}{
		"a history":             {history, "/", "light"},
		"a history in the dark": {history, "/", "dark"},
		"a run that has ended":  {history, "/live/tonight", "light"},
		"a run that goes on":    {Options{Runs: going.dir, History: none.History}, "/live/tonight", "dark"},
		"no runs":               {none, "/", "light"},
		"no run to follow":      {none, "/live", "dark"},
		"no such page":          {none, "/none", "dark"},
	} {
		site, err := New(c.site)
		if err != nil {
			t.Fatal(err)
		}
		h := site.Handler()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/events") {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			w.WriteHeader(answer.Code)
			page := answer.Body.String()
			if strings.HasPrefix(answer.Header().Get("Content-Type"), "text/html") {
				page = axe.Audited(page, c.theme)
			}
			_, _ = w.Write([]byte(page))
		}))
		out, err := chromium(t, t.Context(), server.URL+c.path, "--virtual-time-budget=20000", "--dump-dom").Output()
		server.Close()
		if err != nil {
			t.Fatal(err)
		}
		readers.Usable(t, name, string(out))
	}
}
