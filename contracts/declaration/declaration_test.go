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
	if design.Target != "http://127.0.0.1:8080" || d.Identities[0].Name != "zoe" || d.Identities[0].Bearer != "t1" || d.Identities[2].Key.In != "header" {
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
		"minus instances":   {"{url: ", "{instances: -1, url: ", "CFG004", ":3:", "instances: 3"},
		"hosts of scales":   {"{url: ", "{scales: 900, url: ", "CFG004", ":3:", "scales: 2"},
		"nameless in kube":  {"{url: ", "{kubernetes: {namespace: a}, url: ", "CFG003", ":3:", "deployment: orders"},
		"no way in":         {`{url: "${SHOP_URL}"`, "{kubernetes: {deployment: a}", "CFG003", ":3:", "port-forward"},
		"kube and image":    {"{url: ", "{kubernetes: {deployment: a}, image: b, url: ", "CFG004", ":3:", "keep one"},
		"kube, wrong key":   {"{url: ", "{kubernetes: {deploymnt: a}, url: ", "CFG002", ":3:", `did you mean "deployment"`},
		"FTP upstream":      {"http://127.0.0.1:9001", "ftp://x", "CFG004", ":20:", "wire: tcp"},
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

// "*" stands for every operation wherever operations are named.
func TestAStarIsEveryOperation(t *testing.T) {
	t.Parallel()
	text := "auth: {applies_to: ['*']}\ntarget: {public: ['*']}\nunsafe: ['*']\noperations: {'*': {shared: true}}\nload: {mix: {'*': 2}}\n" +
		"identities: {a: {bearer: t}}\ndependencies: {pay: {listen: l, upstream: http://u, operations: ['*']}}"
	d, err := Parse("p", []byte(text), env)
	if err != nil {
		t.Fatal(err)
	}
	design := plumbline.Design{Operations: ops()}
	if _, err := d.Fill(&design); err != nil {
		t.Fatal(err)
	}
	if len(design.Public) != 2 || len(design.Load.Mix) != 2 || len(design.Dependencies[0].Operations) != 2 {
		t.Errorf("public %v, mix %v, users %v", design.Public, design.Load.Mix, design.Dependencies[0].Operations)
	}
	for _, o := range design.Operations {
		if !o.Changes || !o.Shared || o.Secured || len(o.Schemes) != 1 { // public beats applies_to
			t.Errorf("%+v", o)
		}
	}
}

func TestPactsAreFilesFoldersAndBrokers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.json", "b.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parse := func(pact string) (*Declaration, plumbline.Design, error) {
		d, err := Parse(filepath.Join(dir, "plumbline.yaml"), []byte("pacts: [.]\ndependencies: {pay: {listen: l, upstream: http://u, pact: "+pact+"}}"), env)
		design := plumbline.Design{}
		if err == nil {
			_, err = d.Fill(&design)
		}
		return d, design, err
	}
	for pact, want := range map[string]int{"a.json": 1, ".": 2, "[a.json, b.json]": 2, "'*.json'": 2, "{files: [b.json]}": 1} {
		if d, design, err := parse(pact); err != nil || len(design.Dependencies[0].Pacts) != want || len(d.Pacts) != 2 {
			t.Errorf("%s: %v, %v", pact, design.Dependencies, err)
		}
	}
	d, _, err := parse("{broker: {url: https://broker.test, token: t, consumer: shop}}")
	if err != nil || d.Brokers["pay"] == nil || d.Brokers["pay"].Consumer != "shop" {
		t.Errorf("broker: %+v, %v", d, err)
	}
	for _, pact := range []string{"none.json", "{broker: {url: nowhere}}"} {
		if _, _, err := parse(pact); err == nil {
			t.Errorf("%s was accepted", pact)
		}
	}
	if _, err := Parse("p", []byte("dependencies: {db: {wire: tcp, listen: l, upstream: 'h:1', pact: {broker: {url: http://b}}}}"), env); err == nil || !strings.Contains(err.Error(), "a pact is about an HTTP wire") {
		t.Errorf("a pact on a TCP wire: %v", err)
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

const fetched = `
auth: {applies_to: [createOrder]}
operations: {"GET /livez": {roles: [admin]}}
wfc: auth.yaml
identities:
  cmd: {command: [vault, read, "${NAME:-x}"], lifetime: 5m, roles: [admin], api_key: {in: query, name: k}}
  svc: {oauth2: {token_url: https://id/token, client_id: c, client_secret: s, style: post, parameters: {audience: a}}, scopes: [read]}
  usr: {oauth2: {grant: password, issuer: https://id, client_id: c, user: u, password: p}}
  web: {login: {url: /login, json: {user: u, deep: {n: 1}}, token: /t, send: {name: X-Auth, template: "T {token}"}}, headers: {B: b, A: a}}
  sid: {login: {url: "https://id/login", method: get, cookies: true}, tls: {cert: c.pem, key: k.pem, ca: /ca.pem}}
  doc: {scheme: bearerAuth, value: v}
`

func TestIdentitiesThatFetchWhatTheyShow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	auth := "auth: [{name: wfc, fixedHeaders: [{name: X, value: v}]}, {name: cmd, fixedHeaders: [{name: X, value: v}]}]\nmore: 1\n"
	if err := os.WriteFile(filepath.Join(dir, "auth.yaml"), []byte(auth), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := Parse(filepath.Join(dir, "plumbline.yaml"), []byte(fetched), env)
	if err != nil {
		t.Fatal(err)
	}
	id := func(name string) plumbline.Identity { return plumbline.Identity{Name: name} }
	want := []plumbline.Credential{
		{Identity: plumbline.Identity{Name: "cmd", Roles: []string{"admin"}}, Command: []string{"vault", "read", "x"}, Lifetime: 5 * time.Minute, Key: &plumbline.Place{In: "query", Name: "k"}},
		{Identity: plumbline.Identity{Name: "svc", Scopes: []string{"read"}}, OAuth2: &plumbline.OAuth2{Grant: "client_credentials", TokenURL: "https://id/token", ClientID: "c", Secret: "s", Style: "post", Scopes: []string{"read"}, Parameters: map[string][]string{"audience": {"a"}}}},
		{Identity: id("usr"), OAuth2: &plumbline.OAuth2{Grant: "password", Issuer: "https://id", ClientID: "c", User: "u", Password: "p"}},
		{
			Identity: id("web"), Headers: []plumbline.Header{{Name: "A", Value: "a"}, {Name: "B", Value: "b"}},
			Login: &plumbline.Login{URL: "/login", Body: []byte(`{"deep":{"n":1},"user":"u"}`), Headers: []plumbline.Header{{Name: "Content-Type", Value: "application/json"}}, Token: "/t", Send: plumbline.Place{In: "header", Name: "X-Auth"}, Template: "T {token}"},
		},
		{Identity: id("sid"), Login: &plumbline.Login{URL: "https://id/login", Method: "GET", Body: []byte{}, Cookies: true}, Certificate: &plumbline.Certificate{Cert: filepath.Join(dir, "c.pem"), Key: filepath.Join(dir, "k.pem"), CA: "/ca.pem"}},
		{Identity: id("doc"), Scheme: "bearerAuth", Value: "v"},
		{Identity: id("wfc"), Headers: []plumbline.Header{{Name: "X", Value: "v"}}},
	}
	if diff := cmp.Diff(want, d.Identities); diff != "" {
		t.Error(diff)
	}
	design := plumbline.Design{Operations: ops()}
	notices, err := d.Fill(&design)
	if err != nil || len(notices) != 2 || !strings.Contains(notices[0], "more: is not known") || !strings.Contains(notices[1], "cmd is declared already") {
		t.Errorf("%v %q", err, notices)
	}
	made, live := design.Operations[0], design.Operations[1]
	if !made.Secured || len(made.Schemes) != 1 || made.Schemes[0].Key != "k" || live.Secured || len(live.Roles) != 1 || len(design.Identities) != 7 || design.Identities[1].Scopes[0] != "read" {
		t.Errorf("%+v", design)
	}
}

func TestIdentitiesThatCannotBe(t *testing.T) {
	t.Parallel()
	for text, help := range map[string]string{
		"{a: {roles: [x]}}": "has no credentials",
		"{a: {bearer: x, command: [y], basic: {user: z}}}": "several kinds",
		"{a: {command: [y], login: {url: /l}}}":            "several kinds",
		"{a: {scheme: s}}":                                 "but has none",
		"{a: {oauth2: {token_url: u}}}":                    "client_id",
		"{a: {oauth2: {client_id: c, grant: implicit}}}":   "client_credentials, password",
		"{a: {oauth2: {client_id: c, grant: password}}}":   "needs a user",
		"{a: {login: {token: /t}}}":                        "does not say where it is",
		"{a: {login: {url: /l, token: t}}}":                "JSON pointer",
		"{a: {login: {url: /l, send: {template: x}}}}":     "no {token}",
		"{a: {command: [y], lifetime: soon}}":              "not a duration",
	} {
		if _, err := Parse("p", []byte("identities: "+text), env); err == nil || !strings.Contains(err.Error(), help) {
			t.Errorf("%s: got %v, want %q", text, err, help)
		}
	}
	if _, err := Parse("p", []byte("wfc: none.yaml"), env); err == nil || !strings.Contains(err.Error(), "CFG006") {
		t.Errorf("got %v", err)
	}
}

func TestADeploymentIsStartedInOneWay(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"{image: shop:1, port: 8080, env: {A: b}, command: [x]}": "",
		"{dockerfile: Dockerfile, port: 8080}":                   "",
		"{compose: [c.yaml], service: orders}":                   "",
		"{url: http://127.0.0.1:1, command: [./orders]}":         "",
		"{image: shop:1}":                               "port",
		"{image: shop:1, dockerfile: d, port: 1}":       "one of image and dockerfile",
		"{compose: [c.yaml], service: a, image: x}":     "more than one way",
		"{compose: [c.yaml]}":                           "target.service",
		"{compose: [c.yaml], service: a, command: [x]}": "compose file",
		"{command: [./orders]}":                         "target.url",
	} {
		d, err := Parse("dir/plumbline.yaml", []byte("target: "+target+"\n"), env)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", target, err)
		}
		if err == nil && d.Start.Dockerfile != "" && d.Start.Dockerfile != filepath.Join("dir", "Dockerfile") {
			t.Errorf("%s: %+v", target, d.Start)
		}
	}
}
