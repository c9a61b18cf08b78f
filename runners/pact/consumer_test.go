package pact_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/format"
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/pactfile"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
	system "github.com/plumbline-dev/plumbline/examples/shop"
	"github.com/plumbline-dev/plumbline/runners/pact"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// described is a document with everything that is made of it.
type described struct {
	doc *openapi.Doc
	set *schema.Set
	ops []plumbline.Operation
}

func describe(t *testing.T, file string) described {
	t.Helper()
	d, err := openapi.Load(file, openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return described{d, s, sample.Fill(d, s, sample.Options{Seed: 1})}
}

// The tests that a consumer's team is given are gofmt-clean, pass go vet, run
// against pact-go's mock server, and write a contract that the deployment keeps:
// by the default engine and by pact-go's, on the sample system and on a server
// that its document describes.
func TestConsumerTestsWriteAContractThatIsKept(t *testing.T) {
	library, _, err := pact.Library("")
	wants(t, err)
	_, err = exec.LookPath("cc")
	wants(t, err)
	d := describe(t, "../../examples/shop/openapi.yaml")
	o := pactfile.Options{Provider: "shop", Consumer: "web"}
	source, _, err := pactfile.ConsumerTests(d.doc, d.set, d.ops, o)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := pactfile.ConsumerTests(d.doc, d.set, d.ops, o)
	if err != nil || !bytes.Equal(source, again) {
		t.Errorf("not the same bytes twice: %v", err)
	}
	if clean, err := format.Source(source); err != nil || !bytes.Equal(source, clean) {
		t.Errorf("not as gofmt writes it: %v", err)
	}
	file, ran := runConsumerTests(t, filepath.Dir(library), source)
	servers := map[string]*target.Pool{rightServer: pool(t, startMock(t, d), d.ops), "sample system": pool(t, startShop(t), d.ops)}
	engines := []*pact.Verifier{{}}
	second, _ := filepath.Abs("../../bin/plumbline-pact-go")
	if _, err := os.Stat(second); err == nil {
		engines = append(engines, &pact.Verifier{Engine: "pact-go", Shard: 1, Worker: []string{second, "-test.run=^TestWorker$", "-test.timeout=0"}})
	}
	for name, p := range servers {
		for _, v := range engines {
			if n := kept(t, name, v, file, p); n != ran {
				t.Errorf("%s, engine %q: %d interactions were verified, %d tests were run", name, v.Engine, n, ran)
			}
		}
	}
}

// runConsumerTests vets and runs a generated test file, in a folder of this
// module, and returns the pact that it wrote and the number of its tests.
func runConsumerTests(t *testing.T, library string, source []byte) (file string, ran int) {
	t.Helper()
	dir := ofThisModule(t)
	if err := os.WriteFile(filepath.Join(dir, "shop_test.go"), source, 0o600); err != nil {
		t.Fatal(err)
	}
	golang(t, library, dir, "vet", ".")
	out := golang(t, library, dir, "test", "-count=1", "-v", ".")
	return filepath.Join(dir, "pacts", "web-shop.json"), strings.Count(out, "--- PASS")
}

// ofThisModule is a new folder in which Go finds what this module requires.
func ofThisModule(t *testing.T) string {
	t.Helper()
	if err := os.MkdirAll("testdata", 0o750); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("testdata", "consumer-") //nolint:usetesting // inside of the module
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir); _ = os.Remove("testdata") })
	return dir
}

// golang runs a command of Go with pact-go's library.
func golang(t *testing.T, library, dir string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "CGO_ENABLED=1", "CGO_LDFLAGS=-L"+library+" -Wl,-rpath,"+library, "PACT_DO_NOT_TRACK=true")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", args[0], err, out)
	}
	return string(out)
}

// What recorded traffic used is a pact that a right provider keeps, of nothing
// that was not used.
func TestAPactOfWhatWasUsedIsKept(t *testing.T) {
	_, _, err := pact.Library("")
	wants(t, err)
	d := describe(t, "../../examples/shop/openapi.yaml")
	used := map[string]map[int]map[string]bool{
		"createOrder": {201: {"/id": true, "/total": true}}, "listOrders": {200: {"/items/*": true, "/items/*/id": true}},
		"getMe": {200: {}}, "getOrder": {404: {"/title": true}},
	}
	var b bytes.Buffer
	if err := pactfile.Write(&b, pactfile.Used(d.doc, d.set, d.ops, used, pactfile.Options{Provider: "shop", Consumer: "users"})); err != nil {
		t.Fatal(err)
	}
	for field, there := range map[string]bool{`"total"`: true, `"created_at"`: false, `"$.items[*].id"`: true, `"$.items[*].status"`: false, `"name": "plumb`: false, "getOrder": false, "used-surface": true} {
		if strings.Contains(b.String(), field) != there {
			t.Errorf("%s: want %v in\n%s", field, there, b.String())
		}
	}
	file := filepath.Join(t.TempDir(), "used.json")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := kept(t, "sample system", &pact.Verifier{}, file, pool(t, startShop(t), d.ops)); n != 3 {
		t.Errorf("%d interactions", n)
	}
}

