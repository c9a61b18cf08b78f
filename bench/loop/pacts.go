package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/pactfile"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/runners/pact"
)

// A tally is how the pact of one document was taken.
type tally struct {
	Name         string
	Interactions int
	OK, Refused  [2]int // by engine
	Unset        [2]int // no answer gave a value, or one that the path's own schema refuses
	Took         [2]time.Duration
	Same         bool // the bytes, written twice
	Lines        []string
}

func engines() [2]string { return [2]string{"ffi", "pact-go"} }

// verify writes the pacts of some documents and has both engines verify them
// against the right server.
func (b *bench) verify(ctx context.Context) (string, error) {
	docs, names, err := b.modest(b.pacts, 60_000)
	if err != nil {
		return "", err
	}
	n, err := b.notebook("pacts", []string{b.plumbline, b.second}, mostInteractions)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "plumbline-pacts-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, name := range names {
		if n.has(name) || !b.goesOn(ctx) {
			continue
		}
		t, err := b.verified(ctx, filepath.Join(dir, "p.json"), name, docs[name])
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %d interactions, %v refused, %v\n", name, t.Interactions, t.Refused, t.Took)
		if err := n.add(name, t); err != nil {
			return "", err
		}
	}
	all, err := noted[tally](n, names)
	return tallies(slices.DeleteFunc(all, func(t tally) bool { return t.Interactions == 0 })), err
}

// mostInteractions bounds what is verified of one document.
const mostInteractions = 12

func (b *bench) verified(ctx context.Context, file, name string, data []byte) (tally, error) {
	t := tally{Name: name}
	var last []byte
	var loop *mock.Loop
	for range 2 {
		d, s, err := parsed(name, data)
		if err != nil {
			return t, err
		}
		ops := sample.Fill(d, s, sample.Options{Seed: 1, MaxInvalid: 1})
		p, _ := pactfile.Build(d, s, ops, pactfile.Options{Provider: "p"})
		p.Interactions = p.Interactions[:min(len(p.Interactions), mostInteractions)]
		var w bytes.Buffer
		if err := pactfile.Write(&w, p); err != nil {
			return t, err
		}
		t.Same = last == nil || bytes.Equal(last, w.Bytes())
		last, t.Interactions = w.Bytes(), len(p.Interactions)
		loop = &mock.Loop{Doc: d, Set: s, Operations: ops, Seed: 1}
	}
	if t.Interactions == 0 {
		return t, nil
	}
	if err := os.WriteFile(file, last, 0o600); err != nil {
		return t, err
	}
	for i, engine := range engines() {
		v := &pact.Verifier{Engine: engine, Worker: []string{b.plumbline, "pact-worker"}, Timeout: 10 * time.Second}
		if engine == "pact-go" {
			second, err := filepath.Abs(b.second)
			if _, none := os.Stat(second); err != nil || none != nil {
				continue
			}
			v.Shard, v.Worker = 1, []string{second, "-test.run=^TestWorker$", "-test.timeout=0"}
		}
		began := time.Now()
		if err := t.take(ctx, i, v, file, loop); err != nil {
			return t, err
		}
		t.Took[i] = time.Since(began)
	}
	return t, nil
}

