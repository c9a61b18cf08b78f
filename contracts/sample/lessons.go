package sample

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// Bounds of what may be learnt.
const (
	mostPlaces  = 8 // of one operation
	mostSources = 3 // of one place
)

// teach notes where values that lists show may go: into what reads, by its
// query, and into what creates, or changes what its path names, by its body. A
// place of a path is the resource graph's; what a query or a body of another
// operation names might be changed by it, though the run did not create it.
func (g *graph) teach(ops []plumbline.Operation) {
	for i := range ops {
		if len(ops[i].Cases) == 0 {
			continue
		}
		op := g.ops[ops[i].ID]
		n := 0
		for _, w := range g.wanting(op, ops[i]) {
			if n++; n > mostPlaces {
				break
			}
			ops[i].Lessons = append(ops[i].Lessons, g.lessonsOf(op, w)...)
			if len(ops[i].Lessons) == 0 || ops[i].Lessons[len(ops[i].Lessons)-1].Name != w.name {
				n-- // nothing shows it
			}
		}
	}
}

// A wanting is a place that may want a value which is there already.
type wanting struct {
	in, name string
	member   string // what it is called
	schema   *openapi3.SchemaRef
}

// wanting are the places of an operation that no source fills yet, in order.
func (g *graph) wanting(op openapi.Op, o plumbline.Operation) []wanting {
	var out []wanting
	switch {
	case o.Method == "GET" && o.Safe():
		out = queryWants(op)
	case o.Method == "POST" && o.Creates(), (o.Method == "PUT" || o.Method == "PATCH") && strings.HasSuffix(o.Path, "}"):
		if s, _ := bodySchema(op); s != nil {
			out = bodyWants(s, "", 0)
		}
	}
	taken := o.Cases[0].Binds
	return slices.DeleteFunc(out, func(w wanting) bool {
		return !learnable(w.member, w.schema) || slices.ContainsFunc(taken, func(b plumbline.Bind) bool { return b.In == w.in && b.Name == w.name })
	})
}

func queryWants(op openapi.Op) []wanting {
	var out []wanting
	for _, p := range op.Params {
		if p.In == openapi3.ParameterInQuery && p.Schema != nil {
			out = append(out, wanting{p.In, p.Name, p.Name, p.Schema})
		}
	}
	return out
}

// bodyWants are the scalars in a body, those of lists of objects included.
func bodyWants(s *openapi3.Schema, at string, depth int) []wanting {
	var out []wanting
	all := properties(s, 0)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if v := all[k]; v != nil && v.Value != nil && !v.Value.ReadOnly && k != "*" {
			out = append(out, memberWants(k, v, at+"/"+pointerToken(k), depth)...)
		}
	}
	return out
}

// memberWants are the scalars in one member of a body.
func memberWants(k string, v *openapi3.SchemaRef, pointer string, depth int) []wanting {
	switch items := v.Value.Items; {
	case scalarKind(v.Value):
		return []wanting{{"body", pointer, k, v}}
	case depth >= 2:
		return nil
	case items != nil && items.Value != nil && scalarKind(items.Value):
		return []wanting{{"body", pointer + "/*", singular(k), items}}
	case items != nil && items.Value != nil:
		return bodyWants(items.Value, pointer+"/*", depth+1)
	}
	return bodyWants(v.Value, pointer, depth+1)
}

// learnable tells whether a value may stand for something that is there: it is
// called neither as prose nor as a secret, and nothing else says which there are.
func learnable(name string, ref *openapi3.SchemaRef) bool {
	if ref == nil || ref.Value == nil || len(ref.Value.Enum) > 0 || ref.Value.Const != nil || ref.Value.WriteOnly {
		return false
	}
	switch schemaType(ref.Value) {
	case "string":
	case "integer":
		if _, ok := reference(name); !ok {
			return false
		}
	default:
		return false
	}
	prose := []string{"id", "name", "title", "description", "note", "notes", "comment", "text", "message", "summary", "label", "email", "phone", "limit", "cursor", "page", "offset", "q", "query", "search"}
	formats := []string{"date", "date-time", "time", "duration", "byte", "binary", "password", "email"}
	return !slices.Contains(prose, squash(name)) && !slices.Contains(formats, ref.Value.Format) && !secretName(name)
}

// secretName tells whether a name is that of a secret. What is called so at run
// time is looked at again, with the names that the declaration adds.
func secretName(name string) bool {
	n := squash(name)
	return slices.ContainsFunc([]string{"authorization", "cookie", "token", "secret", "passw", "passphrase", "apikey", "session", "credential", "privatekey", "signature", "cvv", "cvc", "cardnumber", "iban", "ssn"},
		func(w string) bool { return strings.Contains(n, w) }) || n == "pin"
}

// lessonsOf are the lists that show values for a place. An operation's own
// collection is none where it writes: what is created must often be new.
func (g *graph) lessonsOf(op openapi.Op, w wanting) []plumbline.Lesson {
	var out []plumbline.Lesson
	for i := range g.yields {
		o := &g.yields[i]
		if o.op.Method != "GET" || o.changes || len(o.names) > 0 || op.Method != "GET" && g.sameThing(op, o) || o.op.ID == op.ID {
			continue
		}
		if pointer, why := o.shows(w); pointer != "" && len(out) < mostSources {
			out = append(out, plumbline.Lesson{In: w.in, Name: w.name, From: o.op.ID, Pointer: pointer, Why: why})
		}
	}
	return out
}

// sameThing tells whether a list is of what an operation writes.
func (g *graph) sameThing(op openapi.Op, list *source) bool {
	f := g.facts[op.ID]
	ref := itemRef(list.successes)
	return strings.TrimSuffix(f.shape, "/{}") == list.shape || f.stem != "" && f.stem == list.stem || ref != "" && slices.Contains(f.refs, ref)
}

// shows is where a list shows the value of a place, and why it is taken for it:
// it is called the same, or as a member of what is listed – product_sku, the
// sku of a product –, and is of the same type and format.
func (o *source) shows(w wanting) (pointer, why string) {
	for _, r := range o.successes {
		at, item, ok := listing(r)
		if !ok || item.Value == nil {
			continue
		}
		if scalarKind(item.Value) && sameType(item, w.schema) && squash(w.member) == o.stem {
			return at + "/*", "listed, and called " + o.stem
		}
		if k, why := o.showsMember(item.Value, w); why != "" {
			return at + "/*/" + pointerToken(k), why
		}
	}
	return "", ""
}

// showsMember is the member of what is listed that a place is called after.
func (o *source) showsMember(item *openapi3.Schema, w wanting) (name, why string) {
	all := properties(item, 0)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if v := all[k]; v == nil || v.Value == nil || v.Value.WriteOnly || secretName(k) || !sameType(v, w.schema) {
			continue
		}
		switch squash(w.member) {
		case squash(k):
			return k, "called " + k
		case o.stem + squash(k):
			return k, "called " + k + " of " + o.stem
		}
	}
	return "", ""
}

func sameType(a, b *openapi3.SchemaRef) bool {
	return schemaType(a.Value) == schemaType(b.Value) && a.Value.Format == b.Value.Format
}
