package compare

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/plumbline-dev/plumbline"
)

// mostMisfits bounds what is told of one body.
const mostMisfits = 8

// An against holds a body that was sent against the body of an interaction.
type against struct {
	rules rules
	found []misfit
}

// A misfit is one difference.
type misfit struct {
	kind             plumbline.MarkKind
	pointer, message string
}

func (a *against) say(kind plumbline.MarkKind, pointer, format string, args ...any) {
	if len(a.found) < mostMisfits {
		a.found = append(a.found, misfit{kind, pointer, fmt.Sprintf(format, args...)})
	}
}

// value holds one value against its example. Tokens are where the example
// stands, and at is where the value does.
func (a *against) value(want, got any, tokens []string, at string) {
	rule, own := a.rules.at(tokens)
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			a.say(plumbline.MarkBody, at, "the contract has an object, and %s was sent", article(got))
			return
		}
		a.object(w, g, tokens, at, own && rule.looseKeys())
	case []any:
		g, ok := got.([]any)
		if !ok {
			a.say(plumbline.MarkBody, at, "the contract has a list, and %s was sent", article(got))
			return
		}
		a.list(w, g, tokens, at, rule)
	default:
		a.leaf(want, got, at, rule)
	}
}

func (a *against) object(want, got map[string]any, tokens []string, at string, loose bool) {
	if examples := slices.Sorted(maps.Keys(want)); loose && len(examples) > 0 {
		for _, key := range slices.Sorted(maps.Keys(got)) {
			a.value(want[examples[0]], got[key], append(slices.Clone(tokens), examples[0]), at+"/*")
		}
		return
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		here := at + "/" + escape(key)
		v, there := got[key]
		if !there {
			a.say(plumbline.MarkUnagreed, here, "the member, which the contract has, was not sent")
			continue
		}
		a.value(want[key], v, append(slices.Clone(tokens), key), here)
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, known := want[key]; !known {
			a.say(plumbline.MarkUnagreed, at+"/"+escape(key), "the member is not in the contract")
		}
	}
}

// list holds each item against the example at its place, or the last.
func (a *against) list(want, got []any, tokens []string, at string, rule rule) {
	low, high := rule.bounds()
	if low >= 0 && len(got) < low || high >= 0 && len(got) > high {
		a.say(plumbline.MarkBody, at, "the contract has %s items, and %d were sent", span(low, high), len(got))
		return
	}
	if len(want) == 0 || rule.containing() != nil {
		return
	}
	for n, e := range got {
		k := min(n, len(want)-1)
		a.value(want[k], e, append(slices.Clone(tokens), strconv.Itoa(k)), at+"/*")
	}
}

func (a *against) leaf(want, got any, at string, rule rule) {
	var refused []matcher
	for _, m := range rule.matchers {
		if !m.takesSent(got, want) {
			refused = append(refused, m)
		}
	}
	switch {
	case len(rule.matchers) > 0 && (len(refused) == 0 || rule.or && len(refused) < len(rule.matchers)):
	case len(refused) > 0:
		a.say(plumbline.MarkBody, at, "%s does not take the %s that was sent", refused[0], kindOf(got))
	case kindOf(want) == kindOf(got):
	case want == nil || got == nil:
		a.say(plumbline.MarkUnagreed, at, "the contract has %s, and %s was sent", article(want), article(got))
	default:
		a.say(plumbline.MarkBody, at, "the contract has %s, and %s was sent", article(want), article(got))
	}
}

// takesSent tells whether the rule takes a value that was sent.
func (m matcher) takesSent(got, example any) bool {
	switch m.Match {
	case "equality":
		return same(got, example)
	case "date", "time", "timestamp", "datetime", "semver", "contentType":
		return kindOf(got) == "string"
	}
	return m.takes(got, example)
}

// article is the type of a value with its article.
func article(v any) string {
	switch k := kindOf(v); k {
	case "null":
		return k
	case "array":
		return "a list"
	case "object":
		return "an object"
	default:
		return "a " + k
	}
}
