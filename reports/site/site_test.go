package site

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports/readers"
	"github.com/plumbline-dev/plumbline/runners/progress"
)

// hostile tries to run a script wherever it stands.
const hostile = `"'></script></style></title></dd></svg><script>document.title='owned'</script><img src=x onerror="document.title='owned'"><a href="javascript:document.title='owned'">x</a>`

// pastOf are reports of the sample system, one in five of them unfit.
func pastOf(tb testing.TB, n int, change func(*plumbline.Report)) string {
	tb.Helper()
	return readers.Nights(tb, time.Date(2026, 11, 1, 2, 0, 0, 0, time.UTC), n, 5, change)
}

// served starts a site.
func served(t *testing.T, o Options, change func(*Site)) *httptest.Server {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.every = 5 * time.Millisecond
	if change != nil {
		change(s)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server
}

// An answer is one that was read to its end.
type answer struct {
	StatusCode int
	Header     http.Header
	Path       string // that was asked for in the end
}

func get(t *testing.T, url string, change ...func(*http.Request)) (answer, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, resp.Request.URL.Path}, string(body)
}

// aRun is the file of a run that somebody follows.
type aRun struct {
	*progress.Feed
	dir  string // of the runs
	done <-chan struct{}
}

func begin(t *testing.T, service string) aRun {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "tonight"), 0o750); err != nil {
		t.Fatal(err)
	}
	f := &progress.Feed{}
	done, err := progress.Keep(f, filepath.Join(dir, "tonight", progress.File))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close(); <-done })
	f.Tell(progress.Event{At: 1, Run: &progress.Run{ID: "a1b2c3d4e5f6", Service: service, Claims: 3, Began: time.Now(), Steps: []progress.Step{{Experiment: "outage/payment", Title: "payment is out", Length: time.Minute}}}})
	tail := progress.NewTail(filepath.Join(dir, "tonight", progress.File))
	for more := false; !more; runtime.Gosched() {
		if more, err = tail.Next(&progress.State{}); err != nil {
			t.Fatal(err)
		}
	}
	return aRun{f, dir, done}
}

// outage tells of an outage with texts that end so.
func (r aRun) outage(text string) {
	at := func(n int) time.Duration { return time.Duration(n) * time.Second }
	r.Tell(progress.Event{At: at(1), Phase: &progress.Phase{Experiment: "outage/payment", Title: "payment is out" + text, Name: "down" + text, Role: plumbline.RoleFault, Text: "payment hang" + text, Rate: 20}})
	r.Tell(progress.Event{At: at(1), Fault: &progress.Fault{Lease: "l", Text: "payment hang" + text, Dependency: "payment", State: progress.FaultInjected}})
	r.Tell(progress.Event{At: at(2), Pulse: &progress.Pulse{Rate: 20, Answers: 20, P50: 3 * time.Millisecond, P99: 40 * time.Millisecond}})
	r.Tell(progress.Event{At: at(3), Pulse: &progress.Pulse{Rate: 19, Answers: 39, Bad: 2, P50: 3 * time.Millisecond, P99: 41 * time.Millisecond, Standing: []progress.Standing{{Objective: "fast" + text, Target: 0.99, Within: 300 * time.Millisecond, Latency: 41 * time.Millisecond, Good: 0.995, Answers: 39}}}})
	r.Tell(progress.Event{At: at(4), Judged: &progress.Judged{Kept: 1, Broken: 1, Findings: []progress.Finding{{Claim: "resilience/breaker-opens/payment" + text, Reason: "13 calls" + text, Gates: true}}}})
}

func (r aRun) verdict(text string) {
	r.Tell(progress.Event{At: 9 * time.Second, Verdict: &progress.Verdict{Outcome: plumbline.Unfit, Sentence: "1 of 3 claims broken" + text, Kept: 2, Broken: 1, ExitCode: 1}})
	r.Close()
	<-r.done
}

