package sample

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// inferred are the sources of a path parameter that the document does not
// name: what creates on the collection before it, what answers with the same
// schema, what its name says, and what lists.
func (g *graph) inferred(op openapi.Op, p *openapi3.Parameter) []candidate {
	prefix, ok := collection(op.Path, p.Name)
	if !ok {
		return nil
	}
	at, item, stem := skeleton(prefix), skeleton(prefix)+"/{}", stemOf(p.Name, prefix)
	s := search{graph: g, p: p, at: at, item: item, stem: stem, same: g.reads[item]}
	for i := range g.yields {
		switch o := &g.yields[i]; o.op.Method {
		case "POST":
			s.creator(o)
		case "PUT":
			s.chooser(o)
		case "GET":
			s.lister(o)
		}
	}
	return s.out
}

// A search is the search for the sources of one path parameter.
type search struct {
	*graph
	p                    *openapi3.Parameter
	at, item, stem, same string // shapes of the collection and of its item, what these are called, the schema of the item
	out                  []candidate
}

func (s *search) add(o *source, pointer, why string, rank int) {
	s.out = append(s.out, candidate{o.op.ID, pointer, why, rank})
}

// creator takes a POST that creates what the parameter names, or tells of it.
func (s *search) creator(o *source) {
	rank, why := o.makes(&o.op, s.at, s.item, s.stem, s.same)
	if pointer, ok := o.mentions(s.stem); ok && why == "" && !strings.HasPrefix(o.shape, s.item+"/") {
		s.add(o, pointer, mentionWhy+s.stem, rankStem)
	}
	if why == "" || rank >= rankSchema && hasEnum(s.p.Schema) {
		return
	}
	pointer, named := s.created(o.op, s.stem, s.p.Name)
	if pointer == "" || named == "assumed" && rank == rankSchema {
		return // answers alike, and nothing says that anything is made
	}
	if named == "location" || named == "assumed" {
		why = "location; " + why
	}
	s.add(o, pointer, "inferred: "+strings.TrimPrefix(why, "inferred: "), rank)
}

// chooser takes the PUT that creates under a name that the client chooses.
func (s *search) chooser(o *source) {
	if s.chosen[s.item] == o.op.ID && o.shape == s.item {
		s.add(o, "path:"+o.names[len(o.names)-1], "inferred: PUT creates it under the name that the client chooses", rankChosen)
	}
}

// lister takes a GET that lists what the parameter names.
func (s *search) lister(o *source) {
	if o.changes {
		return
	}
	why, rank := "inferred: listed by the collection", rankListed
	if o.shape != s.at {
		if hasEnum(s.p.Schema) || s.stem == "" || s.stem != o.stem {
			return
		}
		why, rank = "inferred: listed, and called "+s.stem, rankListedElse
	}
	if pointer, ok := s.listed(o.op, s.stem, s.p.Name); ok {
		s.add(o, pointer, why, rank)
	}
}

// makes tells how surely a POST creates what an item path names, and why.
func (f *facts) makes(o *openapi.Op, at, item, stem, same string) (rank int, why string) {
	last := f.shape[strings.LastIndex(f.shape, "/")+1:]
	switch {
	case f.shape == at:
		return rankCollection, "path nesting"
	case strings.HasPrefix(f.shape, item+"/"), strings.HasSuffix(f.shape, "{}"):
		return 0, "" // an action on one of them, or something below it
	case strings.HasPrefix(f.shape, at+"/") && slices.Contains([]string{"create", "new", "add", "register", "import"}, last):
		return rankVerb, "created on " + o.Path
	case same != "" && slices.Contains(f.refs, same):
		return rankSchema, "answers with the same schema, " + same[strings.LastIndex(same, "/")+1:]
	case stem != "" && f.stem == stem:
		return rankStem, "called " + stem
	}
	return 0, ""
}

// mentionWhy is the provenance of what an answer names beside what it is about.
const mentionWhy = "inferred: its answer names the "

// mentions finds in the answer of an operation the identifier of something else
// than what it creates: job_id, in an answer about a report.
func (f *facts) mentions(stem string) (string, bool) {
	if len(stem) < 2 {
		return "", false
	}
	for _, n := range f.named {
		if n.stem == stem || n.long == stem {
			return n.pointer, true
		}
	}
	return "", false
}

// A naming is a member of an answer that names a thing: job_id. The stem is
// that of a name which ends in id, the long one that of one in uuid.
type naming struct{ stem, long, pointer string }

// namings are the scalar members of answers that are called id or uuid of
// something, in order.
func namings(answers []*openapi3.Response) []naming {
	var out []naming
	for _, r := range answers {
		for _, m := range contentOf(r) {
			all := properties(m.Schema.Value, 0)
			for _, k := range sortedKeys(all) {
				stem, ok := strings.CutSuffix(squash(k), "id")
				if !ok || all[k] == nil || all[k].Value == nil || !scalarKind(all[k].Value) {
					continue
				}
				long, _ := strings.CutSuffix(stem, "uu")
				out = append(out, naming{stem, long, "/" + pointerToken(k)})
			}
		}
	}
	return out
}

