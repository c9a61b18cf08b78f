package compare

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// A matcher is one matching rule of Pact.
type matcher struct {
	Match    string    `json:"match"`
	Regex    string    `json:"regex"`
	Min      *int      `json:"min"`
	Max      *int      `json:"max"`
	Value    any       `json:"value"`
	Format   string    `json:"format"`
	Status   any       `json:"status"`
	Rules    []matcher `json:"rules"` // of eachKey and eachValue
	Variants []struct {
		Index int                        `json:"index"`
		Rules map[string]json.RawMessage `json:"rules"`
	} `json:"variants"`
}

// A rule is the matchers at one path.
type rule struct {
	path     []string // tokens; "*" stands for any index or key
	matchers []matcher
	or       bool
}

type rules []rule

// named collects the rules of a category: of version 3 and 4, where they are
// sorted by category, and of version 2, where the path begins with it.
func named(all map[string]json.RawMessage, names ...string) rules {
	var out rules
	for key, raw := range all {
		if slices.Contains(names, key) {
			out = append(out, category(raw)...)
			continue
		}
		tokens := tokenise(key)
		if len(tokens) == 0 || !strings.HasPrefix(key, "$") || !slices.Contains(names, tokens[0]) {
			continue
		}
		var m matcher
		if json.Unmarshal(raw, &m) == nil {
			out = append(out, rule{path: tokens[1:], matchers: []matcher{typed(m)}})
		}
	}
	slices.SortFunc(out, func(a, b rule) int {
		return strings.Compare(strings.Join(a.path, "\x00"), strings.Join(b.path, "\x00"))
	})
	return out
}

// category reads {"$.a": {"matchers": […]}}, or {"matchers": […]} where there
// is only one place, such as the path and the status.
func category(raw json.RawMessage) rules {
	type entry struct {
		Matchers []matcher `json:"matchers"`
		Combine  string    `json:"combine"`
	}
	var one entry
	if json.Unmarshal(raw, &one) == nil && len(one.Matchers) > 0 {
		return rules{{matchers: each(one.Matchers), or: strings.EqualFold(one.Combine, "OR")}}
	}
	var many map[string]entry
	if json.Unmarshal(raw, &many) != nil {
		return nil
	}
	var out rules
	for path, e := range many {
		tokens := []string{path} // names of headers and parameters
		if strings.HasPrefix(path, "$") {
			tokens = tokenise(path)
		}
		out = append(out, rule{path: tokens, matchers: each(e.Matchers), or: strings.EqualFold(e.Combine, "OR")})
	}
	return out
}

func each(list []matcher) []matcher {
	out := make([]matcher, 0, len(list))
	for _, m := range list {
		out = append(out, typed(m))
	}
	return out
}

// typed fills in what version 2 leaves out.
func typed(m matcher) matcher {
	if m.Match == "" {
		m.Match = "type"
		if m.Regex != "" {
			m.Match = "regex"
		}
	}
	return m
}

// tokenise splits a path expression: $.a['b-c'][0][*].
func tokenise(path string) []string {
	var out []string
	rest := strings.TrimPrefix(path, "$")
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, "['"), strings.HasPrefix(rest, `["`):
			end := strings.Index(rest[2:], rest[1:2]+"]")
			if end < 0 {
				return append(out, rest)
			}
			out = append(out, strings.ReplaceAll(rest[2:2+end], `\'`, "'"))
			rest = rest[end+4:]
		case rest[0] == '[':
			end := strings.Index(rest, "]")
			if end < 0 {
				return append(out, rest)
			}
			out = append(out, rest[1:end])
			rest = rest[end+1:]
		default:
			rest = strings.TrimPrefix(rest, ".")
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end > 0 {
				out = append(out, rest[:end])
			} else if rest != "" && rest[0] == '.' {
				rest = rest[1:]
			}
			rest = rest[end:]
		}
	}
	return out
}

// at is the rule that decides about a place: the one of greatest weight, an
// exact token weighing more than a star. One that stands above it cascades,
// which is to say that its type holds for what is below it.
func (rs rules) at(path []string) (r rule, own bool) {
	best, weight := -1, 0
	for i, r := range rs {
		w := r.weight(path)
		longer := best >= 0 && len(r.path) > len(rs[best].path)
		if w > 0 && (best < 0 || longer || len(r.path) == len(rs[best].path) && w > weight) {
			best, weight = i, w
		}
	}
	if best < 0 {
		return rule{}, false
	}
	r = rs[best]
	if own = len(r.path) == len(path); own {
		return r, true
	}
	r.matchers = cascading(r.matchers)
	return r, false
}

// weight is how exactly the rule names the place or one above it; zero when it
// does not.
func (r rule) weight(path []string) int {
	if len(r.path) > len(path) {
		return 0
	}
	w := 1 // of the root
	for k, t := range r.path {
		switch t {
		case path[k]:
			w *= 2
		case "*":
		default:
			return 0
		}
	}
	return w
}

// cascading keeps what holds below the place of a rule: the type, without the
// bounds on the number of items.
func cascading(list []matcher) []matcher {
	var out []matcher
	for _, m := range list {
		if m.Match == "type" {
			out = append(out, matcher{Match: "type"})
		}
	}
	return out
}

// bounds are the least and the greatest number of items that rules at exactly
// this place allow; -1 stands for no bound.
func (r rule) bounds() (low, high int) {
	low, high = -1, -1
	for _, m := range r.matchers {
		if m.Min != nil {
			low = max(low, *m.Min)
		}
		if m.Max != nil && (high < 0 || *m.Max < high) {
			high = *m.Max
		}
	}
	return low, high
}

// looseKeys says that the keys of the object at this place are examples.
func (r rule) looseKeys() bool {
	return slices.ContainsFunc(r.matchers, func(m matcher) bool {
		return m.Match == "values" || m.Match == "eachKey" || m.Match == "eachValue"
	})
}

// statuses are the status codes that a rule stands for.
func (m matcher) accepts(status int) bool {
	switch s := m.Status.(type) {
	case string:
		first, ok := map[string]int{"info": 1, "success": 2, "redirect": 3, "clientError": 4, "serverError": 5}[s]
		switch {
		case ok:
			return status/100 == first
		case s == "error":
			return status >= 400
		case s == "nonError":
			return status < 400
		}
		return s == strconv.Itoa(status)
	case []any:
		return slices.ContainsFunc(s, func(v any) bool { f, ok := v.(float64); return ok && int(f) == status })
	case float64:
		return int(s) == status
	}
	return cmp.Compare(status, 0) > 0
}
