package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// Each kind of noise is made of a program that stands for the one under
// measurement, and told; one that did not take place is an error.
func TestNoiseIsMadeAndTold(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer carol-") && r.Header.Get("Traceparent") == "" {
			asked.Add(1)
		}
	}))
	t.Cleanup(shop.Close)
	const (
		plan    = `echo '{"experiments":[{"phases":[{},{}]}]}' > $DIR/plan.json; `
		journal = `echo '{"at":1,"phase":{"experiment":"x","phase":"y"}}' > $DIR/evidence.jsonl; `
		waits   = `trap 'exit 7' USR1; n=0; while [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done`
	)
	serves := "echo '" + serving + shop.URL + "; defect: none'; "
	for _, c := range []struct {
		name, noise, script string
		number, status      int
		what                string // a pattern; empty: nothing is told
		err                 error
	}{
		{"none", "", "exit 3", 1, 3, "", nil},
		{"late dependencies", jittery, `[ "$SHOP_JITTER" = 5ms ]`, 1, 0, "", nil},
		{"a second client after the first phase", foreign, serves + journal + "sleep 1", 1, 0, `^[1-9]\d* requests, [1-9]\d* answered 2xx$`, nil},
		{"a second client before the run", foreign, serves + "sleep 1", 2, 0, `^[1-9]\d* requests, [1-9]\d* answered 2xx$`, nil},
		{"a second client who never came", foreign, serves + "sleep 0.5", 1, 0, "", errTooShort},
		{"pauses", paused, "sleep 1.5", 1, 0, `^[1-9] pauses$`, nil},
		{"started anew", redeploy, plan + journal + waits, 1, 7, `^started anew after 1 of 2 phases`, nil},
		{"over before it was started anew", redeploy, plan + "sleep 0.5", 1, 0, "", errTooShort},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), "sh", "-c", c.script)
			cmd.Env = append(os.Environ(), "DIR="+dir)
			_, err := config{noise: c.noise}.beside(t.Context(), cmd, job{number: c.number}, dir)
			if !errors.Is(err, c.err) || cmd.ProcessState.ExitCode() != c.status {
				t.Errorf("%v, exit %d, want %v, exit %d", err, cmd.ProcessState.ExitCode(), c.err, c.status)
			}
			what, _ := os.ReadFile(filepath.Join(dir, noted))
			if told := strings.TrimSpace(string(what)); !regexp.MustCompile(c.what).MatchString(told) || c.what == "" && told != "" {
				t.Errorf("told %q, want %q", told, c.what)
			}
		})
	}
	t.Cleanup(func() {
		if asked.Load() == 0 {
			t.Error("the second client has asked for nothing")
		}
	})
}

func TestNoiseThatIsNotKnownIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config config
		ok     bool
	}{
		{config{target: processes}, true},
		{config{target: processes, noise: redeploy}, true},
		{config{target: containers, noise: busy}, true},
		{config{target: containers, noise: foreign}, false},
		{config{target: processes, noise: "music"}, false},
	} {
		if err := c.config.known(); (err == nil) != c.ok {
			t.Errorf("%s of %s: %v", c.config.noise, c.config.target, err)
		}
	}
}
