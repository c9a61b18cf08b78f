package gherkin

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	stepPrefix = "step:"
	statusOf   = "status:"
)

// writeTerm says a term, in parentheses where it is part of another: the
// "/stock" == the "/stock" of "before".
func writeTerm(t plumbline.Term, part bool) string {
	if t.Op == "" {
		return writeValue(t)
	}
	terms := make([]string, 0, len(t.Terms))
	for _, x := range t.Terms {
		terms = append(terms, writeTerm(x, true))
	}
	s := strings.Join(terms, " "+t.Op+" ")
	if part {
		s = "(" + s + ")"
	}
	return s
}

func writeValue(t plumbline.Term) string {
	if t.From == "" {
		v, err := json.Marshal(t.Value)
		if err != nil {
			return err.Error() // which nobody can read back
		}
		return string(v)
	}
	s := "the " + strconv.Quote(t.Pointer)
	if t.Pointer == statusOf {
		s = "the status"
	}
	if name, ok := strings.CutPrefix(t.From, stepPrefix); ok {
		s += " of " + strconv.Quote(name)
	}
	return s
}

// A termReader reads a term from the left.
type termReader struct {
	rest  string
	steps []string // that it names
	err   error
}

// readTerm reads a term that writeTerm has said, and which steps it names.
func readTerm(text string) (plumbline.Term, []string, error) {
	r := &termReader{rest: text}
	t := r.term()
	if r.err == nil && r.rest != "" {
		r.err = fmt.Errorf("%q is not understood here", r.rest)
	}
	return t, r.steps, r.err
}

// term is a value, or several with the same operator between them.
func (r *termReader) term() plumbline.Term {
	first := r.unit()
	op := r.operator()
	if op == "" {
		return first
	}
	t := plumbline.Term{Op: op, Terms: []plumbline.Term{first, r.unit()}}
	for next := r.operator(); next != "" && r.err == nil; next = r.operator() {
		if next != op || op != plumbline.TermAnd && op != plumbline.TermOr {
			r.err = fmt.Errorf("put parentheses around what belongs together before %q", next)
		}
		t.Terms = append(t.Terms, r.unit())
	}
	return t
}

func (r *termReader) operator() string {
	for _, op := range []string{plumbline.TermAnd, plumbline.TermOr, plumbline.TermEqual, plumbline.TermUnequal, plumbline.TermMost, plumbline.TermLeast, plumbline.TermLess, plumbline.TermMore} {
		if r.err == nil && r.skip(" "+op+" ") {
			return op
		}
	}
	return ""
}

func (r *termReader) unit() plumbline.Term {
	switch {
	case r.err != nil:
		return plumbline.Term{}
	case r.skip("("):
		t := r.term()
		if r.err == nil && !r.skip(")") {
			r.err = errors.New("a parenthesis is not closed")
		}
		return t
	case r.skip("the status"):
		return plumbline.Term{From: r.from(), Pointer: statusOf}
	case r.skip("the "):
		pointer := r.quoted()
		return plumbline.Term{From: r.from(), Pointer: pointer}
	}
	dec := json.NewDecoder(strings.NewReader(r.rest))
	var t plumbline.Term
	if err := dec.Decode(&t.Value); err != nil {
		r.err = fmt.Errorf("%q is no value: write a number, a text in quotes, the status, or the \"/pointer\" of \"step\"", r.rest)
		return t
	}
	r.rest = r.rest[dec.InputOffset():]
	return t
}

func (r *termReader) from() string {
	if r.err == nil && r.skip(" of ") {
		name := r.quoted()
		r.steps = append(r.steps, name)
		return stepPrefix + name
	}
	return plumbline.TermAnswer
}

func (r *termReader) quoted() string {
	prefix, err := strconv.QuotedPrefix(r.rest)
	if err != nil {
		r.err = fmt.Errorf("%q does not begin with a text in quotes", r.rest)
		return ""
	}
	r.rest = r.rest[len(prefix):]
	s, err := strconv.Unquote(prefix)
	r.err = err
	return s
}

func (r *termReader) skip(prefix string) bool {
	rest, ok := strings.CutPrefix(r.rest, prefix)
	r.rest = rest
	return ok
}

// criterion reads a criterion, and tells of steps that are not there.
func (b *Builder) criterion(g groups, err *error) plumbline.Criterion {
	c := plumbline.Criterion{Text: g.text("text", err)}
	if *err != nil {
		return c
	}
	var steps []string
	c.Term, steps, *err = readTerm(g.at("term"))
	for _, name := range slices.Compact(steps) {
		if *err == nil {
			*err = b.mentions(name)
		}
	}
	return c
}
