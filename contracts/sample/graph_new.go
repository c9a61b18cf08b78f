package sample

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// findChosen notes the PUTs that create: on an item path whose collection
// nothing creates on, or with a documented 201 where nothing else creates.
func (g *graph) findChosen() {
	for _, op := range g.doc.Operations {
		f := g.facts[op.ID]
		if op.Method != "PUT" || !strings.HasSuffix(f.shape, "/{}") || len(g.links[op.ID]) > 0 {
			continue
		}
		at := strings.TrimSuffix(f.shape, "/{}")
		name := f.names[len(f.names)-1]
		prefix, _ := collection(op.Path, name)
		stem := stemOf(name, prefix)
		same := g.reads[f.shape]
		creator := slices.ContainsFunc(g.yields, func(o source) bool {
			if o.op.Method != "POST" {
				return false
			}
			_, why := o.makes(&o.op, at, f.shape, stem, same)
			return why != ""
		})
		p := pathParam(op, name)
		if !creator && p != nil && !hasEnum(p.Schema) {
			g.chosen[f.shape] = op.ID
		}
	}
}

// solveChosen binds a PUT that creates: its innermost parameter to a new value,
// and what it lies below to where that comes from, or to a new value too where
// nothing creates it.
func (g *graph) solveChosen(op openapi.Op) []plumbline.Bind {
	var out []plumbline.Bind
	names := g.facts[op.ID].names
	for i, name := range names {
		p := pathParam(op, name)
		if p == nil {
			continue
		}
		if i < len(names)-1 {
			if all := g.candidates(op, p); len(all) > 0 && all[0].rank < rankExample {
				out = append(out, all[0].bind("path", name))
				continue
			}
		}
		if hasEnum(p.Schema) {
			continue
		}
		if kind, ok := g.novel(p.Schema); ok {
			out = append(out, plumbline.Bind{In: "path", Name: name, From: plumbline.FromNew, Pointer: kind, Why: "inferred: the client chooses it"})
		}
	}
	return append(out, g.solveRest(op)...)
}

// novel is the kind of value, as FromNew has them, of which a schema accepts
// every one; ok is false when there is none.
func (g *graph) novel(ref *openapi3.SchemaRef) (what string, ok bool) {
	if ref == nil || ref.Value == nil {
		return "text:1-64", true
	}
	s := ref.Value
	if len(s.Enum) > 0 || s.Const != nil {
		return "", false
	}
	switch typ := schemaType(s); {
	case typ == "integer":
		return g.novelInteger(ref)
	case typ != "string" && typ != "":
		return "", false
	}
	return g.novelText(ref)
}

func (g *graph) novelText(ref *openapi3.SchemaRef) (what string, ok bool) {
	s := ref.Value
	switch {
	case s.Format == "uuid" || s.Format == "guid":
		return "uuid", true
	case s.Format == "" && g.accepts(ref, "plumbline-0123456789ab-1a") && g.accepts(ref, "plumbline-fedcba987654-zz"):
		return fmt.Sprintf("text:%d-%d", s.MinLength, longestOf(s, 64)), s.MinLength <= 64
	case s.Format == "" && g.accepts(ref, "p0123-1a") && g.accepts(ref, "pfedc-zz"):
		return fmt.Sprintf("text:%d-%d", s.MinLength, min(longestOf(s, 24), 24)), true
	case s.Pattern != "":
		return g.novelMatching(ref)
	}
	return "", false
}

func longestOf(s *openapi3.Schema, limit uint64) uint64 {
	if s.MaxLength != nil {
		return min(*s.MaxLength, limit)
	}
	return limit
}

func (g *graph) accepts(ref *openapi3.SchemaRef, v any) bool {
	return len(g.set.Check(ref, schema.Request, plain(v))) == 0
}

func (g *graph) novelInteger(ref *openapi3.SchemaRef) (string, bool) {
	least, greatest := int64(100_000), int64(2_000_000_000)
	s := ref.Value
	if s.Max != nil && int64(*s.Max) < greatest {
		greatest = int64(*s.Max)
	}
	if s.Min != nil && int64(*s.Min) > least || least >= greatest {
		least = 1
		if s.Min != nil {
			least = int64(*s.Min)
		}
	}
	return fmt.Sprintf("integer:%d-%d", least, greatest), least < greatest && g.accepts(ref, least+1) && g.accepts(ref, greatest-1)
}

// mostVariants is how many values of a pattern are listed.
const mostVariants = 48

// novelMatching lists values of a pattern.
func (g *graph) novelMatching(ref *openapi3.SchemaRef) (string, bool) {
	re, err := syntax.Parse(ref.Value.Pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	re = re.Simplify()
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // values, not secrets
	var out []string
	for range 4 * mostVariants {
		var b strings.Builder
		vary(&b, re, rng)
		if v := b.String(); len(out) < mostVariants && v != "" && !slices.Contains(out, v) && g.accepts(ref, v) {
			out = append(out, v)
		}
	}
	data, err := json.Marshal(out)
	return "list:" + string(data), err == nil && len(out) >= 8
}

// vary writes a random text of an expression.
func vary(b *strings.Builder, re *syntax.Regexp, rng *rand.Rand) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		varyClass(b, re.Rune, rng)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte("abcdefghijklmnopqrstuvwxyz"[rng.IntN(26)])
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			vary(b, sub, rng)
		}
	case syntax.OpAlternate:
		vary(b, re.Sub[rng.IntN(len(re.Sub))], rng)
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat, syntax.OpQuest:
		for range 1 + rng.IntN(6) {
			vary(b, re.Sub[0], rng)
		}
	default: // anchors write nothing
	}
}

// varyClass writes a letter or digit of a class, where it has one.
func varyClass(b *strings.Builder, ranges []rune, rng *rand.Rand) {
	var fit []rune
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" {
		for i := 0; i+1 < len(ranges); i += 2 {
			if c >= ranges[i] && c <= ranges[i+1] {
				fit = append(fit, c)
				break
			}
		}
	}
	switch {
	case len(fit) > 0:
		b.WriteRune(fit[rng.IntN(len(fit))])
	case len(ranges) > 0:
		b.WriteRune(ranges[0])
	}
}
