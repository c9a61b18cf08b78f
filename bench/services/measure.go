package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A row is what was measured of one service.
type row struct {
	service   service
	report    plumbline.Report
	exit      int
	took      time.Duration
	memory    int64               // largest resident set of plumbline, in MiB
	confirmed []told              // gating findings that are true
	alarms    []plumbline.Finding // gating findings that nobody confirmed
	warned    []plumbline.Finding // failures that do not gate
	kept      []plumbline.Finding // of a service whose database breaks: what was shown of it
}

// A told finding is one with its confirmation.
type told struct {
	plumbline.Finding
	by confirmation
}

// measure starts the service, runs plumbline on it and stops it.
func (c config) measure(ctx context.Context, s service) (r row, err error) {
	st, err := newStage(c, s.name)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, st.stop()) }()
	d, err := s.start(ctx, st)
	if err != nil {
		return r, err
	}
	if d.version != "" {
		s.version = d.version
	}
	r.service = s
	if err := r.judge(ctx, c, d, filepath.Join(c.out, s.name)); err != nil {
		return r, err
	}
	known, err := readConfirmed(c.confirmed)
	if err != nil {
		return r, err
	}
	for _, f := range r.report.Findings {
		r.sort(f, d, known)
	}
	return r, nil
}

// sort puts a finding where it belongs.
func (r *row) sort(f plumbline.Finding, d deployment, known []confirmation) {
	if f.Outcome != plumbline.Fail {
		if d.only != "" && f.Outcome == plumbline.Pass && strings.HasPrefix(f.Function, "resilience/") {
			r.kept = append(r.kept, f)
		}
		return
	}
	by, ok := find(known, r.service.name, f)
	switch {
	case !f.Gates:
		r.warned = append(r.warned, f)
	case ok:
		r.confirmed = append(r.confirmed, told{f, by})
	default:
		r.alarms = append(r.alarms, f)
	}
}

// judge runs plumbline with its default flags and reads its report.
func (r *row) judge(ctx context.Context, c config, d deployment, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	args := []string{"run", "--spec", d.document, "--target", d.target, "--out", dir}
	if d.config != "" {
		args = append(args, "--config", d.config)
	}
	if d.only != "" {
		args = append(args, "--only", d.only)
	}
	cmd := exec.CommandContext(ctx, c.plumbline, args...) //nolint:gosec // the binary under measurement
	cmd.Dir, cmd.Env = c.out, append(os.Environ(), d.env...)
	began := time.Now()
	said, err := cmd.CombinedOutput()
	r.took = time.Since(began)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	r.exit = cmd.ProcessState.ExitCode()
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.memory = use.Maxrss >> 10
	}
	if err := os.WriteFile(dir+".txt", said, 0o644); err != nil { //nolint:gosec // a report
		return err
	}
	data, err := os.ReadFile(filepath.Join(dir, "report.json")) //nolint:gosec // written by the binary under measurement
	if err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}
	here := strings.ReplaceAll(string(data), c.documents+string(filepath.Separator), "") // findings name the document where it is
	return json.Unmarshal([]byte(here), &r.report)
}
