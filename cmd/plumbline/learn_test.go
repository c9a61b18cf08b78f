package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/runners"
	"github.com/plumbline-dev/plumbline/runners/target"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// shopping is a document in which nothing says which products there are.
const shopping = `openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /products:
    get:
      operationId: listProducts
      responses: {'200': {description: d, content: {application/json: {schema: {type: object, properties: {items: {type: array, items: {$ref: '#/components/schemas/Product'}}}}}}}}
  /orders:
    post:
      operationId: createOrder
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewOrder'}}}}
      responses: {'201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}, '400': {description: d}, '422': {description: d}}
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getOrder
      responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}, '404': {description: d}}
    delete: {operationId: deleteOrder, responses: {'204': {description: d}, '404': {description: d}}}
components:
  schemas:
    Product: {type: object, required: [sku, pickup_token], properties: {sku: {type: string}, pickup_token: {type: string}}}
    NewOrder:
      type: object
      required: [sku, quantity, pickup_token]
      properties: {sku: {type: string PATTERN}, pickup_token: {type: string}, quantity: {type: integer, minimum: 1, maximum: 9}}
    Order: {type: object, required: [id], properties: {id: {type: string}}}
`

// A counter takes orders for what its shelf holds.
type counter struct {
	shelf []string
	any   bool // takes orders for everything

	mu      sync.Mutex
	orders  map[string]bool
	taken   int
	refused int
	foreign []string // requests that hold what they must not
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	body, _ := io.ReadAll(r.Body)
	if strings.Contains(string(body)+r.URL.String(), "t0ken") || r.Method != http.MethodPost && r.Method != http.MethodGet && strings.Contains(r.URL.Path, "p-") {
		c.foreign = append(c.foreign, r.Method+" "+r.URL.String())
	}
	switch {
	case r.URL.Path == "/products":
		var items []string
		for _, sku := range c.shelf {
			items = append(items, fmt.Sprintf(`{"sku":%q,"pickup_token":"t0ken of %s"}`, sku, sku))
		}
		_, _ = fmt.Fprintf(w, `{"items":[%s]}`, strings.Join(items, ","))
	case r.Method == http.MethodPost:
		var order struct{ SKU string }
		if json.Unmarshal(body, &order) != nil || !c.any && !slices.Contains(c.shelf, order.SKU) {
			c.refused++
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		c.taken++
		id := fmt.Sprintf("o%d", c.taken)
		c.orders[id] = true
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"id":%q}`, id)
	case !c.orders[strings.TrimPrefix(r.URL.Path, "/orders/")]:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		delete(c.orders, strings.TrimPrefix(r.URL.Path, "/orders/"))
		w.WriteHeader(http.StatusNoContent)
	default:
		_, _ = fmt.Fprintf(w, `{"id":%q}`, strings.TrimPrefix(r.URL.Path, "/orders/"))
	}
}

// ordered runs the valid cases of the document against the counter.
func ordered(t *testing.T, c *counter, document, more string, workers int) (*plumbline.Evidence, plumbline.Report) {
	t.Helper()
	c.orders = map[string]bool{}
	server := httptest.NewServer(c)
	defer server.Close()
	dir := t.TempDir()
	spec, config := filepath.Join(dir, "openapi.yaml"), filepath.Join(dir, "plumbline.yaml")
	for name, text := range map[string]string{spec: document, config: "service: t\nopenapi: openapi.yaml\ntarget: {url: 'http://127.0.0.1:1'}\n" + more} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := &app{out: io.Discard, err: io.Discard, env: func(string) (string, bool) { return "", false }}
	s, err := a.prepare(options{seed: 1, config: config, only: []string{"contract/valid-input-accepted"}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.plan.Experiments {
		for k := range s.plan.Experiments[i].Phases {
			s.plan.Experiments[i].Phases[k].Workers = workers
		}
	}
	run := plumbline.Run{ID: "a1b2c3d4e5f6", Began: time.Now(), Seed: 1}
	client, err := target.New(target.Config{Base: server.URL, Run: run.ID, Began: run.Began, Timeout: 10 * time.Second, Redact: s.declared.Redact})
	if err != nil {
		t.Fatal(err)
	}
	pool := &target.Pool{Client: client, Operations: s.design.Operations, Families: s.design.Families, Mode: plumbline.ModeOwn}
	pool.Holds = sample.NewProver(s.doc, s.set, s.design.Operations).Holds
	live := &runners.Live{Design: s.design, Run: run, Client: client, Pool: pool}
	journal, err := runners.OpenJournal(filepath.Join(dir, "evidence.jsonl"), run.Began)
	if err != nil {
		t.Fatal(err)
	}
	r := runners.Runner{Design: s.design, Run: run, Dir: dir, Journal: journal, Target: live, Streams: runners.LiveStreams{Live: live}}
	if err := r.Carry(t.Context(), s.plan); err != nil {
		t.Fatal(err)
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	return journal.Evidence(), scenarios.Judge(s.design, s.plan, s.functions, journal.Evidence())
}

func shoppingWith(pattern string) string { return strings.Replace(shopping, " PATTERN", pattern, 1) }

// An operation that only accepts what a list shows is reached with it, and not
// without; where the schema refuses what is shown, the case stays as it was.
func TestValuesOfListsAreLearnt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pattern, declared string
		reached           bool
	}{
		"learnt":               {"", "", true},
		"switched off":         {"", "learn: false\n", false},
		"refused by schema":    {", maxLength: 2", "", false},
		"declared a secret":    {"", "redact: [sku]\n", false},
		"an enumeration stays": {", enum: [a]", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := &counter{shelf: []string{"p-2", "p-1"}}
			e, r := ordered(t, shop, shoppingWith(c.pattern), c.declared, 4)
			if (shop.taken > 0) != c.reached || len(shop.foreign) > 0 {
				t.Errorf("%d orders taken and %d refused; holding what they must not: %v", shop.taken, shop.refused, shop.foreign)
			}
			learnt := slices.ContainsFunc(e.Observations, func(o plumbline.Observation) bool {
				return o.Experiment == "contract/valid" && o.Operation == "createOrder" && o.Status == http.StatusCreated && slices.Equal(o.Learnt, []string{"body/sku from listProducts /items/1/sku"})
			})
			if learnt != c.reached {
				t.Errorf("the evidence says learnt: %v, want %v", learnt, c.reached)
			}
			for _, f := range r.Findings {
				if c.reached && strings.HasSuffix(f.Claim, "/createOrder") && f.Outcome != plumbline.Pass {
					t.Errorf("%s: %s %s", f.Claim, f.Outcome, f.Reason)
				}
			}
		})
	}
}

// novel is a name that the run made up: they are numbered as they are asked for.
var novel = regexp.MustCompile(`(plumbline-[0-9a-f]{12})-\d+`)

// What is learnt, and what is sent with it, is the same whatever the number of
// workers, but for the numbers of new names.
func TestLearningIsDeterministic(t *testing.T) {
	t.Parallel()
	var first []string
	for _, workers := range []int{1, 4, 16} {
		e, _ := ordered(t, &counter{shelf: []string{"p-9", "p-1", "p-5", "p-7"}}, shoppingWith(""), "", workers)
		var sent []string
		for _, o := range e.Observations {
			if o.Operation == "createOrder" && o.Transcript != nil {
				sent = append(sent, fmt.Sprintln(o.Experiment, o.Stream, o.Status, o.Learnt, novel.ReplaceAllString(o.Transcript.RequestBody, "$1")))
			}
		}
		if first == nil {
			first = sent
		}
		if diff := cmp.Diff(first, sent); diff != "" || len(sent) < 8 {
			t.Errorf("%d workers, %d requests (-with one +now):\n%s", workers, len(sent), diff)
		}
	}
}

// A service that accepts what is made up is asked nothing more.
func TestNothingIsLearntWithoutNeed(t *testing.T) {
	t.Parallel()
	e, _ := ordered(t, &counter{shelf: []string{"p-1"}, any: true}, shoppingWith(""), "", 4)
	for _, o := range e.Observations {
		if len(o.Learnt) > 0 || o.Experiment == "learn/values" && o.Operation == "listProducts" {
			t.Errorf("%s %s: learnt %v", o.Experiment, o.Stream, o.Learnt)
		}
	}
}
