package mock

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// sorted are the things of a collection in the order that a request asks for,
// where the document has a parameter for that: a member, descending after "-"
// or before "desc". Things that tie, and all where nothing is asked for, stay
// in the order in which they were made.
func sorted(c *call, all []*thing) []*thing {
	p := asks(c, "sort", "sort_by", "sortby", "order_by", "orderby", "ordering", "sort_key", "sortkey")
	if p == nil {
		return all
	}
	q := c.req.URL.Query()
	text, down := strings.CutPrefix(strings.TrimPrefix(q.Get(p.Name), "+"), "-")
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" :,", r) })
	if len(words) == 0 {
		return all
	}
	down = down || len(words) > 1 && strings.EqualFold(words[1], "desc")
	if d := asks(c, "order", "direction", "sort_order", "sortorder", "sort_direction", "sort_dir"); d != nil && strings.HasPrefix(strings.ToLower(q.Get(d.Name)), "desc") {
		down = true
	}
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b *thing) int {
		n := compare(a.fields[words[0]], b.fields[words[0]])
		if down {
			return -n
		}
		return n
	})
	return out
}

// compare orders numbers by their size and all else by its text.
func compare(a, b any) int {
	x, xn := a.(json.Number)
	y, yn := b.(json.Number)
	if xn && yn {
		n, err1 := x.Float64()
		m, err2 := y.Float64()
		if err1 == nil && err2 == nil {
			return cmp.Compare(n, m)
		}
	}
	return strings.Compare(simple(a), simple(b))
}
