package sample

import (
	"reflect"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/overlay"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// document is one of these paths.
func document(paths string) string {
	return "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n" + paths + `
components:
  schemas:
    Order: {type: object, required: [id], properties: {id: {type: string}, note: {type: string}}}
    Page: {type: object, properties: {items: {type: array, items: {$ref: '#/components/schemas/Order'}}, next_cursor: {type: string}}}
`
}

// graphed is the graph of a document of these paths, and its families.
func graphed(t *testing.T, paths string) (*openapi.Doc, *schema.Set, []plumbline.Operation, []plumbline.Family) {
	t.Helper()
	d, err := openapi.Parse("t.yaml", []byte(document(paths)), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return d, s, Fill(d, s, Options{Seed: 1}), Families(d, s)
}

const (
	order    = "{description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}"
	enclosed = "{description: d, content: {application/json: {schema: {type: object, properties: {data: {$ref: '#/components/schemas/Order'}}}}}}"
	id       = "parameters: [{in: path, name: id, required: true, schema: {type: string}}]"
	nobody   = "{description: d}"
)

func TestGraph(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ paths, want string }{
		"link, by reference": {
			"  /orders:\n    post: {operationId: make, responses: {'201': {description: d, links: {l: {operationRef: '#/paths/~1x~1{id}/get', parameters: {path.id: $response.header.X-Id}}}}}}\n  /x/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + nobody + "}}",
			"read path.id ← make header:X-Id (link)",
		},
		"link, from the request": {
			"  /orders:\n    post: {operationId: make, requestBody: {required: true, content: {application/json: {schema: {type: object, required: [code], properties: {code: {type: string}}}}}}, responses: {'201': {description: d, links: {l: {operationId: read, parameters: {id: '$request.body#/code'}}}}}}\n  /x/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + nobody + "}}",
			"read path.id ← make request:/code (link)",
		},
		"link into the body": {
			"  /orders:\n    post: {operationId: make, responses: {'201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}, links: {l: {operationId: bill, requestBody: {for: '$response.body#/id'}}}}}}\n  /bills:\n    post: {operationId: bill, requestBody: {required: true, content: {application/json: {schema: {type: object, required: [for], properties: {for: {type: string}}}}}}, responses: {'201': " + nobody + "}}",
			"bill body./for ← make /id (link)",
		},
		"link into the query": {
			"  /orders:\n    post: {operationId: make, responses: {'201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}, links: {l: {operationId: find, parameters: {query.order: '$response.body#/id'}}}}}}\n  /find:\n    get: {operationId: find, parameters: [{in: query, name: order, required: true, schema: {type: string}}], responses: {'200': " + nobody + "}}",
			"find query.order ← make /id (link)",
		},
		"link that asks a list for a member": {
			"  /orders:\n    get: {operationId: all, responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Order'}}}}, links: {l: {operationId: read, parameters: {id: '$response.body#/id'}}}}}}\n  /orders/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + order + "}}",
			"read path.id ← all /0/id (inferred: listed by the collection)",
		},
		"what the client may not send": {
			"  /orders:\n    post: {operationId: make, requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {id: {type: string, readOnly: true}}}}}}, responses: {'201': " + nobody + "}}\n  /orders/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + nobody + "}}",
			"read path.id ← make header:Location (inferred: location; path nesting)",
		},
		"location": {
			"  /orders:\n    post: {operationId: make, responses: {'201': {description: d, headers: {Location: {schema: {type: string}}}}}}\n  /orders/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + nobody + "}}",
			"read path.id ← make header:Location (inferred: location; path nesting)",
		},
		"envelope": {
			"  /orders:\n    post: {operationId: make, responses: {'201': " + enclosed + "}}\n  /orders/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + enclosed + "}}",
			"read path.id ← make /data/id (inferred: path nesting)",
		},
		"what the client has put there itself": {
			"  /bills:\n    post: {operationId: bill, requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {order_id: {type: string}}}}}}, responses: {'201': {description: d, content: {application/json: {schema: {type: object, properties: {order_id: {type: string}}}}}}}}\n  /orders/{order_id}:\n    parameters: [{in: path, name: order_id, required: true, schema: {type: string}}]\n    get: {operationId: read, responses: {'200': " + order + "}}",
			"",
		},
		"what the service names beside": {
			"  /bills:\n    post: {operationId: bill, requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {note: {type: string}}}}}}, responses: {'201': {description: d, content: {application/json: {schema: {type: object, properties: {order_id: {type: string}}}}}}}}\n  /orders/{order_id}:\n    parameters: [{in: path, name: order_id, required: true, schema: {type: string}}]\n    get: {operationId: read, responses: {'200': " + order + "}}",
			"read path.order_id ← bill /order_id (inferred: its answer names the order)",
		},
		"listed elsewhere, by the same schema": {
			"  /search:\n    get: {operationId: search, responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Order'}}}}}}}\n  /orders/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + order + "}}",
			"read path.id ← search /0/id (inferred: lists the same schema, Order)",
		},
		"listed below itself": {
			"  /orders/{id}/like:\n    " + id + "\n    get: {operationId: like, responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Order'}}}}}}}\n  /orders/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + order + "}}",
			"",
		},
		"another path for creating": {
			"  /orders/create:\n    post: {operationId: make, responses: {'200': " + order + "}}\n  /orders/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + nobody + "}}",
			"read path.id ← make /id (inferred: created on /orders/create)",
		},
		"the same schema": {
			"  /checkout:\n    post: {operationId: make, responses: {'201': " + order + "}}\n  /orders/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + order + "}}",
			"read path.id ← make /id (inferred: answers with the same schema, Order)",
		},
		"names that differ": {
			"  /orders:\n    post: {operationId: make, responses: {'201': " + order + "}}\n  /orders/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + order + "}}\n  /orders/{orderId}/items:\n    parameters: [{in: path, name: orderId, required: true, schema: {type: string}}]\n    get: {operationId: items, responses: {'200': " + nobody + "}}",
			"items path.orderId ← make /id (inferred: path nesting)",
		},
		"a member of the body": {
			"  /customers:\n    post: {operationId: make, responses: {'201': " + order + "}}\n  /customers/{id}:\n    " + id + "\n    get: {operationId: read, responses: {'200': " + order + "}}\n  /orders:\n    post: {operationId: order, requestBody: {required: true, content: {application/json: {schema: {type: object, required: [customerId], properties: {customerId: {type: string}}}}}}, responses: {'201': " + nobody + "}}",
			"order body./customerId ← make /id (inferred: customerId is called after it)",
		},
		"a name that the client chooses": {
			"  /orders/{id}:\n    " + id + "\n    put: {operationId: put, responses: {'201': " + nobody + "}}\n    get: {operationId: read, responses: {'200': " + nobody + "}}",
			"read path.id ← put path:id (inferred: PUT creates it under the name that the client chooses)",
		},
		"restored after deletion": {
			"  /orders:\n    post: {operationId: make, responses: {'201': " + order + "}}\n  /orders/{id}:\n    " + id + "\n    delete: {operationId: drop, responses: {'204': " + nobody + "}}\n  /orders/{id}/restore:\n    " + id + "\n    post: {operationId: restore, responses: {'200': " + nobody + "}}",
			"restore path.id ← make /id (inferred: path nesting), after drop",
		},
		"a circle is not closed": {
			"  /as:\n    post: {operationId: a, requestBody: {required: true, content: {application/json: {schema: {type: object, required: [bId], properties: {bId: {type: string}}}}}}, responses: {'201': " + order + "}}\n  /as/{id}:\n    " + id + "\n    get: {operationId: ra, responses: {'200': " + nobody + "}}\n  /bs:\n    post: {operationId: b, requestBody: {required: true, content: {application/json: {schema: {type: object, required: [aId], properties: {aId: {type: string}}}}}}, responses: {'201': " + order + "}}\n  /bs/{id}:\n    " + id + "\n    get: {operationId: rb, responses: {'200': " + nobody + "}}",
			"rb path.id ← b /id (inferred: path nesting)",
		},
		"a GET that changes data": {
			"  /session/logout:\n    get: {operationId: leave, responses: {'200': " + nobody + "}}",
			"leave is not taken for safe: it changes data",
		},
	} {
		_, _, ops, _ := graphed(t, c.paths)
		if got := Graph(ops); c.want == "" && got != "" || c.want != "" && !strings.Contains("\n"+got, "\n"+c.want+"\n") {
			t.Errorf("%s: want %s in\n%s", name, c.want, got)
		}
	}
}

