package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// parsed reads a document and its schemas.
func parsed(name string, data []byte) (*openapi.Doc, *schema.Set, error) {
	d, err := openapi.Parse(name, data, openapi.Options{})
	if err != nil {
		return nil, nil, err
	}
	s, err := schema.Compile(d)
	return d, s, err
}

// listen serves a document on a loopback port, without asking for credentials.
func listen(ctx context.Context, d *openapi.Doc, s *schema.Set, rot bool) (*http.Server, string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	needs := mock.Needs(d, sample.Fill(d, s, sample.Options{Seed: 1, MaxInvalid: 1}))
	server := &http.Server{Handler: mock.New(d, s, mock.Options{Seed: 1, Open: true, Rot: rot, Needs: needs}), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(l) }()
	return server, "http://" + l.Addr().String(), nil
}

func (b *bench) serveUntil(ctx context.Context) error {
	data, err := os.ReadFile(b.serve)
	if err != nil {
		return err
	}
	d, s, err := parsed(b.serve, data)
	if err != nil {
		return err
	}
	server, at, err := listen(ctx, d, s, b.rot)
	if err != nil {
		return err
	}
	fmt.Println(at)
	<-ctx.Done()
	return server.Close()
}

// modest are documents that are small enough for a run or a verification each:
// the sample system's first, then some of the corpus, spread over all of it.
func (b *bench) modest(most int, size int) (map[string][]byte, []string, error) {
	docs, err := read(b.corpus)
	if err != nil {
		return nil, nil, err
	}
	const own = "examples/shop/openapi.yaml"
	maps.DeleteFunc(docs, func(name string, data []byte) bool {
		if len(data) > size || !strings.Contains(name, b.only) {
			return true
		}
		d, _, err := parsed(name, data)
		return err != nil || len(d.Operations) < 2 || len(d.Operations) > 20
	})
	names := slices.Sorted(maps.Keys(docs))
	if len(names) > most {
		var some []string
		for i := range most {
			some = append(some, names[i*len(names)/most])
		}
		names = some
	}
	docs[own], err = os.ReadFile(own)
	return docs, append([]string{own}, names...), err
}

// A visit is one whole run against the right server.
type visit struct {
	name       string
	operations int
	exit       int
	sent       int64
	took       time.Duration
	gating     []plumbline.Finding
	warned     int
	outcomes   map[plumbline.Outcome]int
}

// runs makes whole runs of the binary against the right server on sockets.
func (b *bench) runs(ctx context.Context) error {
	docs, names, err := b.modest(b.whole, 60_000)
	if err != nil {
		return err
	}
	var all []visit
	for _, name := range names {
		v, err := b.visit(ctx, name, docs[name])
		if err != nil {
			return err
		}
		all = append(all, v)
		fmt.Fprintf(os.Stderr, "%s: exit %d, %d requests, %d gating, %s\n", v.name, v.exit, v.sent, len(v.gating), v.took.Round(time.Second))
		if err := replaced(b.out, "whole", visits(all)); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) visit(ctx context.Context, name string, data []byte) (visit, error) {
	v := visit{name: name, outcomes: map[plumbline.Outcome]int{}}
	d, s, err := parsed(name, data)
	if err != nil {
		return v, err
	}
	v.operations = len(d.Operations)
	server, at, err := listen(ctx, d, s, false)
	if err != nil {
		return v, err
	}
	defer func() { _ = server.Close() }()
	dir, err := os.MkdirTemp("", "plumbline-whole-")
	if err != nil {
		return v, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, filepath.Base(name))
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return v, err
	}
	began := time.Now()
	said, err := exec.CommandContext(ctx, b.plumbline, "run", "--spec", file, "--target", at, "--budget", "20s", "--out", filepath.Join(dir, "run")).CombinedOutput() //nolint:gosec // the binary under measurement
	v.took = time.Since(began)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		v.exit = exit.ExitCode()
	} else if err != nil {
		return v, err
	}
	data, err = os.ReadFile(filepath.Join(dir, "run", "report.json")) //nolint:gosec // written by the binary under measurement
	if err != nil {
		return v, fmt.Errorf("%s: %w\n%s", name, err, said)
	}
	var r plumbline.Report
	if err := json.Unmarshal(data, &r); err != nil {
		return v, fmt.Errorf("%s: %w", name, err)
	}
	v.sent = r.Requests.Sent
	v.count(r.Findings)
	return v, nil
}

func (v *visit) count(findings []plumbline.Finding) {
	for _, f := range findings {
		v.outcomes[f.Outcome]++
		switch {
		case f.Outcome == plumbline.Fail && f.Gates:
			v.gating = append(v.gating, f)
		case f.Outcome == plumbline.Fail:
			v.warned++
		}
	}
}

func visits(all []visit) string {
	var w strings.Builder
	w.WriteString("The binary with default flags and `--budget 20s` against the server on a loopback socket, without credentials.\n\n")
	w.WriteString("| document | operations | exit | requests | passed | not proven | warned | gating | took |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	gating := 0
	var lines []string
	for _, v := range all {
		gating += len(v.gating)
		fmt.Fprintf(&w, "| %s | %d | %d | %d | %d | %d | %d | %d | %s |\n", v.name, v.operations, v.exit, v.sent, v.outcomes[plumbline.Pass], v.outcomes[plumbline.Inconclusive], v.warned, len(v.gating), v.took.Round(time.Second))
		for _, f := range v.gating {
			lines = append(lines, fmt.Sprintf("%s: %s: %.300s", v.name, f.Claim, strings.Join(strings.Fields(f.Statement), " ")))
		}
	}
	fmt.Fprintf(&w, "\n%d runs, %d gating findings.\n", len(all), gating)
	if len(lines) > 0 {
		fmt.Fprintf(&w, "\n```\n%s\n```\n", strings.Join(lines, "\n"))
	}
	return w.String()
}
