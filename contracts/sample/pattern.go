package sample

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// longest bounds generated text, in characters.
const longest = 4096

// A patterned writes texts of an ECMA pattern. Looking around is left out of
// the pattern, so that every text has to be proved.
type patterned struct {
	re       *syntax.Regexp
	anchored bool // at its end: nothing may be appended
}

func newPatterned(expr string) (patterned, bool) {
	re, err := syntax.Parse(portable(expr), syntax.Perl)
	if err != nil {
		return patterned{}, false
	}
	return patterned{re.Simplify(), strings.HasSuffix(expr, "$")}, true
}

// portable turns the ECMA syntax of a pattern into Go's.
func portable(expr string) string {
	var b strings.Builder
	for i := 0; i < len(expr); {
		text, n := portableAt(expr[i:])
		b.WriteString(text)
		i += n
	}
	return b.String()
}

// portableAt translates what a pattern begins with, and tells its length.
func portableAt(rest string) (string, int) {
	switch {
	case strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!") || strings.HasPrefix(rest, "(?<=") || strings.HasPrefix(rest, "(?<!"):
		return "", group(rest)
	case rest[0] != '\\' || len(rest) < 2:
		return rest[:1], 1
	case strings.HasPrefix(rest, `\u{`):
		return `\x{`, 3
	case rest[1] == 'u' && len(rest) >= 6:
		return `\x{` + rest[2:6] + `}`, 6
	case rest[1] == '/':
		return "/", 2
	}
	return rest[:2], 2
}

// group is the length of the group that a text begins with.
func group(s string) int {
	depth, class := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			depth--
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// text writes a text that has the given number of characters where the pattern
// can, and at least as many as the pattern needs.
func (p patterned) text(characters, turn int) (string, bool) {
	w := writer{turn: turn, spare: characters - shortest(p.re)}
	if !w.write(p.re) || w.b.Len() > 4*longest {
		return "", false
	}
	s := w.b.String()
	if n := characters - utf8.RuneCountInString(s); n > 0 && n <= longest && !p.anchored {
		s += strings.Repeat("a", n)
	}
	return s, true
}

// shortest is the least number of characters of an expression.
func shortest(re *syntax.Regexp) int {
	n := 0
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			n += shortest(sub)
		}
	case syntax.OpAlternate:
		n = shortest(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			n = min(n, shortest(sub))
		}
	case syntax.OpPlus:
		return shortest(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * shortest(re.Sub[0])
	default:
	}
	return min(n, longest)
}

// A writer writes one text of an expression.
type writer struct {
	b     strings.Builder
	spare int // characters that repetitions may still add
	turn  int // which of the alternatives and characters are taken
}

func (w *writer) write(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		w.b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		return w.class(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		w.b.WriteByte('a')
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			if !w.write(sub) {
				return false
			}
		}
	case syntax.OpAlternate:
		return w.alternate(re)
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat, syntax.OpQuest:
		return w.repeat(re)
	case syntax.OpNoMatch:
		return false
	default: // anchors and the empty match write nothing
	}
	return true
}

func (w *writer) alternate(re *syntax.Regexp) bool {
	sub := re.Sub[w.turn%len(re.Sub)]
	w.spare -= shortest(sub) - shortest(re)
	return w.write(sub)
}

func (w *writer) repeat(re *syntax.Regexp) bool {
	low, high := re.Min, re.Max
	switch re.Op {
	case syntax.OpStar:
		low, high = 0, -1
	case syntax.OpPlus:
		low, high = 1, -1
	case syntax.OpQuest:
		low, high = 0, 1
	default:
	}
	cost := max(shortest(re.Sub[0]), 1)
	for i := 0; ; i++ {
		if i >= low {
			if high >= 0 && i >= high || w.spare < cost {
				return true
			}
			w.spare -= cost
		}
		if w.b.Len() > 4*longest || !w.write(re.Sub[0]) {
			return false
		}
	}
}

// class writes a character of a class: a plain letter or digit where it has
// one, another one each turn.
func (w *writer) class(ranges []rune) bool {
	plain := []rune("aA1x0b7Zk -_.")
	for i := range plain {
		c := plain[(i+w.turn)%len(plain)]
		for i := 0; i+1 < len(ranges); i += 2 {
			if c >= ranges[i] && c <= ranges[i+1] {
				w.b.WriteRune(c)
				return true
			}
		}
	}
	if len(ranges) == 0 {
		return false
	}
	w.b.WriteRune(ranges[0])
	return true
}
