package sample

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Graph prints where the values come from that only the live deployment
// knows, one line each with its provenance.
func Graph(ops []plumbline.Operation) string {
	var lines []string
	for _, o := range ops {
		if o.Changes && (o.Method == "GET" || o.Method == "HEAD") {
			lines = append(lines, o.ID+" is not taken for safe: it changes data")
		}
		if len(o.Cases) == 0 {
			continue
		}
		for _, b := range o.Cases[0].Binds {
			lines = append(lines, edge(o, b))
		}
		if o.Creates() {
			line := o.ID + " creates " + strings.Join(o.Produces, ", ")
			if o.Deletes != "" {
				line += ", deleted by " + o.Deletes
			} else {
				line += ", which nothing deletes"
			}
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

func edge(o plumbline.Operation, b plumbline.Bind) string {
	line := fmt.Sprintf("%s %s.%s ← %s (%s)", o.ID, b.In, b.Name, origin(b), b.Why)
	if b.After != "" {
		line += ", after " + b.After
	}
	for _, e := range b.Else {
		line += fmt.Sprintf(", else %s (%s)", origin(e), e.Why)
	}
	return line
}

func origin(b plumbline.Bind) string {
	switch b.From {
	case plumbline.FromNew:
		kind, _, _ := strings.Cut(b.Pointer, ":")
		return "a new " + kind
	case plumbline.FromGiven:
		return b.Pointer
	}
	return b.From + " " + b.Pointer
}

// Lives prints the families of resources, one line each.
func Lives(families []plumbline.Family) string {
	var b strings.Builder
	for _, f := range families {
		var parts []string
		for _, x := range []struct{ what, id string }{{"create", f.Create}, {"read", f.Read}, {"replace", f.Replace}, {"patch", f.Patch}, {"delete", f.Delete}, {"list", f.List}} {
			if x.id != "" {
				parts = append(parts, x.what+" "+x.id)
			}
		}
		if f.Chosen {
			parts = append(parts, "the client chooses "+f.Param)
		}
		if f.Paging != nil {
			parts = append(parts, "pages by "+f.Paging.Style+" ("+f.Paging.Why+")")
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Name, strings.Join(parts, ", "))
	}
	return b.String()
}

// Missing is an OpenAPI Overlay 1.0 document with one action for every path
// parameter without a source: the link that the document lacks, to be
// completed with the operation that yields the value. It is empty when nothing
// is missing; names lists what it is about.
func Missing(d *openapi.Doc, s *schema.Set, stated ...Stated) (overlay string, names []string) {
	g := newGraph(d, s, stated...)
	gaps := g.missing()
	if len(gaps) == 0 {
		return "", nil
	}
	var b strings.Builder
	b.WriteString("overlay: 1.0.0\ninfo: {title: Sources of identifiers, version: 1.0.0}\nactions:\n")
	for _, x := range gaps {
		names = append(names, x.op.ID+" path."+x.param)
		from := g.guess(x)
		path := strings.TrimPrefix(from.Path, d.Base())
		to := fmt.Sprintf("operationRef: %q", "#"+x.op.Source.Pointer)
		if x.op.Op.OperationID != "" {
			to = fmt.Sprintf("operationId: %q", x.op.Op.OperationID)
		}
		fmt.Fprintf(&b, "  - target: %q\n", fmt.Sprintf("$.paths['%s'].%s.responses['%s']", path, strings.ToLower(from.Method), from.status))
		fmt.Fprintf(&b, "    description: %q\n", fmt.Sprintf("Where %s of %s comes from; put in the operation that yields it and its place in the answer.", x.param, x.op.ID))
		fmt.Fprintf(&b, "    update: {links: {%q: {%s, parameters: {%q: %q}}}}\n", linkName(x), to, x.param, "$response.body#/id")
	}
	return b.String(), names
}

func linkName(x gap) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, x.op.ID+"."+x.param)
}

// A guessed is an operation that may yield a value, with the status of its
// success.
type guessed struct {
	Path, Method, status string
}

// guess is the likeliest source of a missing value: the operation with the
// most segments in common that answers with a body.
func (g *graph) guess(x gap) guessed {
	prefix, _ := collection(x.op.Path, x.param)
	best, most := guessed{Path: prefix, Method: "POST", status: "201"}, -1
	for _, o := range g.doc.Operations {
		if o.ID == x.op.ID || g.needs(o.ID, x.op.ID) || strings.HasPrefix(skeleton(o.Path), skeleton(prefix)+"/{}") {
			continue
		}
		statuses := successes(o)
		score := 0
		for i, seg := range strings.Split(skeleton(o.Path), "/") {
			if all := strings.Split(skeleton(prefix), "/"); i < len(all) && all[i] == seg {
				score += 2
			}
		}
		if o.Method == "POST" {
			score++
		}
		if len(statuses) > 0 && score > most && slices.Contains([]string{"POST", "GET"}, o.Method) {
			best, most = guessed{o.Path, o.Method, statuses[0]}, score
		}
	}
	return best
}
