package scenarios

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// leastShown is how many answers must have held a place before what is lacking
// there, or is of another type, is told.
const leastShown = 3

// planShown claims that the answers of every operation with an example of its
// response look as the example does.
func planShown(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, o := range d.Operations {
		if len(o.Pictures) == 0 || !callable(d, o) {
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: examplesValid + "/" + o.ID, Function: examplesValid, Operation: o.ID, Basis: plumbline.BasisDocument, Source: o.Source,
			Statement: "the answers of " + o.ID + " look as the examples of the document do", Experiments: []string{contractValid},
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{validCases(d)}
	}
	return p
}

func judgeShown(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, ok := d.Operation(c.Operation)
	if !ok {
		return broken("the design has no operation %s", c.Operation)
	}
	answers, looked := 0, 0
	var odd []string
	done := map[string]bool{}
	for _, p := range op.Pictures {
		if done[p.Status] {
			continue
		}
		done[p.Status] = true
		s := beside(op, p.Status, e)
		answers += int(s.count)
		looked += len(s.common)
		odd = append(odd, s.lacking()...)
		odd = append(odd, s.retyped()...)
	}
	f := figure{float64(len(odd)), 0, "fields", looked}
	switch {
	case len(odd) > 0:
		v := fail(f, "examples of responses show what answers do not: %s", strings.Join(odd[:min(len(odd), 3)], "; "))
		v.Level, v.Wrong = plumbline.LevelAdvisory, "document"
		v.Remedy = "let the example show what is answered: clients are written after it"
		for _, what := range odd[:min(len(odd), exhibitLimit)] {
			v.Evidence = append(v.Evidence, plumbline.Exhibit{Summary: what})
		}
		return v
	case answers < leastShown:
		return skipped(plumbline.ReasonNotApplicable, "%s of %s with the status of an example: not covered", plural(answers, "answer"), op.ID)
	}
	return pass(f, "%s of examples were looked for in %s", plural(looked, "field"), plural(answers, "answer"))
}

// A likeness is what the examples of one status show, and the answers held.
type likeness struct {
	status string
	common []string              // fields of every example
	shown  map[string][]string   // JSON types in the examples, by field
	count  int64                 // answers
	held   map[string]int64      // answers that held the field
	types  map[string]typeCounts // in the answers that were read in full
	full   bool                  // there were more fields than are counted
}

// mostCounted is how many fields of one kind of answer are surely counted.
const mostCounted = 400

// typeCounts counts answers by the JSON type that they held at one place.
type typeCounts map[string]int

func beside(op plumbline.Operation, status string, e *plumbline.Evidence) likeness {
	s := likeness{status: status, shown: map[string][]string{}, held: map[string]int64{}, types: map[string]typeCounts{}}
	first := true
	for _, p := range op.Pictures {
		if p.Status != status {
			continue
		}
		if first {
			s.common = p.Fields
		} else {
			s.common = slices.DeleteFunc(slices.Clone(s.common), func(f string) bool { return !slices.Contains(p.Fields, f) })
		}
		first = false
		for f, types := range typesIn(p.Body, p.Fields) {
			s.shown[f] = append(s.shown[f], types...)
		}
	}
	for _, seen := range e.Seen {
		if seen.Operation != op.ID || !documentedBy(status, seen.Status) || len(seen.Fields) == 0 {
			continue
		}
		s.count += seen.Count
		s.full = s.full || len(seen.Fields) >= mostCounted
		for f, n := range seen.Fields {
			s.held[f] += n
		}
	}
	s.read(op, e)
	return s
}

// read takes the types from the answers that were written down in full and that
// match their schema: what does not is another claim's.
func (s *likeness) read(op plumbline.Operation, e *plumbline.Evidence) {
	for _, o := range e.Observations {
		if o.Operation != op.ID || o.Transcript == nil || o.Error != "" || o.Unchecked || !documentedBy(s.status, o.Status) || o.Marked(plumbline.MarkBody) {
			continue
		}
		for f, types := range typesIn(o.Transcript.ResponseBody, s.common) {
			if s.types[f] == nil {
				s.types[f] = typeCounts{}
			}
			for _, t := range types {
				s.types[f][t]++
			}
		}
	}
}

// lacking are fields of the examples that no answer held, although it held what
// they are part of; not what is within such a field.
func (s likeness) lacking() []string {
	var out []string
	for _, f := range s.common {
		above := f[:strings.LastIndexByte(f, '/')]
		n := s.held[above]
		if above == "" {
			n = s.count
		}
		if !s.full && s.held[f] == 0 && n >= leastShown && !strings.HasSuffix(f, "/*") {
			out = append(out, fmt.Sprintf("%s %s is in no answer, of %d", s.status, f, n))
		}
	}
	return out
}

// retyped are fields whose type in the answers is none that an example shows.
func (s likeness) retyped() []string {
	var out []string
	for _, f := range s.common {
		n := 0
		var others []string
		for _, t := range sortedKeys(s.types[f]) {
			if t == "null" {
				continue
			}
			n += s.types[f][t]
			others = append(others, t)
		}
		known := slices.DeleteFunc(slices.Clone(s.shown[f]), func(t string) bool { return t == "null" })
		if n < leastShown || len(known) == 0 || slices.ContainsFunc(known, func(t string) bool { return slices.Contains(others, t) }) {
			continue
		}
		out = append(out, fmt.Sprintf("%s %s is %s in the example, and %s in %s", s.status, f, known[0], strings.Join(others, " or "), plural(n, "answer")))
	}
	return out
}

// typesIn are the JSON types that a body has at the fields, each once. A body
// that was cut off has none.
func typesIn(body string, fields []string) map[string][]string {
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		return nil
	}
	out := map[string][]string{}
	for _, f := range fields {
		for _, e := range ledTo(v, strings.Split(f, "/")[1:]) {
			if t := jsonType(e); e != "[redacted]" && !slices.Contains(out[f], t) {
				out[f] = append(out[f], t)
			}
		}
	}
	return out
}

// ledTo are the values that a pointer leads to; * is any index and any key.
func ledTo(v any, tokens []string) []any {
	if len(tokens) == 0 {
		return []any{v}
	}
	var out []any
	switch x := v.(type) {
	case []any:
		if tokens[0] == "*" {
			for _, e := range x {
				out = append(out, ledTo(e, tokens[1:])...)
			}
		}
	case map[string]any:
		if tokens[0] == "*" {
			for _, k := range sortedKeys(x) {
				out = append(out, ledTo(x[k], tokens[1:])...)
			}
		} else if e, ok := x[strings.NewReplacer("~1", "/", "~0", "~").Replace(tokens[0])]; ok {
			out = ledTo(e, tokens[1:])
		}
	}
	return out
}

func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return "a list"
	}
	return "an object"
}
