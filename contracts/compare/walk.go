package compare

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A walker lays a body with its rules over schemas.
type walker struct {
	set   *schema.Set
	doc   *openapi3.T
	way   schema.Direction
	rules rules
}

// A place is where in a body something stands.
type place struct {
	tokens []string // as in rules
	read   string   // as in plumbline.Field: * for any index and any key of a map
}

func (p place) child(token string, star bool) place {
	name := token
	if star {
		name = "*"
	}
	return place{append(slices.Clone(p.tokens), token), p.read + "/" + escape(name)}
}

func escape(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
}

func (p place) pointer() string {
	var b strings.Builder
	for _, t := range p.tokens {
		b.WriteString("/" + escape(t))
	}
	return b.String()
}

// A problem is what is wrong at a place, or, as a doubt, only wider than it
// might be.
type problem struct {
	pointer, message string
	kind             string // incompatible or wider
}

// A result is what a walk found.
type result struct {
	problems []problem
	reads    []string
}

func (r *result) add(o result) {
	r.problems = append(r.problems, o.problems...)
	r.reads = append(r.reads, o.reads...)
}

func (r *result) say(p place, kind, format string, args ...any) {
	r.problems = append(r.problems, problem{p.pointer(), fmt.Sprintf(format, args...), kind})
}

func (r result) breaches() int {
	n := 0
	for _, p := range r.problems {
		if p.kind == incompatible {
			n++
		}
	}
	return n
}

// walk lays a value over the conjunction of schemas: the reading of them that
// fits best decides.
func (w *walker) walk(v any, at place, refs openapi3.SchemaRefs) result {
	readings := []reading{{}}
	for _, ref := range refs {
		readings = cross(readings, w.readings(ref, v, at, nil))
	}
	if len(readings) == 0 {
		var r result
		r.say(at, incompatible, "the discriminator names none of the alternatives")
		return r
	}
	var best result
	for i, parts := range readings {
		r := w.read(v, at, parts)
		if i == 0 || r.breaches() < best.breaches() {
			best = r
		}
		if best.breaches() == 0 {
			break
		}
	}
	return best
}

func (w *walker) read(v any, at place, parts reading) result {
	rule, own := w.rules.at(at.tokens)
	switch x := v.(type) {
	case map[string]any:
		return w.object(x, at, parts, rule)
	case []any:
		return w.array(x, at, parts, rule, own)
	}
	r := w.leaf(v, at, parts, rule)
	if v != nil && at.read != "" {
		r.reads = append(r.reads, at.read)
	}
	return r
}

func (w *walker) object(x map[string]any, at place, parts reading, rule rule) result {
	var r result
	if !parts.admits("object") {
		r.say(at, incompatible, "an object where the document has %s", parts.types())
		return r
	}
	if len(x) == 0 && at.read != "" {
		r.reads = append(r.reads, at.read)
	}
	loose := rule.looseKeys()
	for _, key := range slices.Sorted(maps.Keys(x)) {
		if loose {
			r.add(w.anyKey(x[key], at.child(key, true), parts))
			continue
		}
		r.add(w.property(x[key], at, key, parts))
	}
	return r
}

func (w *walker) property(v any, at place, key string, parts reading) result {
	var r result
	d := parts.declared(key)
	here := at.child(key, d.star)
	switch {
	case d.forbidden:
		r.say(here, incompatible, "the document forbids the property %s here", key)
	case w.way == schema.Response && d.hidden:
		r.say(here, incompatible, "the property %s is writeOnly: no response holds it", key)
	case !d.known && w.way == schema.Response && !parts.open():
		r.say(here, incompatible, "the document declares no property %s", key)
	default:
		return w.walk(v, here, d.refs)
	}
	return r
}

// anyKey is for objects whose keys are examples: the value has to fit any of
// the properties that there may be.
func (w *walker) anyKey(v any, at place, parts reading) result {
	var best result
	for i, ref := range parts.anyProperty() {
		r := w.walk(v, at, openapi3.SchemaRefs{ref})
		if i == 0 || r.breaches() < best.breaches() {
			best = r
		}
	}
	return best
}

func (w *walker) array(x []any, at place, parts reading, rule rule, own bool) result {
	var r result
	if !parts.admits("array") {
		r.say(at, incompatible, "a list where the document has %s", parts.types())
		return r
	}
	if len(x) == 0 && at.read != "" {
		r.reads = append(r.reads, at.read)
	}
	if m := rule.containing(); m != nil && own {
		return w.contains(x, at, parts, *m)
	}
	if own || len(rule.matchers) == 0 {
		w.length(&r, len(x), at, parts, rule)
	}
	for i, e := range x {
		here := at.child(strconv.Itoa(i), true)
		r.add(w.walk(e, here, parts.items(i)))
	}
	return r
}

// length holds the number of items against the document: that of the example
// where there is no rule, the bounds of the rule where there is.
func (w *walker) length(r *result, n int, at place, parts reading, rule rule) {
	least, most := parts.lengths()
	low, high := rule.bounds()
	if len(rule.matchers) == 0 {
		low, high = n, n
	}
	if w.way == schema.Response {
		if over(low, most) || high >= 0 && high < least {
			r.say(at, incompatible, "the consumer expects %s items, and the document has %s", span(low, high), span(least, most))
		}
		return
	}
	switch {
	case over(high, most), low >= 0 && low < least:
		r.say(at, incompatible, "the consumer sends %s items, and the document takes %s", span(low, high), span(least, most))
	case most >= 0 && high < 0, low < 0 && least > 0:
		r.say(at, wider, "the consumer bounds the number of items less than the document, which takes %s", span(least, most))
	}
}

// over tells whether a number is beyond a bound, if there is one.
func over(n, bound int) bool { return bound >= 0 && n > bound }

func span(low, high int) string {
	switch {
	case high < 0:
		return fmt.Sprintf("%d or more", max(low, 0))
	case low == high:
		return strconv.Itoa(low)
	}
	return fmt.Sprintf("%d to %d", max(low, 0), high)
}

// contains holds each variant of an arrayContains rule against the items.
func (w *walker) contains(x []any, at place, parts reading, m matcher) result {
	var r result
	for _, v := range m.Variants {
		if v.Index < 0 || v.Index >= len(x) {
			continue
		}
		inner := *w
		inner.rules = nil
		for path, raw := range v.Rules {
			for _, found := range category([]byte(`{` + strconv.Quote(path) + `:` + string(raw) + `}`)) {
				found.path = slices.Concat(at.tokens, []string{strconv.Itoa(v.Index)}, found.path)
				inner.rules = append(inner.rules, found)
			}
		}
		r.add(inner.walk(x[v.Index], at.child(strconv.Itoa(v.Index), true), parts.items(0)))
	}
	return r
}

// containing is the arrayContains matcher of a rule.
func (r rule) containing() *matcher {
	for i := range r.matchers {
		if r.matchers[i].Match == "arrayContains" {
			return &r.matchers[i]
		}
	}
	return nil
}

// matches tells whether a text matches a pattern anywhere in it, as Pact does;
// a pattern that does not compile here matches everything.
func matches(pattern, text string) bool {
	re, err := regexp.Compile(pattern)
	return err != nil || re.MatchString(text)
}