func (r aRun) report(t *testing.T) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "unfit.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, "tonight", "report.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheHistoryIsServed(t *testing.T) {
	t.Parallel()
	dir := pastOf(t, 20, nil)
	s := served(t, Options{History: dir}, nil)
	resp, page := get(t, s.URL+"/")
	for _, want := range []string{
		"shop was unfit", "In the last of 20 runs", "The last good one was on <a href=\"/runs/000000000012\">", "resilience/breaker-opens/payment", "createOrder",
		`<svg class="stack"`, `<svg class="spark"`, "/runs/000000000013#F-",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{"style=", "http://", "https://", "onclick"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if got := resp.Header.Get("Content-Security-Policy"); got != policy {
		t.Errorf("policy %q", got)
	}
	resp, page = get(t, s.URL+"/runs/000000000013")
	if resp.StatusCode != http.StatusOK || !strings.Contains(page, "shop is unfit") || !strings.Contains(page, "Since the last good run") || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("the report of a run: %d", resp.StatusCode)
	}
	for path, want := range map[string]int{
		"/runs/nobody": 404, "/live/x": 404, "/live/..%2fx": 404, "/live/x/events": 404, "/live/x/report": 404, "/assets/x": 404, "/assets/..%2fsite.go": 404, "/x": 404,
		"/assets/site.js": 200, "/assets/site.css": 200, "/live": 200, "/healthz": 204, "/?last=1": 200, "/?service=nobody": 200,
	} {
		if resp, _ := get(t, s.URL+path); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
	// A night more is there at once.
	data, err := os.ReadFile(filepath.Join(dir, "000000000000.json"))
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.Replace(data, []byte(`"id":"000000000000","began":"2026-11-01`), []byte(`"id":"00000000beef","began":"2026-12-24`), 1)
	if err := os.WriteFile(filepath.Join(dir, "more.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, page := get(t, s.URL+"/"); !strings.Contains(page, "In the last of 21 runs") || !strings.Contains(page, "shop was fit") {
		t.Error("the night more is not there")
	}
}

func TestOnlyTheTokenOpensTheDoor(t *testing.T) {
	t.Parallel()
	s := served(t, Options{History: t.TempDir(), Token: "s3cret"}, nil)
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	for name, c := range map[string]struct {
		path   string
		change func(*http.Request)
		want   int
	}{
		"none":       {"/", func(*http.Request) {}, 401},
		"wrong":      {"/live", bearer("s3cre"), 401},
		"in the URL": {"/?token=s3cret", func(*http.Request) {}, 401},
		"assets":     {"/assets/site.css", func(*http.Request) {}, 401},
		"bearer":     {"/", bearer("s3cret"), 200},
		"password":   {"/", func(r *http.Request) { r.SetBasicAuth("anybody", "s3cret") }, 200},
		"from afar":  {"/", func(r *http.Request) { r.Host = "plumbline.example"; bearer("s3cret")(r) }, 200},
		"health":     {"/healthz", func(*http.Request) {}, 204},
	} {
		resp, page := get(t, s.URL+c.path, c.change)
		if resp.StatusCode != c.want || strings.Contains(page, "s3cret") {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, c.want)
		}
		if asks := resp.Header.Get("WWW-Authenticate") != ""; asks != (c.want == 401) {
			t.Errorf("%s: asks for a token: %t", name, asks)
		}
	}
	open := served(t, Options{History: t.TempDir()}, nil)
	if resp, _ := get(t, open.URL+"/", func(r *http.Request) { r.Host = "evil.example" }); resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("without a token a name that is not ours is answered: %d", resp.StatusCode)
	}
}

// TestARunIsFollowed reads the events of a run as a browser does.
func TestARunIsFollowed(t *testing.T) {
	t.Parallel()
	run := begin(t, "shop")
	s := served(t, Options{History: t.TempDir(), Runs: run.dir}, nil)
	if resp, page := get(t, s.URL+"/live"); resp.Path != "/live/tonight" || !strings.Contains(page, "shop is being put to the test") {
		t.Errorf("%s:\n%s", resp.Path, page)
	}
	if _, page := get(t, s.URL+"/"); !strings.Contains(page, `<a href="/live/tonight">shop is being put to the test</a>`) {
		t.Error("the history does not tell of the run under way")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/live/tonight/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("media type %q", got)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	shown := map[string]string{}
	until := func(part, want string) {
		t.Helper()
		for !strings.Contains(shown[part], want) {
			if !lines.Scan() {
				t.Fatalf("the stream ended before %q was in %s: %v", want, part, lines.Err())
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &shown); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	run.outage("")
	until("phases", "payment is out")
	until("status", "payment hang")
	until("faults", "In force now")
	until("tiles", "19<small>/s")
	until("objectives", "99 % in 300 ms")
	until("found", "13 calls")
	until("chart", `class="chart"`)
	run.Tell(progress.Event{At: 8 * time.Second, Fault: &progress.Fault{Lease: "l", State: progress.FaultHealed}})
	for strings.Contains(shown["faults"], "In force now") {
		until("none", "")
		if !lines.Scan() {
			t.Fatal("the fault is in force for ever")
		}
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			_ = json.Unmarshal([]byte(data), &shown)
		}
	}
	run.verdict("")
	until("status", "shop is unfit")
	run.report(t)
	until("status", "/live/tonight/report")
	for lines.Scan() {
		continue // ends by itself
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
	if resp, page := get(t, s.URL+"/live/tonight/report"); resp.StatusCode != http.StatusOK || !strings.Contains(page, "shop is unfit") {
		t.Errorf("the report: %d", resp.StatusCode)
	}
}

// TestNobodyWhoWatchesHoldsARunUp lets some browsers follow a run that take
// nothing of what they are sent, and some that go away at once. The run tells
// all that it has to tell, and the site lets go of them.
func TestNobodyWhoWatchesHoldsARunUp(t *testing.T) {
	t.Parallel()
	run := begin(t, "shop")
	var held *Site
	s := served(t, Options{History: t.TempDir(), Runs: run.dir}, func(s *Site) { s.stall, s.streams, held = 50*time.Millisecond, make(chan struct{}, 8), s })
	var stalled []net.Conn
	for i := range 8 {
		var d net.Dialer
		c, err := d.DialContext(t.Context(), "tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
		if _, err := io.WriteString(c, "GET /live/tonight/events HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			_ = c.Close()
			continue
		}
		stalled = append(stalled, c)
		defer func() { _ = c.Close() }()
	}
	// The run has more to say than sockets hold, while nobody listens.
	var said sync.WaitGroup
	said.Go(func() {
		for i := range 300 {
			run.outage(strings.Repeat(fmt.Sprint(i), 2000))
		}
		run.verdict("")
	})
	said.Wait() // it is not held up: nobody has read a byte yet
	for range cap(held.streams) {
		held.streams <- struct{}{} // there is room for all again: none is waited for any more
	}
	if len(stalled) != 4 {
		t.Errorf("%d stalled", len(stalled))
	}
	if _, page := get(t, s.URL+"/live/tonight"); !strings.Contains(page, "shop is unfit") {
		t.Error("the verdict is not in the file")
	}
}

func TestARunThatBreaksOffIsSaidTo(t *testing.T) {
	t.Parallel()
	run := begin(t, "shop")
	run.outage("")
	run.Close()
	<-run.done
	long := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(run.dir, "tonight", progress.File), long, long); err != nil {
		t.Fatal(err)
	}
	s := served(t, Options{History: t.TempDir(), Runs: run.dir}, nil)
	if _, page := get(t, s.URL+"/live/tonight"); !strings.Contains(page, "the run broke off") {
		t.Error("a run that is not heard of passes for one under way")
	}
	if _, page := get(t, s.URL+"/"); strings.Contains(page, "is being put to the test") {
		t.Error("the history shows it as under way")
	}
	if _, stream := get(t, s.URL+"/live/tonight/events"); !strings.Contains(stream, "event: end") {
		t.Error("its events do not end")
	}
}

// BenchmarkTwoHundredNights is the page of the history: the first that a server
// is asked for, without an index and with one, and a later one.
func BenchmarkTwoHundredNights(b *testing.B) {
	dir := pastOf(b, 200, nil)
	for name, prepare := range map[string]func(*Site) *Site{
		"first, no index": func(*Site) *Site {
			_ = os.Remove(filepath.Join(dir, "index.json"))
			s, _ := New(Options{History: dir})
			return s
		},
		"first, index": func(*Site) *Site { s, _ := New(Options{History: dir}); return s },
		"later":        func(s *Site) *Site { return s },
	} {
		s, err := New(Options{History: dir})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s = prepare(s)
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Host = "localhost"
				if s.Handler().ServeHTTP(w, r); !strings.Contains(w.Body.String(), "200 runs") {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
