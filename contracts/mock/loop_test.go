package mock_test

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

	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

func TestLoopOverTheCorpus(t *testing.T) {
	t.Parallel()
	docs := corpus(t)
	var sum mock.Result
	for i, name := range slices.Sorted(maps.Keys(docs)) {
		if os.Getenv("PLUMBLINE_CORPUS") != "all" && i%16 != 0 {
			continue
		}
		d, err := openapi.Parse(name, docs[name], openapi.Options{})
		if err != nil {
			continue
		}
		s, err := schema.Compile(d)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		ops := sample.Fill(d, s, sample.Options{Seed: 1})
		for _, rot := range []bool{false, true} {
			l := &mock.Loop{Doc: d, Set: s, Inspector: schema.NewInspector(d, s), Operations: ops, Seed: 1, Rot: rot}
			r := l.Run(t.Context())
			for _, x := range r.Disagreed[:min(len(r.Disagreed), 3)] {
				t.Errorf("%s (rot %t): %s %d: %s\n  %s %s?%s %v %.400s", name, rot, x.Case, x.Status, x.Message, x.Request.Method, x.Request.Path, x.Request.Query, x.Request.Header, x.Request.Body)
			}
			sum.Add(r)
		}
	}
	t.Logf("%d cases sent: %d valid, %d invalid, %d robust; %d without a value to bind, %d that the server cannot answer, %d whose live value does not fit, %d of things that are not there, %d with drift; %d disagreements",
		sum.Sent, sum.Valid, sum.Invalid, sum.Robust, sum.Unbound, sum.Unable, sum.Unfit, sum.Missing, sum.Drift, len(sum.Disagreed))
	for _, k := range slices.Sorted(maps.Keys(sum.Broken)) {
		t.Logf("%-22s %d of %d", k, sum.Detected[k], sum.Broken[k])
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
