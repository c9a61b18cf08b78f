// Loop measures what is said of the server that a document describes, in three
// parts. The first sends the cases of every document of a corpus to that server,
// in process and seed by seed: to the right one, of which nothing may be held
// against anybody, and to the rotten one, which breaks one promise in every
// answer. The second makes whole runs of the binary against the right one, and
// the third has its generated pacts verified by both engines. What was measured
// is kept document by document, so that it can be made in pieces: the same
// command goes on where one was interrupted or its time was up. RESULTS.md is
// written when all is measured.
//
// Usage:
//
//	loop -seeds 20 -whole 20 -pacts 56 -for 14m
//	loop -seeds 0 -pacts 0 -whole 5
//	loop -serve document.yaml [-rot]
package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"
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

// A bench is what is measured, with what and for how long.
type bench struct {
	corpus string
	seeds  int
	every  int
	part   int
	only   string
	words  string
	out    string
	notes  string
	most   time.Duration

	valid     int
	invalid   int
	serve     string
	rot       bool
	whole     int
	pacts     int
	plumbline string
	second    string

	until time.Time // when nothing new is begun; zero for never
}

func run(ctx context.Context) error {
	b := &bench{}
	flag.StringVar(&b.corpus, "corpus", "../shared/corpus/openapi.tgz", "archive of OpenAPI documents")
	flag.IntVar(&b.seeds, "seeds", 20, "seeds of the server in the loop; zero leaves the loop out")
	flag.IntVar(&b.whole, "whole", 20, "make whole runs against so many documents, and the sample system's")
	flag.IntVar(&b.pacts, "pacts", 56, "verify the generated pacts of so many documents, and the sample system's")
	flag.IntVar(&b.every, "every", 1, "take every n-th document only")
	flag.IntVar(&b.part, "part", 10, "with the seeds after the first, send every n-th case only, others with every seed")
	flag.IntVar(&b.valid, "valid", 0, "most valid cases of an operation; zero means the default of a run")
	flag.IntVar(&b.invalid, "invalid", 0, "most invalid cases of an operation; zero means the default of a run")
	flag.StringVar(&b.words, "keywords", "contracts/mock/testdata/keywords-*.yaml", "documents that hold every keyword")
	flag.StringVar(&b.only, "only", "", "take only documents whose name holds this text")
	flag.StringVar(&b.out, "out", "bench/loop/RESULTS.md", "where the figures go")
	flag.StringVar(&b.notes, "notes", "out/loop", "folder that keeps what was measured until all is")
	flag.DurationVar(&b.most, "for", 0, "begin nothing new after this time; zero means no bound")
	flag.StringVar(&b.serve, "serve", "", "serve this document on a loopback port until interrupted")
	flag.BoolVar(&b.rot, "rot", false, "with -serve: break one promise in every answer")
	flag.StringVar(&b.plumbline, "plumbline", "bin/plumbline", "the binary of whole runs, and the worker of the default Pact engine")
	flag.StringVar(&b.second, "pact-go", "bin/plumbline-pact-go", "the worker of the second Pact engine; without it that is left out")
	flag.Parse()
	if b.serve != "" {
		return b.serveUntil(ctx)
	}
	if b.most > 0 {
		b.until = time.Now().Add(b.most)
	}
	return b.measure(ctx)
}

// measure makes the parts that are asked for, and writes them down when all are
// made.
func (b *bench) measure(ctx context.Context) error {
	var left []error
	texts := map[string]string{}
	for _, p := range parts() {
		if p.asked(b) == 0 {
			continue
		}
		text, err := p.made(b, ctx)
		if err != nil {
			left = append(left, fmt.Errorf("%s: %w", p.name, err))
		}
		texts[p.name] = text
	}
	if err := errors.Join(left...); err != nil {
		return err
	}
	return replaced(b.out, texts)
}

// goesOn tells whether something new may be begun.
func (b *bench) goesOn(ctx context.Context) bool {
	return ctx.Err() == nil && (b.until.IsZero() || time.Now().Before(b.until))
}

// notebook is the one of a part, which is for these arguments and programs.
func (b *bench) notebook(part string, others []string, arguments ...any) (*notebook, error) {
	sum, err := programs(others...)
	if err != nil {
		return nil, err
	}
	return openNotebook(filepath.Join(b.notes, part+".jsonl"), fmt.Sprint(append([]any{sum, b.corpus, b.only}, arguments...)...))
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
