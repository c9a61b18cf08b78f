package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// mostUnseen bounds the fields that are named because no answer held them.
const mostUnseen = 12

// constraintCoverage counts what was sent to break, or to stand at the edge
// of, each constraint on the input of an operation, and what came of it. Only
// requests that reached the target count.
func constraintCoverage(o plumbline.Operation, e *plumbline.Evidence) []plumbline.ConstraintCoverage {
	type key struct{ pointer, keyword string }
	all := map[key]*plumbline.ConstraintCoverage{}
	for _, x := range e.Observations {
		if x.Operation != o.ID || x.Keyword == "" || x.Status == 0 || !sentToTarget(x) {
			continue
		}
		k := key{x.Pointer, x.Keyword}
		c := all[k]
		if c == nil {
			c = &plumbline.ConstraintCoverage{Pointer: x.Pointer, Keyword: x.Keyword}
			all[k] = c
		}
		c.Sent++
		switch {
		case x.Status/100 == 4:
			c.Refused++
		case succeeded(x):
			c.Accepted++
		}
	}
	var out []plumbline.ConstraintCoverage
	for _, c := range all {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b plumbline.ConstraintCoverage) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Keyword, b.Keyword))
	})
	return out
}

// fieldCoverage holds the documented fields of an operation's answers against
// those that were seen.
func fieldCoverage(c *plumbline.OperationCoverage, o plumbline.Operation, e *plumbline.Evidence) {
	c.Fields = len(o.Fields)
	for _, f := range o.Fields {
		if fieldSeen(e, o.ID, f) {
			c.FieldsSeen++
		} else if len(c.Unseen) < mostUnseen {
			c.Unseen = append(c.Unseen, f.Status+" "+f.Pointer)
		}
	}
}

func fieldSeen(e *plumbline.Evidence, operation string, f plumbline.Field) bool {
	return slices.ContainsFunc(e.Seen, func(s plumbline.Seen) bool {
		return s.Operation == operation && documentedBy(f.Status, s.Status) && s.Fields[f.Pointer] > 0
	})
}

// documentedBy tells whether a status of the document, which may be a class or
// the default, speaks of a status. A default speaks of errors here.
func documentedBy(documented string, status int) bool {
	code := strconv.Itoa(status)
	switch {
	case documented == code:
		return true
	case strings.EqualFold(documented, code[:1]+"XX"):
		return true
	}
	return documented == "default" && status >= 400
}

// untested says in words what of an operation was not tested, because of what.
func untested(c plumbline.OperationCoverage, o plumbline.Operation) []string {
	var out []string
	var missing []string
	for _, s := range o.Statuses {
		if !answeredAs(c.Statuses, s) {
			missing = append(missing, s)
		}
	}
	if len(missing) > 0 {
		out = append(out, fmt.Sprintf("no answer was %s: nothing that was sent led to it", strings.Join(missing, ", ")))
	}
	sent := map[string]bool{}
	for _, x := range c.Constraints {
		sent[x.Pointer+" "+x.Keyword] = true
	}
	kinds := map[string]bool{}
	for _, k := range o.Invalid {
		if k.Keyword != "" && !sent[k.Pointer+" "+k.Keyword] {
			kinds[k.Pointer+" "+k.Keyword] = true
		}
	}
	if len(kinds) > 0 {
		out = append(out, fmt.Sprintf("not broken: %s; the requests were not sent, or never reached it", first(sortedKeys(kinds), 4)))
	}
	if len(o.Cases) == 0 {
		out = append(out, "no request could be made that is proved valid")
	}
	if c.Fields > c.FieldsSeen && c.FieldsSeen > 0 {
		out = append(out, fmt.Sprintf("%d of %d documented fields were in no answer", c.Fields-c.FieldsSeen, c.Fields))
	}
	return out
}

// answeredAs tells whether one of the answers seen is of a documented status.
func answeredAs(seen map[string]int, documented string) bool {
	for word := range seen {
		if status, err := strconv.Atoi(word); err == nil && documentedBy(documented, status) {
			return true
		}
		if strings.EqualFold(word, documented) { // a class, under load
			return true
		}
	}
	return false
}
