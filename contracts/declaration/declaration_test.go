package declaration

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

const whole = `service: shop
openapi: openapi.yaml
target: {url: "${SHOP_URL}", liveness: /livez, public: [getLiveness]}
identities:
  zoe: {bearer: "${TOKEN:-t1}"}
  bob: {basic: {user: b, password: p}}
  key: {api_key: {name: X-Key, value: v}}
recovery: 10s
propagation: w3c
slos:
  - {name: orders, operations: ["POST /orders"], p99: 400ms, availability: 99%}
openslo: [slo.yaml]
bindings: {all-ok: {operations: ["*"]}}
load: {rate: 120, duration: 25s, mix: {createOrder: 2, "GET /livez": 1}}
wires: {control: "127.0.0.1:1", token: x}
dependencies:
  payment:
    wire: http
    listen: 127.0.0.1:7001
    upstream: http://127.0.0.1:9001
    class: critical
    operations: [createOrder]
    timeout: 1s
    retry: {max_attempts: 3}
    breaker: {min_calls: 20, ratio: 0.5, window: 10s, open_for: 3s}
  db: {wire: tcp, listen: ":7", upstream: "h:5432"}
waivers: [{claim: c, reason: r, until: 2027-01-31}]
`

func ops() []plumbline.Operation {
	return []plumbline.Operation{{ID: "createOrder", Method: "POST", Path: "/orders"}, {ID: "getLiveness", Method: "GET", Path: "/livez"}}
}

func env(name string) (string, bool) {
	v, ok := map[string]string{"SHOP_URL": "http://127.0.0.1:8080"}[name]
	return v, ok
}

func TestAWholeDeclarationFillsTheDesign(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	slo := "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: all-ok}\nspec: {budgetingMethod: Occurrences, indicator: {spec: {ratioMetric: {good: {}}}}, objectives: [{target: 0.95}]}\n"
	if err := os.WriteFile(filepath.Join(dir, "slo.yaml"), []byte(slo), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Parse(filepath.Join(dir, "plumbline.yaml"), []byte(whole), env)
	if err != nil {
		t.Fatal(err)
	}
	design := plumbline.Design{Operations: ops()}
	notices, err := d.Fill(&design)
	if err != nil || len(notices) != 0 {
		t.Fatal(notices, err)
	}
	if design.Target != "http://127.0.0.1:8080" || d.Identities[0].Name != "zoe" || d.Identities[0].Bearer != "t1" || d.Identities[2].KeyIn != "header" {
		t.Errorf("target or identities: %+v %+v", design.Target, d.Identities)
	}
	want := plumbline.Dependency{
		Name: "payment", Wire: "http", Listen: "127.0.0.1:7001", Upstream: "http://127.0.0.1:9001", Class: "critical",
		Operations: []string{"createOrder"}, Timeout: time.Second,
		Retry:   &plumbline.Retry{MaxAttempts: 3, Jitter: true},
		Breaker: &plumbline.Breaker{MinCalls: 20, Ratio: 0.5, Window: 10 * time.Second, OpenFor: 3 * time.Second},
	}
	got := design.Dependencies[0]
	if got.Source.Line != 18 {
		t.Errorf("payment is declared on line %d", got.Source.Line)
	}
	got.Source, got.Retry.Source, got.Breaker.Source = plumbline.Source{}, plumbline.Source{}, plumbline.Source{}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(design.Objectives) != 3 || design.Load.Mix["getLiveness"] != 1 || design.Waivers[0].Until != "2027-01-31" {
		t.Errorf("objectives %v, mix %v", design.Objectives, design.Load.Mix)
	}
	if design.Dependencies[1].Name != "db" || design.Public[0] != "getLiveness" {
		t.Errorf("order of dependencies: %+v", design.Dependencies)
	}
}

func TestMistakesAreCodedAndPlaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, code, position, help string }{
		"broken YAML":       {"service: shop", "service: [shop", "CFG001", ":", ""},
		"unknown key":       {"recovery: 10s", "recovry: 10s", "CFG002", ":8:1", `did you mean "recovery"`},
		"wrong type":        {"rate: 120", "rate: fast", "CFG003", ":14:", ""},
		"tagged list":       {"[getLiveness]", "!x y", "CFG003", "", ""},
		"bad duration":      {"recovery: 10s", "recovery: 10", "CFG004", ":8:", "300ms"},
		"bad word":          {"class: critical", "class: vital", "CFG004", ":21:", "critical, optional"},
		"variable not set":  {"${SHOP_URL}", "${SHOP_ULR}", "CFG005", ":3:", "export SHOP_ULR"},
		"bad URL":           {"${SHOP_URL}", "localhost", "CFG004", ":3:", "http://"},
		"bad percentile":    {"p99: 400ms", "p999: 400ms", "SLO101", ":11:", ""},
		"missing pact":      {"recovery: 10s", "pacts: [no/*.json]", "CFG006", ":8:", ""},
		"incomplete waiver": {"until: 2027-01-31", "until: soon", "CFG004", ":", "YYYY-MM-DD"},
		"no listen":         {"    listen: 127.0.0.1:7001\n", "", "CFG003", ":18:", "listen"},
		"TLS upstream":      {"http://127.0.0.1:9001", "https://x", "CFG004", ":20:", "wire: tcp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("plumbline.yaml", []byte(strings.Replace(whole, c.from, c.to, 1)), env)
			if err == nil || !strings.Contains(err.Error(), c.code) || !strings.Contains(err.Error(), "plumbline.yaml"+c.position) || !strings.Contains(err.Error(), c.help) {
				t.Errorf("got %v\nwant %s at %s, help %q", err, c.code, c.position, c.help)
			}
		})
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("recovery: 10s", "recovery: 0s", "class: critical", "class: vital").Replace(whole)
	_, err := Parse("p", []byte(text), env)
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) || len(joined.Unwrap()) != 2 {
		t.Errorf("got %v, want two mistakes", err)
	}
}

func TestUnknownOperationsAndContradictionsAreFound(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("openslo: [slo.yaml]\n", "", "operations: [createOrder]", "operations: [createOrdr]",
		"p99: 400ms, availability: 99%}", "p99: 400ms}\n  - {name: two, operations: [createOrder], p99: 500ms}").Replace(whole)
	d, err := Parse("p", []byte(text), env)
	if err != nil {
		t.Fatal(err)
	}
	design := plumbline.Design{Operations: ops()}
	_, err = d.Fill(&design)
	for _, want := range []string{"SLO102", `did you mean "createOrder"`, "SLO103", "p:12"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// FuzzParse starts from small pieces: the engine minimises every input that
// reaches something new, for a minute at most, and needs as long as that for
// one of the size of the whole declaration.
func FuzzParse(f *testing.F) {
	for _, key := range topLevel(whole) {
		f.Add([]byte(key))
	}
	for _, part := range []string{"wire: http\n  listen: l\n  upstream: http://u", "wire: tcp\n  upstream: h:1", "retry: {max_attempts: 3}", "breaker: {ratio: 0.5, window: 10s}"} {
		f.Add([]byte("dependencies:\n d:\n  " + part))
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		if d, err := Parse("f", data, env); err == nil {
			_, _ = d.Fill(&plumbline.Design{Operations: ops()})
		}
	})
}

// topLevel cuts a declaration before every line that is not indented, and
// leaves out what is larger than a seed should be.
func topLevel(text string) []string {
	const largest = 120
	var keys []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, " ") {
			keys[len(keys)-1] += line
			continue
		}
		keys = append(keys, line)
	}
	return slices.DeleteFunc(keys, func(key string) bool { return len(key) > largest })
}