func TestTheSeedRequestHasWhatOthersTakeFromIt(t *testing.T) {
	t.Parallel()
	_, _, ops, _ := graphed(t, "  /users:\n    post: {operationId: make, requestBody: {required: true, content: {application/json: {schema: {type: object, properties: {username: {type: string}, age: {type: integer}}}}}}, responses: {'201': "+nobody+"}}\n  /users/{username}:\n    parameters: [{in: path, name: username, required: true, schema: {type: string}}]\n    get: {operationId: read, responses: {'200': "+nobody+"}}")
	for _, op := range ops {
		if op.ID == "make" && (!strings.Contains(string(op.Cases[0].Request.Body), "username") || strings.Contains(string(op.Cases[0].Request.Body), "age")) {
			t.Errorf("the seed request is %s", op.Cases[0].Request.Body)
		}
	}
}

func TestGraphHasNoCircles(t *testing.T) {
	t.Parallel()
	circle := func(name, other string) string {
		return "  /" + name + "s:\n    post: {operationId: " + name + ", requestBody: {required: true, content: {application/json: {schema: {type: object, required: [" + other + "Id], properties: {" + other + "Id: {type: string}}}}}}, responses: {'201': " + order + "}}\n  /" + name + "s/{id}:\n    " + id + "\n    get: {operationId: read" + name + ", responses: {'200': " + nobody + "}}\n"
	}
	_, _, ops, _ := graphed(t, circle("cat", "dog")+circle("dog", "owl")+circle("owl", "cat"))
	edges := map[string][]string{}
	for _, o := range ops {
		for _, b := range o.Cases[0].Binds {
			edges[o.ID] = append(edges[o.ID], b.From)
		}
	}
	var walk func(id string, depth int)
	walk = func(id string, depth int) {
		if depth > len(ops) {
			t.Fatalf("a circle: %v", edges)
		}
		for _, next := range edges[id] {
			walk(next, depth+1)
		}
	}
	for _, o := range ops {
		walk(o.ID, 0)
	}
}

