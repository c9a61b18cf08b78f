// Command restfaults measures whether Plumbline, with default flags, finds the
// ten seeded fault types of the REST fuzzing literature, and whether it accuses
// the clean twin of any of them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func main() {
	binary := flag.String("plumbline", "bin/plumbline", "the binary to measure")
	results := flag.String("results", "bench/restfaults/RESULTS.md", "where the table goes")
	out := flag.String("out", "out/restfaults", "where the run directories go")
	only := flag.Int("only", 0, "number of one fault; zero means all")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *binary, *results, *out, *only); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "restfaults:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// A row is what was measured of one fault and of its clean twin.
type row struct {
	seed          seed
	faulty, clean measurement
}

// right tells whether the fault was found by a function that is meant to find
// it, and the twin not accused.
func (r row) right() bool {
	return r.found() != "" && len(r.clean.gating) == 0 && r.clean.exit != plumbline.ExitHarness
}

func (r row) found() string {
	for _, f := range slices.Concat(r.faulty.gating, r.faulty.warned) {
		if slices.Contains(r.seed.Caught, f.Function) {
			return f.Function + " (" + string(f.Level) + ")"
		}
	}
	return ""
}

type measurement struct {
	exit   int
	took   time.Duration
	gating []plumbline.Finding
	warned []plumbline.Finding // failures that are likely, and do not gate
	sent   int64
}

func run(ctx context.Context, binary, results, out string, only int) error {
	var rows []row
	wrong := 0
	for _, s := range seeds() {
		if only != 0 && only != s.Number {
			continue
		}
		r := row{seed: s}
		var err error
		if r.faulty, err = measure(ctx, binary, filepath.Join(out, s.Name), s, true); err != nil {
			return err
		}
		if r.clean, err = measure(ctx, binary, filepath.Join(out, s.Name+"-clean"), s, false); err != nil {
			return err
		}
		rows = append(rows, r)
		if !r.right() {
			wrong++
		}
		_, _ = fmt.Fprintln(os.Stderr, strings.Join(r.cells(), " | "))
	}
	if err := os.WriteFile(results, []byte(table(rows)), 0o644); err != nil { //nolint:gosec // a document
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d are wrong; see %s", wrong, len(rows), results)
	}
	return nil
}

// measure serves one service on loopback and runs plumbline on it, with the
// document and the address and nothing else.
func measure(ctx context.Context, binary, dir string, s seed, faulty bool) (measurement, error) {
	var m measurement
	document := filepath.Join(dir, "..", s.Name+".openapi.yaml")
	if err := os.MkdirAll(filepath.Dir(document), 0o755); err != nil { //nolint:gosec // results
		return m, err
	}
	if err := os.WriteFile(document, []byte(s.Document), 0o644); err != nil { //nolint:gosec // a document
		return m, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return m, err
	}
	server := &http.Server{Handler: s.Handler(faulty), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(l) }()
	defer func() { _ = server.Close() }()
	began := time.Now()
	said, err := exec.CommandContext(ctx, binary, "run", "--spec", document, "--target", "http://"+l.Addr().String(), "--out", dir).CombinedOutput() //nolint:gosec // the binary under measurement
	m.took = time.Since(began)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		m.exit = exit.ExitCode()
	} else if err != nil {
		return m, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "report.json")) //nolint:gosec // written by the binary under measurement
	if err != nil {
		return m, fmt.Errorf("%s: %w\n%s", s.Name, err, said)
	}
	var r plumbline.Report
	if err := json.Unmarshal(data, &r); err != nil {
		return m, fmt.Errorf("%s: %w", s.Name, err)
	}
	m.sent = r.Requests.Sent
	m.sort(r.Findings)
	return m, nil
}

// sort keeps the failures that gate and those that are likely.
func (m *measurement) sort(findings []plumbline.Finding) {
	for _, f := range findings {
		switch {
		case f.Outcome != plumbline.Fail:
		case f.Gates:
			m.gating = append(m.gating, f)
		case f.Level == plumbline.LevelLikely:
			m.warned = append(m.warned, f)
		}
	}
}

func (r row) cells() []string {
	found := r.found()
	if found == "" {
		found = "**not found**"
		for _, f := range r.faulty.gating {
			found += " " + f.Claim
		}
	}
	alarms := "0"
	if n := len(r.clean.warned); n > 0 {
		alarms = fmt.Sprintf("0, and %d warned", n)
	}
	if n := len(r.clean.gating); n > 0 {
		alarms = fmt.Sprintf("**%d** (%s)", n, r.clean.gating[0].Claim)
	}
	return []string{
		fmt.Sprint(r.seed.Number), r.seed.Fault, found, fmt.Sprint(r.faulty.exit), fmt.Sprintf("%.1f s", r.faulty.took.Seconds()), fmt.Sprint(r.faulty.sent),
		alarms, fmt.Sprint(r.clean.exit), fmt.Sprintf("%.1f s", r.clean.took.Seconds()), fmt.Sprint(r.clean.sent),
	}
}

func table(rows []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Seeded faults of the REST fuzzing literature\n\nMade by `go run ./bench/restfaults` on %s/%s, %d cores, with default flags: document and address, nothing else.\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	b.WriteString("The fault types are those of Zhang and Arcuri (TOSEM 2023, §4.5.2), whose table has the best tools of 2022 at 2 of 10.\n\n")
	b.WriteString("| # | fault | found by | exit | took | requests | alarms on the clean twin | exit | took | requests |\n|--:|---|---|--:|--:|--:|--:|--:|--:|--:|\n")
	found, alarms := 0, 0
	for _, r := range rows {
		b.WriteString("| " + strings.Join(r.cells(), " | ") + " |\n")
		if r.found() != "" {
			found++
		}
		alarms += len(r.clean.gating)
	}
	fmt.Fprintf(&b, "\n%d of %d found, %d gating findings on the clean twins.\n", found, len(rows), alarms)
	return b.String()
}
