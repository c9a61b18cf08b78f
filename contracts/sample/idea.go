package sample

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// An idea is a change of the seed request in one place, for one constraint.
type idea struct {
	place   place
	keyword string
	pointer string
	value   any
	gone    bool // the place itself is left out
}

// constraint is what a case is for.
func (i idea) constraint() string { return i.pointer + " " + i.keyword }

// places are those of the operation that a case may change.
func (m *maker) places() []place {
	var out []place
	for _, p := range m.op.Params {
		out = append(out, place{param: p})
	}
	if m.seed.media != "" {
		out = append(out, place{mt: m.seed.mt})
	} else if b := m.op.Op.RequestBody; b != nil && b.Value != nil && len(b.Value.Content) > 0 {
		if _, mt := preferred(b.Value.Content); mt != nil {
			out = append(out, place{mt: mt})
		}
	}
	return out
}

// sitesOf are the sites of a place. A place that the seed request lacks is
// added to it.
func (m *maker) sitesOf(p place) []site {
	v, has := m.seed.body, m.seed.media != ""
	if p.param != nil {
		v, has = m.seed.params[p.param]
	}
	if !has {
		var ok bool
		if v, ok = m.fresh(p); !ok {
			return nil
		}
	}
	out := m.gen.sites(p.node(), v)
	if len(out) > 0 {
		out[0].present, out[0].required = has, m.required(p)
	}
	return out
}

func (m *maker) fresh(p place) (any, bool) {
	if p.param != nil {
		return m.parameter(p.param)
	}
	media, _ := preferred(m.op.Op.RequestBody.Value.Content)
	return m.bodyValue(media, p.mt, false)
}

// changed is the seed request with a value in one place.
func (m *maker) changed(i idea) draft {
	d := m.seed.clone()
	switch {
	case i.place.param != nil && i.gone:
		delete(d.params, i.place.param)
	case i.place.param != nil:
		d.params[i.place.param] = i.value
	case i.gone:
		d.media, d.body, d.mt = "", nil, nil
	default:
		d.body = i.value
		if d.media == "" {
			d.media, d.mt = preferred(m.op.Op.RequestBody.Value.Content)
		}
	}
	return d
}

// chosen tries the ideas, so that every constraint is served once before any is
// served twice, and keywords take turns, until enough of them held or every
// constraint was served as often as there are rounds.
func (m *maker) chosen(ideas []idea, most, rounds int, try func(idea) (plumbline.Case, bool)) []plumbline.Case {
	queues := map[string][]int{}
	var order []string
	for i, x := range ideas {
		k := x.constraint()
		if queues[k] == nil {
			order = append(order, k)
		}
		queues[k] = append(queues[k], i)
	}
	if len(order) > most {
		order = m.mixed(order)
	}
	done := map[int]plumbline.Case{}
	next := func(k string) {
		for len(queues[k]) > 0 && len(done) < most {
			i := queues[k][0]
			queues[k] = queues[k][1:]
			if c, ok := try(ideas[i]); ok {
				done[i] = c
				return
			}
		}
	}
	for range rounds {
		for _, k := range order {
			next(k)
		}
	}
	var out []plumbline.Case
	for i := range ideas {
		if c, ok := done[i]; ok {
			out = append(out, c)
		}
	}
	return out
}

// mixed orders constraints so that keywords take turns; which of the
// constraints of a keyword come first is the seed's choice.
func (m *maker) mixed(order []string) []string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(m.op.ID))
	rng := rand.New(rand.NewPCG(m.options.Seed, h.Sum64()))
	order = slices.Clone(order)
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	turn, seen := map[string]int{}, map[string]int{}
	for _, k := range order {
		_, keyword, _ := strings.Cut(k, " ")
		turn[k] = seen[keyword]
		seen[keyword]++
	}
	slices.SortStableFunc(order, func(a, b string) int { return turn[a] - turn[b] })
	return order
}

// id makes the name of a case, stable between runs.
func (m *maker) id(prefix, pointer, keyword string) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '.':
			return r
		}
		return '-'
	}, pointer+"-"+keyword), "-")
	name = m.op.ID + "/" + prefix + name
	m.ids[name]++
	if n := m.ids[name]; n > 1 {
		name = fmt.Sprintf("%s-%d", name, n)
	}
	return name
}

// bindsWithout are the binds but for those that would write over a change.
func (m *maker) bindsWithout(p place, at string) []plumbline.Bind {
	inside := strings.TrimPrefix(at, "body")
	return slices.DeleteFunc(slices.Clone(m.binds), func(b plumbline.Bind) bool {
		if p.param != nil {
			return b.In == p.param.In && b.Name == p.param.Name
		}
		return b.In == "body" && (inside == "" || b.Name == inside || strings.HasPrefix(b.Name, inside+"/") || strings.HasPrefix(inside, b.Name+"/"))
	})
}

// inPath tells whether a parameter is part of the path.
func inPath(p place) bool { return p.param != nil && p.param.In == openapi3.ParameterInPath }
