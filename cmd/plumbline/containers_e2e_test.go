//go:build e2e

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/deploy/docker"
	"github.com/plumbline-dev/plumbline/runners/ports"
)

// inContainers is the binary with the program of the wires beside it, and the
// sample system's compose file with the binary that its image holds.
func inContainers(t *testing.T) (bin, config string) {
	t.Helper()
	if exec.CommandContext(t.Context(), "docker", "info").Run() != nil {
		t.Skip("no Docker runs here")
	}
	bin = built(t)
	dir := t.TempDir()
	for pkg, to := range map[string]string{"./cmd/plumbline-wire": filepath.Join(filepath.Dir(bin), "plumbline-wire"), "./examples/shop/cmd/shop": filepath.Join(dir, "shop")} {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", to, pkg)
		cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if err := os.CopyFS(filepath.Join(dir, "files"), os.DirFS("../../examples/shop")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "shop"), filepath.Join(dir, "files", "shop")); err != nil {
		t.Fatal(err)
	}
	return bin, filepath.Join(dir, "files", "plumbline.compose.yaml")
}

// ofRun are the containers of a run that are there.
func ofRun(t *testing.T, label string) int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", "ps", "-aq", "--filter", "label="+label).Output()
	if err != nil {
		t.Fatal(err)
	}
	return len(strings.Fields(string(out)))
}

// The sample system is judged in containers as in processes: the right one is
// fit, and defects are caught by the functions that have to.
func TestShopInContainers(t *testing.T) {
	bin, config := inContainers(t)
	for defect, caught := range map[string]string{
		"": "", "retry-without-jitter": "resilience/retry-jitter", "unbounded-retry": "resilience/retry-bounded",
	} {
		out := filepath.Join(t.TempDir(), "run")
		cmd := exec.CommandContext(t.Context(), bin, "run", "-c", config, "--out", out, "--only", "resilience/retry-jitter,resilience/retry-bounded")
		cmd.Env = append(os.Environ(), "SHOP_MUTANT="+defect)
		said, err := cmd.CombinedOutput()
		var r plumbline.Report
		data, rerr := os.ReadFile(filepath.Join(out, "report.json"))
		if rerr != nil || json.Unmarshal(data, &r) != nil {
			t.Fatalf("%q: %v %v\n%s", defect, err, rerr, said)
		}
		var failed []string
		for _, f := range r.Findings {
			if f.Outcome == plumbline.Fail {
				failed = append(failed, f.Function)
			}
		}
		if want := map[bool]int{true: 0, false: 1}[defect == ""]; r.ExitCode != want || caught != "" && !slices.Contains(failed, caught) {
			t.Errorf("%q: exit %d, failed %v: %s", defect, r.ExitCode, failed, r.Sentence)
		}
		var was deployed
		if err := readJSON(filepath.Join(out, deploymentFile), &was); err != nil || ofRun(t, docker.LabelRun+"="+was.Containers) != 0 {
			t.Errorf("%q: left behind, %v", defect, err)
		}
	}
}

// What a killed run leaves is removed by clean, and by nothing while it lives.
func TestKilledWithContainers(t *testing.T) {
	bin, config := inContainers(t)
	out := filepath.Join(t.TempDir(), "run")
	cmd := exec.CommandContext(t.Context(), bin, "run", "-c", config, "--out", out, "--only", "resilience/retry-bounded")
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(said); lines.Scan() && !strings.Contains(lines.Text(), "harness/"); {
	}
	clean := func() (string, int) {
		c := exec.CommandContext(t.Context(), bin, "clean", out)
		text, _ := c.CombinedOutput()
		return string(text), c.ProcessState.ExitCode()
	}
	if text, code := clean(); code != plumbline.ExitNotRestored || !strings.Contains(text, "under way") {
		t.Errorf("of a run that lives: exit %d: %s", code, text)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	var was deployed
	if err := readJSON(filepath.Join(out, deploymentFile), &was); err != nil {
		t.Fatal(err)
	}
	label := docker.LabelRun + "=" + was.Containers
	if n := ofRun(t, label); n != 9 {
		t.Errorf("%d containers are left, 5 services and 4 wires were started", n)
	}
	if text, code := clean(); code != 0 || ofRun(t, label) != 0 {
		t.Errorf("exit %d: %s", code, text)
	}
	if text, code := clean(); code != 0 {
		t.Errorf("again: exit %d: %s", code, text)
	}
}

// A process that the run starts is the target, and is gone after it.
func TestTargetAsAProcess(t *testing.T) {
	bin := built(t)
	at, err := ports.Free(t.Context(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	document, err := filepath.Abs("../../examples/shop/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "plumbline.yaml")
	text := fmt.Sprintf("openapi: %s\ntarget: {url: \"http://%s\", command: [%s, shop, orders, --listen, \"%s\"], env: {SHOP_TOKENS: alice=a}}\nidentities: {alice: {bearer: a}}\n", document, at, bin, at)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "run")
	said, err := exec.CommandContext(t.Context(), bin, "run", "-c", config, "--out", out, "--only", "contract/spec-is-served").CombinedOutput()
	if !strings.Contains(string(said), "✓ contract/spec-is-served") {
		t.Errorf("%v\n%s", err, said)
	}
	if conn, err := net.Dial("tcp", at); err == nil {
		_ = conn.Close()
		t.Error("the process still listens")
	}
}
