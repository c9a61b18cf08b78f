package sample

import (
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A place is a part of a request that has schemas of its own: a parameter, or
// the body in one media type.
type place struct {
	param *openapi3.Parameter
	mt    *openapi3.MediaType
}

func (p place) name() string {
	if p.param != nil {
		return p.param.In + "/" + p.param.Name
	}
	return "body"
}

func (p place) node() node {
	if p.param != nil {
		return parameterNode(p.param)
	}
	return schemaNode(p.mt)
}

func (m *maker) required(p place) bool {
	if p.param != nil {
		return p.param.Required
	}
	b := m.op.Op.RequestBody
	return b != nil && b.Value != nil && b.Value.Required
}

func (m *maker) read(p place, req plumbline.Request) reading {
	if p.param != nil {
		return m.gen.readParameter(m.op, p.param, req)
	}
	return m.gen.readBody(p.mt, req)
}

// A proof says what the bytes of one place were found to be.
type proof struct {
	holds    bool
	text     string // one line
	breaches []schema.Breach
}

// proveValid shows that a place decodes to what its schemas accept. A path
// segment that several parameters share is not decoded; their values were
// checked when they were made.
func (m *maker) proveValid(p place, req plumbline.Request) proof {
	r := m.read(p, req)
	switch {
	case r.unsure:
		return proof{holds: p.param != nil, text: p.name() + " was made of its schema"}
	case r.absent:
		return proof{holds: !m.required(p), text: p.name() + " is left out, and not required"}
	case r.broken != "":
		return proof{text: p.name() + " " + r.broken}
	}
	v := m.gen.resolve(p.node(), r.tree, true)
	return proof{holds: v.valid, breaches: v.breaches, text: fmt.Sprintf("%s reads as %s: valid", p.name(), snippet(r.tree))}
}

// proveInvalid shows that no legal reading of a place is accepted by its
// schemas. What nothing is known of is never invalid.
func (m *maker) proveInvalid(p place, req plumbline.Request) proof {
	r := m.read(p, req)
	switch {
	case r.unsure:
		return proof{}
	case r.absent:
		return proof{holds: m.required(p), text: p.name() + " is required and left out", breaches: []schema.Breach{{Keyword: "required", Message: "is required, and left out"}}}
	case r.broken != "":
		return proof{holds: len(p.node()) > 0, text: p.name() + " " + r.broken, breaches: []schema.Breach{{Keyword: "syntax", Message: r.broken}}}
	}
	// An empty text is also read as a lack.
	if x, ok := r.tree.(lexeme); ok && strings.Join(x, "") == "" && (!m.required(p) || p.param != nil && p.param.AllowEmptyValue) {
		return proof{}
	}
	return refuted(p, r, m.gen.resolve(p.node(), r.tree, false))
}

// refuted says in words that no reading of a place is valid.
func refuted(p place, r reading, v verdict) proof {
	if v.valid {
		return proof{}
	}
	why := ""
	if len(v.breaches) > 0 {
		why = ": " + clip(v.breaches[0].Pointer+" "+v.breaches[0].Message, 120)
	}
	readings := "its one reading"
	if v.readings > 1 {
		readings = fmt.Sprintf("none of its %d readings", v.readings)
	}
	verb := " is not"
	if v.readings > 1 {
		verb = " is"
	}
	return proof{holds: true, breaches: v.breaches, text: fmt.Sprintf("%s is sent as %s; %s%s valid%s", p.name(), snippet(r.tree), readings, verb, why)}
}

// snippet is a value in at most a few words.
func snippet(tree any) string { return clip(fmt.Sprintf("%v", shown(tree)), 60) }

func shown(tree any) any {
	switch x := tree.(type) {
	case lexeme:
		return fmt.Sprintf("%q", strings.Join(x, ","))
	case map[string]any:
		return fmt.Sprintf("an object of %d", len(x))
	case []any:
		return fmt.Sprintf("an array of %d", len(x))
	case string:
		return fmt.Sprintf("%q", x)
	case nil:
		return "null"
	}
	return tree
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