// resourceRef is the reference of the schema of a resource in an answer: of
// the whole, or of what an envelope holds.
func resourceRef(r *openapi3.Response) string {
	for _, m := range contentOf(r) {
		if m.Schema.Ref != "" && envelope(m.Schema.Value) == "" {
			return m.Schema.Ref
		}
		if key := envelope(m.Schema.Value); key != "" {
			return properties(m.Schema.Value, 0)[key].Ref
		}
	}
	return ""
}

// envelopes are the names that APIs give to the one thing in an answer.
func envelopes() []string {
	return []string{"data", "result", "item", "resource", "object", "payload", "response", "content", "value"}
}

// envelope is the member of an answer that holds the resource, when the answer
// itself names no identifier.
func envelope(s *openapi3.Schema) string {
	all := properties(s, 0)
	if _, ok := idProperty(s, "", "id"); ok {
		return ""
	}
	var objects []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		v := all[k]
		if v == nil || v.Value == nil || len(properties(v.Value, 0)) == 0 {
			continue
		}
		if slices.Contains(envelopes(), strings.ToLower(k)) {
			return k
		}
		if _, ok := idProperty(v.Value, singular(strings.ToLower(k)), "id"); ok {
			objects = append(objects, k)
		}
	}
	if len(objects) == 1 {
		return objects[0]
	}
	return ""
}

// created is where the answer of a creating operation names what it made, and
// how it says so: "response", "location" when the document says that there is
// such a header, or "assumed" where RFC 9110 §10.2.2 lets one expect it.
func (g *graph) created(o openapi.Op, stem, name string) (pointer, how string) {
	for _, r := range g.facts[o.ID].successes {
		if pointer, ok := member(r, stem, name); ok {
			return pointer, "response"
		}
	}
	for _, r := range g.facts[o.ID].successes {
		for h := range r.Headers {
			if strings.EqualFold(h, "Location") || strings.EqualFold(h, "Content-Location") {
				return "header:" + h, "location"
			}
		}
	}
	if pointer, ok := sentMember(o, stem, name); ok {
		return "request:" + pointer, "chosen by the client"
	}
	if len(g.facts[o.ID].successes) == 0 {
		return "", ""
	}
	return "header:Location", "assumed"
}

// member finds the identifier of the resource in an answer: at its top, in an
// envelope, or in the first of the things that it lists.
func member(r *openapi3.Response, stem, name string) (string, bool) {
	for _, m := range contentOf(r) {
		s := m.Schema.Value
		if key, ok := idProperty(s, stem, name); ok {
			return "/" + key, true
		}
		all := properties(s, 0)
		for _, key := range []string{stem, envelope(s)} {
			for _, k := range slices.Sorted(maps.Keys(all)) {
				if key == "" || !strings.EqualFold(k, key) || all[k] == nil || all[k].Value == nil {
					continue
				}
				if id, ok := idProperty(all[k].Value, stem, name); ok {
					return "/" + pointerToken(k) + "/" + id, true
				}
			}
		}
		if scalarKind(s) && m.Schema.Value.Type != nil {
			return "", len(all) == 0 // the whole answer is the identifier
		}
	}
	return "", false
}

// contentOf are the documented JSON-like bodies of a response, in order.
func contentOf(r *openapi3.Response) []*openapi3.MediaType {
	var out []*openapi3.MediaType
	for _, k := range sortedKeys(r.Content) {
		if m := r.Content[k]; m != nil && m.Schema != nil && m.Schema.Value != nil && (strings.Contains(k, "json") || strings.Contains(k, "*")) {
			out = append(out, m)
		}
	}
	return out
}

// sentMember finds in the body of a request what the path will name: the
// client chooses it.
func sentMember(o openapi.Op, stem, name string) (string, bool) {
	b := o.Op.RequestBody
	if b == nil || b.Value == nil {
		return "", false
	}
	_, mt := preferred(b.Value.Content)
	if mt == nil || mt.Schema == nil || mt.Schema.Value == nil {
		return "", false
	}
	key, ok := idProperty(mt.Schema.Value, stem, name)
	if of := properties(mt.Schema.Value, 0)[key]; of != nil && of.Value != nil && of.Value.ReadOnly {
		return "", false // a client may not send it
	}
	return "/" + key, ok
}

// listed is where a listing names the first of what it lists: at the top, in
// the one array of an envelope, or one level below that.
func (g *graph) listed(o openapi.Op, stem, name string) (string, bool) {
	for _, r := range g.facts[o.ID].successes {
		at, item, ok := listing(r)
		if !ok || item.Value == nil {
			continue
		}
		if key, ok := idProperty(item.Value, stem, name); ok {
			return at + "/0/" + key, true
		}
		if scalarKind(item.Value) {
			return at + "/0", true
		}
	}
	return "", false
}