func TestFamilies(t *testing.T) {
	t.Parallel()
	d, s, _, families := graphed(t, `  /orders:
    post: {operationId: make, responses: {'201': `+enclosed+`}}
    get: {operationId: list, parameters: [{in: query, name: cursor, schema: {type: string}}, {in: query, name: limit, schema: {type: integer, maximum: 50}}, {in: query, name: sort, schema: {type: string}}], responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Page'}}}}}}
  /orders/{id}:
    `+id+`
    get: {operationId: read, responses: {'200': `+enclosed+`}}
    put: {operationId: replace, responses: {'200': `+nobody+`}}
    delete: {operationId: drop, responses: {'204': `+nobody+`}}
  /lost/{key}/things:
    get: {operationId: lost, parameters: [{in: path, name: key, required: true, schema: {type: string}}], responses: {'200': `+nobody+`}}`)
	if len(families) != 1 {
		t.Fatalf("got %+v", families)
	}
	f := families[0]
	want := plumbline.Family{
		Name: "/orders", Item: "/orders/{id}", Param: "id", Create: "make", Read: "read", Replace: "replace", Delete: "drop", List: "list",
		ID: "/data/id", Inside: "/data", Items: "/items", ItemID: "/id", Paging: f.Paging,
	}
	if f != want {
		t.Errorf("got  %+v\nwant %+v", f, want)
	}
	if p := (plumbline.Paging{Style: "cursor", Param: "cursor", Limit: "limit", Max: 50, Next: "/next_cursor", Why: "inferred: query parameter cursor", Sort: "sort"}); f.Paging == nil || !reflect.DeepEqual(*f.Paging, p) {
		t.Errorf("paging %+v", f.Paging)
	}
	text, names := Missing(d, s)
	if len(names) != 1 || names[0] != "lost path.key" || !strings.HasPrefix(text, "overlay: 1.0.0\n") || !strings.Contains(text, `parameters: {"key": "$response.body#/id"}`) {
		t.Errorf("%v\n%s", names, text)
	}
}

