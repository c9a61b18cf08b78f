package arazzo

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/plumbline-dev/plumbline"
)

// shop are operations of a small API.
func shop() []plumbline.Operation {
	seed := func(id, method, path, body string, binds ...plumbline.Bind) plumbline.Operation {
		c := plumbline.Case{ID: id + "/example", Operation: id, Request: plumbline.Request{Method: method, Path: path, Header: map[string][]string{"Accept": {"application/json"}}}, Binds: binds}
		if body != "" {
			c.Request.Body = []byte(body)
			c.Request.Header["Content-Type"] = []string{"application/json"}
		}
		return plumbline.Operation{ID: id, Method: method, Path: path, Cases: []plumbline.Case{c}, Source: plumbline.Source{Pointer: "/paths/" + escaped(path) + "/" + strings.ToLower(method)}}
	}
	order := plumbline.Bind{In: "path", Name: "id", From: "createOrder", Pointer: "/id", Why: "link"}
	create := seed("createOrder", "POST", "/orders", `{"product":7,"note":"n"}`, plumbline.Bind{In: "body", Name: "/product", From: "listProducts", Pointer: "/0/id", Why: "inferred"})
	create.Cases[0].Unique = []plumbline.Bind{{In: "body", Name: "/note", From: plumbline.FromNew, Pointer: "text:1-80", Why: "tells apart what the run created"}}
	list := seed("listOrders", "GET", "/orders", "")
	list.Cases[0].Request.Query = "limit=5"
	return []plumbline.Operation{
		create, list, seed("listProducts", "GET", "/products", ""),
		seed("getOrder", "GET", "/orders/{id}", "", order), seed("replaceOrder", "PUT", "/orders/{id}", `{"product":8}`, order),
		seed("GET /orders/{id}/items/{item}", "GET", "/orders/{id}/items/{item}", "", order), seed("deleteOrder", "DELETE", "/orders/{id}", "", order),
	}
}

const head = `arazzo: 1.0.1
info: {title: t, version: 1.0.0}
sourceDescriptions: [{name: shop, url: openapi.yaml, type: openapi}]
`

func one(t *testing.T, steps string) plumbline.Flow {
	t.Helper()
	got, err := Parse("f.yaml", []byte(head+"workflows:\n  - workflowId: w\n    inputs: {type: object, properties: {product: {type: integer, default: 9}, name: {type: string, const: a b}}}\n    steps:\n"+steps), shop(), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, steps)
	}
	return got.Flows[0]
}

