package sample

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// text makes a string of the node's format, pattern and length; turns give
// different ones.
func (f *flat) text(turn int) (string, bool) {
	for _, format := range f.formats {
		if all := formatted(format); len(all) > 0 {
			if s := all[turn%len(all)]; f.fits(s) || len(f.patterns) == 0 {
				return f.stretch(s, format), true
			}
		}
	}
	if len(f.patterns) > 0 {
		return f.matching(int(min(max(f.minLen, 1), longest)), turn)
	}
	v := []string{"plumbline", "level", "square", "chalk-line", "try"}[turn%5]
	if turn >= 5 {
		v += "-" + strings.Repeat("i", turn-4)
	}
	return f.sized(v)
}

// fits tells whether a text has the node's length.
func (f *flat) fits(s string) bool {
	n := uint64(utf8.RuneCountInString(s))
	return n >= f.minLen && (f.maxLen == nil || n <= *f.maxLen)
}

// sized cuts or lengthens a text to the node's length.
func (f *flat) sized(v string) (string, bool) {
	if f.minLen > longest {
		return "", false
	}
	for base := v; uint64(utf8.RuneCountInString(v)) < f.minLen; {
		v += "-" + base
	}
	if f.maxLen != nil && uint64(utf8.RuneCountInString(v)) > *f.maxLen {
		v = string([]rune(v)[:*f.maxLen])
	}
	return v, true
}

// stretch lengthens a text of a format whose texts may have any length.
func (f *flat) stretch(s, format string) string {
	if f.fits(s) {
		return s
	}
	if f.maxLen != nil && uint64(len(s)) > *f.maxLen {
		for _, short := range formatted(format) {
			if uint64(len(short)) <= *f.maxLen {
				return short
			}
		}
	}
	return lengthened(s, format, int(min(f.minLen, longest)))
}

// lengthened is a text of a format with so many characters, where the format
// leaves the length open.
func lengthened(s, format string, characters int) string {
	n := characters - utf8.RuneCountInString(s)
	if n <= 0 {
		return s
	}
	switch format {
	case "uri", "url", "uri-reference", "iri", "iri-reference", "json-pointer", "password", "binary":
		return s + strings.Repeat("a", n)
	case "byte":
		return s + strings.Repeat("cGx1", n/4)
	}
	return s
}

// matching makes a text of the first pattern that the other ones match too, as
// the caller proves.
func (f *flat) matching(characters, turn int) (string, bool) {
	p, ok := newPatterned(f.patterns[0])
	if !ok {
		return "", false
	}
	for try := range 6 {
		s, ok := p.text(characters, turn+try)
		if ok && f.fits(s) && f.matchesAll(s) {
			return s, true
		}
	}
	return "", false
}

// matchesAll tells whether a text has what a made one may lack: the other
// patterns, and what a pattern looks around for.
func (f *flat) matchesAll(s string) bool {
	if len(f.patterns) == 1 && !strings.Contains(f.patterns[0], "(?") {
		return true
	}
	return !slices.ContainsFunc(f.patterns, func(p string) bool { return !matches(p, s) })
}

// textEdges are texts at the edges of what the node allows.
func (f *flat) textEdges() []variant {
	var out []variant
	add := func(keyword string, n uint64) {
		if n > longest {
			return
		}
		if s, ok := f.long(int(n)); ok && uint64(utf8.RuneCountInString(s)) == n {
			out = append(out, variant{keyword: keyword, value: s})
		}
	}
	if f.minLen > 0 {
		add("minLength", f.minLen)
	}
	if f.maxLen != nil && *f.maxLen > 0 {
		add("maxLength", *f.maxLen)
	}
	return append(out, f.textSamples()...)
}

// unicode is a text of several scripts. It keeps within the length whether a
// server counts characters, as JSON Schema does, or UTF-16 units, or bytes.
func (f *flat) unicode() string {
	s := []rune("🧱線Ünïcödé-line")
	for f.maxLen != nil && len(s) > 0 && uint64(len(string(s))) > *f.maxLen {
		s = s[1:]
	}
	return string(s)
}

// textSamples are further texts of what the node allows.
func (f *flat) textSamples() []variant {
	var out []variant
	if len(f.patterns) > 0 {
		for turn := 1; turn <= 2; turn++ {
			if s, ok := f.matching(int(min(f.minLen+4, longest)), turn); ok {
				out = append(out, variant{keyword: "pattern", value: s})
			}
		}
	}
	for _, format := range f.formats {
		for _, s := range formatted(format) {
			out = append(out, variant{keyword: "format", value: s})
		}
	}
	if len(f.patterns)+len(f.formats) == 0 && f.enum == nil {
		if s, ok := f.sized(f.unicode()); ok {
			out = append(out, variant{keyword: "unicode", value: s})
		}
		if f.minLen == 0 {
			out = append(out, variant{keyword: "empty", value: ""})
		}
	}
	return out
}

// long makes a text of exactly so many characters where it can.
func (f *flat) long(n int) (string, bool) {
	if len(f.patterns) > 0 {
		return f.matching(n, 1)
	}
	for _, format := range f.formats {
		if all := formatted(format); len(all) > 0 {
			return lengthened(all[0], format, n), true
		}
	}
	return strings.Repeat("straight-", n/9+1)[:n], true
}

// textBreaks are texts outside of what the node allows.
func (f *flat) textBreaks() []variant {
	var out []variant
	if f.minLen > 0 && f.minLen <= longest {
		out = append(out, variant{keyword: "minLength", value: f.shaped(int(f.minLen) - 1)})
	}
	if f.maxLen != nil && *f.maxLen < 16*longest {
		out = append(out, variant{keyword: "maxLength", value: f.shaped(int(*f.maxLen) + 1)})
	}
	n := max(int(min(f.minLen, longest)), 1)
	if s, ok := f.text(0); ok {
		n = max(utf8.RuneCountInString(s), 1)
	}
	if len(f.patterns) > 0 {
		for _, c := range []string{"!", "~", "a", "0", "é"} {
			out = append(out, variant{keyword: "pattern", value: strings.Repeat(c, n)})
		}
		out = append(out, variant{keyword: "pattern", value: ""})
	}
	for _, format := range f.formats {
		for _, s := range misformatted(format) {
			out = append(out, variant{keyword: "format", value: s})
		}
	}
	return out
}

// shaped makes a text of a length that the node forbids and of the pattern that
// it asks for, so that only one keyword is broken where that can be.
func (f *flat) shaped(n int) string {
	if len(f.patterns) > 0 {
		if p, ok := newPatterned(f.patterns[0]); ok {
			if s, ok := p.text(n, 0); ok && utf8.RuneCountInString(s) == n {
				return s
			}
		}
	}
	return strings.Repeat("plumbline-", n/10+1)[:n]
}
