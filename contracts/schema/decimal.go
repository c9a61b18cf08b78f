package schema

import (
	"math/big"
	"strings"
)

// A decimal is a number of at most 17 digits as it is written: digits times
// ten to the power of exp. Comparing two is exact and allocates nothing.
type decimal struct {
	digits int64
	exp    int
	ok     bool // false: too long for this form
}

const mostDigits = 17

// parseDecimal reads a JSON number.
func parseDecimal(s string) decimal {
	d := decimal{ok: true}
	negative := strings.HasPrefix(s, "-")
	if negative {
		s = s[1:]
	}
	n, point := 0, false
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.' && !point:
			point = true
			continue
		case c < '0' || c > '9':
			return decimal{}
		}
		d.digits = d.digits*10 + int64(c-'0')
		if d.digits > 0 {
			n++
		}
		if point {
			d.exp--
		}
		if n > mostDigits || d.exp < -mostDigits {
			return decimal{}
		}
	}
	if negative {
		d.digits = -d.digits
	}
	return d
}

// ofRat is the decimal form of a bound.
func ofRat(r *big.Rat) decimal {
	if r == nil {
		return decimal{}
	}
	text := r.FloatString(12)
	if back, ok := new(big.Rat).SetString(text); !ok || back.Cmp(r) != 0 {
		return decimal{}
	}
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return parseDecimal(text)
}

// align brings two decimals to the same power of ten; ok is false when that
// does not fit.
func align(a, b decimal) (x, y int64, ok bool) {
	x, y, ok = a.digits, b.digits, a.ok && b.ok
	for e := a.exp; ok && e > b.exp; e-- {
		ok = x < 1e17 && x > -1e17
		x *= 10
	}
	for e := b.exp; ok && e > a.exp; e-- {
		ok = y < 1e17 && y > -1e17
		y *= 10
	}
	return x, y, ok
}

// compare is the sign of a − b; sure is false when it cannot be told.
func (d decimal) compare(b decimal) (sign int, sure bool) {
	x, y, ok := align(d, b)
	switch {
	case !ok:
		return 0, false
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	}
	return 0, true
}

// multiple tells whether d is a multiple of b.
func (d decimal) multiple(b decimal) (yes, sure bool) {
	x, y, ok := align(d, b)
	if !ok || y == 0 {
		return false, false
	}
	return x%y == 0, true
}

// whole tells whether the number has no fraction.
func (d decimal) whole() bool {
	x := d.digits
	for e := d.exp; e < 0; e++ {
		if x%10 != 0 {
			return false
		}
		x /= 10
	}
	return true
}
