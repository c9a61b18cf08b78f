package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline/contracts/mock"
)

// rounds is what the loop saw.
func (b *bench) rounds(all []round, took time.Duration, machine string) string {
	var w strings.Builder
	documents, operations, unread := 0, 0, 0
	var right, rotten mock.Result
	var lines []string
	for _, x := range all {
		if x.Unread {
			unread++
			continue
		}
		documents, operations = documents+1, operations+x.Operations
		right.Add(x.Right)
		rotten.Add(x.Rotten)
		lines = append(lines, x.Lines...)
	}
	fmt.Fprintf(&w, "In process, without sockets; %d documents with %d operations, %d seeds of the server, %s on %s. %d more documents cannot be loaded.\n", documents, operations, b.seeds, took.Round(time.Second), machine, unread)
	if b.seeds > 1 && b.part > 1 {
		fmt.Fprintf(&w, "The first seed sends every case; each other one sends one in %d, others with every seed.\n", b.part)
	}
	if b.every > 1 {
		fmt.Fprintf(&w, "Only every %d. document was taken.\n", b.every)
	}
	if b.valid > 0 || b.invalid > 0 {
		fmt.Fprintf(&w, "At most %d valid and %d invalid cases of an operation.\n", b.valid, b.invalid)
	}
	fmt.Fprintf(&w, "\n### The right server\n\n| what | count |\n|---|---:|\n| cases sent | %d |\n| valid | %d |\n| invalid | %d |\n| robust | %d |\n| **disagreements** | **%d** |\n", right.Sent, right.Valid, right.Invalid, right.Robust, len(right.Disagreed))
	fmt.Fprintf(&w, "| answers with drift | %d |\n| valid, of a thing that is not there | %d |\n| valid, with a live value that the parameter's schema refuses | %d |\n| not sent: no answer gave the value that they need | %d |\n| not judged: no value was found that the answer's schema accepts | %d |\n\n", right.Drift, right.Missing, right.Unfit, right.Unbound, right.Unable)
	fmt.Fprint(&w, "A disagreement is what would be a finding of response-conforms, invalid-input-rejected, a 5xx, or a valid request refused.\n\n")
	detected(&w, rotten)
	if len(lines) > 0 {
		lines = lines[:min(len(lines), 60)]
		fmt.Fprintf(&w, "\n### What does not agree\n\nThe first %d:\n\n```\n%s\n```\n", len(lines), strings.Join(lines, "\n"))
	}
	return w.String()
}

// detected is the table of the promises that the rotten server broke.
func detected(w *strings.Builder, rotten mock.Result) {
	w.WriteString("### The rotten server\n\nOne promise is broken in every answer to a valid case; found means that the inspector marks it as a breach. readOnly promises nothing of a response. \"stream/\", \"text/\" and \"header/\" are promises of one record, of a text and of a header.\n\n| promise | broken | found | rate |\n|---|---:|---:|---:|\n")
	all, found := 0, 0
	for _, k := range slices.Sorted(maps.Keys(rotten.Broken)) {
		n, f := rotten.Broken[k], rotten.Detected[k]
		all, found = all+n, found+f
		fmt.Fprintf(w, "| %s | %d | %d | %.2f %% |\n", k, n, f, 100*float64(f)/float64(n))
	}
	fmt.Fprintf(w, "| **all** | **%d** | **%d** | **%.3f %%** |\n", all, found, 100*float64(found)/float64(max(all, 1)))
}

// A part is one of RESULTS.md.
type part struct {
	name, title string
	asked       func(*bench) int
	made        func(*bench, context.Context) (string, error)
}

// parts are those of RESULTS.md, in order.
func parts() []part {
	return []part{
		{"loop", "Generator, server and inspector in a loop", func(b *bench) int { return b.seeds }, (*bench).loop},
		{"whole", "Whole runs against the right server", func(b *bench) int { return b.whole }, (*bench).runs},
		{"pacts", "Provider-surface pacts against the right server", func(b *bench) int { return b.pacts }, (*bench).verify},
	}
}

// replaced writes some parts of a file of results and leaves the others.
func replaced(name string, texts map[string]string) error {
	old, err := os.ReadFile(name) //nolint:gosec // where the caller wants it
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var w strings.Builder
	w.WriteString("# The model server\n\nWritten by `make bench-loop`.\n")
	for _, p := range parts() {
		mark := "\n## " + p.title + "\n\n"
		_, body, _ := strings.Cut(string(old), mark)
		body, _, _ = strings.Cut(body, "\n## ")
		if body = cmp.Or(texts[p.name], body); body != "" {
			w.WriteString(mark + strings.TrimRight(body, "\n") + "\n")
		}
	}
	return os.WriteFile(name, []byte(w.String()), 0o600)
}
