package examples

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Bounds of what is kept of the examples of one operation's responses.
const (
	mostPictures   = 8
	largestPicture = 4 << 10
)

// Pictures are the examples that the document gives of the successful JSON
// responses of an operation, in order of status, media type and name: what they
// hold, and in which fields. Examples that break their schema, that are in other
// files, or that are longer than 4 KiB are left out, and so is what stands in a
// schema: it may be an example of a request. At most 8.
func Pictures(o openapi.Op, set *schema.Set, inspector *schema.Inspector) []plumbline.Picture {
	if o.Op.Responses == nil {
		return nil
	}
	g := gallery{set: set, inspector: inspector}
	all := o.Op.Responses.Map()
	for _, status := range slices.Sorted(maps.Keys(all)) {
		r := all[status]
		if !strings.HasPrefix(status, "2") || r == nil || r.Value == nil {
			continue
		}
		for _, media := range slices.Sorted(maps.Keys(r.Value.Content)) {
			if isJSON, _ := readable(media); isJSON && r.Value.Content[media] != nil {
				g.add(plumbline.Response{Status: statusOf(status), Header: map[string][]string{"Content-Type": {concrete(media)}}}, o.ID, status, r.Value.Content[media])
			}
		}
	}
	return g.out
}

// A gallery collects the pictures of one operation.
type gallery struct {
	set       *schema.Set
	inspector *schema.Inspector
	out       []plumbline.Picture
}

// add takes the examples of a media type in, as answers of the kind of r.
func (g *gallery) add(r plumbline.Response, op, status string, m *openapi3.MediaType) {
	for _, v := range shown(m) {
		body, err := json.Marshal(v)
		if text, ok := v.(string); ok && json.Valid([]byte(text)) {
			body = []byte(text)
		}
		if err != nil || len(body) > largestPicture || m.Schema == nil || len(g.out) == mostPictures {
			continue
		}
		if len(g.set.Check(m.Schema, schema.Response, decoded(json.RawMessage(body)))) > 0 {
			continue
		}
		r.Body = body
		if fields := g.inspector.Fields(op, r); len(fields) > 0 {
			g.out = append(g.out, plumbline.Picture{Status: status, Fields: slices.Sorted(maps.Keys(fields)), Body: string(body)})
		}
	}
}

// shown are the examples of a media type.
func shown(m *openapi3.MediaType) []any {
	var out []any
	if m.Example != nil {
		out = append(out, m.Example)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Examples)) {
		if e := m.Examples[name]; e != nil && e.Value != nil && e.Value.Value != nil && e.Value.ExternalValue == "" {
			out = append(out, e.Value.Value)
		}
	}
	return out
}

// statusOf is a status that a documented one, which may be a class, speaks of.
func statusOf(documented string) int {
	n := 0
	for _, c := range documented {
		if c < '0' || c > '9' {
			c = '0'
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// concrete is a media type that a documented range covers.
func concrete(media string) string {
	if media == "*/*" {
		return "application/json"
	}
	return media
}
