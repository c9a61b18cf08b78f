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

// befores are the query parameters that take the cursor of the page before.
func befores() []string {
	return []string{"before", "endingbefore", "page[before]", "prevcursor", "previouscursor", "prevtoken", "prevpagetoken", "previouspagetoken"}
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
	next, isLink := neighbourOf(r, nextAs)
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
	backwards(&p, r)
	return &p
}

// backwards notes how the answer names the page before. Pages by number and by
// offset need no name.
func backwards(p *plumbline.Paging, r *openapi3.Response) {
	before := p.Before
	p.Before = ""
	if p.Style != "cursor" && p.Style != "link" {
		return
	}
	at, isLink := neighbourOf(r, func(k string, v *openapi3.Schema) (string, bool) { return backAs(k, v, before != "") })
	if isLink == (p.Style == "link") && at != "" {
		p.Back = at
		if !isLink {
			p.Before = before
		}
	}
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
	s := declaredBy(param)
	switch {
	case p.Limit == "" && slices.Contains(limits(), name):
		p.Limit = param.Name
		sized(p, s)
	case p.Before == "" && slices.Contains(befores(), name) && !strings.HasPrefix(s.Format, "date"): // not a filter by time
		p.Before = param.Name
	case p.Sort == "" && slices.Contains(sorts(), name):
		p.Sort, p.Keys = param.Name, keysOf(s)
	}
}

// declaredBy is the schema of a parameter; an empty one where it has none.
func declaredBy(param *openapi3.Parameter) *openapi3.Schema {
	if param.Schema == nil || param.Schema.Value == nil {
		return &openapi3.Schema{}
	}
	return param.Schema.Value
}

// sized notes what the document says of the size of a page.
func sized(p *plumbline.Paging, s *openapi3.Schema) {
	if s.Max != nil {
		p.Max = int(*s.Max)
	}
	if s.Min != nil {
		p.Min = int(*s.Min)
	}
	if n, ok := number(s.Default); ok {
		p.Default = n
	}
	for _, v := range s.Enum {
		if n, ok := number(v); ok {
			p.Sizes = append(p.Sizes, n)
			p.Max = max(p.Max, n)
		}
	}
}

func number(v any) (int, bool) {
	switch x := v.(type) {
	case float64:
		return int(x), true
	case int:
		return x, true
	}
	return 0, false
}

// keysOf are the values that the document lists for a sort key.
func keysOf(s *openapi3.Schema) []string {
	if s.Items != nil && s.Items.Value != nil {
		s = s.Items.Value
	}
	var out []string
	for _, v := range s.Enum {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// firstPage is the number of the first page: what the document says, and one
// where it does not; offsets begin at zero.
func firstPage(style string, param *openapi3.Parameter) int {
	if style != "page" {
		return 0
	}
	s := declaredBy(param)
	if n, ok := s.Default.(float64); ok {
		return int(n)
	}
	if s.Min != nil {
		return int(*s.Min)
	}
	return 1
}

// A neighbour tells whether a member of an answer is called as one that names
// another page: the pointer below the member that holds it, from "/", and
// whether that is a link.
type neighbour func(key string, s *openapi3.Schema) (pointer string, isLink bool)

// neighbourOf finds where an answer names another page: a cursor, or a link.
func neighbourOf(r *openapi3.Response, as neighbour) (pointer string, isLink bool) {
	for _, m := range contentOf(r) {
		if pointer, isLink = neighbourIn(m.Schema.Value, as, 0); pointer != "" {
			return pointer, isLink
		}
	}
	return "", false
}

func neighbourIn(s *openapi3.Schema, as neighbour, depth int) (pointer string, isLink bool) {
	all := properties(s, 0)
	keys := slices.Sorted(maps.Keys(all))
	for _, k := range keys {
		if v := all[k]; v != nil && v.Value != nil {
			if pointer, isLink = as(k, v.Value); pointer != "" {
				return pointer, isLink
			}
		}
	}
	if depth > 0 {
		return "", false
	}
	for _, k := range keys {
		if slices.Contains([]string{"links", "meta", "metadata", "paging", "pagination", "page", "pageinfo", "responsemetadata"}, squash(k)) && all[k] != nil {
			if p, is := neighbourIn(all[k].Value, as, depth+1); p != "" {
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

// backAs tells whether a member is called as one that names the page before. A
// cursor that begins the page is one where there is a parameter that takes it.
func backAs(k string, v *openapi3.Schema, taken bool) (pointer string, isLink bool) {
	at := "/" + pointerToken(k)
	name := squash(k)
	if slices.Contains([]string{"prevcursor", "previouscursor", "prevpagetoken", "previouspagetoken", "prevtoken", "previoustoken", "prevpagecursor"}, name) || taken && name == "startcursor" {
		return at, false
	}
	if !slices.Contains([]string{"prev", "previous", "prevlink", "previouslink", "prevurl", "previousurl", "prevpageurl", "previouspageurl", "prevpage", "previouspage"}, name) {
		return "", false
	}
	if href := properties(v, 0)["href"]; href != nil {
		return at + "/href", true
	}
	if scalarKind(v) && schemaType(v) != "integer" {
		return at, name != "prev" && name != "previous" || strings.HasPrefix(v.Format, "uri")
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
