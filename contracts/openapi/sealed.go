package openapi

import (
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// mostSealed bounds the properties that are tried of one operation.
const mostSealed = 8

// sealed are the properties that the document declares readOnly, of the body
// that an operation takes and of the one that it answers with on success, and
// that its request does not declare to be writable; and those that only its
// answers have and that are called as what no client may set. Each has a value
// of its type. Identifiers are left out: in some designs the client chooses them.
func sealed(o Op) []plumbline.Sealed {
	if o.Op.RequestBody == nil || o.Op.RequestBody.Value == nil || o.Op.Responses == nil {
		return nil
	}
	in := jsonProperties(o.Op.RequestBody.Value.Content)
	if in == nil {
		return nil
	}
	found := map[string]*openapi3.Schema{}
	readOnly(in, in, found)
	guessed := map[string]*openapi3.Schema{}
	answered(o, in, found, guessed)
	var out []plumbline.Sealed
	add := func(all map[string]*openapi3.Schema, guess bool) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			v, ok := unnatural(all[name])
			if guess && all[name].Type.Is("boolean") {
				v, ok = true, true // what the service says by itself is compared with it
			}
			if ok && !identifies(name) && len(out) < mostSealed {
				out = append(out, plumbline.Sealed{Pointer: "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name), Value: v, Guessed: guess})
			}
		}
	}
	add(found, false)
	add(guessed, true)
	return out
}

// answered adds those of the answers of success.
func answered(o Op, in, found, guessed map[string]*openapi3.Schema) {
	for status, r := range o.Op.Responses.Map() {
		if !strings.HasPrefix(status, "2") || r == nil || r.Value == nil {
			continue
		}
		shown := jsonProperties(r.Value.Content)
		readOnly(shown, in, found)
		for name, s := range shown {
			if in[name] == nil && !s.ReadOnly && sensitive(name) {
				guessed[name] = s
			}
		}
	}
}

// sensitive says whether a property is called as what no client may set (OWASP
// API3:2023).
func sensitive(name string) bool {
	n := strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(name))
	return slices.Contains([]string{
		"role", "roles", "isadmin", "admin", "superuser", "permissions", "owner", "ownerid", "createdby", "tenant", "tenantid", "accountid", "organizationid",
		"price", "balance", "credit", "discount", "status", "verified", "emailverified", "approved", "createdat",
	}, n)
}

// readOnly adds the properties that are declared readOnly, and not writable by
// a request.
func readOnly(properties, in, found map[string]*openapi3.Schema) {
	for name, s := range properties {
		if w := in[name]; s.ReadOnly && (w == nil || w.ReadOnly) {
			found[name] = s
		}
	}
}

func identifies(name string) bool {
	n := strings.ToLower(name)
	return n == "id" || n == "_id" || n == "uuid" || n == "self" || n == "href" || n == "url"
}

// jsonProperties are the properties of a JSON object, those of its allOf
// included; nil when the content is none.
func jsonProperties(c openapi3.Content) map[string]*openapi3.Schema {
	for _, media := range slices.Sorted(maps.Keys(c)) {
		kind, _, err := mime.ParseMediaType(media)
		m := c[media]
		if err != nil || m == nil || m.Schema == nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
			continue
		}
		out := map[string]*openapi3.Schema{}
		gather(m.Schema, out, 0)
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

func gather(ref *openapi3.SchemaRef, out map[string]*openapi3.Schema, depth int) {
	if ref == nil || ref.Value == nil || depth > 8 {
		return
	}
	for name, p := range ref.Value.Properties {
		if p != nil && p.Value != nil {
			out[name] = p.Value
		}
	}
	for _, part := range ref.Value.AllOf {
		gather(part, out, depth+1)
	}
}

// unnatural is a value of the type that no service gives by itself. Truth
// values and structures have none.
func unnatural(s *openapi3.Schema) (any, bool) {
	switch {
	case s.Type.Is("string") && len(s.Enum) > 0:
		return s.Enum[len(s.Enum)-1], len(s.Enum) > 1
	case s.Type.Is("string"):
		return text(s)
	case s.Type.Is("integer"), s.Type.Is("number"):
		v := 7654321.0
		if s.Max != nil {
			v = min(v, *s.Max)
		}
		return v, s.Min == nil || v >= *s.Min
	}
	return nil, false
}

// text is an unnatural text; there is none of a pattern.
func text(s *openapi3.Schema) (any, bool) {
	known := map[string]string{
		"date-time": "2001-02-03T04:05:06Z", "date": "2001-02-03", "uuid": "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1",
		"email": "sealed@example.org", "uri": "https://example.org/sealed", "url": "https://example.org/sealed",
	}
	if v, ok := known[s.Format]; ok {
		return v, true
	}
	const v = "sealed"
	return v, s.Pattern == "" && s.MinLength <= uint64(len(v)) && (s.MaxLength == nil || *s.MaxLength >= uint64(len(v)))
}
