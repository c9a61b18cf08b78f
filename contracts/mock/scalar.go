package mock

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func ratOf(f float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// number makes a number within the bounds: a random multiple of the step.
func (m *maker) number(s *flat, whole bool) (any, bool) {
	step := big.NewRat(1, 100)
	if s.multiple != nil && s.multiple.Sign() > 0 {
		step = new(big.Rat).Set(s.multiple)
	}
	if whole {
		// The least multiple that is whole: the denominator reduced away.
		if s.multiple == nil {
			step = big.NewRat(1, 1)
		} else {
			step.Mul(step, new(big.Rat).SetInt(step.Denom()))
		}
	}
	low, high := s.low, s.high
	if low == nil {
		low = big.NewRat(1, 1)
		if high != nil && high.Cmp(low) <= 0 {
			low = new(big.Rat).Sub(high, new(big.Rat).Mul(step, big.NewRat(1000, 1)))
		}
	}
	if high == nil {
		high = new(big.Rat).Add(low, new(big.Rat).Mul(step, big.NewRat(100_000, 1)))
	}
	first, last := ceiling(low, step, s.openLow), floor(high, step, s.openHigh)
	span := new(big.Int).Sub(last, first)
	if span.Sign() < 0 {
		return nil, false
	}
	n := new(big.Int).Set(first)
	if span.IsInt64() {
		n.Add(n, big.NewInt(m.rng.Int64N(min(span.Int64(), 1<<40)+1)))
	} else {
		n.Add(n, big.NewInt(m.rng.Int64N(1<<30)))
	}
	v := new(big.Rat).Mul(new(big.Rat).SetInt(n), step)
	if v.IsInt() {
		return json.Number(v.Num().String()), true
	}
	return json.Number(strings.TrimRight(v.FloatString(12), "0")), true
}

// ceiling is the least k with k × step above a bound.
func ceiling(bound, step *big.Rat, open bool) *big.Int {
	q := new(big.Rat).Quo(bound, step)
	k := new(big.Int).Div(q.Num(), q.Denom()) // rounds down
	if !q.IsInt() || open {
		k.Add(k, big.NewInt(1))
	}
	return k
}

func floor(bound, step *big.Rat, open bool) *big.Int {
	q := new(big.Rat).Quo(bound, step)
	k := new(big.Int).Div(q.Num(), q.Denom())
	if q.IsInt() && open {
		k.Sub(k, big.NewInt(1))
	}
	return k
}

// text makes a text of a format or of a pattern, or one of letters, of the
// right length.
func (m *maker) text(s *flat) (any, bool) {
	least, most := int(min(s.minLength, 10_000)), 1<<20
	if s.maxLength != nil {
		most = int(min(*s.maxLength, 1<<20))
	}
	if len(s.patterns) > 0 {
		return m.matching(s.patterns[0], least, most)
	}
	if v, ok := m.formatted(s.format); ok {
		return v, true
	}
	n := min(max(least, 3)+m.rng.IntN(8), most)
	return m.letters(n), n >= least
}

func (m *maker) letters(n int) string {
	b := make([]byte, max(n, 0))
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz"[m.rng.IntN(26)]
	}
	return string(b)
}

func (m *maker) formatted(format string) (string, bool) {
	r := m.rng
	at := time.Date(2000+r.IntN(40), time.Month(1+r.IntN(12)), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
	host, word := m.letters(5)+".example", m.letters(6)
	v, ok := map[string]string{
		"date-time": at.Format(time.RFC3339), "date": at.Format(time.DateOnly), "time": at.Format("15:04:05Z"), "duration": "PT" + strconv.Itoa(at.Minute()) + "S",
		"uuid":  fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Int64N(1<<48)),
		"email": word + "@" + host, "idn-email": word + "@" + host, "hostname": host, "idn-hostname": host,
		"uri": "https://" + host + "/" + word, "iri": "https://" + host + "/" + word, "url": "https://" + host + "/" + word,
		"uri-reference": "/" + word, "iri-reference": "/" + word, "uri-template": "/" + word, "json-pointer": "/" + word, "relative-json-pointer": "1/" + word,
		"ipv4": fmt.Sprintf("192.0.2.%d", r.IntN(256)), "ipv6": fmt.Sprintf("2001:db8::%x", 1+r.IntN(65000)),
		"byte": base64.StdEncoding.EncodeToString([]byte(word)), "regex": "^" + word + "$",
	}[format]
	return v, ok
}

// matching makes a text that a pattern is found in, of the right length as far
// as repetition can make it so.
func (m *maker) matching(pattern string, least, most int) (any, bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, false
	}
	re = re.Simplify()
	for try := range 60 {
		var b strings.Builder
		if !m.write(&b, re, try) {
			return nil, false
		}
		if n := utf8.RuneCountInString(b.String()); n >= least && n <= most {
			return b.String(), true
		}
	}
	return nil, false
}

// mostText bounds what a pattern may write.
const mostText = 20_000

func (m *maker) write(b *strings.Builder, re *syntax.Regexp, more int) bool {
	if b.Len() > mostText {
		return false
	}
	switch re.Op {
	case syntax.OpNoMatch:
		return false
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteString(m.letters(1))
	case syntax.OpCharClass:
		return m.class(b, re.Rune)
	case syntax.OpCapture, syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !m.write(b, sub, more) })
	case syntax.OpAlternate:
		return m.write(b, re.Sub[m.rng.IntN(len(re.Sub))], more)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		for range m.times(re.Op, more) {
			if !m.write(b, re.Sub[0], more) {
				return false
			}
		}
	default: // anchors and the empty match write nothing
	}
	return true
}

// times is how often an expression is repeated.
func (m *maker) times(op syntax.Op, more int) int {
	switch op {
	case syntax.OpQuest:
		return m.rng.IntN(2)
	case syntax.OpPlus:
		return 1 + m.rng.IntN(more+2)
	default:
		return m.rng.IntN(more + 2)
	}
}

func (m *maker) class(b *strings.Builder, ranges []rune) bool {
	var plain []rune
	for c := rune(0x21); c < 0x7f; c++ {
		for i := 0; i+1 < len(ranges); i += 2 {
			if c >= ranges[i] && c <= ranges[i+1] {
				plain = append(plain, c)
				break
			}
		}
	}
	switch {
	case len(plain) > 0:
		b.WriteRune(plain[m.rng.IntN(len(plain))])
	case len(ranges) > 0:
		b.WriteRune(ranges[0])
	default:
		return false
	}
	return true
}
