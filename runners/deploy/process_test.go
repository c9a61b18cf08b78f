package deploy

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestAProcessIsStartedAwaitedAndStopped(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p, err := Start(t.Context(), Command{Name: "sh", Argv: []string{"sh", "-c", `echo first; echo "listening 127.0.0.1:$PORT"; exec sleep 60`}, Env: []string{"PORT=7"}, Ready: "listening ", Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	if p.Line != "127.0.0.1:7" {
		t.Errorf("line %q", p.Line)
	}
	p.Stop(5 * time.Second)
	p.Stop(time.Second)
	select {
	case <-p.Ended():
	default:
		t.Error("still running after Stop")
	}
	if !strings.Contains(log.String(), "first") {
		t.Errorf("log %q", log.String())
	}
}

func TestWhatNeverGetsReadyIsNotLeftRunning(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, want string }{
		"ends":  {"exit 3", "ended before it was ready"},
		"hangs": {"exec sleep 60", "not ready after"},
	} {
		_, err := Start(t.Context(), Command{Name: name, Argv: []string{"sh", "-c", c.script}, Ready: "listening ", Timeout: 300 * time.Millisecond})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAProcessThatIgnoresTheRequestIsKilled(t *testing.T) {
	t.Parallel()
	p, err := Start(t.Context(), Command{Name: "stubborn", Argv: []string{"sh", "-c", `trap "" TERM; echo listening x; while :; do sleep 0.05; done`}, Ready: "listening "})
	if err != nil {
		t.Fatal(err)
	}
	p.Stop(100 * time.Millisecond)
}
