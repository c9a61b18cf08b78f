package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline/examples/shop"
)

// How the sample system runs.
const (
	processes  = "processes"
	containers = "compose"
)

// made is the target of make that measures so.
func (c config) made() string {
	switch {
	case c.target == containers:
		return "bench-mutants-compose"
	case c.loaded > 0:
		return "bench-overload"
	case c.narrow:
		return "bench-mutants-narrow"
	}
	return "bench-mutants"
}

// host says on what was measured, and what was judged.
func (c config) host() string {
	host := fmt.Sprintf("%s, %s/%s, %d cores, %d at once", c.target, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), max(c.parallel, 1))
	switch {
	case c.functions:
		host += "; of a defect only the functions were judged that it breaks, and the harness"
	case c.narrow:
		host += "; of a defect only the groups of functions were judged that it breaks, and the harness"
	}
	return host
}

// command runs the whole job on the sample system with one defect.
func (c config) command(ctx context.Context, target string, m shop.Mutant, dir string) (*exec.Cmd, error) {
	defect := m.Name
	if m.Caught == "" {
		defect = ""
	}
	args := []string{"demo", "--out", dir}
	if target == containers {
		args = []string{"run", "-c", "examples/shop/plumbline.compose.yaml", "--out", dir}
	} else if defect != "" {
		args = append(args, "--defect", defect)
	}
	args = append(args, c.only(target, m, defect)...)
	cmd := exec.CommandContext(ctx, c.plumbline, args...) //nolint:gosec // the binary under measurement
	if target != containers {
		return cmd, nil
	}
	issued, err := issue()
	cmd.Env = append(append(os.Environ(), "SHOP_MUTANT="+defect), issued...)
	return cmd, err
}

// only are the arguments that say what of a defect is judged, and how.
func (c config) only(target string, m shop.Mutant, defect string) (args []string) {
	switch {
	case target == processes && (strings.HasPrefix(m.Caught, "overload/") || strings.HasPrefix(m.Name, loaded)):
		args = []string{"--overload", overload, "--profile", "recovery"}
	case target == processes && m.UnderLoad():
		args = []string{"--overload", overload, "--only", underLoad}
	case c.functions && defect != "":
		args = []string{"--only", strings.Join(broken(m), ",")}
	case c.narrow && defect != "":
		args = []string{"--only", groups(m)}
	}
	if m.OverTime() {
		args = append(args, "--profile", "soak", "--duration", soaked)
	}
	if m.Cached() {
		args = append(args, "--variant", shop.WithCache)
	}
	return args
}

// tokenLife is longer than a run takes.
const tokenLife = 2 * time.Hour

// issue gives alice of the compose file a JSON Web Token, as the demo does.
func issue() ([]string, error) {
	by, err := shop.NewIssuer()
	if err != nil {
		return nil, err
	}
	public, private, err := by.Keys()
	if err != nil {
		return nil, err
	}
	token, err := by.Token("alice", tokenLife)
	return []string{"SHOP_JWT_KEY=" + public, "SHOP_JWT_SIGNING_KEY=" + private, "SHOP_TOKEN_ALICE=" + token}, err
}

// broken are the functions that a defect breaks, what it shows itself only
// beside, and the harness.
func broken(m shop.Mutant) []string {
	beside := map[string]string{
		"leaks-stacktrace": "resilience/critical-fails-clean", // when a dependency fails
		"limit-ignored":    "load/slo-at-target",              // when lists are long
	}
	return append([]string{"harness", m.Caught, cmp.Or(beside[m.Name], m.Caught)}, m.May...)
}

// groups are those of the functions that a defect breaks, what it shows itself
// only beside, and the harness.
func groups(m shop.Mutant) string {
	var out []string
	for _, f := range broken(m) {
		if g, _, _ := strings.Cut(f, "/"); !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return strings.Join(out, ",")
}
