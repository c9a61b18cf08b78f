package compare

import (
	"regexp/syntax"
	"slices"
)

// mostTexts bounds how many texts of a pattern are made.
const mostTexts = 64

// texts are some texts that a pattern describes; finite says that they are all
// of them, leaving aside what may stand before and after.
func texts(pattern string) (out []string, finite bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, false
	}
	out, finite = of(re)
	slices.Sort(out)
	return slices.Compact(out), finite
}

func of(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}, true
	case syntax.OpCharClass:
		return class(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"a", "1"}, false
	case syntax.OpCapture:
		return of(re.Sub[0])
	case syntax.OpConcat:
		return joined(re.Sub)
	case syntax.OpAlternate:
		return either(re.Sub)
	case syntax.OpQuest, syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		return repeated(re)
	case syntax.OpNoMatch:
		return nil, true
	default: // anchors and boundaries
		return []string{""}, true
	}
}

func either(subs []*syntax.Regexp) ([]string, bool) {
	var out []string
	finite := true
	for _, sub := range subs {
		got, all := of(sub)
		out, finite = append(out, got...), finite && all
	}
	return bounded(out, finite)
}

func repeated(re *syntax.Regexp) ([]string, bool) {
	got, all := of(re.Sub[0])
	switch re.Op {
	case syntax.OpQuest:
		return bounded(append(got, ""), all)
	case syntax.OpStar:
		return bounded(append(got, ""), false)
	case syntax.OpRepeat:
		return joined(slices.Repeat(re.Sub, max(min(re.Min, mostTexts), 1)), re.Min == re.Max && re.Min <= mostTexts)
	default:
		return got, false
	}
}

func class(ranges []rune) ([]string, bool) {
	n := 0
	for i := 0; i+1 < len(ranges); i += 2 {
		n += int(ranges[i+1]-ranges[i]) + 1
	}
	var out []string
	for _, c := range "aA10 -_." {
		for i := 0; i+1 < len(ranges); i += 2 {
			if c >= ranges[i] && c <= ranges[i+1] {
				out = append(out, string(c))
			}
		}
	}
	if n > 16 {
		if len(out) == 0 {
			out = []string{string(ranges[0])}
		}
		return out[:min(len(out), 2)], false
	}
	out = nil
	for i := 0; i+1 < len(ranges); i += 2 {
		for c := ranges[i]; c <= ranges[i+1]; c++ {
			out = append(out, string(c))
		}
	}
	return out, true
}

func joined(subs []*syntax.Regexp, known ...bool) ([]string, bool) {
	out, finite := []string{""}, true
	for _, k := range known {
		finite = finite && k
	}
	for _, sub := range subs {
		got, all := of(sub)
		finite = finite && all
		var next []string
		for _, a := range out {
			for _, b := range got {
				if len(next) < mostTexts {
					next = append(next, a+b)
				}
			}
		}
		finite = finite && len(out)*len(got) <= mostTexts
		out = next
	}
	return out, finite
}

func bounded(out []string, finite bool) ([]string, bool) {
	if len(out) > mostTexts {
		return out[:mostTexts], false
	}
	return out, finite
}

// formatted are examples of a format.
func formatted(format string) []string {
	return map[string][]string{
		"date-time": {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05+00:00"}, "date": {"2026-01-02"}, "time": {"03:04:05Z"},
		"uuid": {"3fa85f64-5717-4562-b3fc-2c963f66afa6"}, "email": {"user@example.com"}, "uri": {"https://example.com/a", "http://example.com"},
		"hostname": {"example.com"}, "ipv4": {"192.0.2.1"}, "ipv6": {"2001:db8::1"},
	}[format]
}
