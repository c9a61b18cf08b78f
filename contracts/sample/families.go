package sample

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Families returns the resource graph by resource, sorted by name: what
// creates, reads, replaces, patches, deletes and lists each kind of resource,
// where its identifier stands, and how its list is walked.
func Families(d *openapi.Doc, s *schema.Set, stated ...Stated) []plumbline.Family {
	return newGraph(d, s, stated...).families()
}

func (g *graph) families() []plumbline.Family {
	d := g.doc
	byShape := map[string]*plumbline.Family{}
	for _, op := range d.Operations {
		f := g.facts[op.ID]
		if !strings.HasSuffix(f.shape, "/{}") || len(f.names) == 0 {
			continue
		}
		fam := byShape[f.shape]
		if fam == nil {
			name := f.names[len(f.names)-1]
			before, _ := collection(op.Path, name)
			fam = &plumbline.Family{Name: before, Item: op.Path, Param: name}
			byShape[f.shape] = fam
		}
		g.member(fam, op)
	}
	var out []plumbline.Family
	for _, item := range slices.Sorted(maps.Keys(byShape)) {
		fam := byShape[item]
		g.complete(fam, item)
		if fam.Create != "" || fam.Read != "" || fam.List != "" {
			out = append(out, *fam)
		}
	}
	parents(out)
	slices.SortFunc(out, func(a, b plumbline.Family) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// member notes an operation on the item.
func (g *graph) member(f *plumbline.Family, op openapi.Op) {
	switch op.Method {
	case "GET":
		if !g.facts[op.ID].changes {
			f.Read = op.ID
		}
	case "PUT":
		f.Replace = op.ID
	case "PATCH":
		f.Patch = op.ID
	case "DELETE":
		f.Delete = op.ID
	}
}

// complete finds what creates and lists, and where the answers hold what.
func (g *graph) complete(f *plumbline.Family, item string) {
	at := strings.TrimSuffix(item, "/{}")
	if put := g.chosen[item]; put != "" {
		names := g.facts[put].names
		f.Create, f.Chosen, f.ID = put, true, "path:"+names[len(names)-1]
	} else {
		f.Create, f.ID = g.creatorOf(f)
	}
	stem := stemOf(f.Param, f.Name)
	for _, o := range g.doc.Operations {
		if o.Method != "GET" || g.facts[o.ID].shape != at || g.facts[o.ID].changes {
			continue
		}
		for _, r := range g.facts[o.ID].successes {
			pointer, items, ok := listing(r)
			if !ok {
				continue
			}
			f.List, f.Items = o.ID, pointer
			if key, ok := idProperty(items.Value, stem, f.Param); ok {
				f.ItemID = "/" + key
			}
			f.Paging = paging(o, r)
			break
		}
	}
	if read, ok := g.ops[f.Read]; ok {
		for _, r := range g.facts[read.ID].successes {
			f.Inside = inside(r)
			break
		}
	}
}

// creatorOf is where the operations on the item get their identifier from, when
// that is an operation that creates.
func (g *graph) creatorOf(f *plumbline.Family) (id, pointer string) {
	for _, user := range []string{f.Read, f.Delete, f.Patch, f.Replace} {
		for _, b := range g.bound[user] {
			if from, ok := g.ops[b.From]; ok && b.In == "path" && b.Name == lastPlace(g.ops[user].Path) && from.Method == "POST" && !strings.HasPrefix(b.Why, mentionWhy) {
				return from.ID, b.Pointer
			}
		}
	}
	return "", ""
}

func lastPlace(path string) string {
	names := placeNames(path)
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// inside is the member of an answer that holds the resource, as a pointer.
func inside(r *openapi3.Response) string {
	all := contentOf(r)
	if len(all) == 0 {
		return ""
	}
	if key := envelope(all[0].Schema.Value); key != "" {
		return "/" + pointerToken(key)
	}
	return ""
}

// parents nests families in those whose item is the longest beginning of their
// collection.
func parents(all []plumbline.Family) {
	for i := range all {
		longest := ""
		for _, p := range all {
			if item := skeleton(p.Item); strings.HasPrefix(skeleton(all[i].Name)+"/", item+"/") && len(item) > len(longest) {
				longest, all[i].Parent = item, p.Name
			}
		}
	}
}
