package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline/examples/shop"
)

// A measurement is one run and what its report says.
type measurement struct {
	shop.Mutant `json:"-"`

	Exit     int          `json:"exit_code"`
	Seconds  float64      `json:"seconds"`
	beside   *measurement // the same in processes; nil where that was not asked for
	Findings []finding    `json:"findings"`
}

type finding struct {
	Function string `json:"function"`
	Claim    string `json:"claim"`
	Outcome  string `json:"outcome"`
}

// read takes a measurement from the report in a run directory.
func (m *measurement) read(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "report.json")) //nolint:gosec // written by the binary under measurement
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, m); err != nil {
		return err
	}
	if m.Exit == interrupted {
		return errInterrupted
	}
	return nil
}

// interrupted is the exit code of a run that was ended early.
const interrupted = 130

var errInterrupted = errors.New("the run was interrupted")

func (m measurement) took() time.Duration {
	return time.Duration(m.Seconds * float64(time.Second)).Round(time.Second)
}

// apart is the claim without the folder of a file that it names: the two
// declarations lie in different ones.
func (f finding) apart() string {
	if strings.HasSuffix(f.Claim, ".json") {
		return f.Function + "/" + path.Base(f.Claim)
	}
	return f.Claim
}

func (m measurement) with(outcome string) []finding {
	var out []finding
	for _, f := range m.Findings {
		if f.Outcome == outcome {
			out = append(out, f)
		}
	}
	return out
}

// rank is the place, from 1, of the function that must catch the defect among
// the failures; zero when it is not among them.
func (m measurement) rank() int {
	return 1 + slices.IndexFunc(m.with("fail"), func(f finding) bool { return f.Function == m.Caught })
}

// alarms are the failures that the defect does not explain.
func (m measurement) alarms() []string {
	var out []string
	for _, f := range m.with("fail") {
		if f.Function != m.Caught && !slices.Contains(m.May, f.Function) {
			out = append(out, f.Claim)
		}
	}
	return out
}

// wrong says what is wrong with the verdict; empty when nothing is.
func (m measurement) wrong() string {
	switch rank := m.rank(); {
	case m.Caught == "" && len(m.with("fail")) > 0:
		return "a failure on the right system"
	case m.Caught == "" && m.Exit != 0:
		return fmt.Sprintf("exit %d on the right system", m.Exit)
	case m.Caught == "":
		return ""
	case m.Exit != 1 && !m.Warns():
		return fmt.Sprintf("exit %d", m.Exit)
	case rank == 0:
		return "not caught"
	case rank > 2:
		return fmt.Sprintf("caught at place %d", rank)
	}
	if a := m.alarms(); len(a) > 0 {
		return "false alarm: " + strings.Join(a, ", ")
	}
	return ""
}

// otherwise are the claims with another verdict in processes, each with both.
func (m measurement) otherwise() []string {
	there := map[string]string{}
	for _, f := range m.beside.Findings {
		there[f.apart()] = f.Outcome
	}
	var out []string
	for _, f := range m.Findings {
		if was := cmp.Or(there[f.apart()], "not judged"); was != f.Outcome {
			out = append(out, fmt.Sprintf("%s (%s, in processes %s)", f.Claim, f.Outcome, was))
		}
		delete(there, f.apart())
	}
	for _, claim := range slices.Sorted(maps.Keys(there)) {
		out = append(out, fmt.Sprintf("%s (not judged, in processes %s)", claim, there[claim]))
	}
	return out
}

func table(all []measurement, target, host string) string {
	var b strings.Builder
	b.WriteString("# Detection and false alarms\n\nWritten by `make " + target + "`; host: " + host + ".\n\n")
	b.WriteString("| Defect | Must be caught by | Exit | Place among failures | Other failures it explains | False alarms | Unproven | Time |\n|---|---|---|---|---|---|---|---|\n")
	var right, defects, failed, clean int
	for _, m := range all {
		if m.Caught == "" {
			clean++
			if m.wrong() != "" {
				failed++
			}
			continue
		}
		defects++
		place := "–"
		if r := m.rank(); r > 0 {
			place = fmt.Sprint(r)
			if r <= 2 && (m.Exit == 1 || m.Warns()) {
				right++
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %d | %s | %s | %s | %d | %s |\n", m.Name, m.Caught, m.Exit, place,
			list(m.explained()), list(m.alarms()), len(m.with("inconclusive")), m.took())
	}
	fmt.Fprintf(&b, "\nDetected: %d of %d defects, by the right function among the first two failures.\n", right, defects)
	if clean > 0 {
		writeClean(&b, all, failed, clean)
	}
	writeBeside(&b, all)
	return b.String()
}

// writeBeside tells what came out otherwise in processes, where each was run
// there as well.
func writeBeside(b *strings.Builder, all []measurement) {
	var rows, judged, other int
	for _, m := range all {
		if m.beside == nil {
			continue
		}
		if rows++; rows == 1 {
			b.WriteString("\nEach was run in processes as well, and the verdicts were laid beside each other, claim by claim; self-checks of the harness, which say how well it could see, stand apart.\n\n| Run | Claims judged | Claims with another verdict in processes | Self-checks that came out otherwise |\n|---|---|---|---|\n")
		}
		own := func(claim string) bool { return strings.HasPrefix(claim, "harness/") }
		both := m.otherwise()
		differs := slices.DeleteFunc(slices.Clone(both), own)
		checks := slices.DeleteFunc(both, func(claim string) bool { return !own(claim) })
		n := len(slices.DeleteFunc(slices.Clone(m.Findings), func(f finding) bool { return own(f.Claim) || f.Outcome == "skipped" }))
		judged, other = judged+n, other+len(differs)
		fmt.Fprintf(b, "| `%s` | %d | %s | %s |\n", m.Name, n, list(differs), list(checks))
	}
	if rows > 0 {
		fmt.Fprintf(b, "\nOf %d claims judged, %d have another verdict in processes.\n", judged, other)
	}
}

func (m measurement) explained() []string {
	var out []string
	for _, f := range m.with("fail") {
		if slices.Contains(m.May, f.Function) {
			out = append(out, f.Claim)
		}
	}
	return out
}

func writeClean(b *strings.Builder, all []measurement, failed, clean int) {
	b.WriteString("\n| Run of the right system | Exit | Claims kept | Failures | Unproven | Time |\n|---|---|---|---|---|---|\n")
	for _, m := range all {
		if m.Caught == "" {
			fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %s |\n", m.Name, m.Exit, len(m.with("pass")), len(m.with("fail")), len(m.with("inconclusive")), m.took())
		}
	}
	fmt.Fprintf(b, "\nWrong: %d of %d runs of the right system", failed, clean)
	if failed == 0 {
		// Clopper and Pearson's exact bound for none of n, one-sided at 95 %.
		fmt.Fprintf(b, "; with none of %d, up to %.0f %% of runs may be (exact, 95 %%)", clean, 100*(1-math.Pow(0.05, 1/float64(clean))))
	}
	b.WriteString(".\n")
}

func list(items []string) string {
	if len(items) == 0 {
		return "–"
	}
	return strings.Join(items, ", ")
}
