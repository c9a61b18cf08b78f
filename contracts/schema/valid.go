package schema

import "github.com/getkin/kin-openapi/openapi3"

// Valid tells whether a value, as encoding/json decodes it with UseNumber,
// matches a schema. It is Check without the words, and so the cheaper one.
func (s *Set) Valid(ref *openapi3.SchemaRef, way Direction, value any) bool {
	e := s.entry(ref, way)
	if e == nil || e.schema == nil {
		return true
	}
	switch e.node.check(value, 0) {
	case accepted:
		return true
	case refused:
		return outlandish(value)
	default:
		return outlandish(value) || e.schema.Validate(value) == nil
	}
}
