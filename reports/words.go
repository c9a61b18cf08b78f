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

// told is a finding's outcome as the report says it: a failure that does not
// gate is a warning, or a piece of advice.
func told(f plumbline.Finding) string {
	switch {
	case f.Outcome == plumbline.Fail && f.Level == plumbline.LevelLikely:
		return "likely broken"
	case f.Outcome == plumbline.Fail && f.Level == plumbline.LevelAdvisory:
		return "advice"
	}
	return word(f.Outcome)
}

// symptom tells whether another finding tells the cause of this one.
func symptom(f plumbline.Finding) bool { return f.Because != "" }

// symptoms is under what failures are counted whose cause another one tells.
const symptoms plumbline.Outcome = "symptoms"

// warned is under what failures are counted that do not gate by their level.
const warned plumbline.Outcome = "warned"

// count counts claims by outcome, the self-checks of the harness left out.
func count(r plumbline.Report) map[plumbline.Outcome]int {
	out := map[plumbline.Outcome]int{}
	for _, f := range r.Findings {
		switch {
		case harness(f):
		case symptom(f):
			out[symptoms]++
		case f.Outcome == plumbline.Fail && f.Level != "" && f.Level != plumbline.LevelProved:
			out[warned]++
		default:
			out[f.Outcome]++
		}
	}
	return out
}

// warnings tells how many failures do not gate, and how many are symptoms of
// others; nothing when there is none.
func warnings(n map[plumbline.Outcome]int) string {
	text := ""
	if n[warned] > 0 {
		text = fmt.Sprintf(" · %d warned", n[warned])
	}
	if n[symptoms] > 0 {
		text += fmt.Sprintf(" · %d of the same causes", n[symptoms])
	}
	return text
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

// constraints counts the constraints of operations that a request broke, and
// those of them on which it was refused.
func constraints(operations ...plumbline.OperationCoverage) (held, tried int) {
	for _, o := range operations {
		for _, c := range o.Constraints {
			tried++
			if c.Refused > 0 {
				held++
			}
		}
	}
	return held, tried
}

// refused is the proved coverage of an operation's input.
func refused(o plumbline.OperationCoverage) string {
	held, tried := constraints(o)
	if tried == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", held, tried)
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
