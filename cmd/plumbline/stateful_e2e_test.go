//go:build e2e

package main

import (
	"bufio"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline/examples/stateful"
)

// served is a service behind its witness, with its document in a file.
func served(t *testing.T, s *stateful.Service) (w *stateful.Witness, base, spec string) {
	t.Helper()
	w = stateful.NewWitness(s, nil)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	spec = filepath.Join(t.TempDir(), s.Name+".yaml")
	if err := os.WriteFile(spec, s.Document, 0o600); err != nil {
		t.Fatal(err)
	}
	return w, server.URL, spec
}

// A whole run without configuration reaches nine operations in ten, changes
// nothing that was there, and leaves nothing behind.
func TestRunReachesStatefulServices(t *testing.T) {
	bin := built(t)
	for _, s := range stateful.All() {
		t.Run(s.Name, func(t *testing.T) {
			w, base, spec := served(t, s)
			out := filepath.Join(t.TempDir(), "run")
			cmd := exec.CommandContext(t.Context(), bin, "run", "--spec", spec, "--target", base, "--only", "contract,api", "--out", out)
			cmd.Dir = t.TempDir()
			began := time.Now()
			said, _ := cmd.CombinedOutput()
			reached, all := reachedIn(t, out)
			t.Logf("%s: %d of %d operations reached in %s, %d requests, %d foreign mutations", s.Name, reached, all, time.Since(began).Round(time.Second), w.Requests(), len(w.Foreign()))
			if reached*10 < all*9 {
				t.Errorf("%d of %d operations reached\n%s", reached, all, said)
			}
			if diff := cmp.Diff(w.Before(), s.Rows()); diff != "" || len(w.Foreign()) > 0 {
				t.Errorf("not as before: %v (-want +got):\n%s", w.Foreign(), diff)
			}
			accused(t, out)
		})
	}
}

// accused fails on every finding that gates, for the services are right, and on
// what survives; it tells what only warns.
func accused(t *testing.T, dir string) {
	t.Helper()
	var report struct {
		Findings []struct {
			Claim   string `json:"claim"`
			Outcome string `json:"outcome"`
			Level   string `json:"level"`
			Gates   bool   `json:"gates"`
			Reason  string `json:"reason"`
		} `json:"findings"`
		Notes []string `json:"notes"`
	}
	data, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err == nil {
		err = json.Unmarshal(data, &report)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		switch {
		case f.Gates && f.Outcome == "fail":
			t.Errorf("a right service is accused: %s: %s", f.Claim, f.Reason)
		case f.Outcome == "fail" || f.Outcome == "inconclusive":
			t.Logf("%s %s %s: %s", f.Claim, f.Outcome, f.Level, f.Reason)
		}
	}
	for _, note := range report.Notes {
		if strings.Contains(note, "survive") {
			t.Error(note)
		}
	}
}

// reachedIn counts the operations of a run that were answered 2xx.
func reachedIn(t *testing.T, dir string) (reached, all int) {
	t.Helper()
	var design struct {
		Operations []struct {
			ID string `json:"id"`
		} `json:"operations"`
	}
	data, err := os.ReadFile(filepath.Join(dir, "design.json"))
	if err == nil {
		err = json.Unmarshal(data, &design)
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "evidence.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	fine := map[string]bool{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r struct {
			Observation *struct {
				Operation string `json:"operation"`
				Status    int    `json:"status"`
			} `json:"observation"`
		}
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.Observation != nil && r.Observation.Status/100 == 2 {
			fine[r.Observation.Operation] = true
		}
	}
	for _, o := range design.Operations {
		if fine[o.ID] {
			reached++
		}
	}
	return reached, len(design.Operations)
}

// What a run that is killed leaves behind is deleted by its ledger, and
// nothing else is; a second time there is nothing to do.
func TestCleanAfterKill(t *testing.T) {
	bin := built(t)
	for _, s := range stateful.All() {
		t.Run(s.Name, func(t *testing.T) {
			w, base, spec := served(t, s)
			out := filepath.Join(t.TempDir(), "run")
			cmd := exec.Command(bin, "run", "--spec", spec, "--target", base, "--only", "contract,api", "--out", out)
			cmd.Dir = t.TempDir()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && len(s.Rows()) < len(w.Before())+3; {
				time.Sleep(5 * time.Millisecond)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			time.Sleep(time.Second)
			left := len(s.Rows()) - len(w.Before())
			allowed, doubts := unknowable(t, out), []string(nil)
			for i := range 2 {
				clean := exec.CommandContext(t.Context(), bin, "clean", out)
				clean.Dir = t.TempDir()
				said, err := clean.CombinedOutput()
				doubts = doubtsIn(string(said))
				if (err != nil) != (len(doubts) > 0) || i == 1 && strings.Contains(string(said), "deleted:") {
					t.Errorf("clean %d: %v\n%s", i, err, said)
				}
				if diff := cmp.Diff(allowed, doubts); diff != "" {
					t.Errorf("clean %d doubts what it can know, or knows what it cannot (-want +got):\n%s", i, diff)
				}
			}
			t.Logf("%s: %d left behind by the kill, %d in doubt, %d foreign mutations", s.Name, left, len(doubts), len(w.Foreign()))
			rows, most := s.Rows(), len(doubts)
			maps.DeleteFunc(rows, func(path, _ string) bool {
				if _, theirs := w.Before()[path]; theirs || most == 0 || !doubted(doubts, path) {
					return false
				}
				most--
				return true
			})
			if diff := cmp.Diff(w.Before(), rows); diff != "" || len(w.Foreign()) > 0 {
				t.Errorf("not as before: %v (-want +got):\n%s", w.Foreign(), diff)
			}
			if left <= 0 {
				t.Error("nothing was left behind: the test shows nothing")
			}
		})
	}
}

// unknowable are the creations that were under way at the moment of the kill
// and of which nobody can tell afterwards what became of them: what is listed
// nowhere (ledgers), and what carries no value of the run by which it could be
// told from what others create. Whatever else the ledger speaks of is known to
// be there, or not to be, and may not be doubted. A PUT is known by its path.
func unknowable(t *testing.T, dir string) []string {
	t.Helper()
	type line struct {
		N                        int
		State, Operation, Method string
		Path                     string
		Nonces                   []string
	}
	data, err := os.ReadFile(filepath.Join(dir, "ledger.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	open := map[int]line{}
	for text := range strings.Lines(string(data)) {
		var l line
		if json.Unmarshal([]byte(text), &l) != nil {
			continue // cut by the kill
		}
		switch l.State {
		case "intent":
			open[l.N] = l
		case "unclear": // no answer, or none that tells
		default:
			delete(open, l.N)
		}
	}
	var out []string
	for _, l := range open {
		if l.Method == "POST" && (l.Operation == "openLedger" || len(l.Nonces) == 0) {
			out = append(out, l.Operation+" "+l.Path)
		}
	}
	slices.Sort(out)
	return out
}

// doubtsIn are the creations that clean is in doubt about.
func doubtsIn(said string) []string {
	var out []string
	for line := range strings.Lines(said) {
		if rest, ok := strings.CutPrefix(line, "in doubt: "); ok {
			what, _, _ := strings.Cut(rest, ": ")
			out = append(out, what)
		}
	}
	slices.Sort(out)
	return out
}

// doubted tells whether a row may be what a creation in doubt has made.
func doubted(doubts []string, row string) bool {
	return slices.ContainsFunc(doubts, func(d string) bool {
		_, path, _ := strings.Cut(d, " ")
		return strings.HasPrefix(row, path+"/") || path == "/ledgers" && strings.HasPrefix(row, "/accounts/")
	})
}
