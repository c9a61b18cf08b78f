package openapi

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// A scanner walks JSON text that has been decoded before, so it is known to be
// right; it decodes nothing but keys.
type scanner struct {
	data []byte
	at   int
}

// next is the next character that is no white space; 0 at the end.
func (s *scanner) next() byte {
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
		default:
			return c
		}
	}
	return 0
}

// members visits the members of an object or the elements of a list, with the
// offset of the key or of the element. The scanner stands at the value then, and
// the visitor moves it behind.
func (s *scanner) members(visit func(key string, from int)) {
	open := s.next()
	if open != '{' && open != '[' {
		s.skip()
		return
	}
	s.at++
	for i := 0; ; i++ {
		c := s.next()
		if c == 0 || c == '}' || c == ']' {
			s.at++
			return
		}
		key, from := strconv.Itoa(i), s.at
		if open == '{' {
			key = s.key()
			s.next()
		}
		visit(key, from)
	}
}

// key reads a text.
func (s *scanner) key() string {
	from := s.at
	s.skip()
	raw := s.data[from:min(s.at, len(s.data))]
	if len(raw) >= 2 && bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var text string
	_ = json.Unmarshal(raw, &text) // it has been decoded before
	return text
}

// skip moves behind a value.
func (s *scanner) skip() {
	depth := 0
	for c := s.next(); c != 0; c = s.next() {
		switch c {
		case '"':
			s.text()
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			depth--
			s.at++
		default:
			s.literal()
		}
		if depth <= 0 {
			return
		}
	}
}

// text moves behind a text.
func (s *scanner) text() {
	for s.at++; s.at < len(s.data); s.at++ {
		switch s.data[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return
		}
	}
}

// literal moves behind a number or a word.
func (s *scanner) literal() {
	for s.at < len(s.data) && bytes.IndexByte([]byte(" \t\r\n,:]}"), s.data[s.at]) < 0 {
		s.at++
	}
}
