package reports

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// glyph marks an outcome without colour.
func glyph(o plumbline.Outcome) string {
	switch o {
	case plumbline.Pass:
		return "✓"
	case plumbline.Fail:
		return "✗"
	case plumbline.Inconclusive:
		return "?"
	case plumbline.Error:
		return "!"
	case plumbline.Waived:
		return "~"
	default:
		return "·"
	}
}

// word is an outcome as the report says it of a claim.
func word(o plumbline.Outcome) string {
	switch o {
	case plumbline.Pass:
		return "kept"
	case plumbline.Fail:
		return "broken"
	case plumbline.Inconclusive:
		return "unproven"
	default:
		return string(o)
	}
}

// count counts claims by outcome, the self-checks of the harness left out.
func count(r plumbline.Report) map[plumbline.Outcome]int {
	out := map[plumbline.Outcome]int{}
	for _, f := range r.Findings {
		if !harness(f) {
			out[f.Outcome]++
		}
	}
	return out
}

func harness(f plumbline.Finding) bool { return strings.HasPrefix(f.Function, "harness/") }

// withOutcome returns the findings with one of the outcomes, in order.
func withOutcome(r plumbline.Report, outcomes ...plumbline.Outcome) []plumbline.Finding {
	var out []plumbline.Finding
	for _, f := range r.Findings {
		for _, o := range outcomes {
			if f.Outcome == o {
				out = append(out, f)
			}
		}
	}
	return out
}

// amount prints a figure with its unit, without false precision.
func amount(v float64, unit string) string {
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return "–"
	case unit == "ratio":
		return strconv.FormatFloat(v*100, 'g', 4, 64) + " %"
	case unit == "ms" && v >= 10_000:
		return strconv.FormatFloat(v/1000, 'f', 1, 64) + " s"
	case unit == "":
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + " " + unit
}

// grouped prints a count with thousands apart.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// seconds prints a length of time for people.
func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
