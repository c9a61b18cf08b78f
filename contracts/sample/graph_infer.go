package sample

import (
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
		var like bool
		if why, rank, like = s.elsewhere(o); !like {
			return
		}
	}
	if pointer, ok := s.listed(o.op, s.stem, s.p.Name); ok {
		s.add(o, pointer, why, rank)
	}
}

// elsewhere tells why a GET outside of the collection lists what the parameter
// names: its items are of the schema that the thing is read as, or it is called
// so.
func (s *search) elsewhere(o *source) (why string, rank int, ok bool) {
	switch {
	case hasEnum(s.p.Schema):
		return "", 0, false
	case s.same != "" && !strings.HasPrefix(o.shape, s.item+"/") && o.itemRef() == s.same:
		return "inferred: lists the same schema, " + s.same[strings.LastIndex(s.same, "/")+1:], rankListedSame, true
	case s.stem != "" && s.stem == o.stem:
		return "inferred: listed, and called " + s.stem, rankListedElse, true
	}
	return "", 0, false
}

// itemRef is the reference of the schema of the items that an answer lists.
func (f *facts) itemRef() string {
	if len(f.lists) == 0 {
		return ""
	}
	return f.lists[0].item.Ref
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

// echoes tells whether an answer only gives back what the client has put there.
// Of that nobody knows whether it names anything; and if it does, it is nothing
// that the run created.
func echoes(o openapi.Op, pointer string) bool {
	s, _ := bodySchema(o)
	if s == nil {
		return false
	}
	v := properties(s, 0)[strings.TrimPrefix(pointer, "/")]
	return v != nil && v.Value != nil && !v.Value.ReadOnly
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
	for _, l := range g.facts[o.ID].lists {
		if l.item.Value == nil {
			continue
		}
		if key, ok := idProperty(l.item.Value, stem, name); ok {
			return l.pointer + "/0/" + key, true
		}
		if scalarKind(l.item.Value) {
			return l.pointer + "/0", true
		}
	}
	return "", false
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
