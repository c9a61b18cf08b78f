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
	case mildly(f):
		return "broken (" + string(f.Severity) + ")"
	}
	return word(f.Outcome)
}

// mildly tells whether a claim is broken and, by its severity, does not fail the
// run.
func mildly(f plumbline.Finding) bool {
	return f.Outcome == plumbline.Fail && f.Severity != "" && !f.Gates && !symptom(f)
}

// mildness says what the severity of a broken claim does.
func mildness(f plumbline.Finding) string {
	return string(f.Severity) + ": it is broken, and the run does not fail for it"
}

// symptom tells whether another finding tells the cause of this one.
func symptom(f plumbline.Finding) bool { return f.Because != "" }

// Under what claims are counted that do not gate.
const (
	symptoms plumbline.Outcome = "symptoms" // failures whose cause another one tells
	mild     plumbline.Outcome = "mild"     // failures that do not gate by their severity
	warned   plumbline.Outcome = "warned"   // failures that do not gate by their level
	aside    plumbline.Outcome = "aside"    // what only informs, or is undecided and may be
)

// count counts claims by outcome. What gates is counted as the verdict counts
// it: kept, broken, and all else unproven; what does not is counted apart.
func count(r plumbline.Report) map[plumbline.Outcome]int {
	out := map[plumbline.Outcome]int{}
	for _, f := range r.Findings {
		out[counted(f)]++
	}
	return out
}

func counted(f plumbline.Finding) plumbline.Outcome {
	switch {
	case f.Gates && (f.Outcome == plumbline.Pass || f.Outcome == plumbline.Fail):
		return f.Outcome
	case f.Gates:
		return plumbline.Inconclusive
	case symptom(f):
		return symptoms
	case mildly(f):
		return mild
	case f.Outcome == plumbline.Fail:
		return warned
	case f.Outcome == plumbline.Skipped || f.Outcome == plumbline.Waived:
		return f.Outcome
	}
	return aside
}

// warnings tells how many claims do not gate: broken at a lower severity, waived, warned of, or symptoms of
// other failures; nothing when there is none.
func warnings(n map[plumbline.Outcome]int) string {
	text := ""
	for _, x := range []struct {
		of   plumbline.Outcome
		word string
	}{{mild, "broken without gating"}, {plumbline.Waived, "waived"}, {warned, "warned"}, {symptoms, "of the same causes"}, {aside, "not gating"}} {
		if n[x.of] > 0 {
			text += fmt.Sprintf(" · %d %s", n[x.of], x.word)
		}
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
	case v >= 1000:
		return strings.TrimSuffix(grouped(int64(math.Round(v)))+" "+unit, " ")
	}
	if v == 1 && len(unit) > 2 {
		unit = one(unit)
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'g', significant(unit), 64)+" "+unit, " ")
}

// one is a unit in the singular: "breach" of "breaches".
func one(unit string) string {
	if strings.HasSuffix(unit, "/s") {
		return unit
	}
	for _, end := range []string{"ches", "sses"} {
		if s, ok := strings.CutSuffix(unit, end); ok {
			return s + end[:2]
		}
	}
	if stem, is := strings.CutSuffix(unit, "ies"); is {
		return stem + "y"
	}
	return strings.TrimSuffix(unit, "s")
}

// significant is how many digits of a unit mean something.
func significant(unit string) int {
	if unit == "ms" || unit == "s" {
		return 3
	}
	return 4
}

// fixed prints milliseconds for a column of numbers: all with one decimal, so
// that their points stand below each other.
func fixed(ms float64) string {
	tenths := int64(math.Round(ms * 10))
	return fmt.Sprintf("%s.%d", grouped(tenths/10), tenths%10)
}

// days prints a window.
func days(d time.Duration) string {
	if d >= 48*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d d", d/(24*time.Hour))
	}
	return d.String()
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
