package sample

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// longest bounds generated text, in characters.
const longest = 4096

// text makes a string of a format, a pattern, or of the right length.
func text(s *openapi3.Schema) (any, bool) {
	if v, ok := formatted(s.Format); ok {
		return v, true
	}
	if s.Pattern != "" {
		return matching(s)
	}
	v := "plumbline"
	for uint64(utf8.RuneCountInString(v)) < min(s.MinLength, longest) {
		v += "-plumbline"
	}
	if s.MaxLength != nil && uint64(len(v)) > *s.MaxLength {
		v = v[:*s.MaxLength]
	}
	return v, s.MinLength <= longest
}

func formatted(format string) (string, bool) {
	v, ok := map[string]string{
		"date-time": "2026-01-02T03:04:05Z", "date": "2026-01-02", "time": "03:04:05Z", "duration": "PT1S",
		"uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "email": "user@example.com", "idn-email": "user@example.com",
		"uri": "https://example.com/a", "url": "https://example.com/a", "uri-reference": "/a", "iri": "https://example.com/a",
		"hostname": "example.com", "idn-hostname": "example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "byte": "cGx1bWI=", "json-pointer": "/a",
		"regex": "^a$",
	}[format]
	return v, ok
}

// matching makes a string of a pattern, as far as Go's syntax knows it.
func matching(s *openapi3.Schema) (any, bool) {
	re, err := syntax.Parse(s.Pattern, syntax.Perl)
	if err != nil {
		return nil, false
	}
	for repeat := range 24 {
		var b strings.Builder
		if !write(&b, re.Simplify(), repeat) || b.Len() > longest {
			return nil, false
		}
		n := uint64(utf8.RuneCountInString(b.String()))
		if n >= s.MinLength && (s.MaxLength == nil || n <= *s.MaxLength) {
			return b.String(), true
		}
	}
	return nil, false
}

// write writes the shortest text of an expression, with the given number of
// repetitions where it may repeat.
func write(b *strings.Builder, re *syntax.Regexp, repeat int) bool {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		return writeClass(b, re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('a')
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			if !write(b, sub, repeat) {
				return false
			}
		}
	case syntax.OpAlternate:
		return write(b, re.Sub[0], repeat)
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat, syntax.OpQuest:
		return writeRepeat(b, re, repeat)
	case syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpNoMatch:
		return false
	default: // anchors and the empty match write nothing
	}
	return true
}

func writeRepeat(b *strings.Builder, re *syntax.Regexp, repeat int) bool {
	least, most := re.Min, re.Max
	switch re.Op {
	case syntax.OpStar:
		least, most = 0, -1
	case syntax.OpPlus:
		least, most = 1, -1
	case syntax.OpQuest:
		least, most = 0, 1
	default:
	}
	n := max(least, repeat)
	if most >= 0 {
		n = min(n, most)
	}
	for range n {
		if b.Len() > longest || !write(b, re.Sub[0], repeat) {
			return false
		}
	}
	return true
}

// writeClass writes a character of a class: a plain letter or digit where it
// has one.
func writeClass(b *strings.Builder, ranges []rune) bool {
	for _, c := range "aA1x0 -_." {
		for i := 0; i+1 < len(ranges); i += 2 {
			if c >= ranges[i] && c <= ranges[i+1] {
				b.WriteRune(c)
				return true
			}
		}
	}
	if len(ranges) == 0 {
		return false
	}
	b.WriteRune(ranges[0])
	return true
}
