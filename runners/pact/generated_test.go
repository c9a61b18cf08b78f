package pact_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/pactfile"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
	"github.com/plumbline-dev/plumbline/runners/pact"
)

// A recorded pact, as far as this test reads one.
type recorded struct {
	Interactions []struct {
		Comments struct{ Operation, Variant string }
		Request  struct{ Method, Path string }
		Response struct {
			Status  int
			Headers map[string][]string
			Body    *struct {
				Content     json.RawMessage
				ContentType string
			}
		}
	}
}

// pacts writes both files of a document, twice, and holds the bytes together.
func pacts(t *testing.T, name string, data []byte) (verified []byte, surface recorded, ok bool) {
	t.Helper()
	var last [][]byte
	for range 2 {
		d, err := openapi.Parse(name, data, openapi.Options{})
		if err != nil {
			return nil, surface, false
		}
		s, err := schema.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		ops := sample.Fill(d, s, sample.Options{Seed: 1, MaxInvalid: 1})
		o := pactfile.Options{Provider: "p"}
		var v, l, all bytes.Buffer
		p, losses := pactfile.Build(d, s, ops, o)
		if err := errors.Join(pactfile.Write(&v, p), pactfile.WriteLosses(&l, losses), pactfile.WriteSurface(&all, d, s, ops, o)); err != nil {
			t.Fatal(err)
		}
		now := [][]byte{v.Bytes(), l.Bytes(), all.Bytes()}
		if last != nil && !slices.EqualFunc(last, now, bytes.Equal) {
			t.Errorf("%s: not the same bytes twice", name)
		}
		last = now
	}
	if err := json.Unmarshal(last[2], &surface); err != nil {
		t.Fatal(err)
	}
	return last[0], surface, !bytes.Contains(last[0], []byte(`"interactions": []`))
}

// A right provider answers what its document allows: here the n-th variant of
// the documented success.
type right struct {
	operations map[string]string // by method and path
	statuses   map[string][]int
	media      map[string][]string
	bodies     map[string][][]byte
	unanswered int
	n          int
}

func newRight(t *testing.T, verified []byte, surface recorded) *right {
	t.Helper()
	var p recorded
	if err := json.Unmarshal(verified, &p); err != nil {
		t.Fatal(err)
	}
	r := &right{operations: map[string]string{}, statuses: map[string][]int{}, media: map[string][]string{}, bodies: map[string][][]byte{}}
	for _, i := range p.Interactions {
		id := i.Comments.Operation
		r.operations[i.Request.Method+" "+i.Request.Path] = id
		media := ""
		if i.Response.Body != nil {
			media = i.Response.Body.ContentType
		}
		for _, v := range surface.Interactions {
			b := v.Response.Body
			if v.Comments.Operation != id || v.Response.Status != i.Response.Status || media != "" && (b == nil || b.ContentType != media) {
				continue
			}
			kind, body := "", []byte{}
			if b != nil {
				kind, body = b.ContentType, b.Content
			}
			r.statuses[id], r.media[id], r.bodies[id] = append(r.statuses[id], v.Response.Status), append(r.media[id], kind), append(r.bodies[id], body)
		}
	}
	return r
}

func (r *right) send(q *http.Request) (*http.Response, error) {
	path := q.URL.EscapedPath()
	id, ok := r.operations[q.Method+" "+path]
	if !ok {
		id, ok = r.operations[q.Method+" "+q.URL.Path]
	}
	if !ok || len(r.bodies[id]) == 0 {
		r.unanswered++
		return nil, errors.New("no answer of " + q.Method + " " + path)
	}
	k := r.n % len(r.bodies[id])
	a := &http.Response{StatusCode: r.statuses[id][k], Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(r.bodies[id][k]))}
	if r.media[id][k] != "" {
		a.Header.Set("Content-Type", r.media[id][k])
	}
	return a, nil
}

// Whatever answer the document allows a right provider to give, the generated
// pact accepts it; and the same file gives the same bytes.
func TestGeneratedPactsAcceptEveryRightProvider(t *testing.T) {
	_, _, err := pact.Library("")
	wants(t, err)
	docs, most, rounds := documents(t), 6, 3
	if os.Getenv("PLUMBLINE_CORPUS") == "all" {
		most, rounds = 60, 6
	}
	second, _ := filepath.Abs("../../bin/plumbline-pact-go")
	taken, interactions, refused, unanswered := 0, 0, 0, 0
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		if len(docs[name]) > 120_000 {
			continue
		}
		verified, surface, ok := pacts(t, name, docs[name])
		if !ok {
			continue
		}
		if taken++; taken > most {
			break
		}
		file := filepath.Join(t.TempDir(), "p.json")
		if err := os.WriteFile(file, verified, 0o600); err != nil {
			t.Fatal(err)
		}
		provider := newRight(t, verified, surface)
		engines := map[string]*pact.Verifier{"ffi": {Timeout: 5 * time.Second}}
		if _, err := os.Stat(second); err == nil && taken%10 == 1 {
			engines["pact-go"] = &pact.Verifier{Engine: "pact-go", Shard: 1, Timeout: 5 * time.Second, Worker: []string{second, "-test.run=^TestWorker$", "-test.timeout=0"}}
		}
		for engine, v := range engines {
			for round := range rounds {
				if engine == "pact-go" && round > 0 {
					break
				}
				provider.n = round
				n, bad := accepted(t, v, file, provider)
				interactions, refused = interactions+n, refused+bad
			}
		}
		unanswered += provider.unanswered
	}
	t.Logf("%d documents, %d verifications of interactions, %d refused; %d were not answered, as no variant could be made", min(taken, most), interactions, refused, unanswered)
	if unanswered*10 > interactions {
		t.Errorf("%d of %d interactions were not judged", unanswered, interactions)
	}
}

func accepted(t *testing.T, v *pact.Verifier, file string, provider *right) (n, bad int) {
	t.Helper()
	got, err := v.Verify(t.Context(), pact.Job{
		Files: []string{file}, Base: "http://right.test", Send: provider.send,
		States: func(_ context.Context, _ string, params map[string]any) (map[string]any, error) {
			as, _ := params["as"].(string)
			return map[string]any{as: "plumbline"}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		n++
		if r.Result != plumbline.PactOK && !strings.Contains(strings.Join(r.Detail, " "), "no answer of") {
			bad++
			t.Errorf("%s %s, answer %d: %s %v", v.Engine, r.Key, provider.n, r.Result, r.Detail)
		}
	}
	return n, bad
}

// documents are the sample system's and those of the corpus, where it is.
func documents(t *testing.T) map[string][]byte {
	t.Helper()
	shop, err := os.ReadFile("../../examples/shop/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{"./a-shop.yaml": shop}
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "corpus", "openapi.tgz"))
	if err != nil {
		t.Log("the corpus of OpenAPI documents is not beside the checkout")
		return out
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !slices.Contains([]string{".json", ".yaml", ".yml"}, filepath.Ext(h.Name)) {
			continue
		}
		if out[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