// The overlay that plan prints for what is missing works as it stands: applied,
// the source is there, and nothing is missing any more.
func TestTheOverlayForWhatIsMissingWorks(t *testing.T) {
	t.Parallel()
	paths := "  /vault:\n    post: {operationId: put, responses: {'201': " + order + "}}\n  /lost/{key}/things:\n    get: {operationId: lost, parameters: [{in: path, name: key, required: true, schema: {type: string}}], responses: {'200': " + nobody + "}}"
	d, s, ops, _ := graphed(t, paths)
	text, names := Missing(d, s)
	if len(names) != 1 || strings.Contains(Graph(ops), "lost path.key") {
		t.Fatalf("missing %v in\n%s", names, Graph(ops))
	}
	o, err := overlay.Parse("missing.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	d, err = openapi.Parse("t.yaml", []byte(document(paths)), openapi.Options{Amend: o.Apply})
	if err != nil {
		t.Fatal(err)
	}
	if s, err = schema.Compile(d); err != nil {
		t.Fatal(err)
	}
	if got := Graph(Fill(d, s, Options{Seed: 1})); !strings.Contains(got, "lost path.key ← put /id (link)") {
		t.Errorf("after\n%s\nthe graph is\n%s", text, got)
	}
	if text, _ := Missing(d, s); text != "" {
		t.Errorf("still missing:\n%s", text)
	}
}

// What a flow states leads where the document says nothing.
func TestStatedSourcesJoinTheGraph(t *testing.T) {
	t.Parallel()
	d, s, _, _ := graphed(t, "  /vault:\n    post: {operationId: put, responses: {'201': "+order+"}}\n  /lost/{key}/things:\n    get: {operationId: lost, parameters: [{in: path, name: key, required: true, schema: {type: string}}], responses: {'200': "+nobody+"}}")
	stated := Stated{"lost": {{In: "path", Name: "key", From: "put", Pointer: "/id", Why: "flow w"}}}
	if got := Graph(Fill(d, s, Options{Seed: 1, Stated: stated})); !strings.Contains(got, "lost path.key ← put /id (flow w)") {
		t.Errorf("the graph is\n%s", got)
	}
	if text, _ := Missing(d, s, stated); text != "" {
		t.Errorf("still missing:\n%s", text)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"orderId": "order", "order_id": "order", "order.id": "order", "OrderID": "order", "lineItemIds": "lineitem", "category_uuid": "category", "id": "", "quantity": "", "orderid": "order"} {
		if got, _ := reference(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for plural, want := range map[string]string{"orders": "order", "categories": "category", "boxes": "box", "addresses": "address", "status": "status", "people": "person", "class": "class"} {
		if got := singular(plural); got != want {
			t.Errorf("%s: got %q, want %q", plural, got, want)
		}
	}
}

// An echo answers a POST and a GET alike, and creates nothing.
func TestAnsweringAlikeIsNoCreating(t *testing.T) {
	t.Parallel()
	const echo = "{description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Page'}}}}"
	_, _, ops, _ := graphed(t, "  /post:\n    post: {operationId: make, responses: {'200': "+echo+"}}\n  /anything/{id}:\n    "+id+"\n    get: {operationId: read, responses: {'200': "+echo+"}}")
	for _, op := range ops {
		for _, c := range op.Cases {
			if len(c.Binds) > 0 {
				t.Errorf("%s is bound: %+v", c.ID, c.Binds)
			}
		}
	}
}
