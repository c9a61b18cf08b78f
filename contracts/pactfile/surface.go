package pactfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// mostVariants bounds the examples of one media type of a response.
const mostVariants = 16

// unsteered is why the surface file's variants are not verified.
const unsteered = "not verified: a right provider need not give this answer to this request, and nothing makes it"

// WriteSurface writes a pact with an interaction for every documented answer:
// by operation, status and media type the greatest and the least example, one
// for each alternative of oneOf and anyOf, one with null for each nullable field
// and one with each list empty, and pairs of these as far as there is room. Each
// example is valid. They are pending, because a provider cannot be steered to
// them: the file is for brokers, stubs and comparison, and the file of Build
// for verification. Same arguments, same bytes. Of all interactions only the
// text is held, never the values.
func WriteSurface(w io.Writer, d *openapi.Doc, s *schema.Set, ops []plumbline.Operation, o Options) error {
	all := sheaf{texts: surface(d, s, ops, textOf)}
	return all.write(w, newPact(d, o))
}

// answers are the interactions of one documented response, by media type.
func answers(op *plumbline.Operation, key string, r *openapi3.Response, room int, fresh func() *writer) [][]interaction {
	status, rule, ok := statusOf(key)
	if !ok {
		return nil
	}
	base, ok := asked(*op)
	if !ok {
		return nil
	}
	base.Pending = true
	base.Response = response{Status: status}
	if rule != "" {
		base.Response.MatchingRules = map[string]any{"status": map[string]any{"combine": "AND", "matchers": []any{map[string]any{"match": "statusCode", "status": rule}}}}
	}
	if len(r.Content) == 0 {
		return [][]interaction{{base.with(op.ID, key, "", variant{name: "no body"})}}
	}
	var out [][]interaction
	for _, media := range mediaTypes(r) {
		var of []interaction
		for _, v := range variants(r.Content[media], media, room, fresh) {
			of = append(of, base.with(op.ID, key, media, v))
		}
		out = append(out, of)
	}
	return out
}

func mediaTypes(r *openapi3.Response) []string { return slices.Sorted(maps.Keys(r.Content)) }

// statusOf is a status of a documented key, and the rule for a class of them.
func statusOf(key string) (status int, rule string, ok bool) {
	if n, err := strconv.Atoi(key); err == nil && n >= 100 && n < 600 {
		return n, "", true
	}
	class := map[string]string{"2XX": "success", "3XX": "redirect", "4XX": "clientError", "5XX": "serverError"}[strings.ToUpper(key)]
	if class == "" {
		return 0, "", false // default: no status stands for it
	}
	return int(key[0]-'0') * 100, class, true
}

// with completes an interaction for one variant of an answer.
func (i interaction) with(op, key, media string, v variant) interaction {
	name := key
	if media != "" {
		name += " " + media
	}
	name += " " + v.name
	i.Description = op + " answers " + name
	i.Key = op + "/" + strings.ReplaceAll(name, " ", "/")
	i.Comments = map[string]any{"operation": op, "variant": v.name, "text": []string{"provider surface: restates the OpenAPI document", unsteered}}
	i.ProviderStates = append(slices.Clone(i.ProviderStates), state{op + " is about to answer " + name, map[string]any{}})
	switch {
	case v.stated:
		rules := map[string]any{"body": v.rules}
		maps.Copy(rules, i.Response.MatchingRules)
		if len(v.rules) == 0 {
			delete(rules, "body")
		}
		i.Response.MatchingRules, i.Response.Body = rules, &body{v.value, media, false}
	case media != "" && !strings.Contains(media, "*"):
		i.Response.Headers = map[string][]string{"Content-Type": {media}}
	}
	return i
}

// A variant is one example of an answer with its rules.
type variant struct {
	name   string
	value  any
	rules  map[string]any
	stated bool
}

// variants are the examples of a media type: max, min, then one for every
// alternative that max does not take, then pairs of them.
func variants(m *openapi3.MediaType, media string, room int, fresh func() *writer) []variant {
	if m == nil || m.Schema == nil || !isJSON(media) {
		return []variant{{name: "any body"}}
	}
	v := &collector{schema: m.Schema, fresh: fresh, room: room, seen: map[string]bool{}, met: map[string]bool{}}
	points := v.try("max", true, nil)
	v.try("min", false, nil)
	var singles []map[string]int
	for len(points) > 0 && len(v.out) < room {
		p := points[0]
		points = points[1:]
		for k := 1; k < p.n; k++ {
			chosen := map[string]int{p.path: k}
			points = append(points, v.try(fmt.Sprintf("%s %s %d", pointer(strings.TrimSuffix(p.path, " "+p.what)), p.what, k), true, chosen)...)
			singles = append(singles, chosen)
		}
	}
	for i, a := range singles {
		for _, b := range singles[i+1:] {
			both := maps.Clone(a)
			maps.Copy(both, b)
			if len(both) == 2 && len(v.out) < room {
				v.try(fmt.Sprintf("pair %d", len(v.out)), true, both)
			}
		}
	}
	return v.out
}

// A collector tries variants and keeps those that are valid and new.
type collector struct {
	schema *openapi3.SchemaRef
	fresh  func() *writer
	room   int
	out    []variant
	seen   map[string]bool // examples, as JSON
	met    map[string]bool // points that were handed out
}

// try makes one variant and returns the points that nobody has met before.
func (c *collector) try(name string, full bool, chosen map[string]int) []point {
	if len(c.out) >= c.room {
		return nil
	}
	w := c.fresh()
	w.full, w.chosen = full, chosen
	value, ok := w.value(c.schema, "$", 0)
	var points []point
	for _, p := range w.points {
		if !c.met[p.path] {
			c.met[p.path] = true
			points = append(points, p)
		}
	}
	data, err := encoded(value)
	if !ok || err != nil || c.seen[string(data)] || !w.set.Valid(c.schema, schema.Response, value) {
		return points
	}
	c.seen[string(data)] = true
	c.out = append(c.out, variant{name, json.RawMessage(data), w.rules, true}) // once encoded is enough
	return points
}

// encoded is a value as a pact has it.
func encoded(v any) ([]byte, error) {
	b, _ := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.Clone(bytes.TrimRight(b.Bytes(), "\n")), err
}

// buffers have grown to what an example takes.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }} //nolint:gochecknoglobals // holds no state
