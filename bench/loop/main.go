// Loop sends the cases of every document of a corpus to the server that the
// same document describes, in process and seed by seed: to the right one, of
// which nothing may be held against anybody, and to the rotten one, which
// breaks one promise in every answer. It writes the part "loop" of RESULTS.md.
//
// Usage:
//
//	loop -corpus openapi.tgz -seeds 20 -part 10 -out RESULTS.md
//	loop -serve document.yaml [-rot]
//	loop -whole 24 -plumbline bin/plumbline
//	loop -pacts 50 -plumbline bin/plumbline
package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "loop:", err)
		os.Exit(1)
	}
}

// A bench is what is measured, and what was so far.
type bench struct {
	corpus string
	seeds  int
	every  int
	part   int
	only   string
	words  string
	out    string

	valid     int
	invalid   int
	serve     string
	rot       bool
	whole     int
	pacts     int
	plumbline string
	second    string

	mu         sync.Mutex
	documents  int
	operations int
	right      mock.Result
	rotten     mock.Result
	lines      []string // the first disagreements
	took       time.Duration
	ended      bool
}

func run(ctx context.Context) error {
	b := &bench{}
	flag.StringVar(&b.corpus, "corpus", "../shared/corpus/openapi.tgz", "archive of OpenAPI documents")
	flag.IntVar(&b.seeds, "seeds", 20, "seeds of the server")
	flag.IntVar(&b.every, "every", 1, "take every n-th document only")
	flag.IntVar(&b.part, "part", 10, "with the seeds after the first, send every n-th case only, others with every seed")
	flag.IntVar(&b.valid, "valid", 0, "most valid cases of an operation; zero means the default of a run")
	flag.IntVar(&b.invalid, "invalid", 0, "most invalid cases of an operation; zero means the default of a run")
	flag.StringVar(&b.words, "keywords", "contracts/mock/testdata/keywords-*.yaml", "documents that hold every keyword")
	flag.StringVar(&b.only, "only", "", "take only documents whose name holds this text")
	flag.StringVar(&b.out, "out", "bench/loop/RESULTS.md", "where the figures go")
	flag.StringVar(&b.serve, "serve", "", "serve this document on a loopback port until interrupted")
	flag.BoolVar(&b.rot, "rot", false, "with -serve: break one promise in every answer")
	flag.IntVar(&b.whole, "whole", 0, "make whole runs against so many documents")
	flag.IntVar(&b.pacts, "pacts", 0, "verify the generated pacts of so many documents")
	flag.StringVar(&b.plumbline, "plumbline", "bin/plumbline", "the binary of whole runs, and the worker of the default Pact engine")
	flag.StringVar(&b.second, "pact-go", "bin/plumbline-pact-go", "the worker of the second Pact engine; without it that is left out")
	flag.Parse()
	switch {
	case b.serve != "":
		return b.serveUntil(ctx)
	case b.whole > 0:
		return b.runs(ctx)
	case b.pacts > 0:
		return b.verify(ctx)
	}
	return b.loop(ctx)
}

// loop runs over all documents, as many at once as there are processors.
func (b *bench) loop(ctx context.Context) error {
	docs, err := b.documentsOf()
	if err != nil {
		return err
	}
	began := time.Now()
	names := make(chan string)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for name := range names {
				b.document(ctx, name, docs[name])
			}
		})
	}
	// The small ones first: an interrupted run has met most of the documents.
	order := slices.Sorted(maps.Keys(docs))
	slices.SortStableFunc(order, func(x, y string) int { return len(docs[x]) - len(docs[y]) })
	for i, name := range order {
		if i%b.every == 0 && strings.Contains(name, b.only) && ctx.Err() == nil {
			names <- name
		}
	}
	close(names)
	wg.Wait()
	b.took, b.ended = time.Since(began), ctx.Err() == nil
	return replaced(b.out, "loop", b.text())
}

// documentsOf are those of the corpus and those that hold every keyword.
func (b *bench) documentsOf() (map[string][]byte, error) {
	docs, err := read(b.corpus)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", b.corpus, err)
	}
	more, err := filepath.Glob(b.words)
	if err != nil {
		return nil, err
	}
	for _, name := range more {
		if docs[name], err = os.ReadFile(name); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// document runs all seeds over one document.
func (b *bench) document(ctx context.Context, name string, data []byte) {
	d, err := openapi.Parse(name, data, openapi.Options{})
	if err != nil {
		return
	}
	s, err := schema.Compile(d)
	if err != nil {
		return
	}
	ops, inspector := sample.Fill(d, s, sample.Options{Seed: 1, MaxValid: b.valid, MaxInvalid: b.invalid}), schema.NewInspector(d, s)
	var right, rotten mock.Result
	for seed := 1; seed <= b.seeds && ctx.Err() == nil; seed++ {
		l := mock.Loop{Doc: d, Set: s, Inspector: inspector, Operations: ops, Seed: uint64(seed)} //nolint:gosec // from 1
		if seed > 1 {
			l.Part = b.part
		}
		ill := l
		ill.Rot = true
		if own, _ := filepath.Match(b.words, name); own {
			ill.Part, ill.Rounds = 0, 30
		}
		right.Add(l.Run(ctx))
		rotten.Add(ill.Run(ctx))
	}
	if ctx.Err() != nil {
		return // half a document is none
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.documents++
	b.operations += len(ops)
	b.right.Add(right)
	b.rotten.Add(rotten)
	b.note(name, slices.Concat(right.Disagreed, rotten.Disagreed))
}

// note says every disagreement while the run goes on, and keeps the first.
func (b *bench) note(name string, all []mock.Disagreement) {
	for i, x := range all {
		line := fmt.Sprintf("%s: %s %d: %.300s", name, x.Case, x.Status, strings.Join(strings.Fields(x.Message), " "))
		fmt.Fprintln(os.Stderr, line)
		if i < 4 && len(b.lines) < 60 {
			b.lines = append(b.lines, line)
		}
	}
}

// read unpacks the documents of an archive.
func read(name string) (map[string][]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		ext := filepath.Ext(h.Name)
		if h.Typeflag != tar.TypeReg || ext != ".json" && ext != ".yaml" && ext != ".yml" {
			continue
		}
		if out[h.Name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
}
