//go:build e2e

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline/runners"
)

// built is the binary under test.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plumbline")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// start starts a process that ends with the test, and returns its first line.
func start(t *testing.T, env []string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v ended: %v", argv, err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return strings.TrimSpace(line)
}

// A staging is the shop with wires that no run owns.
type staging struct {
	bin, control string
	wires        map[string]string
	env          []string
}

func stage(t *testing.T) staging {
	t.Helper()
	s := staging{bin: built(t)}
	args := []string{s.bin, "wire"}
	for _, role := range []string{"inventory", "payment", "recs", "store"} {
		addr := strings.TrimPrefix(start(t, nil, s.bin, "shop", role), "listening ")
		scheme, upstream := "http://", "http://"+addr
		if role == "store" {
			scheme, upstream = "tcp://", addr
		}
		args = append(args, "--wire", role+"=127.0.0.1:0="+scheme+addr)
		s.env = append(s.env, strings.ToUpper(role)+"_UPSTREAM="+upstream)
	}
	said := start(t, []string{tokenVariable + "=secret"}, args...)
	var ready wireReady
	if err := json.Unmarshal([]byte(strings.TrimPrefix(said, wireReadyWord)), &ready); err != nil {
		t.Fatalf("%q: %v", said, err)
	}
	s.control, s.wires = ready.Control, ready.Wires
	for role, addr := range ready.Wires {
		s.env = append(s.env, strings.ToUpper(role)+"_LISTEN="+addr)
	}
	shop := start(t, []string{
		"INVENTORY_URL=http://" + s.wires["inventory"], "PAYMENT_URL=http://" + s.wires["payment"],
		"RECS_URL=http://" + s.wires["recs"], "STORE_ADDR=" + s.wires["store"], "SHOP_TOKENS=alice=a,bob=b,dave=d", "SHOP_LIMITS=dave=10/1s",
	}, s.bin, "shop", "orders")
	s.env = append(s.env, "SHOP_URL=http://"+strings.TrimPrefix(shop, "listening "), "SHOP_TOKEN_ALICE=a", "SHOP_TOKEN_BOB=b", "SHOP_TOKEN_DAVE=d", "WIRE_CONTROL="+s.control, "WIRE_TOKEN=secret")
	return s
}

// inFault starts a run and returns when a fault is in force, with the run's ID.
func (s staging) inFault(t *testing.T, out string) (cmd *exec.Cmd, run string) {
	t.Helper()
	cmd = exec.Command(s.bin, "run", "-c", "../../examples/shop/plumbline.yaml", "--only", "resilience/breaker-opens", "--out", out)
	cmd.Env = append(os.Environ(), s.env...)
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "run "); ok && run == "" {
			run, _, _ = strings.Cut(rest, ":")
		}
		if strings.Contains(lines.Text(), "down  inventory status 503") {
			go func() { _, _ = io.Copy(io.Discard, said) }()
			s.await(t, run, http.StatusServiceUnavailable, 10*time.Second)
			return cmd, run
		}
	}
	t.Fatalf("the run ended before a fault: %v", cmd.Wait())
	return nil, ""
}

// await waits until the inventory wire answers a request of the run like that.
func (s staging) await(t *testing.T, run string, status int, limit time.Duration) {
	t.Helper()
	last := 0
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.wires["inventory"]+"/stock/p-1", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Traceparent", fmt.Sprintf("00-%s00010001000000000001-0001000000000001-01", run))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if last = resp.StatusCode; last == status {
			return
		}
	}
	t.Fatalf("after %s the wire still answers %d, not %d", limit, last, status)
}

func readReport(t *testing.T, dir string) (r struct {
	Incomplete  bool     `json:"incomplete"`
	Outcome     string   `json:"outcome"`
	ExitCode    int      `json:"exit_code"`
	NotRestored []string `json:"not_restored"`
},
) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// When plumbline is killed in a fault, the wires heal by themselves within the
// lease, and what is left of the journal can be judged.
func TestKilledInAFault(t *testing.T) {
	s, out := stage(t), filepath.Join(t.TempDir(), "run")
	cmd, run := s.inFault(t, out)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	s.await(t, run, http.StatusOK, 20*time.Second) // the lease is 15 s
	err := exec.CommandContext(t.Context(), s.bin, "judge", out).Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("judge: %v, want exit 3", err)
	}
	if r := readReport(t, out); !r.Incomplete || r.Outcome != "not-proven" {
		t.Errorf("report %+v", r)
	}
}

// An interrupted run heals its faults, writes its report and exits 130.
func TestInterruptedInAFault(t *testing.T) {
	s, out := stage(t), filepath.Join(t.TempDir(), "run")
	cmd, run := s.inFault(t, out)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("run: %v, want exit 130", err)
	}
	s.await(t, run, http.StatusOK, time.Second)
	if r := readReport(t, out); !r.Incomplete || r.ExitCode != 130 || len(r.NotRestored) > 0 {
		t.Errorf("report %+v", r)
	}
}

// Who does not want to wait for the lease to end heals the wires by hand.
func TestCleanHealsInAFault(t *testing.T) {
	s, out := stage(t), filepath.Join(t.TempDir(), "run")
	cmd, run := s.inFault(t, out)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	clean := exec.CommandContext(t.Context(), s.bin, "clean", "-c", "../../examples/shop/plumbline.yaml")
	clean.Env = append(os.Environ(), s.env...)
	if said, err := clean.CombinedOutput(); err != nil || !strings.Contains(string(said), "inventory passes everything through") {
		t.Errorf("%v: %s", err, said)
	}
	s.await(t, run, http.StatusOK, time.Second)
}

// A second client of the shop, whose requests carry no trace of the run, has
// none of its dependency calls faulted while the run breaks every HTTP wire.
func TestOthersAreNotFaulted(t *testing.T) {
	s, out := stage(t), filepath.Join(t.TempDir(), "run")
	var url string
	for _, e := range s.env {
		if v, ok := strings.CutPrefix(e, "SHOP_URL="); ok {
			url = v
		}
	}
	stop, done, sent := make(chan struct{}), make(chan struct{}), 0
	go func() {
		defer close(done)
		for tick := time.NewTicker(200 * time.Millisecond); ; sent++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			req, err := http.NewRequest(http.MethodGet, url+"/products/p-1", nil)
			if err != nil {
				continue
			}
			req.Header.Set("Authorization", "Bearer b")
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}
	}()
	cmd := exec.CommandContext(t.Context(), s.bin, "run", "-c", "../../examples/shop/plumbline.yaml", "--only", "resilience/fault-matrix,resilience/breaker-opens", "--out", out)
	cmd.Env = append(os.Environ(), s.env...)
	said, err := cmd.CombinedOutput()
	close(stop)
	<-done
	e, rerr := runners.ReadEvidence(filepath.Join(out, "evidence.jsonl"))
	if rerr != nil {
		t.Fatalf("%v %v\n%s", err, rerr, said)
	}
	ours, others, faulted := 0, 0, 0
	for _, x := range e.Exchanges {
		switch mine := strings.HasPrefix(x.Trace, e.Run.ID); {
		case x.Method == "": // a connection of a TCP wire knows no traces
		case mine && x.Fault != "":
			ours++
		case !mine:
			others++
			if x.Fault != "" {
				faulted++
			}
		}
	}
	t.Logf("%d requests of the other client set off %d calls, %d of them faulted; the run had %d calls faulted", sent, others, faulted, ours)
	if faulted > 0 || others < sent || sent < 100 || ours < 100 {
		t.Errorf("exit: %v\n%s", err, said)
	}
}
