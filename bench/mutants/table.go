package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline/examples/shop"
)

// A measurement is one run and what its report says.
type measurement struct {
	shop.Mutant `json:"-"`

	exit     int
	took     time.Duration
	Findings []finding `json:"findings"`
}

type finding struct {
	Function string `json:"function"`
	Claim    string `json:"claim"`
	Outcome  string `json:"outcome"`
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
	case m.Caught == "" && m.exit != 0:
		return fmt.Sprintf("exit %d on the right system", m.exit)
	case m.Caught == "":
		return ""
	case m.exit != 1 && !m.Warns():
		return fmt.Sprintf("exit %d", m.exit)
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

func table(all []measurement, host string) string {
	var b strings.Builder
	b.WriteString("# Detection and false alarms\n\nWritten by `make bench-mutants`; host: " + host + ".\n\n")
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
			if r <= 2 && (m.exit == 1 || m.Warns()) {
				right++
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %d | %s | %s | %s | %d | %s |\n", m.Name, m.Caught, m.exit, place,
			list(m.explained()), list(m.alarms()), len(m.with("inconclusive")), m.took.Round(time.Second))
	}
	fmt.Fprintf(&b, "\nDetected: %d of %d defects, by the right function among the first two failures.\n", right, defects)
	if clean > 0 {
		writeClean(&b, all, failed, clean)
	}
	return b.String()
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
			fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %s |\n", m.Name, m.exit, len(m.with("pass")), len(m.with("fail")), len(m.with("inconclusive")), m.took.Round(time.Second))
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
