package sample

import (
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A Maker makes values of schemas, the same ones every time. It is not safe for
// concurrent use.
type Maker struct{ g *generator }

// NewMaker makes a maker for the schemas of a document.
func NewMaker(s *schema.Set) *Maker { return &Maker{newGenerator(s, nil)} }

// Value makes a value that the schema accepts in a request, with the document's
// own examples first; full asks for all properties instead of the required
// ones. ok is false when none was found. Numbers are of type json.Number.
func (m *Maker) Value(ref *openapi3.SchemaRef, full bool) (v any, ok bool) {
	return m.g.make(node{ref}, shape{full: full})
}

// Novel is the kind of value that nothing has had before and that the schema
// accepts, as plumbline.FromNew has them; ok is false when there is none.
func (m *Maker) Novel(ref *openapi3.SchemaRef) (kind string, ok bool) {
	return (&graph{set: m.g.set}).novel(ref)
}
