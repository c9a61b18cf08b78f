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

// mostForOne bounds one run.
const mostForOne = 20 * time.Minute

// patience bounds the wait for one answer of what does not answer.
const patience = "2s"

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

// command runs the whole job once.
func (c config) command(ctx context.Context, target string, j job, dir string) (*exec.Cmd, error) {
	args := []string{"demo", "--out", dir}
	switch {
	case target == containers:
		args = []string{"run", "-c", "examples/shop/plumbline.compose.yaml", "--out", dir}
	case j.kind == kindDefect:
		args = append(args, "--defect", j.defect.Name)
	case j.variant.Name != "":
		args = append(args, "--variant", j.variant.Name)
	}
	args = append(args, "--seed", fmt.Sprint(j.number))
	if only := c.judged(j); only != "" {
		args = append(args, "--only", only)
	}
	cmd := exec.CommandContext(ctx, c.plumbline, append(args, c.loads(j)...)...) //nolint:gosec // the binary under measurement
	if target != containers {
		return cmd, nil
	}
	issued, err := issue()
	cmd.Env = append(append(os.Environ(), "SHOP_MUTANT="+j.defect.Name), issued...)
	return cmd, err
}

// overloaded says whether the run sends more than the system carries.
func (j job) overloaded() bool {
	return j.kind == kindLoaded || strings.HasPrefix(j.defect.Caught, "overload/") || slices.Contains(j.variant.Judged, "overload")
}

// judged says what alone is judged; empty: everything.
func (c config) judged(j job) string {
	switch m := j.defect; {
	case c.only != "":
		return c.only
	case j.kind == kindNull:
		return promised + ",harness"
	case c.target == processes && j.overloaded():
		return "" // the profile decides
	case j.kind == kindBenign:
		return strings.Join(j.variant.Judged, ",") + ",harness"
	case c.target == processes && m.UnderLoad():
		return underLoad
	case c.functions && j.kind == kindDefect:
		return strings.Join(broken(m), ",")
	case c.narrow && j.kind == kindDefect:
		return groups(m)
	}
	return ""
}

// loads are the arguments that say what is sent.
func (c config) loads(j job) (args []string) {
	switch m := j.defect; {
	case j.kind == kindNull:
		args = []string{"--timeout", patience}
	case c.target == processes && j.overloaded():
		args = []string{"--overload", overload, "--profile", "recovery"}
	case c.target == processes && m.UnderLoad():
		args = []string{"--overload", overload}
	case m.OverTime():
		args = []string{"--profile", "soak", "--duration", soaked}
	case m.Cached():
		args = []string{"--variant", shop.WithCache}
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
