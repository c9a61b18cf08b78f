package stateful

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A run that stops in the middle, and whose last creations are answered to
// nobody, leaves things behind. Its ledger is enough to delete them, and nothing
// else; a second time there is nothing to do.
func TestRecover(t *testing.T) {
	t.Parallel()
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w, base := watch(t, s)
			d := plumb(t, s)
			lossy := losing(t, base)
			p, file := pool(t, lossy.URL, d, plumbline.ModeOwn)
			for range 3 {
				for _, op := range d.Operations {
					send(t, p, op)
				}
			}
			lossy.Config.Handler.(*loser).lose = true
			for _, op := range d.Operations {
				if op.Creates() {
					send(t, p, op)
				}
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			cut(t, file)
			time.Sleep(2 * delay) // what was asked for is there by now
			left := len(s.Rows()) - len(w.Before())
			again := &target.Pool{Client: client(t, base), Operations: d.Operations, Families: d.Families, Mode: plumbline.ModeOwn}
			all, err := again.Recover(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			survives := map[string]bool{}
			for _, r := range all {
				if !r.Deleted {
					survives[r.Operation] = true
				}
			}
			// Ledgers are listed nowhere: one whose creation was never answered
			// cannot be found, and that is said.
			if want := s.Name == "composite"; survives["openLedger"] != want || len(survives) > 1 || len(survives) == 1 && !want {
				t.Errorf("survive: %v", survives)
			}
			rows := s.Rows()
			maps.DeleteFunc(rows, func(path, _ string) bool {
				return survives["openLedger"] && strings.HasPrefix(path, "/accounts/a1") && path != "/accounts/a1/ledgers/1"
			})
			if diff := cmp.Diff(w.Before(), rows); diff != "" || len(w.Foreign()) > 0 {
				t.Errorf("not as before: %v (-want +got):\n%s", w.Foreign(), diff)
			}
			t.Logf("%s: %d left behind, %d in the ledger", s.Name, left, len(all))
			if left == 0 {
				t.Error("nothing was left behind: the test shows nothing")
			}
			third := &target.Pool{Client: client(t, base), Operations: d.Operations, Families: d.Families, Mode: plumbline.ModeOwn}
			if all, err := third.Recover(t.Context(), file); err != nil || len(all) > len(survives) {
				t.Errorf("a second time: %v %v", all, err)
			}
		})
	}
}

// cut writes half a line, as a kill does.
func cut(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(`{"n":99999,"state":"int`)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
}

func client(t *testing.T, base string) *target.Client {
	t.Helper()
	c, err := target.New(target.Config{Base: base, Run: "a1b2c3d4e5f6", Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func send(t *testing.T, p *target.Pool, op plumbline.Operation) {
	t.Helper()
	req, err := p.Fill(t.Context(), op.Cases[0])
	if err != nil && !strings.Contains(err.Error(), "error") {
		return
	}
	p.Learn(op.ID, p.Client.Do(t.Context(), target.Shot{Operation: op.ID, Case: op.Cases[0].ID, Request: req, Unbound: err}))
}

// A loser passes requests on, and loses the answers to what creates when it is
// told to.
type loser struct {
	base string
	lose bool
}

func losing(t *testing.T, base string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(&loser{base: base})
	t.Cleanup(s.Close)
	return s
}

// ServeHTTP passes one request on.
func (l *loser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, l.base+r.URL.RequestURI(), r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	req.Header, req.ContentLength = r.Header, r.ContentLength
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	if l.lose && (r.Method == http.MethodPost || r.Method == http.MethodPut) {
		panic(http.ErrAbortHandler)
	}
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(resp.StatusCode)
	buf := make([]byte, 1<<16)
	for {
		n, err := resp.Body.Read(buf)
		_, _ = w.Write(buf[:n])
		if err != nil {
			return
		}
	}
}
