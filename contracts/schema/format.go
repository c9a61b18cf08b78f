package schema

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// formats are those of OpenAPI that JSON Schema does not have, and those that
// most answers use, here without an allocation. Formats that are not known,
// and binary and password, assert nothing (OpenAPI 3.0.3 §4.4).
func formats() []*jsonschema.Format {
	return []*jsonschema.Format{
		{Name: "int32", Validate: bounded(math.MinInt32, math.MaxInt32)},
		{Name: "int64", Validate: bounded(math.MinInt64, math.MaxInt64)},
		{Name: "float", Validate: finite(32)},
		{Name: "double", Validate: finite(64)},
		{Name: "byte", Validate: texts(base64Text)},
		{Name: "uuid", Validate: texts(uuid)},
		{Name: "date", Validate: texts(date)},
		{Name: "date-time", Validate: texts(dateTime)},
		{Name: expressionFormat, Validate: texts(expression)},
	}
}

var (
	errRange  = errors.New("is out of range")
	errFormat = errors.New("is not of the format")
)

// bounded checks integers; numbers with a fraction or an exponent are checked
// as floating-point numbers.
func bounded(low, high int64) func(any) error {
	return func(v any) error {
		n, ok := v.(json.Number)
		if !ok {
			return nil
		}
		if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
			if i < low || i > high {
				return errRange
			}
			return nil
		}
		f, err := n.Float64()
		if err != nil || f < float64(low) || f > float64(high) || !strings.ContainsAny(string(n), ".eE") {
			return errRange
		}
		return nil
	}
}

func finite(bits int) func(any) error {
	return func(v any) error {
		n, ok := v.(json.Number)
		if !ok {
			return nil
		}
		if _, err := strconv.ParseFloat(string(n), bits); err != nil {
			return errRange
		}
		return nil
	}
}

func texts(ok func(string) bool) func(any) error {
	return func(v any) error {
		if s, text := v.(string); text && !ok(s) {
			return errFormat
		}
		return nil
	}
}

// base64Text is lenient about alphabet, padding and line breaks (RFC 4648).
func base64Text(s string) bool {
	s = strings.NewReplacer("-", "+", "_", "/", "\r", "", "\n", "").Replace(strings.TrimRight(s, "=\r\n"))
	_, err := base64.RawStdEncoding.DecodeString(s)
	return err == nil
}

func uuid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash && s[i] != '-' || !dash && strings.IndexByte("0123456789abcdefABCDEF", s[i]) < 0 {
			return false
		}
	}
	return true
}

func date(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// dateTime is RFC 3339 §5.6: the letters in either case, leap seconds allowed.
func dateTime(s string) bool {
	if _, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return len(s) > 10 && !strings.Contains(s, ",")
	}
	if len(s) > 19 && s[17:19] == "60" {
		s = s[:17] + "59" + s[19:]
	}
	_, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s))
	return err == nil && !strings.Contains(s, ",")
}

// expressionFormat is the name by which the engine knows the format regex: its
// own of that name cannot be overridden, and is as lenient as its patterns are.
const expressionFormat = "regular expression"

// expression tells whether a text is a pattern in any of the dialects in which
// patterns are read here; a pattern of a schema that is in none of them accuses
// nobody, a text that says it is one does.
func expression(s string) bool {
	_, err := compiledPattern(s)
	return err == nil
}

// patternTime bounds one match of a pattern.
const patternTime = 100 * time.Millisecond

// pattern compiles an ECMA pattern. One that does not compile matches
// everything, as does one that takes too long: neither can accuse.
func pattern(expr string) (jsonschema.Regexp, error) {
	re, err := compiledPattern(expr)
	if err != nil {
		return lenient{expr, nil, nil}, nil //nolint:nilerr // see above
	}
	re.MatchTimeout = patternTime
	return lenient{expr, re, linear(expr)}, nil
}

func compiledPattern(expr string) (*regexp2.Regexp, error) {
	if re, err := regexp2.Compile(expr, regexp2.ECMAScript|regexp2.Unicode); err == nil {
		return re, nil
	}
	return regexp2.Compile(expr, regexp2.ECMAScript)
}

// linear compiles the patterns that mean the same in ECMAScript and in Go, as
// far as printable ASCII goes; nil for the others.
func linear(expr string) *regexp.Regexp {
	if strings.Contains(strings.ReplaceAll(expr, "(?:", ""), "(?") || strings.Contains(expr, "[[:") || strings.Contains(expr, "[]") || strings.Contains(expr, "[^]") {
		return nil
	}
	for i := 0; i+1 < len(expr); i++ {
		if expr[i] != '\\' {
			continue
		}
		if i++; strings.IndexByte(`AzZQEaCpPkcux0123456789`, expr[i]) >= 0 {
			return nil
		}
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil
	}
	return re
}

type lenient struct {
	expr string
	re   *regexp2.Regexp
	fast *regexp.Regexp // nil when the pattern needs the other engine
}

// String is the pattern as it was written.
func (l lenient) String() string { return l.expr }

// MatchString tells whether the pattern is found in a text.
func (l lenient) MatchString(s string) bool {
	if l.re == nil {
		return true
	}
	if l.fast != nil && printable(s) {
		return l.fast.MatchString(s)
	}
	ok, err := l.re.MatchString(s)
	return ok || err != nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// outlandish tells whether a value holds a number whose exact arithmetic would
// take for ever, or whose exponent the engine refuses.
func outlandish(v any) bool {
	switch x := v.(type) {
	case json.Number:
		if len(x) > 400 {
			return true
		}
		i := strings.IndexAny(string(x), "eE")
		if i < 0 {
			return false
		}
		e, err := strconv.Atoi(string(x[i+1:]))
		return err != nil || e > 4000 || e < -4000
	case []any:
		for _, e := range x {
			if outlandish(e) {
				return true
			}
		}
	case map[string]any:
		for _, e := range x {
			if outlandish(e) {
				return true
			}
		}
	}
	return false
}
