package schema

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// TestSchemasOfTheCorpusCompile counts the schemas that the engine takes, and
// the time that the fields of a document cost.
func TestSchemasOfTheCorpusCompile(t *testing.T) {
	t.Parallel()
	docs := corpus(t)
	compiled, all, fields, slowest, last := 0, 0, 0, time.Duration(0), ""
	for i, name := range slices.Sorted(maps.Keys(docs)) {
		if os.Getenv("PLUMBLINE_CORPUS") != "all" && i%12 != 0 {
			continue
		}
		d, err := openapi.Parse(name, docs[name], openapi.Options{})
		if err != nil {
			continue
		}
		began := time.Now()
		s, err := Compile(d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		inspect := NewInspector(d, s)
		for _, o := range d.Operations {
			fields += len(inspect.Documented(o.ID))
		}
		if took := time.Since(began); took > slowest {
			slowest, last = took, name
		}
		for _, way := range []Direction{Request, Response} {
			s.sides[way].compiled.Range(func(_, v any) bool {
				all++
				if e, ok := v.(*entry); ok && e.schema != nil {
					compiled++
				}
				return true
			})
		}
	}
	t.Logf("%d of %d schemas of responses compile; %d fields; slowest %s (%s)", compiled, all, fields, slowest, last)
	if compiled < all*99/100 {
		t.Errorf("%d of %d schemas compile", compiled, all)
	}
}

// corpus reads the documents beside the checkout; without them the test skips.
func corpus(t *testing.T) map[string][]byte {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "corpus", "openapi.tgz"))
	if err != nil {
		t.Skip("the corpus of OpenAPI documents is not beside the checkout")
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		ext := filepath.Ext(h.Name)
		if h.Typeflag != tar.TypeReg || ext != ".json" && ext != ".yaml" && ext != ".yml" {
			continue
		}
		if out[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
