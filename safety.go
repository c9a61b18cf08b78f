package plumbline

import (
	"slices"
	"strings"
)

// The steps of a flow that tries whether an operation with a safe method
// changes what it is sent to (Flow.Tries): the same on two members, with one
// reading more before the call on the second, so that what changes by the
// clock or by the number of readings does not change at the same step of both.
const (
	TrialMake  = "create"  // the first member
	TrialFirst = "read-1"  // twice, with nothing in between: what differs here moves by itself
	TrialQuiet = "read-2"  // compared with TrialFirst
	TrialCall  = "call"    // the operation that is tried
	TrialAfter = "read-3"  // compared with TrialQuiet
	TrialOther = "other"   // the second member
	TrialStart = "other-1" // read three times
	TrialStill = "other-2" // compared with TrialStart
	TrialCalm  = "other-3" // compared with TrialStill
	TrialAgain = "call-again"
	TrialEnd   = "other-4" // compared with TrialCalm
)

// Altered tells what an operation changed that a flow has tried, by the
// observations of the steps: the values that differ after the call on both
// members and never without it. Gone is true when both could be read before
// the call, and are answered 404 or 410 after it. What every reading may move,
// such as a count of visits or the time of the last one, is not told: the
// client has not asked for it (RFC 9110 §9.2.1).
func Altered(step func(name string) (Observation, bool)) (changed []Mark, gone bool) {
	for _, name := range []string{TrialFirst, TrialQuiet, TrialCall, TrialStart, TrialStill, TrialCalm, TrialAgain} {
		if o, ok := step(name); !ok || o.Error != "" || o.Status/100 != 2 {
			return nil, false
		}
	}
	after, _ := step(TrialAfter)
	end, _ := step(TrialEnd)
	if lost(after) && lost(end) {
		return nil, true
	}
	var moving []Mark
	for _, name := range []string{TrialQuiet, TrialStill, TrialCalm} {
		o, _ := step(name)
		moving = append(moving, differing(o)...)
	}
	again := differing(end)
	for _, m := range differing(after) {
		if at(again, m.Pointer) && !at(moving, m.Pointer) && !counts(m.Pointer) {
			changed = append(changed, m)
		}
	}
	return changed, false
}

func lost(o Observation) bool { return o.Error == "" && (o.Status == 404 || o.Status == 410) }

func at(marks []Mark, pointer string) bool {
	return slices.ContainsFunc(marks, func(m Mark) bool { return m.Pointer == pointer })
}

// differing are the differences that the comparisons of a 2xx answer found.
func differing(o Observation) []Mark {
	var out []Mark
	if o.Error != "" || o.Status/100 != 2 {
		return nil
	}
	for _, match := range o.Matches {
		for _, m := range match.Marks {
			if m.Kind == MarkDiffers {
				out = append(out, m)
			}
		}
	}
	return out
}

// counts says whether the name of a member is one of what servers keep about
// readings.
func counts(pointer string) bool {
	name := strings.ToLower(pointer[strings.LastIndex(pointer, "/")+1:])
	if name == "read" || name == "unread" || name == "count" || strings.HasSuffix(name, "_count") {
		return true
	}
	return slices.ContainsFunc([]string{"view", "visit", "hits", "access", "download", "seen", "requests", "counter", "last", "time", "date", "_at", "etag", "version", "revision"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}
