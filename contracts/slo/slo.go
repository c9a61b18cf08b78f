// Package slo reads service-level objectives in the forms that people have
// them: the native slos of plumbline.yaml, unmodified OpenSLO v1 files, x-slo
// on the operations of the OpenAPI document, and expressions of the command
// line. All become plumbline.Objective: a share of requests that must be good.
package slo

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// A Problem is a mistake in an objective. Its code begins with SLO.
type Problem = mistake.Problem

// Select resolves references to operations: "*", an operationId, "METHOD
// /path" or "tag:name". No references mean every operation, returned as nil.
// An unknown one is a Problem SLO102 with the nearest known name and its place in
// refs.
func Select(refs []string, ops []plumbline.Operation, at plumbline.Source) ([]string, error) {
	var out []string
	for i, ref := range refs {
		if ref == "*" {
			return nil, nil
		}
		found := matching(ref, ops)
		if len(found) == 0 {
			return nil, &Problem{
				Code: "SLO102", Source: at, Path: fmt.Sprintf("[%d]", i), Message: fmt.Sprintf("no operation is called %q", ref),
				Help: nearest(ref, ops) + "; an operation is named by its operationId, \"METHOD /path\", tag:NAME or \"*\"",
			}
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// covered is Select for what an objective is about: operations, or flows of the
// load ("flow:NAME"), which are told one by one. Whether there is such a flow is
// not known here.
func covered(refs []string, ops []plumbline.Operation, at plumbline.Source) ([]string, error) {
	flows := slices.IndexFunc(refs, plumbline.IsFlow)
	if flows < 0 {
		return Select(refs, ops, at)
	}
	for i, ref := range refs {
		if !plumbline.IsFlow(ref) {
			return nil, &Problem{
				Code: "SLO101", Source: at, Path: fmt.Sprintf("[%d]", i), Message: fmt.Sprintf("an objective is of operations or of flows, and %q stands beside %q", ref, refs[flows]),
				Help: "write an entry for each: the requests of a flow are those of its operations, and would be counted twice",
			}
		}
	}
	out := slices.Clone(refs)
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Named is Select with the IDs of all operations for "*".
func Named(refs []string, ops []plumbline.Operation, at plumbline.Source) ([]string, error) {
	ids, err := Select(refs, ops, at)
	if err != nil || ids != nil || len(refs) == 0 {
		return ids, err
	}
	for _, o := range ops {
		ids = append(ids, o.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

func matching(ref string, ops []plumbline.Operation) []string {
	var out []string
	tag, isTag := strings.CutPrefix(ref, "tag:")
	for _, o := range ops {
		if o.ID == ref || strings.EqualFold(o.Method+" "+o.Path, ref) || isTag && slices.Contains(o.Tags, tag) {
			out = append(out, o.ID)
		}
	}
	return out
}

func nearest(ref string, ops []plumbline.Operation) string {
	best, least := "", math.MaxInt
	for _, o := range ops {
		for _, name := range []string{o.ID, o.Method + " " + o.Path} {
			if d := mistake.Distance(ref, name); d < least {
				best, least = name, d
			}
		}
	}
	if best == "" {
		return "the document has no operations"
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// Share reads "99.9%", "99.9" (above 1: percent) or "0.999" as a share in (0, 1).
func Share(s string) (float64, error) {
	t := strings.TrimSpace(s)
	number, percent := strings.CutSuffix(t, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a share: write 99.9%% or 0.999", s)
	}
	if percent || f > 1 {
		f /= 100
	}
	f = math.Round(f*1e12) / 1e12
	if f <= 0 || f >= 1 {
		return 0, fmt.Errorf("%q is not between 0 and 100 %%, both excluded: an objective that allows no failure at all cannot be proved", s)
	}
	return f, nil
}

// Percentile reads "p99", "p(99)", "p99.9" as the share 0.99, 0.99, 0.999.
func Percentile(s string) (float64, bool) {
	t, ok := strings.CutPrefix(strings.TrimSpace(s), "p")
	if !ok {
		return 0, false
	}
	t = strings.TrimSuffix(strings.TrimPrefix(t, "("), ")")
	f, err := strconv.ParseFloat(t, 64)
	if err != nil || f <= 0 || f >= 100 {
		return 0, false
	}
	return math.Round(f*1e10) / 1e12, true
}

// Latency reads a duration above zero.
func Latency(s string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(s))
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration above zero: write 300ms or 1.5s", s)
	}
	return d, nil
}

// PerSecond reads "50/s", "50" or "3000/min" as a rate above zero, in requests a
// second.
func PerSecond(s string) (float64, error) {
	number, unit, _ := strings.Cut(strings.TrimSpace(s), "/")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	seconds, known := map[string]float64{"": 1, "s": 1, "min": 60, "h": 3600}[strings.TrimSpace(unit)]
	if err != nil || !known || !(f > 0) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%q is not a rate above zero: write 50/s or 3000/min", s)
	}
	return f / seconds, nil
}

// Known says which goals an objective may have.
const Known = "known are p50 … p99.9 with a duration, availability and errors with a percentage, and throughput with a rate such as 50/s"

// Contradictions finds objectives that cannot both be meant: two of the same
// name, or two different values for the same share of the same operations.
func Contradictions(objectives []plumbline.Objective) []error {
	var out []error
	for i, a := range objectives {
		for _, b := range objectives[:i] {
			if why := contradict(a, b); why != "" {
				out = append(out, &Problem{
					Code: "SLO103", Source: a.Source, Message: why,
					Help: "the other one stands at " + at(b.Source) + "; keep one of them",
				})
			}
		}
	}
	return out
}

func at(s plumbline.Source) string {
	if s.Line == 0 {
		return s.File
	}
	return fmt.Sprintf("%s:%d", s.File, s.Line)
}

func contradict(a, b plumbline.Objective) string {
	if a.Name == b.Name {
		return fmt.Sprintf("two objectives are called %q", a.Name)
	}
	if a.During != b.During || !slices.Equal(a.Faults, b.Faults) || !slices.Equal(a.Operations, b.Operations) {
		return ""
	}
	return disagree(a, b)
}

// disagree tells how two objectives of the same operations cannot both be meant.
func disagree(a, b plumbline.Objective) string {
	if a.Throughput > 0 && b.Throughput > 0 && a.Throughput != b.Throughput {
		return fmt.Sprintf("%q wants %g good answers a second and %q %g, of the same operations", a.Name, a.Throughput, b.Name, b.Throughput)
	}
	switch available := func(o plumbline.Objective) bool { return o.Within == 0 && o.Throughput == 0 }; {
	case available(a) && available(b) && a.Target != b.Target:
		return fmt.Sprintf("%q wants %s available and %q %s, of the same operations", a.Name, percent(a.Target), b.Name, percent(b.Target))
	case a.Within != 0 && b.Within != 0 && a.Within != b.Within && a.Target == b.Target:
		return fmt.Sprintf("%q wants %s within %s and %q within %s, of the same operations", a.Name, percent(a.Target), a.Within, b.Name, b.Within)
	}
	return ""
}

func percent(f float64) string { return strconv.FormatFloat(f*100, 'g', 6, 64) + " %" }
