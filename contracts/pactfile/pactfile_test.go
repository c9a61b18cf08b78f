package pactfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

const orders = `openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /orders:
    get:
      operationId: listOrders
      parameters: [{in: query, name: limit, required: true, schema: {type: integer, minimum: 1}}]
      responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Order'}}}}}}
    post:
      operationId: createOrder
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [product], properties: {product: {type: string, example: p-1}}}}}}
      responses: {'202': {description: later}, '201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}, '400': {description: e}}
  /orders/{orderId}:
    parameters: [{in: path, name: orderId, required: true, schema: {type: string}}]
    get: {operationId: getOrder, responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}}
    put: {operationId: putOrder, responses: {'204': {description: changes what is there}}}
    delete: {operationId: deleteOrder, responses: {'204': {description: d}}}
  /search: {post: {operationId: search, responses: {'200': {description: creates nothing}}}}
  /gone: {get: {operationId: gone, responses: {'410': {description: has no success}}}}
  /health: {get: {operationId: health, responses: {'200': {description: d, content: {text/plain: {schema: {type: string}}}}}}}
  /choice: {get: {operationId: choice, responses: {'200': {description: d, content: {application/json: {schema: {oneOf: [{type: string}, {type: integer}]}}}}}}}
components:
  schemas:
    Order:
      type: object
      required: [id, status, made, day, quantity, price, paid, note, items, secret, maybe, 'odd-name', empty]
      additionalProperties: false
      properties:
        id: {type: string, format: uuid}
        status: {type: string, enum: [new, 'a.b']}
        made: {type: string, format: date-time}
        day: {type: string, format: date}
        quantity: {type: integer, minimum: 1}
        price: {type: number}
        paid: {type: boolean}
        note: {type: string, maxLength: 20, pattern: '^n'}
        items: {type: array, items: {type: string}}
        secret: {type: string, writeOnly: true}
        maybe: {type: string, nullable: true}
        odd-name: {type: string}
        empty: {type: object}
        optional: {type: string}
`

func document(t *testing.T, text string) (*openapi.Doc, *schema.Set) {
	t.Helper()
	d, err := openapi.Parse("orders.yaml", []byte(text), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return d, s
}

func built(t *testing.T) (Pact, []Loss) {
	t.Helper()
	d, s := document(t, orders)
	return Build(d, s, sample.Fill(d, s, sample.Options{Seed: 1}), Options{Provider: "shop"})
}

func written(t *testing.T) (pact, ledger []byte) {
	t.Helper()
	p, l := built(t)
	var pb, lb bytes.Buffer
	if err := errors.Join(Write(&pb, p), WriteLosses(&lb, l)); err != nil {
		t.Fatal(err)
	}
	return pb.Bytes(), lb.Bytes()
}

func TestThePactsAreGolden(t *testing.T) {
	t.Parallel()
	pact, ledger := written(t)
	var surface bytes.Buffer
	d, s := document(t, orders)
	if err := WriteSurface(&surface, d, s, sample.Fill(d, s, sample.Options{Seed: 1}), Options{Provider: "shop"}); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"orders.pact.json": pact, "orders.losses.json": ledger, "orders.surface.pact.json": surface.Bytes()} {
		path := filepath.Join("testdata", name)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("%s (-want +got; UPDATE=1 rewrites):\n%s", path, d)
		}
	}
}

func surfaced(t *testing.T) Pact {
	t.Helper()
	d, s := document(t, orders)
	return collected(d, s)
}

// collected is the surface pact as one value.
func collected(d *openapi.Doc, s *schema.Set) Pact {
	p := newPact(d, Options{Provider: "shop"})
	p.Interactions = append(p.Interactions, surface(d, s, sample.Fill(d, s, sample.Options{Seed: 1}), func(i interaction) interaction { return i })...)
	slices.SortStableFunc(p.Interactions, func(a, b interaction) int { return strings.Compare(a.Description, b.Description) })
	return p
}

// What is written interaction by interaction is what the encoder makes of the
// whole.
func TestASheafIsThePactInOne(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"many": orders,
		"none": "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\n",
		"odd":  "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {'/a': {get: {operationId: '<\"interactions\": []>&\u2028', responses: {'200': {description: d}}}}}\n",
	} {
		d, s := document(t, text)
		var whole, streamed bytes.Buffer
		if err := errors.Join(Write(&whole, collected(d, s)), WriteSurface(&streamed, d, s, sample.Fill(d, s, sample.Options{Seed: 1}), Options{Provider: "shop"})); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(whole.String(), streamed.String()); diff != "" {
			t.Errorf("%s (-whole +streamed):\n%s", name, diff)
		}
	}
}

