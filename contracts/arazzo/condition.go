package arazzo

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/theory/jsonpath"

	"github.com/plumbline-dev/plumbline"
)

// criteria reads the criteria of a step or an action.
func (s *scope) criteria(list []*node) []plumbline.Criterion {
	var out []plumbline.Criterion
	for _, n := range list {
		if c, ok := s.criterion(n); ok {
			out = append(out, c)
		}
	}
	return out
}

// criterion reads one criterion (Arazzo 1.0.1 §4.6.11).
func (s *scope) criterion(n *node) (plumbline.Criterion, bool) {
	s.only(n, "a criterion", "context", "condition", "type")
	condition := n.get("condition")
	text, simple := condition.text(), true
	if condition == nil || text == "" {
		s.wrong(n, "a criterion has no condition")
		return plumbline.Criterion{}, false
	}
	kind := n.get("type").text()
	if t := n.get("type"); t != nil && t.kind == objectNode {
		kind = t.get("type").text() // the version of a path language is not asked for: RFC 9535 reads all of them alike
	}
	var term plumbline.Term
	var ok bool
	switch kind {
	case "", "simple":
		p := &conditionParser{scope: s, at: condition, rest: text}
		term, ok = p.whole()
	case "regex", "jsonpath":
		simple = false
		term, ok = s.pattern(n, condition, kind, text)
	default:
		s.unsupported(n, "known are simple, regex and jsonpath", "criteria of the type %q cannot be checked", kind)
	}
	if !simple {
		text = n.get("context").text() + " " + term.Op + " " + text
	}
	return plumbline.Criterion{Text: text, Term: term}, ok
}

// pattern is a criterion on a context.
func (s *scope) pattern(n, condition *node, kind, text string) (plumbline.Term, bool) {
	context := n.get("context")
	if context.text() == "" {
		s.wrong(n, "a criterion of the type %s needs a context", kind)
		return plumbline.Term{}, false
	}
	v, ok := s.expression(context, context.text())
	if !ok {
		return plumbline.Term{}, false
	}
	out := plumbline.Term{Op: plumbline.TermMatches, Terms: []plumbline.Term{termOf(v)}, Value: text}
	_, err := regexp.Compile(text)
	if kind == "jsonpath" {
		out.Op = plumbline.TermSelects
		_, err = jsonpath.Parse(text)
	}
	if err != nil {
		s.wrong(condition, "%q cannot be read: %v", text, err)
	}
	return out, err == nil
}

func termOf(v value) plumbline.Term {
	if v.live == nil {
		return plumbline.Term{Value: v.constant}
	}
	return plumbline.Term{From: v.live.from, Pointer: v.live.pointer}
}

// A conditionParser reads a simple condition: comparisons of values, joined by
// && and ||, turned round by !, and grouped by parentheses.
type conditionParser struct {
	*scope
	at     *node
	rest   string
	failed bool
}

func (p *conditionParser) fail(format string, args ...any) plumbline.Term {
	if !p.failed {
		p.wrong(p.at, "the condition %q: %s", p.at.text(), fmt.Sprintf(format, args...))
	}
	p.failed = true
	return plumbline.Term{}
}

func (p *conditionParser) whole() (plumbline.Term, bool) {
	t := p.either()
	p.space()
	if p.rest != "" {
		p.fail("%q is left over", p.rest)
	}
	if t.Op == "" && t.From == "" {
		if _, truth := t.Value.(bool); !truth {
			p.fail("it says nothing that could be true")
		}
	}
	return t, !p.failed
}

func (p *conditionParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take takes a word off the front.
func (p *conditionParser) take(word string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, word)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *conditionParser) either() plumbline.Term {
	return p.joined(plumbline.TermOr, "||", p.all)
}

func (p *conditionParser) all() plumbline.Term {
	return p.joined(plumbline.TermAnd, "&&", p.one)
}

func (p *conditionParser) joined(op, word string, part func() plumbline.Term) plumbline.Term {
	terms := []plumbline.Term{part()}
	for !p.failed && p.take(word) {
		terms = append(terms, part())
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return plumbline.Term{Op: op, Terms: terms}
}

func (p *conditionParser) one() plumbline.Term {
	if p.space(); strings.HasPrefix(p.rest, "!") && !strings.HasPrefix(p.rest, "!=") {
		p.take("!")
		return plumbline.Term{Op: plumbline.TermNot, Terms: []plumbline.Term{p.one()}}
	}
	left := p.operand()
	for _, op := range []string{plumbline.TermEqual, plumbline.TermUnequal, plumbline.TermMost, plumbline.TermLeast, plumbline.TermLess, plumbline.TermMore} {
		if !p.failed && p.take(op) {
			return plumbline.Term{Op: op, Terms: []plumbline.Term{left, p.operand()}}
		}
	}
	return left
}

func (p *conditionParser) operand() plumbline.Term {
	p.space()
	switch {
	case p.rest == "":
		return p.fail("it ends too early")
	case p.take("("):
		t := p.either()
		if !p.take(")") {
			return p.fail("a parenthesis is not closed")
		}
		return t
	case strings.HasPrefix(p.rest, "'"):
		return p.quoted()
	case strings.HasPrefix(p.rest, "$"):
		return p.runtime()
	}
	word := p.word("=!<>&|() \t\r\n")
	switch word {
	case "true", "false":
		return plumbline.Term{Value: word == "true"}
	case "null":
		return plumbline.Term{}
	}
	if n, err := strconv.ParseFloat(word, 64); err == nil {
		return plumbline.Term{Value: n}
	}
	return p.fail("%q is no value; texts stand in single quotes", word)
}

// word takes everything up to one of the given characters.
func (p *conditionParser) word(until string) string {
	i := strings.IndexAny(p.rest, until)
	if i < 0 {
		i = len(p.rest)
	}
	word := p.rest[:i]
	p.rest = p.rest[i:]
	return word
}

// quoted is a text; a quote in it is doubled.
func (p *conditionParser) quoted() plumbline.Term {
	var b strings.Builder
	for rest := p.rest[1:]; ; {
		before, after, ok := strings.Cut(rest, "'")
		if !ok {
			return p.fail("a quote is not closed")
		}
		b.WriteString(before)
		if !strings.HasPrefix(after, "'") {
			p.rest = after
			return plumbline.Term{Value: b.String()}
		}
		b.WriteByte('\'')
		rest = after[1:]
	}
}

// runtime is a runtime expression; members of what it names follow it as .name
// and [0].
func (p *conditionParser) runtime() plumbline.Term {
	word := p.word("=!<>&|() \t\r\n")
	expression, below := word, ""
	if rest, ok := strings.CutPrefix(word, "$response.body"); ok && !strings.HasPrefix(rest, "#") {
		expression, below = "$response.body", rest
	} else if i := strings.IndexByte(word, '['); i >= 0 {
		expression, below = word[:i], word[i:]
	}
	v, ok := p.expression(p.at, expression)
	if ok && below != "" {
		v, ok = p.within(p.at, v, pointerOf(below))
	}
	p.failed = p.failed || !ok
	return termOf(v)
}

// pointerOf is the JSON pointer of .name and [0].
func pointerOf(below string) string {
	var b strings.Builder
	for _, t := range strings.FieldsFunc(below, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		b.WriteString("/" + escaped(strings.Trim(t, `"`)))
	}
	return b.String()
}
