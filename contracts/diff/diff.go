// Package diff tells how a document differs from the one that was released
// before it, as far as the difference can break a consumer. The rules are
// those of oasdiff; what they mean for a verdict is decided here.
package diff

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/oasdiff/oasdiff/checker"
	oasdiff "github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// Compare returns the changes from the released document to the one at hand:
// those that break a consumer that keeps to the released one (LevelProved) and
// those that may (LevelLikely). Changes that break nobody who reads
// tolerantly, such as a further value of an enum in an answer, are among the
// latter. Optional properties that answers no longer have break only who reads
// them: they are LevelAdvisory until Touch finds such a consumer.
// Neither document is changed.
func Compare(base, revision *openapi.Doc) (out []plumbline.Change, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("compare %s with %s: %v", revision.File, base.File, p)
		}
	}()
	old, now := &load.SpecInfo{Url: base.File, Spec: base.T}, &load.SpecInfo{Url: revision.File, Spec: revision.T}
	d, sources, err := oasdiff.GetWithOperationsSourcesMap(oasdiff.NewConfig(), old, now)
	if err != nil {
		return nil, fmt.Errorf("compare %s with %s: %w", revision.File, base.File, err)
	}
	found := checker.CheckBackwardCompatibilityUntilLevel(checker.NewConfig(checker.GetAllChecks()), d, sources, checker.INFO)
	words := checker.NewDefaultLocalizer()
	before, after := operations(base), operations(revision)
	seen := map[string]bool{}
	for _, c := range found {
		level := levelOf(c)
		if level == "" {
			continue
		}
		change := plumbline.Change{ID: c.GetId(), Level: level, Text: c.GetUncolorizedText(words), Field: field(c)}
		key := strings.ToLower(c.GetOperation()) + " " + shape(c.GetPath())
		if op, ok := after[key]; ok {
			change.Operation, change.Source = op.ID, op.Source
		} else if op, ok := before[key]; ok {
			change.Operation, change.Source = op.ID, op.Source
		}
		if id := change.ID + change.Operation + change.Text; !seen[id] {
			seen[id] = true
			out = append(out, change)
		}
	}
	Rank(out)
	return out, nil
}

// operations indexes the operations of a document by method and shape of path.
func operations(d *openapi.Doc) map[string]openapi.Op {
	out := map[string]openapi.Op{}
	for _, o := range d.Operations {
		tokens := strings.Split(o.Source.Pointer, "/")
		if len(tokens) == 4 {
			path := strings.ReplaceAll(strings.ReplaceAll(tokens[2], "~1", "/"), "~0", "~")
			out[tokens[3]+" "+shape(path)] = o
		}
	}
	return out
}

// shape is a path template without the names of its parameters: renaming one
// changes nothing on the wire.
func shape(path string) string { return regexp.MustCompile(`\{[^{}]*\}`).ReplaceAllString(path, "{}") }

// levelOf decides how sure it is that a change breaks somebody; empty when it
// is of no concern.
func levelOf(c checker.Change) plumbline.Level {
	id, level := c.GetId(), c.GetLevel()
	switch {
	case level == checker.WARN, level == checker.ERR && widens(id):
		return plumbline.LevelLikely
	case level == checker.ERR:
		return plumbline.LevelProved
	case id == "response-optional-property-removed", id == "response-non-success-status-removed":
		return plumbline.LevelAdvisory
	}
	return ""
}

// widens tells whether a change lets answers be more than before, which a
// tolerant reader bears.
func widens(id string) bool {
	if !strings.HasPrefix(id, "response-") {
		return false
	}
	return strings.HasSuffix(id, "enum-value-added") || strings.HasSuffix(id, "-widened") || strings.HasSuffix(id, "-generalized") ||
		strings.HasSuffix(id, "one-of-added") || strings.HasSuffix(id, "any-of-added")
}

// field is the value of an answer that a change is about, as in
// plumbline.Field, or the parameter or property of a request: "query/limit",
// "body/quantity". Empty for what is about neither.
func field(c checker.Change) string {
	args := make([]string, 0, len(c.GetArgs()))
	for _, a := range c.GetArgs() {
		args = append(args, fmt.Sprint(a))
	}
	id := c.GetId()
	switch {
	case strings.Contains(id, "request-parameter") && len(args) > 1:
		return args[0] + "/" + args[1]
	case strings.Contains(id, "header") && len(args) > 0:
		return "header/" + args[0]
	case strings.Contains(id, "property") && len(args) > 0:
		name := args[0]
		if strings.Contains(id, "enum-value") && len(args) > 1 {
			name = args[1]
		}
		if strings.Contains(id, "request") {
			return "body" + pointer(name)
		}
		return pointer(name)
	}
	return ""
}

// pointer writes a property path of oasdiff, "list/items/id", as a pointer
// with * for any item or key.
func pointer(path string) string {
	var b strings.Builder
	for _, t := range strings.Split(strings.Trim(path, "/"), "/") {
		switch {
		case t == "" || strings.HasPrefix(t, "allOf[") || strings.HasPrefix(t, "anyOf[") || strings.HasPrefix(t, "oneOf["):
		case t == "items" || t == "additionalProperties" || strings.HasPrefix(t, "prefixItems["):
			b.WriteString("/*")
		default:
			b.WriteString("/" + t)
		}
	}
	return b.String()
}

// Touch says which consumers each change touches: those that call its
// operation and, where it is about a field of the answer, read that. What
// Compare found to be of no concern by itself is kept only if somebody is
// touched. The result is ranked anew.
func Touch(changes []plumbline.Change, consumers []plumbline.Consumer) []plumbline.Change {
	var out []plumbline.Change
	for _, c := range changes {
		touched := map[string]bool{}
		for _, k := range consumers {
			if k.Operation == c.Operation && c.Operation != "" && reads(k, c.Field) {
				touched[k.Consumer] = true
			}
		}
		c.Consumers = slices.Sorted(maps.Keys(touched))
		if c.Level == plumbline.LevelAdvisory {
			if len(touched) == 0 || c.Field == "" {
				continue
			}
			c.Level = plumbline.LevelLikely
		}
		out = append(out, c)
	}
	Rank(out)
	return out
}

// reads tells whether a change of a field concerns an interaction. One of the
// request concerns every call.
func reads(k plumbline.Consumer, field string) bool {
	if !strings.HasPrefix(field, "/") {
		return true
	}
	return slices.ContainsFunc(k.Reads, func(r string) bool {
		return r == field || strings.HasPrefix(r, field+"/") || strings.HasPrefix(field, r+"/") && strings.HasSuffix(r, "*")
	})
}

// Rank orders changes: those that break before those that may, and among them
// those that touch most consumers first.
func Rank(changes []plumbline.Change) {
	level := map[plumbline.Level]int{plumbline.LevelLikely: 1, plumbline.LevelAdvisory: 2}
	slices.SortStableFunc(changes, func(a, b plumbline.Change) int {
		return cmp.Or(
			cmp.Compare(level[a.Level], level[b.Level]), cmp.Compare(len(b.Consumers), len(a.Consumers)),
			cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Text, b.Text),
		)
	})
}
