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
	lists := g.displays()
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
			ops[i].Lessons = append(ops[i].Lessons, g.lessonsOf(op, w, lists)...)
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
func (g *graph) lessonsOf(op openapi.Op, w wanting, lists []display) []plumbline.Lesson {
	var out []plumbline.Lesson
	called := squash(w.member)
	for _, l := range lists {
		if len(out) == mostSources {
			break
		}
		if l.from.op.ID == op.ID {
			continue
		}
		pointer, why := l.shows(called, w.schema)
		if pointer != "" && (op.Method == "GET" || !g.sameThing(op, l.from)) {
			out = append(out, plumbline.Lesson{In: w.in, Name: w.name, From: l.from.op.ID, Pointer: pointer, Why: why})
		}
	}
	return out
}

// sameThing tells whether a list is of what an operation writes.
func (g *graph) sameThing(op openapi.Op, list *source) bool {
	f := g.facts[op.ID]
	ref := list.itemRef()
	return strings.TrimSuffix(f.shape, "/{}") == list.shape || f.stem != "" && f.stem == list.stem || ref != "" && slices.Contains(f.refs, ref)
}

// A display is a list with what it shows, worked out once for all places.
type display struct {
	from    *source
	answers [][]offered // by successful answer, in the order of their members
}

// An offered is a scalar that a list shows: a member of what is listed, or what is
// listed itself, which has no name.
type offered struct {
	pointer, name, squashed string
	schema                  *openapi3.SchemaRef
}

// displays are the lists that can be read without knowing anything.
func (g *graph) displays() []display {
	var out []display
	for i := range g.yields {
		o := &g.yields[i]
		if o.op.Method != "GET" || o.changes || len(o.names) > 0 {
			continue
		}
		d := display{from: o}
		for _, l := range o.lists {
			if l.item.Value != nil {
				d.answers = append(d.answers, showing(l.pointer, l.item))
			}
		}
		out = append(out, d)
	}
	return out
}

// showing are the scalars of what is listed at a place.
func showing(at string, item *openapi3.SchemaRef) []offered {
	var out []offered
	if scalarKind(item.Value) {
		out = append(out, offered{pointer: at + "/*", schema: item})
	}
	all := properties(item.Value, 0)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if v := all[k]; v != nil && v.Value != nil && !v.Value.WriteOnly && !secretName(k) {
			out = append(out, offered{at + "/*/" + pointerToken(k), k, squash(k), v})
		}
	}
	return out
}

// shows is where a list shows the value of a place, and why it is taken for it:
// it is called the same, or as a member of what is listed – product_sku, the
// sku of a product –, and is of the same type and format.
func (d display) shows(called string, schema *openapi3.SchemaRef) (pointer, why string) {
	stem := d.from.stem
	for _, answer := range d.answers {
		for _, s := range answer {
			switch {
			case s.name == "" && called == stem:
				why = "listed, and called " + stem
			case s.name != "" && called == s.squashed:
				why = "called " + s.name
			case s.name != "" && called == stem+s.squashed:
				why = "called " + s.name + " of " + stem
			default:
				continue
			}
			if sameType(s.schema, schema) {
				return s.pointer, why
			}
		}
	}
	return "", ""
}

func sameType(a, b *openapi3.SchemaRef) bool {
	return schemaType(a.Value) == schemaType(b.Value) && a.Value.Format == b.Value.Format
}
