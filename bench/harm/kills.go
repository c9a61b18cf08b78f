package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const (
	lease     = 15 * time.Second // of every fault of a run
	toGoBy    = lease + 5*time.Second
	soonest   = time.Second // after a run began it is killed
	latest    = 45 * time.Second
	inProcess = "resilience,idempotency,overload/no-metastability" // what breaks wires
)

// A kill is a run that was ended by SIGKILL, and what was left of it.
type kill struct {
	after   time.Duration // since it began
	ended   bool          // by itself, before
	leases  int           // in force at the kill
	healed  time.Duration // from the kill until none was
	broken  []string      // what did not pass through then
	cleaned left          // by plumbline clean
	again   left          // and the second time
	healing int           // exit code of plumbline heal
}

// A left is what plumbline clean says of the things that a run has made.
type left struct {
	exit, deleted int
	doubts        int // requests that were never answered, of things that carry no value of the run
	survivors     int
}

func (c config) clean(ctx context.Context, s *stage, dir string) (left, error) {
	said, err := c.command(ctx, s.env, "clean", dir, "-c", declaration).CombinedOutput()
	l := left{deleted: bytes.Count(said, []byte("deleted: ")), doubts: bytes.Count(said, []byte("in doubt: ")), survivors: bytes.Count(said, []byte("survives: "))}
	l.exit, err = exitOf(err)
	return l, err
}

// moment is when a run is killed.
func moment(r *rand.Rand) time.Duration {
	return soonest + time.Duration(r.Int64N(int64(latest-soonest)))
}

// killed kills runs against processes.
func (c config) killed(ctx context.Context) ([]kill, error) {
	if c.kills == 0 {
		return nil, nil
	}
	s, err := c.stage(ctx)
	defer s.stop()
	if err != nil {
		return nil, err
	}
	moments := rand.New(rand.NewPCG(c.seed, 0)) //nolint:gosec // no secret
	var out []kill
	for i := range c.kills {
		k, err := c.kill(ctx, s, filepath.Join(c.out, fmt.Sprintf("kill-%02d", i+1)), moment(moments))
		if err != nil {
			return out, err
		}
		out = append(out, k)
	}
	return out, nil
}

func (c config) kill(ctx context.Context, s *stage, dir string, after time.Duration) (k kill, err error) {
	k.after = after
	if err := os.RemoveAll(dir); err != nil { // the ledger of an earlier run in the same folder is kept
		return k, err
	}
	cmd := c.command(ctx, s.env, "run", "-c", declaration, "--only", inProcess, "--out", dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return k, err
	}
	over := make(chan struct{})
	go func() { _ = cmd.Wait(); close(over) }()
	select {
	case <-over:
		k.ended = true
	case <-time.After(after):
		_ = cmd.Process.Kill()
		<-over
	}
	if k.ended && cmd.ProcessState.ExitCode() == plumbline.ExitUsage {
		return k, fmt.Errorf("the run does not begin: %s", said.String())
	}
	if err := k.watch(ctx, s); err != nil {
		return k, err
	}
	k.broken = append(k.broken, s.notThrough(ctx)...)
	if k.cleaned, err = c.clean(ctx, s, dir); err != nil {
		return k, err
	}
	if k.again, err = c.clean(ctx, s, dir); err != nil {
		return k, err
	}
	k.healing, err = exitOf(c.command(ctx, s.env, "heal", "-c", declaration).Run())
	return k, err
}

// watch waits until no fault is in force.
func (k *kill) watch(ctx context.Context, s *stage) error {
	at := time.Now()
	for first := true; ; first = false {
		status, err := s.client.Status(ctx)
		if err != nil {
			return err
		}
		if first {
			k.leases = len(status.Leases)
		}
		if k.healed = time.Since(at); len(status.Leases) == 0 {
			return nil
		}
		if k.healed > toGoBy {
			k.broken = append(k.broken, fmt.Sprintf("%d faults are in force after %s", len(status.Leases), k.healed.Round(time.Second)))
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// notThrough are the wires that do not pass through, and the shop if what it
// needs them for does not succeed within the time that its breakers take.
func (s *stage) notThrough(ctx context.Context) (out []string) {
	for name, path := range map[string]string{"inventory": "/stock/p-1", "recs": "/recommendations/p-1"} {
		if status := get(ctx, "http://"+s.wires[name]+path); status != http.StatusOK {
			out = append(out, fmt.Sprintf("the wire to %s answers %d", name, status))
		}
	}
	for end := time.Now().Add(20 * time.Second); ; {
		product, order := s.ask(ctx, 0), s.ask(ctx, 1)
		if product == http.StatusOK && order == http.StatusCreated {
			return out
		}
		if time.Now().After(end) {
			return append(out, fmt.Sprintf("the shop answers %d and %d", product, order))
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func get(ctx context.Context, url string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// wrong says what must not be.
func (k kill) wrong() error {
	if len(k.broken) > 0 {
		return fmt.Errorf("killed after %s: %s", k.after.Round(time.Millisecond), strings.Join(k.broken, "; "))
	}
	doubtful := map[bool]int{false: plumbline.ExitFit, true: plumbline.ExitNotRestored}[k.cleaned.doubts > 0]
	if k.healing != plumbline.ExitFit || k.cleaned.exit != doubtful || k.again.exit != doubtful || k.cleaned.survivors+k.again.survivors+k.again.deleted > 0 {
		return fmt.Errorf("killed after %s: heal ends with %d, clean with %+v, and again with %+v", k.after.Round(time.Millisecond), k.healing, k.cleaned, k.again)
	}
	return nil
}

func killsText(on string, killed []kill, contained []contained) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Runs that are killed\n\nWritten by `make bench-harm`: %s.\n", on)
	if len(killed) > 0 {
		fmt.Fprintf(&b, "\n## On wires that outlive them\n\nRuns of `--only %s` against processes, ended by SIGKILL. A lease is %s. Then every wire of HTTP is asked, and the shop for a product and an order; `clean` deletes what the run had created, and the second time there is nothing to do. What was asked for in the very moment of the kill and carries no value of the run cannot be told from what others made: it is in doubt, is named, and makes the exit code %d.\n\n", inProcess, lease, plumbline.ExitNotRestored)
		b.WriteString("| killed after | faults in force | none after | passes through | clean: deleted | in doubt | survive | exit | deleted again | heal: exit |\n|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|\n")
		for _, k := range killed {
			through := "yes"
			if len(k.broken) > 0 {
				through = strings.Join(k.broken, "; ")
			}
			when := fmt.Sprintf("%.1f s", k.after.Seconds())
			if k.ended {
				when = "had ended"
			}
			c := k.cleaned
			fmt.Fprintf(&b, "| %s | %d | %.1f s | %s | %d | %d | %d | %d | %d | %d |\n", when, k.leases, k.healed.Seconds(), through, c.deleted, c.doubts, c.survivors, c.exit, k.again.deleted, k.healing)
		}
	}
	if len(contained) > 0 {
		b.WriteString("\n## In containers\n\nRuns with target.compose. `clean` without a run removes what runs have left whose process is gone.\n\n| killed after | left | clean | left then |\n|---:|---:|---:|---:|\n")
		for _, k := range contained {
			fmt.Fprintf(&b, "| %.1f s | %d | %d | %d |\n", k.after.Seconds(), k.left, k.cleaned, k.then)
		}
	}
	return b.String()
}