// take verifies the file with one engine, against a server of its own.
func (t *tally) take(ctx context.Context, engine int, v *pact.Verifier, file string, loop *mock.Loop) error {
	server, misfits, asked := loop.Start(), 0, map[string]bool{}
	var one sync.Mutex // a loop holds answers, and is for one caller
	got, err := v.Verify(ctx, pact.Job{
		Files: []string{file}, Base: "http://mock.example",
		Send: func(q *http.Request) (*http.Response, error) {
			if q.Body == nil {
				q.Body = io.NopCloser(http.NoBody)
			}
			w := httptest.NewRecorder()
			server.AuthorizeAny(q)
			server.ServeHTTP(w, q)
			if strings.HasPrefix(w.Header().Get(mock.Reason), "path/") {
				one.Lock()
				misfits++
				one.Unlock()
			}
			return w.Result(), nil
		},
		States: func(ctx context.Context, _ string, params map[string]any) (map[string]any, error) {
			one.Lock()
			defer one.Unlock()
			return state(ctx, server, loop, asked, params)
		},
	})
	if err != nil {
		return err
	}
	for _, r := range got {
		switch {
		case r.Result == plumbline.PactOK:
			t.OK[engine]++
		case strings.Contains(strings.Join(r.Detail, " "), "no answer gave the value"):
			t.Unset[engine]++
		case misfits > 0: // each one fails the one interaction that it is of
			misfits--
			t.Unset[engine]++
		default:
			t.Refused[engine]++
			t.Lines = append(t.Lines, fmt.Sprintf("%s: %s %s: %s %.300s", t.Name, v.Engine, r.Key, r.Result, strings.Join(r.Detail, "; ")))
		}
	}
	return nil
}

// state answers a provider state: what it speaks of is created through the
// server, or is there when the document has no way to create it. It is another
// thing than before when a place is asked for that was asked for already; the
// states of one interaction so speak of the same one.
func state(ctx context.Context, server *mock.Server, loop *mock.Loop, asked map[string]bool, params map[string]any) (map[string]any, error) {
	text := func(name string) string {
		v, _ := params[name].(string)
		return v
	}
	as := text("as")
	if as == "" {
		return map[string]any{}, nil
	}
	if operation := text("for"); operation != "" {
		if name, ok := server.Have(operation, as); ok {
			return map[string]any{as: name}, nil
		}
		return nil, errors.New("no answer gave the value")
	}
	place := text("operation") + " " + text("pointer")
	anew := asked[place]
	if anew {
		clear(asked)
	}
	asked[place] = true
	if value, ok := loop.Value(ctx, text("operation"), text("pointer"), anew); ok {
		return map[string]any{as: value}, nil
	}
	return nil, errors.New("no answer gave the value")
}

func tallies(all []tally) string {
	var w strings.Builder
	fmt.Fprintf(&w, "The first %d interactions of the provider-surface pact of each document, verified by the default engine (libpact_ffi) and by pact-go against the right server. Provider states are answered by creating through the server; \"no state\" means that no answer gave the value, or that the schema of the path refuses what was given. Each file was written twice from the document.\n\n", mostInteractions)
	w.WriteString("| document | interactions | ffi: ok | refused | no state | took | pact-go: ok | refused | no state | took | same bytes |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n")
	var sum tally
	same := 0
	for _, t := range all {
		fmt.Fprintf(&w, "| %s | %d |", t.Name, t.Interactions)
		sum.Interactions += t.Interactions
		for i := range t.OK {
			if t.Took[i] == 0 {
				w.WriteString(" left out | | | |") // its worker was not built
				continue
			}
			fmt.Fprintf(&w, " %d | %d | %d | %.1f s |", t.OK[i], t.Refused[i], t.Unset[i], t.Took[i].Seconds())
			sum.OK[i], sum.Refused[i], sum.Unset[i] = sum.OK[i]+t.OK[i], sum.Refused[i]+t.Refused[i], sum.Unset[i]+t.Unset[i]
		}
		if t.Same {
			same++
		}
		fmt.Fprintf(&w, " %t |\n", t.Same)
		sum.Lines = append(sum.Lines, t.Lines...)
	}
	fmt.Fprintf(&w, "\n%d documents, %d interactions; ", len(all), sum.Interactions)
	for i, engine := range engines() {
		fmt.Fprintf(&w, "%s: %d accepted, %d refused, %d without a state; ", engine, sum.OK[i], sum.Refused[i], sum.Unset[i])
	}
	fmt.Fprintf(&w, "byte-identical: %d of %d.\n", same, len(all))
	if len(sum.Lines) > 0 {
		fmt.Fprintf(&w, "\n```\n%s\n```\n", strings.Join(sum.Lines, "\n"))
	}
	return w.String()
}
