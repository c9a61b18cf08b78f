package sample

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// exact is the greatest number below which every integer is a float64.
const exact = 1 << 53

// A ladder is the numbers of a node: every number is a rung or, without a
// step, lies between low and high.
type ladder struct {
	low, high float64 // inclusive, infinite when there is none
	step      float64 // zero for none
	places    int     // decimals of the step
}

func (f *flat) ladder(integer bool) ladder {
	l := ladder{low: math.Inf(-1), high: math.Inf(1)}
	if integer {
		l.step = 1
	}
	for _, m := range f.multiple {
		switch {
		case l.step == 0 || math.Mod(m, l.step) == 0:
			l.step = m
		case math.Mod(l.step, m) != 0:
			l.step *= m // a common multiple, if not the least
		}
	}
	text := strconv.FormatFloat(l.step, 'f', -1, 64)
	if _, decimals, ok := strings.Cut(text, "."); ok {
		l.places = len(decimals)
	}
	span := 1.0
	if f.min != nil && f.max != nil {
		span = min(1, (f.max.at-f.min.at)/4)
	}
	if f.min != nil {
		l.low = l.snap(f.min, math.Ceil, 1, span)
	}
	if f.max != nil {
		l.high = l.snap(f.max, math.Floor, -1, span)
	}
	return l
}

// snap moves a bound to the nearest number inside of it.
func (l ladder) snap(b *bound, round func(float64) float64, inward, span float64) float64 {
	if l.step == 0 {
		if b.exclusive {
			return b.at + inward*span/2
		}
		return b.at
	}
	v := round(b.at/l.step) * l.step
	if math.Abs(v-b.at) < l.step/1e6 && b.exclusive {
		v += inward * l.step
	}
	return v
}

// typical is a small positive number of the ladder where it has one.
func (l ladder) typical() (json.Number, bool) {
	if l.low > l.high {
		return "", false
	}
	v := 1.0
	switch {
	case l.step > 0:
		v = l.step
	case l.low < 1.5 && l.high > 1.5:
		v = 1.5
	}
	return l.write(min(max(v, l.low), l.high)), true
}

func (l ladder) write(v float64) json.Number {
	if l.places > 0 {
		return json.Number(strconv.FormatFloat(v, 'f', l.places, 64))
	}
	return json.Number(strconv.FormatFloat(v, 'f', -1, 64))
}

// edges are the numbers at the ends of the ladder.
func (f *flat) numberEdges(integer bool) []variant {
	l := f.ladder(integer)
	var out []variant
	add := func(v float64, keyword string) {
		if math.Abs(v) < exact {
			out = append(out, variant{keyword: keyword, value: l.write(v)})
		}
	}
	if f.min != nil {
		add(l.low, named(f.min, "minimum", "exclusiveMinimum"))
	}
	if f.max != nil {
		add(l.high, named(f.max, "maximum", "exclusiveMaximum"))
	}
	if len(f.multiple) > 0 {
		base := l.low
		if math.IsInf(base, 0) {
			base = 0
		}
		add(base+3*l.step, "multipleOf")
	}
	for _, format := range f.formats {
		switch format {
		case "int32":
			out = append(out, variant{keyword: "format", value: json.Number("2147483647")}, variant{keyword: "format", value: json.Number("-2147483648")})
		case "int64":
			out = append(out, variant{keyword: "format", value: json.Number("9007199254740991")})
		}
	}
	return out
}

func named(b *bound, inclusive, exclusive string) string {
	if b.exclusive {
		return exclusive
	}
	return inclusive
}

// numberBreaks are numbers just outside of the ladder.
func (f *flat) numberBreaks(integer bool) []variant {
	l := f.ladder(integer)
	var out []variant
	add := func(v float64, keyword string) {
		if math.Abs(v) < exact {
			out = append(out, variant{keyword: keyword, value: l.write(v)})
		}
	}
	step := l.step
	if step == 0 {
		step = 1
	}
	if f.min != nil {
		below, keyword := beyond(f.min, l.low, -step), named(f.min, "minimum", "exclusiveMinimum")
		add(below, keyword)
		if below >= 0 { // zero and what is negative are wrong in other ways to code that counts
			add(-step, keyword)
		}
	}
	if f.max != nil {
		add(beyond(f.max, l.high, step), named(f.max, "maximum", "exclusiveMaximum"))
	}
	if v, ok := l.typical(); ok && len(f.multiple) > 0 {
		out = append(out, variant{keyword: "multipleOf", value: l.between(v, integer)})
	}
	return append(out, f.widthBreaks()...)
}

// between is a number beside a rung: an integer where only integers are
// numbers at all.
func (l ladder) between(v json.Number, integer bool) json.Number {
	x, err := v.Float64()
	if err == nil && integer && l.step > 1 {
		return l.write(x + 1)
	}
	return json.Number(strconv.FormatFloat(x+l.step/2, 'f', l.places+1, 64))
}

// widthBreaks are integers that do not fit into the bits of their format.
func (f *flat) widthBreaks() []variant {
	var out []variant
	for _, format := range f.formats {
		switch format {
		case "int32":
			out = append(out, variant{keyword: "format", value: json.Number("2147483648")}, variant{keyword: "format", value: json.Number("-2147483649")})
		case "int64":
			out = append(out, variant{keyword: "format", value: json.Number("100000000000000000000")})
		}
	}
	return out
}

// beyond is the first number outside of a bound: an exclusive bound itself
// where it is on the ladder.
func beyond(b *bound, inside, step float64) float64 {
	if b.exclusive && (inside+step-b.at)*step <= 0 {
		return b.at
	}
	return inside + step
}
