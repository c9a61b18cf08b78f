// Loop sends the cases of every document of a corpus to the server that the
// same document describes, in process and seed by seed: to the right one, of
// which nothing may be held against anybody, and to the rotten one, which
// breaks one promise in every answer. It writes RESULTS.md.
//
// Usage:
//
//	loop -corpus openapi.tgz -seeds 20 -out RESULTS.md
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
	only   string
	out    string

	mu         sync.Mutex
	documents  int
	operations int
	right      mock.Result
	rotten     mock.Result
	lines      []string // the first disagreements
	took       time.Duration
}

func run(ctx context.Context) error {
	b := &bench{}
	flag.StringVar(&b.corpus, "corpus", "../shared/corpus/openapi.tgz", "archive of OpenAPI documents")
	flag.IntVar(&b.seeds, "seeds", 20, "seeds of the server")
	flag.IntVar(&b.every, "every", 1, "take every n-th document only")
	flag.StringVar(&b.only, "only", "", "take only documents whose name holds this text")
	flag.StringVar(&b.out, "out", "bench/loop/RESULTS.md", "where the figures go")
	flag.Parse()
	docs, err := read(b.corpus)
	if err != nil {
		return fmt.Errorf("read %s: %w", b.corpus, err)
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
	for i, name := range slices.Sorted(maps.Keys(docs)) {
		if i%b.every == 0 && strings.Contains(name, b.only) && ctx.Err() == nil {
			names <- name
		}
	}
	close(names)
	wg.Wait()
	b.took = time.Since(began)
	return os.WriteFile(b.out, []byte(b.text()), 0o600)
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
	ops, inspector := sample.Fill(d, s, sample.Options{Seed: 1}), schema.NewInspector(d, s)
	var right, rotten mock.Result
	for seed := 1; seed <= b.seeds && ctx.Err() == nil; seed++ {
		for _, rot := range []bool{false, true} {
			l := &mock.Loop{Doc: d, Set: s, Inspector: inspector, Operations: ops, Seed: uint64(seed), Rot: rot} //nolint:gosec // from 1
			if rot {
				rotten.Add(l.Run(ctx))
			} else {
				right.Add(l.Run(ctx))
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.documents++
	b.operations += len(ops)
	b.right.Add(right)
	b.rotten.Add(rotten)
	all := slices.Concat(right.Disagreed, rotten.Disagreed)
	for _, x := range all[:min(len(all), 4)] {
		if len(b.lines) < 60 {
			b.lines = append(b.lines, fmt.Sprintf("%s: %s %d: %.300s", name, x.Case, x.Status, strings.Join(strings.Fields(x.Message), " ")))
		}
	}
}

func (b *bench) text() string {
	var w strings.Builder
	r := b.right
	fmt.Fprintf(&w, "# Generator, server and inspector in a loop\n\nWritten by `go run ./bench/loop`. In process, without sockets; %d documents with %d operations, %d seeds of the server, %s.\n\n", b.documents, b.operations, b.seeds, b.took.Round(time.Second))
	fmt.Fprintf(&w, "## The right server\n\n| what | count |\n|---|---:|\n| cases sent | %d |\n| valid | %d |\n| invalid | %d |\n| robust | %d |\n| **disagreements** | **%d** |\n", r.Sent, r.Valid, r.Invalid, r.Robust, len(r.Disagreed))
	fmt.Fprintf(&w, "| answers with drift | %d |\n| valid, of a thing that is not there | %d |\n| valid, with a live value that the parameter's schema refuses | %d |\n| not sent: no answer gave the value that they need | %d |\n| not judged: no value was found that the answer's schema accepts | %d |\n\n", r.Drift, r.Missing, r.Unfit, r.Unbound, r.Unable)
	fmt.Fprint(&w, "## The rotten server\n\nOne promise is broken in every answer to a valid case; found means that the inspector marks it as a breach.\n\n| promise | broken | found | rate |\n|---|---:|---:|---:|\n")
	all, found := 0, 0
	for _, k := range slices.Sorted(maps.Keys(b.rotten.Broken)) {
		n, f := b.rotten.Broken[k], b.rotten.Detected[k]
		all, found = all+n, found+f
		fmt.Fprintf(&w, "| %s | %d | %d | %.2f %% |\n", k, n, f, 100*float64(f)/float64(n))
	}
	fmt.Fprintf(&w, "| **all** | **%d** | **%d** | **%.3f %%** |\n", all, found, 100*float64(found)/float64(max(all, 1)))
	if len(b.lines) > 0 {
		fmt.Fprintf(&w, "\n## What does not agree\n\nThe first %d:\n\n```\n%s\n```\n", len(b.lines), strings.Join(b.lines, "\n"))
	}
	return w.String()
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
