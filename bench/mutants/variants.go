package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/plumbline-dev/plumbline/examples/shop"
)

// A shape is one run of a variant, and what its report says.
type shape struct {
	shop.Variant
	measurement

	name   string
	judged string // why nothing was judged; empty when there is a report
}

// promised are the groups of functions of which what is empty may keep no claim:
// they judge what the target does with its dependencies, callers and data.
const promised = "resilience,overload,auth,security,idempotency,data,deploy,obs"

// variants runs what is of the kind that is asked for.
func (c config) variants(ctx context.Context) error {
	wanted := slices.DeleteFunc(shop.Variants(), func(v shop.Variant) bool {
		return v.Null != c.null || c.mutants != "all" && !slices.Contains(strings.Split(c.mutants, ","), v.Name)
	})
	if len(wanted) == 0 {
		return fmt.Errorf("-mutants %s: no variant is called so", c.mutants)
	}
	all := make([]shape, len(wanted))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(c.parallel, 1))
	for i, v := range wanted {
		g.Go(func() (err error) {
			all[i], err = c.shape(ctx, v)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	text, wrong := benign(all), falseAlarms(all)
	if c.null {
		text, wrong = empty(all), vacuous(all)
	}
	if err := os.WriteFile(c.results, []byte(text), 0o644); err != nil { //nolint:gosec // a document
		return err
	}
	if wrong > 0 {
		return errors.New("not every verdict was right; see " + c.results)
	}
	return nil
}

// patience bounds the wait for one answer of what does not answer.
const patience = "2s"

// mostForOne bounds the run of what stands in the place of the shop.
const mostForOne = 15 * time.Minute

// shape runs the job on one variant.
func (c config) shape(ctx context.Context, v shop.Variant) (shape, error) {
	out := shape{Variant: v, name: v.Name}
	dir := filepath.Join(c.out, v.Name)
	if c.keep && out.read(dir) == nil {
		return out, nil
	}
	out = shape{Variant: v, name: v.Name}
	ctx, cancel := context.WithTimeout(ctx, mostForOne)
	defer cancel()
	args := append([]string{"demo", "--out", dir, "--variant", v.Name}, onlyOf(v)...)
	if err := os.RemoveAll(dir); err != nil {
		return out, err
	}
	said, err := exec.CommandContext(ctx, c.plumbline, args...).CombinedOutput() //nolint:gosec // the binary under measurement
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return out, errors.Join(fmt.Errorf("%s: %w", v.Name, err), ctx.Err())
	}
	if err := out.read(dir); errors.Is(err, os.ErrNotExist) && v.Null {
		out.judged, out.Exit = saidLast(string(said)), exit.ExitCode()
	} else if err != nil {
		return out, fmt.Errorf("%s: %w\n%s", v.Name, err, said)
	}
	_, _ = fmt.Fprintf(c.log, "%-26s exit %d  %s  %d kept, failures %s, kept for nothing %s\n", v.Name, out.Exit, out.took(), len(out.with("pass")), list(out.failures()), list(out.kept()))
	return out, nil
}

// saidLast is why the program has given up.
func saidLast(text string) string {
	out := ""
	for line := range strings.Lines(text) {
		if why, ok := strings.CutPrefix(line, "plumbline: "); ok {
			out = strings.TrimSpace(why)
		}
	}
	return out
}

// onlyOf are the arguments that say what of a variant is judged, and how.
func onlyOf(v shop.Variant) []string {
	switch {
	case v.Null:
		return []string{"--timeout", patience, "--only", promised + ",harness"}
	case slices.Contains(v.Judged, "overload"):
		return []string{"--overload", overload, "--profile", "recovery"}
	}
	return []string{"--only", strings.Join(v.Judged, ",") + ",harness"}
}

// failures are the claims that were found broken.
func (s shape) failures() []string {
	var out []string
	for _, f := range s.with("fail") {
		out = append(out, f.Claim)
	}
	return out
}

// kept are the claims of what was promised that are said to be kept, and cannot be.
func (s shape) kept() []string {
	if !s.Null {
		return nil
	}
	var out []string
	for _, f := range s.with("pass") {
		group, _, _ := strings.Cut(f.Function, "/")
		if slices.Contains(strings.Split(promised, ","), group) && !slices.ContainsFunc(s.Kept, func(pattern string) bool { return covers(pattern, f.Claim) }) {
			out = append(out, f.Claim)
		}
	}
	return out
}

// covers tells whether a claim begins with a pattern, in which * is one part.
func covers(pattern, claim string) bool {
	want, parts := strings.Split(strings.TrimSuffix(pattern, "/"), "/"), strings.Split(claim, "/")
	if len(parts) < len(want) {
		return false
	}
	for i, w := range want {
		if ok, err := path.Match(w, parts[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

func falseAlarms(all []shape) (n int) {
	for _, s := range all {
		n += len(s.failures())
	}
	return n
}

func vacuous(all []shape) (n int) {
	for _, s := range all {
		n += len(s.kept())
	}
	return n
}

func benign(all []shape) string {
	var b strings.Builder
	b.WriteString("# Legitimate shapes of the sample system\n\nWritten by `make bench-benign`. Each is the right shop with one thing that is done another way, and declared where that is declared; nothing may be said to be broken. Of each the functions are judged that look at what differs, and the harness. A shape that the right shop has anyhow is not in the list: not to tell that another's order exists, 422 for what is not valid, 503 for what is too much, a readiness that reflects the store, fields that are not known refused, 404 before 401 where there is no path, a breaker for each instance.\n\n")
	b.WriteString("| Shape | What differs | Exit | Claims kept | Unproven | False alarms | Time |\n|---|---|---|---|---|---|---|\n")
	judged := 0
	for _, s := range all {
		judged += len(s.with("pass")) + len(s.with("fail"))
		fmt.Fprintf(&b, "| `%s` | %s | %d | %d | %s | %s | %s |\n", s.name, s.What, s.Exit, len(s.with("pass")), list(claims(s.with("inconclusive"))), list(s.failures()), s.took())
	}
	n := falseAlarms(all)
	fmt.Fprintf(&b, "\nFalse alarms: %d in %d verdicts on %d shapes", n, judged, len(all))
	if n == 0 && judged > 0 {
		// Clopper and Pearson's exact bound for none of n, one-sided at 95 %.
		fmt.Fprintf(&b, "; with none of %d, up to %.2f %% of verdicts may be (exact, 95 %%, as if they were independent)", judged, 100*(1-math.Pow(0.05, 1/float64(judged))))
	}
	b.WriteString(".\n")
	return b.String()
}

func claims(of []finding) (out []string) {
	for _, f := range of {
		out = append(out, f.Claim)
	}
	return out
}

func empty(all []shape) string {
	var b strings.Builder
	b.WriteString("# What is empty\n\nWritten by `make bench-null`. Each stands in the place of the shop, or is a shop whose dependencies do not matter; of what its design promises nothing may be said to be kept that cannot be shown. Judged are " + strings.ReplaceAll(promised, ",", ", ") + ", and the harness. A shop that answers as it should keeps claims about its answers; those are not counted.\n\n")
	b.WriteString("| In the place of the shop | What it does | Exit | Claims broken | Unproven | Kept | Kept for nothing | Time |\n|---|---|---|---|---|---|---|---|\n")
	for _, s := range all {
		if s.judged != "" {
			fmt.Fprintf(&b, "| `%s` | %s | %d | nothing was judged: %s | – | – | – | – |\n", s.name, s.What, s.Exit, s.judged)
			continue
		}
		fmt.Fprintf(&b, "| `%s` | %s | %d | %d | %d | %d | %s | %s |\n", s.name, s.What, s.Exit, len(s.failures()), len(s.with("inconclusive")), len(s.with("pass")), list(s.kept()), s.took())
	}
	fmt.Fprintf(&b, "\nKept for nothing: %d claims on %d targets.\n", vacuous(all), len(all))
	return b.String()
}
