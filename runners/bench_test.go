package runners_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
	"github.com/plumbline-dev/plumbline/runners"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// asTarget makes the test binary the trivial target of the benchmark, which
// must not take the generator's core.
const asTarget = "TEST_TRIVIAL_TARGET"

func TestMain(m *testing.M) {
	if os.Getenv(asTarget) != "" {
		if err := serveTrivially(); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const trivialDocument = `openapi: 3.1.0
info: {title: trivial, version: "1"}
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50}}
        - {name: state, in: query, schema: {enum: [open, paid]}}
      responses:
        '200': {description: d, content: {application/json: {schema: {type: object, required: [items], properties: {items: {type: array, items: {$ref: '#/components/schemas/Order'}}}}}}}
        4XX: {description: d}
    post:
      operationId: createOrder
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewOrder'}}}}
      responses:
        '201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
        4XX: {description: d}
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{name: id, in: path, required: true, schema: {type: string, maxLength: 20}}]
      responses:
        '200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
        4XX: {description: d}
components:
  schemas:
    NewOrder:
      type: object
      required: [sku, quantity]
      properties:
        sku: {type: string, minLength: 1, maxLength: 30}
        quantity: {type: integer, minimum: 1, maximum: 100}
        note: {type: [string, "null"], maxLength: 200}
    Order:
      allOf:
        - {$ref: '#/components/schemas/NewOrder'}
        - type: object
          required: [id, state, at]
          properties:
            id: {type: string}
            state: {enum: [open, paid]}
            at: {type: string, format: date-time}
`

// serveTrivially answers every request at once and as documented, until
// standard input ends.
func serveTrivially() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	const order = `{"id":"o-1","state":"open","at":"2026-01-02T03:04:05Z","sku":"bob","quantity":2,"note":null}`
	mux := http.NewServeMux()
	for pattern, answer := range map[string]struct {
		status int
		body   string
	}{
		"GET /orders":  {http.StatusOK, `{"items":[` + order + "," + order + `]}`},
		"POST /orders": {http.StatusCreated, order},
		"GET /orders/": {http.StatusOK, order},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(answer.status)
			_, _ = io.WriteString(w, answer.body)
		})
	}
	fmt.Println(l.Addr())
	go func() { _ = http.Serve(l, mux) }() //nolint:gosec // a test
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// trivialTarget starts the target as a process and returns its URL.
func trivialTarget(tb testing.TB) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), os.Args[0]) //nolint:gosec // this binary
	cmd.Env = append(os.Environ(), asTarget+"=1", "GOMAXPROCS=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return "http://" + strings.TrimSpace(line)
}

// A contractRun is all that a contract run is made of, but for the command.
type contractRun struct {
	base   string
	design plumbline.Design
	look   *schema.Inspector
}

func newContractRun(tb testing.TB, base string) contractRun {
	tb.Helper()
	doc, err := openapi.Parse("trivial.yaml", []byte(trivialDocument), openapi.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	set, err := schema.Compile(doc)
	if err != nil {
		tb.Fatal(err)
	}
	d := plumbline.Design{Target: base, Mode: plumbline.ModeOwn, Operations: sample.Fill(doc, set, sample.Options{Seed: 1, MaxInvalid: 40})}
	return contractRun{base, d, schema.NewInspector(doc, set)}
}

// phase sends every case of every operation, n calls in all, some at a time.
func (c contractRun) phase(n, workers int) plumbline.Phase {
	p := plumbline.Phase{Name: "cases", Role: plumbline.RoleProbe, Workers: workers}
	var all []plumbline.Call
	for _, o := range c.design.Operations {
		for _, k := range slices.Concat(o.Cases, o.Invalid) {
			all = append(all, plumbline.Call{Name: k.ID, Operation: o.ID, Case: k.ID})
		}
	}
	for i := range n {
		p.Calls = append(p.Calls, all[i%len(all)])
	}
	return p
}

// carry carries a phase out in a run directory, with everything that a run
// has: binds, credentials, trace context, inspection, ledger and journal.
func (c contractRun) carry(ctx context.Context, dir string, p plumbline.Phase) (*plumbline.Evidence, error) {
	run := plumbline.Run{Schema: plumbline.EvidenceSchema, ID: "a1b2c3d4e5f6", Began: time.Now(), Seed: 1}
	tally := &runners.Tally{}
	client, err := target.New(target.Config{Base: c.base, Run: run.ID, Began: run.Began, Inspect: func(op string, req plumbline.Request, resp plumbline.Response) []plumbline.Mark {
		tally.Add(op, resp, func() map[string]bool { return c.look.Fields(op, resp) })
		return c.look.Inspect(op, req, resp)
	}})
	if err != nil {
		return nil, err
	}
	live := &runners.Live{Design: c.design, Run: run, Client: client, Pool: &target.Pool{Client: client, Operations: c.design.Operations, Mode: c.design.Mode}}
	if err := live.Pool.Open(filepath.Join(dir, target.LedgerFile)); err != nil {
		return nil, err
	}
	defer func() { _ = live.Pool.Close() }()
	journal, err := runners.OpenJournal(filepath.Join(dir, "evidence.jsonl"), run.Began)
	if err != nil {
		return nil, err
	}
	r := &runners.Runner{Design: c.design, Run: run, Dir: dir, Journal: journal, Target: live, Streams: runners.LiveStreams{Live: live}, Seen: tally}
	plan := plumbline.Plan{Experiments: []plumbline.Experiment{{ID: "contract", Kind: plumbline.KindContract, Phases: []plumbline.Phase{p}}}}
	if err := r.Carry(ctx, plan); err != nil {
		return nil, err
	}
	return journal.Evidence(), journal.Close()
}

// BenchmarkCases sends 2,000 contract cases from one core to a target that
// answers at once. Wanted: 1,000 cases a second.
func BenchmarkCases(b *testing.B) {
	const cases = 2000
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	c := newContractRun(b, trivialTarget(b))
	p := c.phase(cases, 4)
	dir := b.TempDir()
	for b.Loop() {
		e, err := c.carry(b.Context(), dir, p)
		if err != nil {
			b.Fatal(err)
		}
		answered := 0
		for _, o := range e.Observations {
			if o.Status/100 == 2 && len(o.Marks) == 0 {
				answered++
			}
		}
		if answered != cases {
			b.Fatalf("%d of %d cases were answered as documented", answered, cases)
		}
	}
	b.ReportMetric(float64(cases*b.N)/b.Elapsed().Seconds(), "cases/s")
}