// The order of maps changes from one build to the next: Go shuffles it.
func TestTwoBuildsAreTheSameBytes(t *testing.T) {
	t.Parallel()
	pact, ledger := written(t)
	for range 8 {
		p, l := written(t)
		if !bytes.Equal(p, pact) {
			t.Fatalf("another pact:\n%s", cmp.Diff(string(pact), string(p)))
		}
		if !bytes.Equal(l, ledger) {
			t.Fatalf("another ledger:\n%s", cmp.Diff(string(ledger), string(l)))
		}
		if d := cmp.Diff(surfaced(t), surfaced(t)); d != "" {
			t.Fatalf("another surface:\n%s", d)
		}
	}
}

func TestInteractions(t *testing.T) {
	t.Parallel()
	type line struct {
		Request string
		Status  int
		Query   map[string][]string
		Body    any
	}
	want := map[string]line{
		"choice/200":      {Request: "GET /choice", Status: 200},
		"createOrder/201": {Request: "POST /orders", Status: 201, Body: map[string]any{"product": "p-1"}},
		"deleteOrder/204": {Request: "DELETE /orders/plumbline", Status: 204},
		"getOrder/200":    {Request: "GET /orders/plumbline", Status: 200},
		"health/200":      {Request: "GET /health", Status: 200},
		"listOrders/200":  {Request: "GET /orders", Status: 200, Query: map[string][]string{"limit": {"1"}}},
	}
	p, _ := built(t)
	got := map[string]line{}
	for _, i := range p.Interactions {
		l := line{Request: i.Request.Method + " " + i.Request.Path, Status: i.Response.Status, Query: i.Request.Query}
		if i.Request.Body != nil {
			l.Body = i.Request.Body.Content
		}
		got[i.Key] = l
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("interactions (-want +got):\n%s", d)
	}
	if len(got) != len(p.Interactions) {
		t.Errorf("%d interactions have %d keys", len(p.Interactions), len(got))
	}
}