// listing finds the array of an answer and the schema of its items.
func listing(r *openapi3.Response) (pointer string, item *openapi3.SchemaRef, ok bool) {
	for _, m := range contentOf(r) {
		if at, item, ok := arrayIn(m.Schema.Value, 0); ok {
			return at, item, true
		}
	}
	return "", nil, false
}

func arrayIn(s *openapi3.Schema, depth int) (string, *openapi3.SchemaRef, bool) {
	if s.Items != nil && s.Items.Value != nil {
		return "", s.Items, true
	}
	all := properties(s, 0)
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(k string) bool { return all[k] == nil || all[k].Value == nil })
	for _, k := range keys {
		if items := all[k].Value.Items; items != nil && items.Value != nil && len(properties(items.Value, 0)) > 0 {
			return "/" + pointerToken(k), items, true
		}
	}
	for _, k := range keys {
		if at, item, ok := arrayAt(k, all[k].Value, depth); ok {
			return at, item, true
		}
	}
	return "", nil, false
}

// arrayAt finds the array in a member that is called as such members are: the
// array itself, or an envelope of it.
func arrayAt(k string, v *openapi3.Schema, depth int) (string, *openapi3.SchemaRef, bool) {
	if v.Items != nil && slices.Contains([]string{"items", "data", "results", "values", "entries", "ids"}, strings.ToLower(k)) {
		return "/" + pointerToken(k), v.Items, true
	}
	if depth >= 1 || k != "_embedded" && !slices.Contains(envelopes(), strings.ToLower(k)) {
		return "", nil, false
	}
	at, item, ok := arrayIn(v, depth+1)
	return "/" + pointerToken(k) + at, item, ok
}

// idProperty finds the property that names a thing: that of the parameter's
// own name, then that of its kind, then the usual ones.
func idProperty(s *openapi3.Schema, stem, name string) (string, bool) {
	wants := []string{name, stem + "id", stem + "uuid", "id", "_id", "uuid", "guid", "identifier", stem + "key", stem + "code", stem + "name", stem + "number", "key", "slug", "name", stem}
	if stem == "" {
		wants = []string{name, "id", "_id", "uuid", "guid"}
	}
	if name == "" {
		wants = wants[1:]
	}
	for i := range wants {
		wants[i] = squash(wants[i])
	}
	best, key := len(wants), ""
	for k, v := range properties(s, 0) {
		i := slices.Index(wants[:min(best+1, len(wants))], squash(k))
		if i < 0 || i == best && k > key || v == nil || v.Value == nil || !scalarKind(v.Value) {
			continue
		}
		best, key = i, k
	}
	return pointerToken(key), best < len(wants)
}

// scalarKind tells whether a schema can describe an identifier.
func scalarKind(s *openapi3.Schema) bool {
	switch schemaType(s) {
	case "string", "integer", "number":
		return true
	case "object", "array", "boolean":
		return false
	}
	return len(properties(s, 0)) == 0 && s.Items == nil
}

// properties are those of an object: its own, those of its parts, and those of
// its alternatives. They are for reading: most are the schema's own table.
func properties(s *openapi3.Schema, depth int) openapi3.Schemas {
	if s == nil || depth > 3 {
		return nil
	}
	if len(s.OneOf)+len(s.AnyOf)+len(s.AllOf) == 0 {
		return s.Properties
	}
	out := openapi3.Schemas{}
	for _, refs := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
		for _, p := range refs {
			if p != nil && p.Value != nil {
				maps.Copy(out, properties(p.Value, depth+1))
			}
		}
	}
	maps.Copy(out, s.Properties)
	return out
}

// harmful are the words by which a GET admits that it changes data.
func harmful() []string {
	return []string{"logout", "signout", "delete", "remove", "reset", "purge", "clear", "shutdown", "restart", "unsubscribe", "revoke", "drop", "truncate", "cancel", "flush", "destroy"}
}

// changesData tells whether an operation changes data although its method is
// safe: it is declared so (x-plumbline-unsafe), or called so.
func changesData(op openapi.Op) bool {
	if declared, ok := op.Op.Extensions["x-plumbline-unsafe"].(bool); ok {
		return declared
	}
	if op.Method != "GET" && op.Method != "HEAD" {
		return false
	}
	last := words(op.Path[strings.LastIndex(op.Path, "/")+1:])
	if strings.HasSuffix(op.Path, "}") {
		last = nil
	}
	if id := words(op.Op.OperationID); len(id) > 0 {
		last = append(last[:min(1, len(last))], id[0])
	}
	return slices.ContainsFunc(last, func(w string) bool { return slices.Contains(harmful(), w) })
}
