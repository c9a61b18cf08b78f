package sample

import (
	"reflect"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// listed is a document with one list of the given parameters, properties beside
// its items, and headers.
func listed(params, properties, headers string) string {
	return `  /orders:
    post: {operationId: make, responses: {'201': ` + enclosed + `}}
    get: {operationId: list, parameters: [` + params + `], responses: {'200': {description: d, headers: {` + headers + `}, content: {application/json: {schema: {type: object, properties: {` + properties + `items: {type: array, items: {type: object, properties: {id: {type: string}}}}}}}}}}}
  /orders/{id}:
    ` + id + `
    get: {operationId: read, responses: {'200': ` + enclosed + `}}`
}

func TestPagingIsInferred(t *testing.T) {
	t.Parallel()
	query := func(name, schema string) string {
		return "{in: query, name: '" + name + "', schema: {" + schema + "}}"
	}
	cursor := query("cursor", "type: string")
	for _, c := range []struct {
		name, params, properties, headers string
		want                              *plumbline.Paging
	}{
		{"none", query("name", "type: string"), "", "", nil},
		{"a cursor that nothing names", cursor, "", "", nil},
		{
			"a cursor both ways", cursor + ", " + query("limit", "type: integer, minimum: 5, maximum: 50, default: 10"), "next_cursor: {type: string}, prev_cursor: {type: string}, ", "",
			&plumbline.Paging{Style: "cursor", Param: "cursor", Limit: "limit", Min: 5, Max: 50, Default: 10, Next: "/next_cursor", Back: "/prev_cursor", Why: "inferred: query parameter cursor"},
		},
		{
			"edges with parameters of their own", query("after", "type: string") + ", " + query("before", "type: string"), "page_info: {type: object, properties: {start_cursor: {type: string}, end_cursor: {type: string}}}, ", "",
			&plumbline.Paging{Style: "cursor", Param: "after", Before: "before", Next: "/page_info/end_cursor", Back: "/page_info/start_cursor", Why: "inferred: query parameter after"},
		},
		{
			"before is a time", cursor + ", " + query("before", "type: string, format: date-time"), "next_cursor: {type: string}, start_cursor: {type: string}, ", "",
			&plumbline.Paging{Style: "cursor", Param: "cursor", Next: "/next_cursor", Why: "inferred: query parameter cursor"},
		},
		{
			"links in the body", "", "_links: {type: object, properties: {next: {type: object, properties: {href: {type: string}}}, prev: {type: object, properties: {href: {type: string}}}}}, ", "",
			&plumbline.Paging{Style: "link", Next: "/_links/next/href", Back: "/_links/prev/href", Why: "inferred: the answer names the next page"},
		},
		{
			"a Link header and sizes by name", query("per_page", "type: integer, enum: [10, 25, 50]"), "", "Link: {schema: {type: string}}",
			&plumbline.Paging{Style: "link", Limit: "per_page", Sizes: []int{10, 25, 50}, Max: 50, Why: "inferred: header Link (RFC 8288)"},
		},
		{
			"offsets, and what can be sorted by", query("offset", "type: integer") + ", " + query("sort", "type: array, items: {type: string, enum: [price, -price]}"), "previous: {type: string}, ", "",
			&plumbline.Paging{Style: "offset", Param: "offset", Sort: "sort", Keys: []string{"price", "-price"}, Why: "inferred: query parameter offset"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, _, families := graphed(t, listed(c.params, c.properties, c.headers))
			if len(families) != 1 || !reflect.DeepEqual(families[0].Paging, c.want) {
				t.Errorf("got %+v\nwant %+v", families[0].Paging, c.want)
			}
		})
	}
}
