package openapi

import (
	"fmt"
	"slices"
	"strings"
)

// newer takes the fields of OpenAPI 3.2 out of a document that is read as 3.1,
// and says so once for every field. Those that 3.1 has another word for are
// read as that.
func (r *repairs) newer() {
	n := &newness{repairs: r, count: map[string]int{}, first: map[string]string{}}
	n.walk(r.root, "")
	for _, field := range n.order {
		places := ""
		if n.count[field] > 1 {
			places = fmt.Sprintf(" (%d places)", n.count[field])
		}
		r.doc.notice(n.first[field], field+places)
	}
}

type newness struct {
	*repairs
	count map[string]int
	first map[string]string
	order []string
}

func (n *newness) saw(what, pointer string) {
	if n.count[what]++; n.count[what] == 1 {
		n.first[what] = pointer
		n.order = append(n.order, what)
	}
}

func (n *newness) walk(v any, pointer string) {
	switch x := v.(type) {
	case map[string]any:
		if !holdsNames(pointer) {
			n.object(x, pointer)
		}
		for _, k := range sortedKeys(x) {
			at := pointer + "/" + escape(k)
			switch {
			case !isData(pointer, k):
				n.walk(x[k], at)
			case k == "examples":
				n.examples(x[k], at)
			}
		}
	case []any:
		for i, e := range x {
			n.walk(e, fmt.Sprintf("%s/%d", pointer, i))
		}
	}
}

// added are the fields that 3.2 has and 3.1 has not, by where they stand: in an
// object of that name, or in one that a list or map of that name holds.
type added struct {
	under  string
	held   bool
	fields []string
}

func additions() []added {
	return []added{
		{"tags", true, []string{"parent", "kind", "summary"}},
		{"servers", true, []string{"name"}},
		{"securitySchemes", true, []string{"oauth2MetadataUrl", "deprecated"}},
		{"responses", true, []string{"summary"}},
		{"content", true, []string{"itemEncoding", "prefixEncoding"}},
		{"encoding", true, []string{"encoding", "itemEncoding", "prefixEncoding"}},
		{"flows", false, []string{"deviceAuthorization"}},
		{"discriminator", false, []string{"defaultMapping"}},
		{"xml", false, []string{"nodeType"}},
	}
}

// object mends one object of the document by where it stands.
func (n *newness) object(x map[string]any, pointer string) {
	parent, last := cutLast(pointer)
	above, holder := cutLast(parent)
	switch {
	case pointer == "":
		n.drop(x, pointer, "$self")
	case pointer == "/components":
		n.mediaTypes(x)
	case parent == "/paths":
		n.methods(x, pointer)
	case pointer == "/components/examples":
		n.examples(x, pointer)
	case holder == "content" && above != "":
		n.media(x, pointer)
	}
	for _, a := range additions() {
		if a.held && a.under == holder || !a.held && a.under == last {
			n.drop(x, pointer, a.fields...)
		}
	}
	n.queryString(x, pointer)
	n.cookieStyle(x, pointer)
}

func (n *newness) drop(x map[string]any, pointer string, fields ...string) {
	for _, f := range fields {
		if _, ok := x[f]; ok {
			delete(x, f)
			n.saw("the field "+f+" of OpenAPI 3.2 is ignored", pointer)
		}
	}
}

// methods leaves out operations of methods that OpenAPI has no field for, each
// by name: what they do to the target nobody knows. QUERY stays.
func (n *newness) methods(x map[string]any, pointer string) {
	more, _ := x["additionalOperations"].(map[string]any)
	for _, method := range sortedKeys(more) {
		n.saw("operations of the method "+method+" are not tested: additionalOperations of OpenAPI 3.2 is ignored", pointer)
	}
	delete(x, "additionalOperations")
}

// media reads a media type: 3.2 lets it be a reference. The schema of one item,
// by which 3.2 describes streams, stays: responses are checked against it.
func (n *newness) media(x map[string]any, pointer string) {
	if ref, ok := x["$ref"].(string); ok {
		if target, found := n.find(strings.TrimPrefix(ref, "#")); found {
			if m, ok := Clone(target).(map[string]any); ok {
				delete(x, "$ref")
				for k, v := range m {
					x[k] = v
				}
				n.saw("a media type that is a reference is read as what it leads to", pointer)
			}
		}
	}
}

func (n *newness) mediaTypes(x map[string]any) {
	if _, ok := x["mediaTypes"]; ok {
		// References to them are followed before; the walk is sorted, and
		// components come before paths, so they are kept until the end.
		n.saw("components/mediaTypes of OpenAPI 3.2 is read where it is referred to", "/components/mediaTypes")
	}
}

// examples reads those of a media type or a parameter; those of a schema are
// plain values.
func (n *newness) examples(v any, pointer string) {
	m, _ := v.(map[string]any)
	for _, k := range sortedKeys(m) {
		if e, ok := m[k].(map[string]any); ok {
			n.example(e, pointer+"/"+escape(k))
		}
	}
}

func (n *newness) example(x map[string]any, pointer string) {
	if v, ok := x["dataValue"]; ok {
		delete(x, "dataValue")
		if _, has := x["value"]; !has {
			x["value"] = v
		}
		n.saw("dataValue of an example is read as its value", pointer)
	}
	n.drop(x, pointer, "serializedValue")
}

// queryString leaves out parameters that describe the query as a whole.
func (n *newness) queryString(x map[string]any, pointer string) {
	list, ok := x["parameters"].([]any)
	if !ok {
		return
	}
	kept := slices.DeleteFunc(slices.Clone(list), func(p any) bool {
		m, _ := p.(map[string]any)
		return n.resolve(m)["in"] == "querystring"
	})
	if len(kept) < len(list) {
		x["parameters"] = kept
		n.saw("a parameter that describes the whole query string is ignored", pointer)
	}
}

// cookieStyle reads cookies of the style of that name as those of 3.1: they
// differ in what is escaped.
func (n *newness) cookieStyle(x map[string]any, pointer string) {
	if x["in"] == "cookie" && x["style"] == "cookie" {
		delete(x, "style")
		n.saw("the style cookie of OpenAPI 3.2 is read as form", pointer)
	}
}