func TestRequests(t *testing.T) {
	t.Parallel()
	create := "      - {stepId: c, operationId: createOrder, outputs: {id: $response.body#/id, at: $response.header.Location, sent: $request.body#/note}}\n"
	for name, c := range map[string]struct{ steps, want string }{
		"the seed request":      {"      - {stepId: c, operationId: createOrder}\n", `POST /orders {"product":7,"note":"n"} body./note←new: text:1-80 body./product←listProducts /0/id`},
		"a payload":             {"      - {stepId: c, operationId: createOrder, requestBody: {payload: {product: $inputs.product, note: 'for {$inputs.name}'}}}\n", `POST /orders {"note":"for a b","product":9}`},
		"a payload as text":     {"      - {stepId: c, operationId: createOrder, requestBody: {payload: '{\"product\": {$inputs.product}}'}}\n", `POST /orders {"product":9}`},
		"replacements":          {"      - {stepId: c, operationId: createOrder, requestBody: {payload: {product: 1, tags: [a, b]}, replacements: [{target: /tags/1, value: $inputs.name}]}}\n", `POST /orders {"product":1,"tags":["a","a b"]}`},
		"a form":                {"      - {stepId: c, operationId: createOrder, requestBody: {contentType: application/x-www-form-urlencoded, payload: {product: 1, name: $inputs.name}}}\n", `POST /orders name=a+b&product=1`},
		"an earlier answer":     {create + "      - {stepId: r, operationId: getOrder, parameters: [{in: path, name: id, value: $steps.c.outputs.id}]}\n", `GET /orders/{id} path.id←step:c /id`},
		"a number of a body":    {create + "      - {stepId: r, operationId: createOrder, requestBody: {payload: {product: $steps.c.outputs.id, note: 'of {$steps.c.outputs.sent}'}}}\n", `POST /orders {"note":"live","product":0} body./note←step:c request:/note "of {}" body./product←step:c /id`},
		"bearer":                {create + "      - {stepId: r, operationId: listOrders, parameters: [{in: header, name: Authorization, value: 'Bearer {$steps.c.outputs.id}'}, {in: query, name: limit, value: 2}, {in: query, name: q, value: a&b}]}\n", `GET /orders?limit=2&q=a%26b header.Authorization←step:c /id "Bearer {}"`},
		"a cookie":              {create + "      - {stepId: r, operationId: listOrders, parameters: [{in: cookie, name: sid, value: $steps.c.outputs.at}]}\n", `GET /orders?limit=5 header.Cookie←step:c field:Location "sid={}"`},
		"a path, by its place":  {"      - {stepId: c, operationPath: '{$sourceDescriptions.shop.url}#/paths/~1orders~1{id}~1items~1{item}/get', parameters: [{in: path, name: id, value: a/b}, {in: path, name: item, value: 3}]}\n", `GET /orders/a%2Fb/items/3`},
		"qualified":             {"      - {stepId: c, operationId: $sourceDescriptions.shop.deleteOrder, parameters: [{in: path, name: id, value: x}]}\n", `DELETE /orders/x`},
		"end":                   {"      - {stepId: c, operationId: listOrders, onSuccess: [{name: e, type: end}]}\n      - {stepId: d, operationId: createOrder}\n", `GET /orders?limit=5`},
		"goto":                  {"      - {stepId: c, operationId: listOrders, onSuccess: [{name: e, type: goto, stepId: e}]}\n      - {stepId: d, operationId: createOrder}\n      - {stepId: e, operationId: listProducts}\n", `GET /products`},
		"something new":         {"      - {stepId: c, operationId: getOrder, parameters: [{in: path, name: id, value: x}], x-plumbline-new: [{in: path, name: id, kind: uuid}]}\n", `GET /orders/{id} path.id←new: uuid`},
		"a segment of a header": {"      - {stepId: c, operationId: createOrder, outputs: {at: $response.header.Location}, x-plumbline-segment: [at]}\n      - {stepId: r, operationId: getOrder, parameters: [{in: path, name: id, value: $steps.c.outputs.at}]}\n", `GET /orders/{id} path.id←step:c header:Location`},
	} {
		f := one(t, c.steps)
		if got := line(*f.Steps[len(f.Steps)-1].Own); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// line is a request in one line, with the places that are filled later.
func line(c plumbline.Case) string {
	out := c.Request.Method + " " + c.Request.Path
	if c.Request.Query != "" {
		out += "?" + c.Request.Query
	}
	if len(c.Request.Body) > 0 {
		out += " " + string(c.Request.Body)
	}
	for _, b := range append(append([]plumbline.Bind(nil), c.Unique...), c.Binds...) {
		out += " " + b.In + "." + b.Name + "←" + b.From + " " + b.Pointer
		if b.Format != "" {
			out += ` "` + b.Format + `"`
		}
	}
	return out
}

func TestNestedWorkflowsAndOrder(t *testing.T) {
	t.Parallel()
	got, err := Parse("f.yaml", []byte(head+`workflows:
  - workflowId: last
    dependsOn: [made]
    steps:
      - {stepId: l, operationId: listOrders}
  - workflowId: made
    steps:
      - {stepId: first, workflowId: making, parameters: [{name: product, value: 3}]}
      - stepId: read
        operationId: getOrder
        parameters: [{reference: $components.parameters.id}]
        onFailure: [{reference: $components.failureActions.again}]
  - workflowId: making
    inputs: {$ref: '#/components/inputs/making'}
    steps:
      - {stepId: c, operationId: createOrder, requestBody: {payload: {product: $inputs.product}}, outputs: {id: $response.body#/id}}
    outputs: {order: $steps.c.outputs.id}
components:
  inputs: {making: {type: object, properties: {product: {type: integer}}}}
  parameters: {id: {in: path, name: id, value: $steps.first.outputs.order}}
  failureActions: {again: {name: again, type: retry, retryAfter: 0.5, retryLimit: 3, criteria: [{condition: $statusCode == 404}]}}
`), shop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got.Flows {
		for _, s := range f.Steps {
			names = append(names, f.Name+" "+s.Name+" "+line(*s.Own))
		}
	}
	want := []string{`made first.c POST /orders {"product":3}`, `made read GET /orders/{id} path.id←step:first.c /id`, `last l GET /orders?limit=5`}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p := got.Flows[0].Steps[1].Poll; p == nil || p.Most != 3 || p.Every.Milliseconds() != 500 || len(p.When) != 1 {
		t.Errorf("the retry is %+v", p)
	}
	if len(got.Notices) != 1 || !strings.Contains(got.Notices[0], "making runs only where a step calls it") {
		t.Errorf("notices %v", got.Notices)
	}
	if s := Sources(got.Flows); len(s["getOrder"]) != 1 || s["getOrder"][0].From != "createOrder" || s["getOrder"][0].Pointer != "/id" {
		t.Errorf("sources %+v", s)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"$statusCode == 200": `{"op":"==","terms":[{"from":"answer:","pointer":"status:"},{"value":200}]}`,
		"!($response.body.items[0].id != 'it''s') && true":  `{"op":"and","terms":[{"op":"not","terms":[{"op":"!=","terms":[{"from":"answer:","pointer":"/items/0/id"},{"value":"it's"}]}]},{"value":true}]}`,
		"$response.header.X-A >= 1 || $inputs.product < 10": `{"op":"or","terms":[{"op":">=","terms":[{"from":"answer:","pointer":"field:X-A"},{"value":1}]},{"op":"<","terms":[{"value":9},{"value":10}]}]}`,
		"$response.body#/a != null":                         `{"op":"!=","terms":[{"from":"answer:","pointer":"/a"},{}]}`,
	} {
		f := one(t, "      - {stepId: c, operationId: listOrders, successCriteria: [{condition: \""+text+"\"}]}\n")
		got, err := json.Marshal(f.Steps[0].Criteria[0].Term)
		if err != nil || strings.NewReplacer(`\u003e`, ">", `\u003c`, "<").Replace(string(got)) != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// What cannot be carried out is refused at its place.
func TestRefusals(t *testing.T) {
	t.Parallel()
	step := func(s string) string { return head + "workflows:\n  - workflowId: w\n    steps:\n      - " + s + "\n" }
	for name, c := range map[string]struct{ text, want string }{
		"no YAML":                        {"a: [", "ARZ001"},
		"another version":                {"arazzo: 2.0.0\nworkflows: []\n", "f.yaml:1:1"},
		"two documents":                  {strings.Replace(head, "[{name", "[{name: x, url: y}, {name", 1) + "workflows: [{workflowId: w, steps: [{stepId: a, operationId: listOrders}]}]\n", "one document is tested at a time"},
		"another file":                   {strings.Replace(head, "type: openapi", "type: arazzo", 1) + "workflows: [{workflowId: w, steps: [{stepId: a, operationId: listOrders}]}]\n", "workflows of another Arazzo file cannot be called"},
		"no operation":                   {step("{stepId: a, operationId: nope}"), `f.yaml:7:34`},
		"an unknown key":                 {step("{stepId: a, operationId: listOrders, timeout: 5}"), `"timeout", which is not known`},
		"a path without value":           {step("{stepId: a, operationId: getOrder}"), "gives no value to id of /orders/{id}"},
		"a later step":                   {step("{stepId: a, operationId: getOrder, parameters: [{in: path, name: id, value: $steps.b.outputs.id}]}"), `no step "b" before this place`},
		"an output that is not there":    {step("{stepId: a, operationId: listOrders}\n      - {stepId: b, operationId: getOrder, parameters: [{in: path, name: id, value: $steps.a.outputs.id}]}"), `has no output "id"`},
		"an input without a value":       {head + "workflows: [{workflowId: w, inputs: {properties: {a: {type: string}}}, steps: [{stepId: a, operationId: listOrders}]}]\n", "what the input a of w is"},
		"xpath":                          {step("{stepId: a, operationId: listOrders, successCriteria: [{context: $response.body, condition: //a, type: xpath}]}"), `the type "xpath" cannot be checked`},
		"a branch":                       {step("{stepId: a, operationId: listOrders, onSuccess: [{name: x, type: end, criteria: [{condition: $statusCode == 200}]}]}"), "depends on the answer"},
		"goto after a failure":           {step("{stepId: a, operationId: listOrders, onFailure: [{name: x, type: goto, stepId: a}]}"), `"goto" cannot be done`},
		"a circle":                       {head + "workflows: [{workflowId: w, steps: [{stepId: a, workflowId: w}]}]\n", "calls itself"},
		"waiting for itself":             {head + "workflows: [{workflowId: w, dependsOn: [w], steps: [{stepId: a, operationId: listOrders}]}]\n", "depends on itself"},
		"half a condition":               {step("{stepId: a, operationId: listOrders, successCriteria: [{condition: $statusCode ==}]}"), "it ends too early"},
		"a condition that says nothing":  {step("{stepId: a, operationId: listOrders, successCriteria: [{condition: \"'a'\"}]}"), "could be true"},
		"a bad regular expression":       {step("{stepId: a, operationId: listOrders, successCriteria: [{context: $statusCode, type: regex, condition: '['}]}"), "cannot be read"},
		"two live values in a text":      {step("{stepId: a, operationId: listOrders, outputs: {x: $response.body#/0}}\n      - {stepId: b, operationId: getOrder, parameters: [{in: path, name: id, value: '{$steps.a.outputs.x}-{$steps.a.outputs.x}'}]}"), "more than one value"},
		"outputs of another workflow":    {step("{stepId: a, operationId: getOrder, parameters: [{in: path, name: id, value: $workflows.v.outputs.x}]}"), "outputs of other workflows"},
		"the same step twice":            {step("{stepId: a, operationId: listOrders}\n      - {stepId: a, operationId: listOrders}"), "no other step has"},
		"the same key twice":             {step("{stepId: a, stepId: b, operationId: listOrders}"), "stepId"},
		"a place that the path has not":  {step("{stepId: a, operationId: listOrders, parameters: [{in: path, name: id, value: 1}]}"), "has no place id"},
		"a reference that leads nowhere": {step("{stepId: a, operationId: listOrders, parameters: [{reference: $components.parameters.x}]}"), "there is no $components.parameters.x"},
	} {
		_, err := Parse("f.yaml", []byte(c.text), shop(), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "f.yaml:") && name != "no YAML" {
			t.Errorf("%s: want %q in %v", name, c.want, err)
		}
	}
}

// A user may think before a step, or expressly not.
func TestThinkTime(t *testing.T) {
	t.Parallel()
	f := one(t, "      - {stepId: a, operationId: listOrders}\n      - {stepId: b, operationId: listOrders, x-plumbline-think-time: 1500ms}\n      - {stepId: c, operationId: listOrders, x-plumbline-think-time: 0s}\n      - {stepId: d, operationId: listOrders, x-plumbline-think-time: 1s..3s}\n      - {stepId: e, operationId: listOrders, x-plumbline-think-time: 0s..1m}\n")
	for i, want := range []plumbline.Think{{}, {Least: 1500 * time.Millisecond}, {Least: -1}, {Least: time.Second, Most: 3 * time.Second}, {Most: time.Minute}} {
		if f.Steps[i].Think != want {
			t.Errorf("%s: got %+v, want %+v", f.Steps[i].Name, f.Steps[i].Think, want)
		}
	}
	for text, want := range map[string]string{
		"{stepId: a, operationId: listOrders, x-plumbline-think-time: soon}":   "a duration such as 2s",
		"{stepId: a, operationId: listOrders, x-plumbline-think-time: -1s}":    "a duration such as 2s",
		"{stepId: a, operationId: listOrders, x-plumbline-think-time: 2s}":     "nobody thinks before that",
		"{stepId: a, operationId: listOrders, x-plumbline-think-time: 0s..2s}": "nobody thinks before that",
		"{stepId: a, workflowId: v, x-plumbline-think-time: 2s}":               "no think time of its own",
	} {
		_, err := Parse("f.yaml", []byte(head+"workflows:\n  - workflowId: w\n    steps:\n      - "+text+"\n  - workflowId: v\n    steps:\n      - {stepId: a, operationId: listOrders}\n"), shop(), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q in %v", text, want, err)
		}
	}
}

// A load does not look for what it has deleted.
func TestLivesAreWithoutTheirLastLook(t *testing.T) {
	t.Parallel()
	d := plumbline.Design{Operations: shop(), Families: []plumbline.Family{{
		Name: "/orders", Item: "/orders/{id}", Param: "id", Create: "createOrder", Read: "getOrder", Replace: "replaceOrder", Delete: "deleteOrder", ID: "header:Location",
	}}}
	learned, _ := Learned(d)
	lives := Lives(d)
	if n := len(learned[0].Steps); len(lives) != 1 || len(lives[0].Steps) != n-1 || learned[0].Steps[n-1].Name != goneStep || lives[0].Steps[n-2].Name != "delete" {
		t.Errorf("got %+v", lives)
	}
}

// What is written is read as it was.
func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	t.Parallel()
	ops := shop()
	d := plumbline.Design{Operations: ops, Families: []plumbline.Family{{
		Name: "/orders", Item: "/orders/{id}", Param: "id", Create: "createOrder", Read: "getOrder", Replace: "replaceOrder", Delete: "deleteOrder", ID: "header:Location",
	}}}
	learned, left := Learned(d)
	if len(learned) != 1 || len(left) != 0 {
		t.Fatalf("%+v %v", learned, left)
	}
	stated := one(t, "      - {stepId: c, operationId: createOrder, requestBody: {payload: {product: 1.5, big: 3}}, outputs: {id: $response.body#/id, a.b: $request.body#/x~1y}, successCriteria: [{condition: $statusCode == 201}, {context: $response.body, type: jsonpath, condition: '$.a'}]}\n"+
		"      - {stepId: r, operationId: createOrder, requestBody: {payload: {product: $steps.c.outputs.id, n: 'a {$steps.c.outputs.a.b}'}}, onFailure: [{name: x, type: retry, retryAfter: 2, retryLimit: 4}], x-plumbline-think-time: 3s..4s}\n"+
		"      - {stepId: l, operationId: listOrders, parameters: [{in: query, name: limit, value: '7'}, {in: header, name: X-A, value: $steps.c.outputs.id}], x-plumbline-think-time: 0s}\n")
	flows := append(learned, stated)
	var b bytes.Buffer
	left, err := Write(&b, "Shop", "openapi.yaml", flows, ops)
	if err != nil || len(left) > 0 {
		t.Fatalf("%v %v", err, left)
	}
	again, err := Parse("out.yaml", b.Bytes(), ops, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if diff := cmp.Diff(flows, again.Flows, cmpopts.IgnoreFields(plumbline.Flow{}, "Source"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-written +read):\n%s\n%s", diff, b.String())
	}
}

// No text makes the reader panic.
func FuzzParse(f *testing.F) {
	f.Add(head + "workflows:\n  - workflowId: w\n    steps:\n      - {stepId: a, operationId: createOrder, requestBody: {payload: {a: '{$inputs.x}'}}, successCriteria: [{condition: \"($statusCode == 1) && !true\"}]}\n")
	f.Add("arazzo: 1.0.1\nworkflows: [&a {workflowId: w, steps: [*a]}]\ncomponents: {x: 1}\n")
	f.Fuzz(func(_ *testing.T, text string) { _, _ = Parse("f.yaml", []byte(text), shop(), nil) })
}
