//go:build unix

package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A terminal is one that the tool runs on: what it has written so far, and what
// is waited for in it.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	file *os.File
	mu   sync.Mutex
	text bytes.Buffer
	more *sync.Cond
	end  bool
}

// onTerminal starts the tool on a terminal of 100 columns, in a folder.
func onTerminal(t *testing.T, dir string, env []string, args ...string) *terminal {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Dir = dir
	c.Env = append(slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "CI=") || strings.HasPrefix(s, "NO_COLOR=")
	}), append([]string{"TERM=xterm-256color"}, env...)...)
	file, err := pty.StartWithSize(c, &pty.Winsize{Rows: 40, Cols: 100})
	if err != nil {
		t.Skipf("no terminal can be made: %v", err)
	}
	p := &terminal{t: t, cmd: c, file: file}
	p.more = sync.NewCond(&p.mu)
	hung := time.AfterFunc(time.Minute, func() { _ = c.Process.Kill() }) // and what was written is told
	t.Cleanup(func() { hung.Stop(); _ = file.Close() })
	go p.read()
	return p
}

func (p *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := p.file.Read(buf)
		p.mu.Lock()
		p.text.Write(buf[:n])
		p.end = err != nil
		p.more.Broadcast()
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// wait waits until a text was written.
func (p *terminal) wait(text string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !strings.Contains(p.text.String(), text) {
		if p.end {
			p.t.Fatalf("%q was never written, but\n%s", text, p.text.String())
		}
		p.more.Wait()
	}
}

func (p *terminal) types(keys string) {
	p.t.Helper()
	if _, err := p.file.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// ended waits for the end, and gives everything written and the exit code.
func (p *terminal) ended() (text string, code int) {
	p.t.Helper()
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.end {
		p.more.Wait()
	}
	return p.text.String(), p.cmd.ProcessState.ExitCode()
}

// things is a service that does what thingsDocument says, and a folder with
// that document.
func things(t *testing.T) (url, dir string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/things" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte(`{"things":[1,2]}`))
	}))
	t.Cleanup(s.Close)
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "things.yaml"), []byte(thingsDocument), 0o600); err != nil {
		t.Fatal(err)
	}
	return s.URL, dir
}

var phaseLine = regexp.MustCompile(`(?m)^ +\d+\.\ds  `)

const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
)

// A run on a terminal shows a picture that moves. An interrupt says what it
// brings about, gives the terminal back and leaves a report.
func TestRunOnATerminal(t *testing.T) {
	t.Parallel()
	url, dir := things(t)
	p := onTerminal(t, dir, nil, "run", "--spec", "things.yaml", "--target", url, "--slo", "p(99)<300ms", "--only", "load", "--out", "run")
	for _, text := range []string{hideCursor, "load/target · ", "p99 "} { // of what stands there already only the difference is written
		p.wait(text)
	}
	p.types("\x03")
	p.wait("interrupted: no fault is in force")
	text, code := p.ended()
	if code != 130 {
		t.Errorf("exit %d", code)
	}
	if strings.LastIndex(text, hideCursor) > strings.LastIndex(text, showCursor) {
		t.Error("the cursor stays hidden")
	}
	if i := strings.LastIndex(text, showCursor); !strings.Contains(text[i:], "INCOMPLETE") {
		t.Errorf("the report does not come behind the picture:\n%s", text[i:])
	}
	if _, err := os.Stat(filepath.Join(dir, "run", "report.json")); err != nil {
		t.Error(err)
	}
}

// Where nobody can see a picture move there is none: in CI, where it is not
// wanted, and on terminals that cannot.
func TestRunOnATerminalWithoutAPicture(t *testing.T) {
	t.Parallel()
	url, dir := things(t)
	args := []string{"run", "--spec", "things.yaml", "--target", url, "--only", "contract/response-conforms", "--out"}
	for name, c := range map[string]struct {
		env, flags []string
		lines      bool
	}{
		"ci": {[]string{"CI=true"}, nil, true}, "dumb": {[]string{"TERM=dumb"}, nil, true},
		"plain": {nil, []string{"--plain"}, true}, "quiet": {nil, []string{"--quiet"}, false},
	} {
		text, code := onTerminal(t, dir, c.env, append(append(slices.Clone(args), name), c.flags...)...).ended()
		if code != 0 || strings.Contains(text, hideCursor) || strings.Contains(text, "ctrl+c") {
			t.Errorf("%s: exit %d\n%s", name, code, text)
		}
		if got := phaseLine.MatchString(text); !strings.Contains(text, "FIT") || c.lines != got {
			t.Errorf("%s: lines of phases: %v\n%s", name, got, text)
		}
	}
}
