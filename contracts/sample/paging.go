package sample

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// styles are the names of query parameters by the style of paging that they
// belong to, without case and separators.
func styles() []struct {
	style string
	names []string
} {
	return []struct {
		style string
		names []string
	}{
		{"cursor", []string{"cursor", "pagetoken", "nexttoken", "continuationtoken", "continuation", "startingafter", "after", "marker", "pagecursor", "nextcursor", "startkey", "pageafter", "page[after]", "page[cursor]"}},
		{"page", []string{"page", "pagenumber", "pageno", "p", "pageindex", "page[number]"}},
		{"offset", []string{"offset", "skip", "start", "startindex", "from", "page[offset]"}},
	}
}

func limits() []string {
	return []string{"limit", "perpage", "pagesize", "size", "count", "top", "maxresults", "maxitems", "first", "pagelimit", "take", "page[size]", "page[limit]"}
}

func sorts() []string { return []string{"sort", "sortby", "orderby", "ordering", "order", "sortkey"} }

// paging infers from the names of its parameters, and from the shape of its
// answer, how a list is walked; nil when it has no pages.
func paging(op openapi.Op, r *openapi3.Response) *plumbline.Paging {
	p := plumbline.Paging{}
	for _, param := range op.Params {
		if param.In == openapi3.ParameterInQuery {
			walkedBy(&p, param)
		}
	}
	next, isLink := nextOf(r)
	switch {
	case p.Style == "cursor" && next == "":
		return nil // nothing says where the next cursor would be
	case p.Style == "cursor" && !isLink:
		p.Next = next
	case p.Style == "page" || p.Style == "offset":
	case isLink:
		p.Style, p.Param, p.Next, p.Why = "link", "", next, "inferred: the answer names the next page"
	case linkHeader(r):
		p.Style, p.Why = "link", "inferred: header Link (RFC 8288)"
	default:
		return nil
	}
	return &p
}

// walkedBy notes what a query parameter is for.
func walkedBy(p *plumbline.Paging, param *openapi3.Parameter) {
	name := squash(param.Name)
	for _, s := range styles() {
		if p.Style == "" && slices.Contains(s.names, name) {
			p.Style, p.Param, p.First = s.style, param.Name, firstPage(s.style, param)
			p.Why = "inferred: query parameter " + param.Name
		}
	}
	switch {
	case p.Limit == "" && slices.Contains(limits(), name):
		p.Limit = param.Name
		if param.Schema != nil && param.Schema.Value != nil && param.Schema.Value.Max != nil {
			p.Max = int(*param.Schema.Value.Max)
		}
	case p.Sort == "" && slices.Contains(sorts(), name):
		p.Sort = param.Name
	}
}

// firstPage is the number of the first page: what the document says, and one
// where it does not; offsets begin at zero.
func firstPage(style string, param *openapi3.Parameter) int {
	if style != "page" {
		return 0
	}
	if param.Schema == nil || param.Schema.Value == nil {
		return 1
	}
	s := param.Schema.Value
	if n, ok := s.Default.(float64); ok {
		return int(n)
	}
	if s.Min != nil {
		return int(*s.Min)
	}
	return 1
}

// nextOf finds where an answer names its next page: a cursor, or a link.
func nextOf(r *openapi3.Response) (pointer string, isLink bool) {
	for _, m := range contentOf(r) {
		if pointer, isLink = nextIn(m.Schema.Value, 0); pointer != "" {
			return pointer, isLink
		}
	}
	return "", false
}

func nextIn(s *openapi3.Schema, depth int) (pointer string, isLink bool) {
	all := properties(s, 0)
	keys := slices.Sorted(maps.Keys(all))
	for _, k := range keys {
		if v := all[k]; v != nil && v.Value != nil {
			if pointer, isLink = nextAs(k, v.Value); pointer != "" {
				return pointer, isLink
			}
		}
	}
	if depth > 0 {
		return "", false
	}
	for _, k := range keys {
		if slices.Contains([]string{"links", "_links", "meta", "metadata", "paging", "pagination", "page", "pageinfo", "responsemetadata"}, strings.ToLower(k)) && all[k] != nil {
			if p, is := nextIn(all[k].Value, depth+1); p != "" {
				return "/" + pointerToken(k) + p, is || strings.Contains(strings.ToLower(k), "links")
			}
		}
	}
	return "", false
}

// nextAs tells whether a member is called as one that names the next page.
func nextAs(k string, v *openapi3.Schema) (pointer string, isLink bool) {
	at := "/" + pointerToken(k)
	name := squash(k)
	if slices.Contains([]string{"nextcursor", "nextpagetoken", "nexttoken", "continuationtoken", "nextpagecursor", "nextmarker", "endcursor", "cursor"}, name) && scalarKind(v) {
		return at, false
	}
	if !slices.Contains([]string{"next", "nextlink", "nexturl", "nextpageurl", "@odata.nextlink", "@odatanextlink", "nextpage"}, name) {
		return "", false
	}
	if href := properties(v, 0)["href"]; href != nil {
		return at + "/href", true
	}
	if scalarKind(v) && schemaType(v) != "integer" {
		return at, name != "next" || strings.HasPrefix(v.Format, "uri")
	}
	return "", false
}

func linkHeader(r *openapi3.Response) bool {
	for h := range r.Headers {
		if strings.EqualFold(h, "Link") {
			return true
		}
	}
	return false
}
