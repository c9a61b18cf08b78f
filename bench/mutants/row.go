package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// A kind of run says what stood in the place of the sample system, or what was
// wrong with it.
type kind string

const (
	kindRight  kind = "right"
	kindLoaded kind = "right under overload"
	kindDefect kind = "defect"
	kindBenign kind = "benign"
	kindNull   kind = "null"
)

// A row is one run and what its report says, short enough to be kept: the whole
// benchmark takes hours, so that it is measured in pieces, and what is measured
// again takes the place of what was.
type row struct {
	Kind      kind     `json:"kind"`
	Name      string   `json:"name"`                // of the defect or the shape
	Number    int      `json:"number"`              // from 1; of several runs of the same
	Seed      uint64   `json:"seed"`                // of the run
	Noise     string   `json:"noise,omitempty"`     // what else the machine had to do
	Disturbed string   `json:"disturbed,omitempty"` // what there was of it
	Judged    string   `json:"judged,omitempty"`    // what alone was judged; empty: everything
	Revision  string   `json:"revision"`            // of the program
	Load      string   `json:"load"`                // average of the last minute of the run
	Exit      int      `json:"exit_code"`
	Seconds   float64  `json:"seconds"`
	Requests  int      `json:"requests"`
	Passed    int      `json:"passed"`             // claims
	Failed    []string `json:"failed,omitempty"`   // claims, in the order of the report
	Unproven  []string `json:"unproven,omitempty"` // claims, and why
	Kept      []string `json:"kept,omitempty"`     // of what is empty: claims that it is said to keep, and cannot
	Refused   string   `json:"refused,omitempty"`  // why nothing was judged
}

// functionOf is the function that a claim is of.
func functionOf(claim string) string {
	parts := strings.SplitN(claim, "/", 3)
	return strings.Join(parts[:min(len(parts), 2)], "/")
}

// judged counts the verdicts: what is not proved is none.
func (r row) judged() int { return r.Passed + len(r.Failed) }

// undecided are the claims that were not proved, without the reason.
func (r row) undecided() []string {
	var out []string
	for _, u := range r.Unproven {
		claim, _, _ := strings.Cut(u, ": ")
		out = append(out, claim)
	}
	return out
}

// outcome is how the claim came out; what is in neither list was kept.
func (r row) outcome(claim string) string {
	switch {
	case slices.Contains(r.Failed, claim):
		return "fail"
	case slices.Contains(r.undecided(), claim):
		return "inconclusive"
	}
	return "pass"
}

// same says whether one run takes the place of the other.
func (r row) same(as row) bool {
	return r.Kind == as.Kind && r.Name == as.Name && r.Number == as.Number && r.Noise == as.Noise
}

func (r row) compare(with row) int {
	return cmp.Or(cmp.Compare(r.Kind, with.Kind), cmp.Compare(r.Noise, with.Noise), cmp.Compare(r.Name, with.Name), cmp.Compare(r.Number, with.Number))
}

// merge puts a new row into the place of the one that it repeats.
func merge(old []row, fresh row) []row {
	out := append(slices.DeleteFunc(slices.Clone(old), fresh.same), fresh)
	slices.SortFunc(out, row.compare)
	return out
}

// stored reads what earlier calls have measured.
func stored(name string) ([]row, error) {
	data, err := os.ReadFile(name) //nolint:gosec // named on the command line
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []row
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

// store puts a row to those that were measured before, and writes what all of
// them tell. What ran in containers is told apart.
func (c config) store(fresh row) error {
	if c.target == containers {
		return nil
	}
	free, err := alone(filepath.Dir(c.rows))
	if err != nil {
		return err
	}
	defer free()
	old, err := stored(c.rows)
	if err != nil {
		return err
	}
	all := merge(old, fresh)
	data, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	// Never half of it: another call may read it.
	whole := c.rows + ".new"
	if err := os.WriteFile(whole, append(data, '\n'), 0o644); err != nil { //nolint:gosec // a document
		return err
	}
	if err := os.Rename(whole, c.rows); err != nil {
		return err
	}
	return os.WriteFile(c.results, []byte(results(all)), 0o644) //nolint:gosec // a document
}

// alone waits until nobody else writes into the folder: neither another run of
// this call nor another call.
func alone(folder string) (free func(), err error) {
	f, err := os.Open(folder) //nolint:gosec // of the rows
	if err != nil {
		return nil, err
	}
	//nolint:gosec // a descriptor is small
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	return func() { _ = f.Close() }, nil // which gives it up
}

// revision is that of the binary under measurement: its --dirty says that the
// checkout was changed since.
func revision(ctx context.Context, binary string) string {
	said, err := exec.CommandContext(ctx, binary, "version").Output() //nolint:gosec // the binary under measurement
	_, version, ok := strings.Cut(strings.TrimSpace(string(said)), " ")
	if err != nil || !ok {
		return "unknown"
	}
	return version
}