func TestStatesAskForWhatOnlyTheDeploymentKnows(t *testing.T) {
	t.Parallel()
	params := map[string]any{"operation": "createOrder", "pointer": "/id", "as": "orderId"}
	consumed := maps.Clone(params)
	consumed["consumed"] = true
	want := map[string][]state{
		"getOrder/200":    {{"createOrder has answered", params}},
		"deleteOrder/204": {{"createOrder has answered", consumed}},
	}
	p, _ := built(t)
	got := map[string][]state{}
	for _, i := range p.Interactions {
		if len(i.ProviderStates) == 0 {
			continue
		}
		got[i.Key] = i.ProviderStates
		generators := map[string]any{"path": map[string]any{"type": "ProviderState", "expression": "/orders/${orderId}"}}
		if d := cmp.Diff(generators, i.Request.Generators); d != "" {
			t.Errorf("%s: generators (-want +got):\n%s", i.Key, d)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("states (-want +got):\n%s", d)
	}
}

func TestAThingThatNobodyKnowsNeedsAState(t *testing.T) {
	t.Parallel()
	for param, want := range map[string]string{
		"{type: string}":                   "/deeds/${ref}",
		"{type: string, enum: [a, b]}":     "",
		"{type: string, example: AB12}":    "",
		"{type: integer, minimum: 4}":      "/deeds/${ref}",
		"{type: string, default: current}": "",
	} {
		d, s := document(t, "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /deeds/{ref}:\n    get:\n      operationId: read\n      parameters: [{in: path, name: ref, required: true, schema: "+param+"}]\n      responses: {'200': {description: d, content: {application/json: {schema: {type: object}}}}}\n")
		p, _ := Build(d, s, sample.Fill(d, s, sample.Options{Seed: 1}), Options{Provider: "p"})
		got := ""
		for _, state := range p.Interactions[0].ProviderStates {
			if state.Params["for"] == "read" && state.Params["as"] == "ref" {
				got, _ = p.Interactions[0].Request.Generators["path"].(map[string]any)["expression"].(string)
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", param, got, want)
		}
	}
}

func TestWhatPactCannotSayIsInTheLedger(t *testing.T) {
	t.Parallel()
	_, ledger := written(t)
	var losses []Loss
	if err := json.Unmarshal(ledger, &losses); err != nil {
		t.Fatal(err)
	}
	for _, want := range []Loss{
		{"choice", "200", "", "oneOf", "one shape"},
		{"choice", "200", "", "schema", "no example"},
		{"getOrder", "200", "", "additionalProperties", "further properties"},
		{"getOrder", "200", "/quantity", "minimum, maximum, multipleOf", "no rule"},
		{"getOrder", "200", "/optional", "properties", "optional"},
		{"getOrder", "200", "/note", "pattern", "not bound"},
		{"health", "200", "", "content", "text/plain"},
		{"listOrders", "200", "/*/quantity", "minimum, maximum, multipleOf", "no rule"},
	} {
		if !slices.ContainsFunc(losses, func(l Loss) bool {
			return l.Operation == want.Operation && l.Status == want.Status && l.Pointer == want.Pointer && l.Keyword == want.Keyword && strings.Contains(l.Reason, want.Reason)
		}) {
			t.Errorf("the ledger lacks %+v", want)
		}
	}
	for _, l := range losses {
		if l.Operation == "deleteOrder" || l.Reason == "" {
			t.Errorf("%+v is no loss", l)
		}
	}
}

func TestAnEmptyPactHasEmptyLists(t *testing.T) {
	t.Parallel()
	p, l := Build(&openapi.Doc{}, nil, nil, Options{Provider: "p", Consumer: "c"})
	var b bytes.Buffer
	if err := errors.Join(Write(&b, p), WriteLosses(&b, l)); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, `"interactions": []`) || !strings.HasSuffix(got, "}\n[]\n") || !strings.Contains(got, `"name": "c"`) {
		t.Errorf("written:\n%s", got)
	}
}

// Every alternative of an answer is an interaction of its own, whose example is
// valid, and none that differs from another in nothing.
func TestTheSurfaceHasEveryAlternative(t *testing.T) {
	t.Parallel()
	d, set := document(t, `openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /pets:
    get:
      operationId: pets
      responses:
        '200':
          description: d
          content:
            application/json:
              schema:
                type: object
                required: [pet, tags]
                properties:
                  pet: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]}
                  tags: {type: array, items: {type: string, enum: [a, b]}}
                  note: {type: [string, 'null'], maxLength: 9}
                  owner: {anyOf: [{type: integer}, {type: string, format: uuid}]}
            text/csv: {}
        4XX: {description: e, content: {application/problem+json: {schema: {type: object, required: [title], properties: {title: {type: string}}}}}}
        default: {description: any}
components:
  schemas:
    Cat: {type: object, required: [lives], additionalProperties: false, properties: {lives: {type: integer}}}
    Dog: {type: object, required: [barks], additionalProperties: false, properties: {barks: {type: boolean}}}
`)
	p := collected(d, set)
	byName := map[string]interaction{}
	for _, i := range p.Interactions {
		if !i.Pending || len(i.ProviderStates) == 0 {
			t.Errorf("%s is not pending, or needs no state", i.Description)
		}
		byName[strings.TrimPrefix(i.Description, "pets answers ")] = i
	}
	if len(byName) != len(p.Interactions) {
		t.Errorf("%d interactions have %d descriptions", len(p.Interactions), len(byName))
	}
	for name, want := range map[string]string{
		"200 application/json max":            `{"note":"plumbline","owner":1,"pet":{"lives":1},"tags":["a"]}`,
		"200 application/json min":            `{"pet":{"lives":1},"tags":["a"]}`,
		"200 application/json /note null 1":   `{"note":null,"owner":1,"pet":{"lives":1},"tags":["a"]}`,
		"200 application/json /tags empty 1":  `{"note":"plumbline","owner":1,"pet":{"lives":1},"tags":[]}`,
		"200 application/json /pet oneOf 1":   `{"note":"plumbline","owner":1,"pet":{"barks":true},"tags":["a"]}`,
		"200 application/json /owner anyOf 1": `{"note":"plumbline","owner":"3fa85f64-5717-4562-b3fc-2c963f66afa6","pet":{"lives":1},"tags":["a"]}`,
		"4XX application/problem+json max":    `{"title":"plumbline"}`,
		"200 text/csv any body":               `null`,
	} {
		i, ok := byName[name]
		var got any
		if i.Response.Body != nil {
			got = i.Response.Body.Content
		}
		data, err := json.Marshal(got)
		if !ok || err != nil || string(data) != want {
			t.Errorf("%s: %s, want %s", name, data, want)
		}
	}
	if r := byName["4XX application/problem+json max"].Response; r.Status != 400 || r.MatchingRules["status"] == nil {
		t.Errorf("a class of statuses: %+v", r)
	}
	if len(byName) < 12 {
		t.Errorf("%d interactions: pairs are missing", len(byName))
	}
}

func TestPointers(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"$": "", "$.a.b": "/a/b", "$.a[*].b": "/a/*/b", "$['odd-name'].x": "/odd-name/x", "$['a/b'][*]": "/a~1b/*", "$['a.b']": "/a.b"} {
		if got := pointer(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
