package reports

import (
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A statusSeen is one status of an operation: documented, seen, or both.
type statusSeen struct {
	Status     string
	Count      int
	Documented bool
}

// statuses lays what an operation answered beside what its document says it
// may. Answers under load are counted by class alone and are not among them.
func statuses(o plumbline.OperationCoverage) []statusSeen {
	var out []statusSeen
	for _, s := range o.Documented {
		out = append(out, statusSeen{Status: s, Documented: true})
	}
	for _, seen := range slices.Sorted(maps.Keys(o.Statuses)) {
		if len(seen) != 3 || strings.HasSuffix(seen, "xx") {
			continue
		}
		i := documentedAs(out, seen)
		if i < 0 {
			out = append(out, statusSeen{Status: seen})
			i = len(out) - 1
		}
		out[i].Count += o.Statuses[seen]
	}
	return out
}

// documentedAs finds the entry under which a status is documented: itself, its
// range, or the default.
func documentedAs(all []statusSeen, status string) int {
	for _, name := range []string{status, status[:1] + "XX", "default"} {
		if i := slices.IndexFunc(all, func(s statusSeen) bool { return strings.EqualFold(s.Status, name) }); i >= 0 {
			return i
		}
	}
	return -1
}

// otherAnswers are the counts of an operation that are no single status: the
// classes under load, and errors.
func otherAnswers(o plumbline.OperationCoverage) string {
	var parts []string
	for _, s := range slices.Sorted(maps.Keys(o.Statuses)) {
		if len(s) != 3 || strings.HasSuffix(s, "xx") {
			parts = append(parts, s+" ×"+grouped(int64(o.Statuses[s])))
		}
	}
	return strings.Join(parts, ", ")
}

// A tally is how many of so many.
type tally struct {
	Name    string
	N, Of   int
	Meaning string
}

// exercised sums the coverage of a contract up.
func exercised(r plumbline.Report) []tally {
	out := []tally{{"operations", r.Coverage.Exercised, r.Coverage.Declared, "answered 2xx at least once"}}
	seen, documented, fields, known := 0, 0, 0, 0
	for _, o := range r.Coverage.Operations {
		for _, s := range statuses(o) {
			if s.Documented {
				documented++
				if s.Count > 0 {
					seen++
				}
			}
		}
		fields, known = fields+o.FieldsSeen, known+o.Fields
	}
	if documented > 0 {
		out = append(out, tally{"documented statuses", seen, documented, "were answered"})
	}
	if held, tried := constraints(r.Coverage.Operations...); tried > 0 {
		out = append(out, tally{"constraints on input", held, tried, "were broken and refused by a 4xx"})
	}
	if known > 0 {
		out = append(out, tally{"documented fields", fields, known, "were seen in an answer"})
	}
	return out
}

// An unlock is one declaration, and the functions that it would let judge.
type unlock struct {
	Why, Unlock string
	Functions   []string
}

// notJudged groups the functions that judged nothing by why and by what would
// change it, what can be unlocked first.
func notJudged(r plumbline.Report) []unlock {
	var out []unlock
	for _, c := range r.Coverage.Functions {
		if c.Outcome != plumbline.Skipped {
			continue
		}
		i := slices.IndexFunc(out, func(u unlock) bool { return u.Why == c.Reason && u.Unlock == c.Unlock })
		if i < 0 {
			i = len(out)
			out = append(out, unlock{Why: c.Reason, Unlock: c.Unlock})
		}
		out[i].Functions = append(out[i].Functions, c.Function)
	}
	slices.SortStableFunc(out, func(a, b unlock) int {
		return map[bool]int{true: 1}[a.Unlock == ""] - map[bool]int{true: 1}[b.Unlock == ""]
	})
	return out
}