// Whatever the document, the tests compile.
func TestConsumerTestsOfManyDocumentsCompile(t *testing.T) {
	library, _, err := pact.Library("")
	wants(t, err)
	_, err = exec.LookPath("cc")
	wants(t, err)
	docs, dir, written := documents(t), ofThisModule(t), 0
	most := 4
	if os.Getenv("PLUMBLINE_CORPUS") == "all" {
		most = len(docs)
	}
	for n, name := range slices.Sorted(maps.Keys(docs)) {
		if len(docs[name]) > 60_000 || written >= most {
			continue
		}
		d, err := openapi.Parse(name, docs[name], openapi.Options{})
		if err != nil {
			continue
		}
		s, err := schema.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		ops := sample.Fill(d, s, sample.Options{Seed: 1, MaxInvalid: 4})
		source, why, err := pactfile.ConsumerTests(d, s, ops, pactfile.Options{Provider: d.T.Info.Title, Consumer: "web"})
		if err != nil {
			if len(why) < len(ops) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		at := filepath.Join(dir, fmt.Sprintf("p%d", n))
		if err := errors.Join(os.MkdirAll(at, 0o750), os.WriteFile(filepath.Join(at, "x_test.go"), source, 0o600)); err != nil {
			t.Fatal(err)
		}
		written++
	}
	if written > 0 {
		golang(t, library, dir, "vet", "./...")
	}
	t.Logf("the consumer tests of %d documents compile", written)
}

func pool(t *testing.T, base string, ops []plumbline.Operation) *target.Pool {
	t.Helper()
	c, err := target.New(target.Config{
		Base: base, Run: "0123456789ab", Began: time.Now(), Timeout: 5 * time.Second,
		Identities: map[string]target.Credential{"alice": {Bearer: "a"}}, Default: "alice",
	})
	if err != nil {
		t.Fatal(err)
	}
	return &target.Pool{Client: c, Operations: ops, Mode: plumbline.ModeOwn}
}

func startMock(t *testing.T, d described) string {
	t.Helper()
	s := httptest.NewServer(mock.New(d.doc, d.set, mock.Options{Seed: 1, Open: true, Needs: mock.Needs(d.doc, d.ops)}))
	t.Cleanup(s.Close)
	return s.URL
}

// startShop starts the sample system in this process.
func startShop(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	env := map[string]string{"SHOP_TOKENS": "alice=a,bob=b"}
	role := func(name string) string {
		r, w := io.Pipe()
		go func() {
			_ = w.CloseWithError(system.Main(ctx, []string{name}, func(key string) string { return env[key] }, w))
		}()
		line, err := bufio.NewReader(r).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, r) }()
		return strings.TrimSpace(strings.TrimPrefix(line, "listening "))
	}
	env["STORE_ADDR"] = role("store")
	for _, name := range []string{"inventory", "payment", "recs"} {
		env[strings.ToUpper(name)+"_URL"] = "http://" + role(name)
	}
	return "http://" + role("orders")
}

// rightServer gives other errors than the sample system, as its document allows:
// 400 where that has 422 as well, and a product for every name of one.
const rightServer = "right server"

// kept verifies a pact and counts its interactions.
func kept(t *testing.T, server string, v *pact.Verifier, file string, p *target.Pool) int {
	t.Helper()
	got, err := v.Verify(t.Context(), pact.Job{Files: []string{file}, Base: p.Client.Base(), Send: p.Client.Send, States: p.SetState})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		if strings.Contains(r.Description, "answers 4") && server == rightServer {
			continue
		}
		if r.Result != plumbline.PactOK {
			t.Errorf("%s, engine %q: %s: %s %v", server, v.Engine, r.Description, r.Result, r.Detail)
		}
	}
	return len(got)
}

// What a consumer's test expects is what is in its pact: a team that takes a
// field out of an expectation takes it out of the contract.
func TestConsumerTestsAreForTheOperationsThatAreNamed(t *testing.T) {
	t.Parallel()
	d := describe(t, "../../examples/shop/openapi.yaml")
	for _, op := range d.ops {
		source, _, err := pactfile.ConsumerTests(d.doc, d.set, []plumbline.Operation{op}, pactfile.Options{Provider: "shop", Consumer: "web"})
		if err != nil {
			t.Errorf("%s: %v", op.ID, err)
			continue
		}
		for _, other := range d.ops {
			if other.ID != op.ID && bytes.Contains(source, []byte(`"`+other.ID+" answers")) {
				t.Errorf("%s: %s is there too", op.ID, other.ID)
			}
		}
	}
	empty := plumbline.Operation{ID: "none", Method: "POST", Path: "/none"}
	if _, why, err := pactfile.ConsumerTests(d.doc, d.set, []plumbline.Operation{empty}, pactfile.Options{}); err == nil || len(why) == 0 {
		t.Errorf("an operation of which nothing can be said: %v %v", why, err)
	}
}
