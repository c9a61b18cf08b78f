package sample

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// solveBody binds members of the request body: what a link hands over, and
// what is required and named like another resource, unless the document gives
// an example for it.
func (g *graph) solveBody(op openapi.Op) []plumbline.Bind {
	s, given := bodySchema(op)
	if s == nil {
		return nil
	}
	var out []plumbline.Bind
	for _, l := range g.links[op.ID] {
		if l.in == "body" && !slices.ContainsFunc(out, func(b plumbline.Bind) bool { return b.Name == l.name }) {
			if all := g.callable(op, g.linked(op, "body", l.name)); len(all) > 0 {
				out = append(out, all[0].bind("body", l.name))
			}
		}
	}
	if given {
		return out
	}
	return append(out, g.referredBody(op, s, "", 0, out)...)
}

// bodySchema is that of the preferred media type, when it is JSON, and whether
// the document gives an example of the whole.
func bodySchema(op openapi.Op) (s *openapi3.Schema, given bool) {
	b := op.Op.RequestBody
	if b == nil || b.Value == nil {
		return nil, false
	}
	media, mt := preferred(b.Value.Content)
	if mt == nil || rank(media) > 2 || mt.Schema == nil || mt.Schema.Value == nil {
		return nil, false
	}
	return mt.Schema.Value, len(examples(mt.Example, mt.Examples)) > 0 || mt.Schema.Value.Example != nil
}

func (g *graph) referredBody(op openapi.Op, s *openapi3.Schema, at string, depth int, had []plumbline.Bind) []plumbline.Bind {
	var out []plumbline.Bind
	all := properties(s, 0)
	for _, k := range required(s, 0) {
		v := all[k]
		pointer := at + "/" + pointerToken(k)
		taken := slices.ContainsFunc(had, func(b plumbline.Bind) bool { return b.Name == pointer })
		switch {
		case v == nil || v.Value == nil || v.Value.ReadOnly || taken:
		case depth < 2 && len(properties(v.Value, 0)) > 0 && v.Value.Example == nil:
			out = append(out, g.referredBody(op, v.Value, pointer, depth+1, had)...)
		case free(v):
			if found := g.callable(op, g.referred(op, referringName(k, at))); len(found) > 0 {
				out = append(out, found[0].bind("body", pointer))
			}
		}
	}
	return out
}

// free tells whether the document leaves a scalar to the client.
func free(v *openapi3.SchemaRef) bool {
	return v.Value.Example == nil && v.Value.Default == nil && v.Value.Const == nil && !hasEnum(v) && scalarKind(v.Value)
}

// referringName is the name that tells what a member refers to: that of the
// object around it in {"customer": {"id": …}}.
func referringName(k, at string) string {
	if id := words(k); at != "" && len(id) == 1 && slices.Contains([]string{"id", "uuid"}, id[0]) {
		return at[strings.LastIndex(at, "/")+1:] + "_id"
	}
	return k
}

// required are the members that an object must have, parts included.
func required(s *openapi3.Schema, depth int) []string {
	out := slices.Clone(s.Required)
	for _, p := range s.AllOf {
		if p != nil && p.Value != nil && depth < 3 {
			out = append(out, required(p.Value, depth+1)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// referred are the sources of what a name outside of the path refers to: of
// order_id the POST and the GET on a collection of orders. The operation's own
// collection is none, for what is created does not exist before.
func (g *graph) referred(op openapi.Op, name string) []candidate {
	stem, ok := reference(name)
	if !ok || stem == lastStem(op.Path) && !strings.HasSuffix(op.Path, "}") {
		return nil
	}
	var out []candidate
	for _, o := range g.doc.Operations {
		f := g.facts[o.ID]
		if f.stem == "" || !strings.HasSuffix(stem, f.stem) || strings.HasSuffix(f.shape, "}") {
			continue
		}
		if c, ok := g.referredTo(o, f, name, stem); ok {
			out = append(out, c)
		}
	}
	return append(out, g.chosenAs(name, stem)...)
}

// referredTo is an operation as the source of a name that refers to its
// collection.
func (g *graph) referredTo(o openapi.Op, f *facts, name, stem string) (candidate, bool) {
	exact := f.stem == stem
	switch {
	case o.Method == "POST":
		pointer, _ := g.created(o, f.stem, name)
		return candidate{o.ID, pointer, "inferred: " + name + " is called after it", rankStem + sway(exact)}, pointer != "" && g.itemOf(f.shape)
	case o.Method == "GET" && !f.changes:
		pointer, ok := g.listed(o, f.stem, name)
		return candidate{o.ID, pointer, "inferred: " + name + " is listed by it", rankListed + sway(exact)}, ok
	}
	return candidate{}, false
}

// chosenAs are the operations that create under a name that the client chooses.
func (g *graph) chosenAs(name, stem string) []candidate {
	var out []candidate
	for _, item := range slices.Sorted(maps.Keys(g.chosen)) {
		put := g.ops[g.chosen[item]]
		if lastStem(put.Path) == stem {
			names := g.facts[put.ID].names
			out = append(out, candidate{put.ID, "path:" + names[len(names)-1], "inferred: " + name + " is called after it", rankStem})
		}
	}
	return out
}

// sway puts the sources whose whole name fits before those whose end does.
func sway(exact bool) int {
	if exact {
		return 0
	}
	return 1
}

// itemOf tells whether the document has paths below a collection that name one
// of its things: only then is a POST there likely to create.
func (g *graph) itemOf(shape string) bool { return g.items[shape] }

// undoing are operations that only work on what another one has been done to,
// by the last segment of their paths.
func undoing() map[string][]string {
	return map[string][]string{
		"restore": {"", "trash", "archive"}, "undelete": {"", "trash"}, "recover": {"", "trash"}, "unarchive": {"archive"},
		"reopen": {"close"}, "unlock": {"lock"}, "resume": {"pause", "suspend"}, "unpublish": {"publish"},
		"reactivate": {"deactivate"}, "enable": {"disable"}, "unblock": {"block"}, "unpin": {"pin"}, "unstar": {"star"},
	}
}

// derestore makes operations that undo others come after them: a restoration
// after the deletion of the same thing.
func (g *graph) derestore() {
	for _, op := range g.doc.Operations {
		f := g.facts[op.ID]
		cut := strings.LastIndex(f.shape, "/")
		befores := undoing()[f.shape[cut+1:]]
		if len(befores) == 0 || len(g.bound[op.ID]) == 0 || op.Method == "GET" {
			continue
		}
		for _, before := range befores {
			if id := g.doing(f.shape[:cut], before); id != "" {
				last := &g.bound[op.ID][0]
				for i := range g.bound[op.ID] {
					if b := &g.bound[op.ID][i]; b.In == "path" {
						last = b
					}
				}
				last.After = id
				break
			}
		}
	}
}

// doing is the operation on an item: its deletion, or the named action.
func (g *graph) doing(item, action string) string {
	for _, o := range g.doc.Operations {
		shape := g.facts[o.ID].shape
		if action == "" && o.Method == "DELETE" && shape == item || action != "" && shape == item+"/"+action && o.Method != "GET" {
			return o.ID
		}
	}
	return ""
}
