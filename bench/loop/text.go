package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

func (b *bench) text() string {
	var w strings.Builder
	r := b.right
	fmt.Fprintf(&w, "In process, without sockets; %d documents with %d operations, %d seeds of the server, %s on a shared machine.\n", b.documents, b.operations, b.seeds, b.took.Round(time.Second))
	if b.seeds > 1 && b.part > 1 {
		fmt.Fprintf(&w, "The first seed sends every case; each other one sends one in %d, others with every seed.\n", b.part)
	}
	if b.valid > 0 || b.invalid > 0 {
		fmt.Fprintf(&w, "At most %d valid and %d invalid cases of an operation.\n", b.valid, b.invalid)
	}
	if !b.ended {
		w.WriteString("The run was interrupted before it had met all documents; the largest are missing.\n")
	}
	fmt.Fprintf(&w, "\n### The right server\n\n| what | count |\n|---|---:|\n| cases sent | %d |\n| valid | %d |\n| invalid | %d |\n| robust | %d |\n| **disagreements** | **%d** |\n", r.Sent, r.Valid, r.Invalid, r.Robust, len(r.Disagreed))
	fmt.Fprintf(&w, "| answers with drift | %d |\n| valid, of a thing that is not there | %d |\n| valid, with a live value that the parameter's schema refuses | %d |\n| not sent: no answer gave the value that they need | %d |\n| not judged: no value was found that the answer's schema accepts | %d |\n\n", r.Drift, r.Missing, r.Unfit, r.Unbound, r.Unable)
	fmt.Fprint(&w, "A disagreement is what would be a finding of response-conforms, invalid-input-rejected, a 5xx, or a valid request refused.\n\n")
	fmt.Fprint(&w, "### The rotten server\n\nOne promise is broken in every answer to a valid case; found means that the inspector marks it as a breach. readOnly promises nothing of a response. \"stream/\", \"text/\" and \"header/\" are promises of one record, of a text and of a header.\n\n| promise | broken | found | rate |\n|---|---:|---:|---:|\n")
	all, found := 0, 0
	for _, k := range slices.Sorted(maps.Keys(b.rotten.Broken)) {
		n, f := b.rotten.Broken[k], b.rotten.Detected[k]
		all, found = all+n, found+f
		fmt.Fprintf(&w, "| %s | %d | %d | %.2f %% |\n", k, n, f, 100*float64(f)/float64(n))
	}
	fmt.Fprintf(&w, "| **all** | **%d** | **%d** | **%.3f %%** |\n", all, found, 100*float64(found)/float64(max(all, 1)))
	if len(b.lines) > 0 {
		fmt.Fprintf(&w, "\n### What does not agree\n\nThe first %d:\n\n```\n%s\n```\n", len(b.lines), strings.Join(b.lines, "\n"))
	}
	return w.String()
}

// parts are those of RESULTS.md, in order, with their titles.
func parts() [][2]string {
	return [][2]string{{"loop", "Generator, server and inspector in a loop"}, {"whole", "Whole runs against the right server"}, {"pacts", "Provider-surface pacts against the right server"}}
}

// replaced writes one part of a file of results and leaves the others.
func replaced(name, part, text string) error {
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var w strings.Builder
	w.WriteString("# The model server\n\nWritten by `make bench-loop`.\n")
	for _, p := range parts() {
		mark := "\n## " + p[1] + "\n\n"
		_, body, _ := strings.Cut(string(old), mark)
		body, _, _ = strings.Cut(body, "\n## ")
		if p[0] == part {
			body = text
		}
		if body != "" {
			w.WriteString(mark + strings.TrimRight(body, "\n") + "\n")
		}
	}
	return os.WriteFile(name, []byte(w.String()), 0o600)
}
