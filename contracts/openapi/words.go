package openapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// Plumb gives the operations in the words of a design, without the cases.
func (d *Doc) Plumb() []plumbline.Operation {
	var out []plumbline.Operation
	for _, o := range d.Operations {
		p := plumbline.Operation{ID: o.ID, Method: o.Method, Path: o.Path, Tags: o.Op.Tags, Source: o.Source}
		p.Schemes, p.Secured = d.security(o)
		p.Roles, p.Scopes = roles(o.Op), d.scopes(o)
		p.Sealed, p.Key = sealed(o), keyOf(o)
		if o.Op.Responses != nil {
			p.Statuses = slices.Sorted(maps.Keys(o.Op.Responses.Map()))
		}
		out = append(out, p)
	}
	return out
}

// keyOf is the header parameter by which a service knows a repeated request.
func keyOf(o Op) string {
	for _, p := range o.Params {
		name := strings.ToLower(strings.TrimPrefix(strings.ToLower(p.Name), "x-"))
		if p.In == openapi3.ParameterInHeader && (name == "idempotency-key" || name == "idempotency-token") {
			return p.Name
		}
	}
	return ""
}

// security lists the schemes of an operation. It is secured unless one of its
// alternatives asks for nothing.
func (d *Doc) security(o Op) (schemes []plumbline.Scheme, secured bool) {
	requirements := d.T.Security
	if o.Op.Security != nil {
		requirements = *o.Op.Security
	}
	secured = len(requirements) > 0
	seen := map[string]bool{}
	for _, alternative := range requirements {
		if len(alternative) == 0 {
			secured = false
		}
		for _, name := range slices.Sorted(maps.Keys(alternative)) {
			if seen[name] || d.T.Components == nil {
				continue
			}
			seen[name] = true
			if ref := d.T.Components.SecuritySchemes[name]; ref != nil && ref.Value != nil {
				schemes = append(schemes, scheme(name, ref.Value))
			}
		}
	}
	return schemes, secured
}

func scheme(name string, s *openapi3.SecurityScheme) plumbline.Scheme {
	return plumbline.Scheme{Name: name, Type: s.Type, In: s.In, Key: s.Name, HTTP: s.Scheme}
}
