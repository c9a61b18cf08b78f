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
	Name       string
	Operations int
	Exit       int
	Sent       int64
	Took       time.Duration
	Gating     []string // claims and what was said of them
	Warned     int
	Outcomes   map[plumbline.Outcome]int
}

// runs makes whole runs of the binary against the right server on sockets.
func (b *bench) runs(ctx context.Context) (string, error) {
	docs, names, err := b.modest(b.whole, 60_000)
	if err != nil {
		return "", err
	}
	n, err := b.notebook("whole", []string{b.plumbline}, budget)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if n.has(name) || !b.goesOn(ctx) {
			continue
		}
		v, err := b.visit(ctx, name, docs[name])
		if err != nil {
			return "", err
		}
		fmt.Fprintf(os.Stderr, "%s: exit %d, %d requests, %d gating, %s\n", v.Name, v.Exit, v.Sent, len(v.Gating), v.Took.Round(time.Second))
		if err := n.add(name, v); err != nil {
			return "", err
		}
	}
	all, err := noted[visit](n, names)
	return visits(all), err
}

// budget is that of each whole run.
const budget = "20s"

func (b *bench) visit(ctx context.Context, name string, data []byte) (visit, error) {
	v := visit{Name: name, Outcomes: map[plumbline.Outcome]int{}}
	d, s, err := parsed(name, data)
	if err != nil {
		return v, err
	}
	v.Operations = len(d.Operations)
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
	said, err := exec.CommandContext(ctx, b.plumbline, "run", "--spec", file, "--target", at, "--budget", budget, "--out", filepath.Join(dir, "run")).CombinedOutput() //nolint:gosec // the binary under measurement
	v.Took = time.Since(began)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		v.Exit = exit.ExitCode()
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
	v.Sent = r.Requests.Sent
	v.count(r.Findings)
	return v, nil
}

func (v *visit) count(findings []plumbline.Finding) {
	for _, f := range findings {
		v.Outcomes[f.Outcome]++
		switch {
		case f.Outcome == plumbline.Fail && f.Gates:
			v.Gating = append(v.Gating, fmt.Sprintf("%s: %.300s", f.Claim, strings.Join(strings.Fields(f.Statement), " ")))
		case f.Outcome == plumbline.Fail:
			v.Warned++
		}
	}
}

func visits(all []visit) string {
	var w strings.Builder
	w.WriteString("The binary with default flags and `--budget " + budget + "` against the server on a loopback socket, without credentials.\n\n")
	w.WriteString("| document | operations | exit | requests | passed | not proven | warned | gating | took |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	gating := 0
	var lines []string
	for _, v := range all {
		gating += len(v.Gating)
		fmt.Fprintf(&w, "| %s | %d | %d | %d | %d | %d | %d | %d | %s |\n", v.Name, v.Operations, v.Exit, v.Sent, v.Outcomes[plumbline.Pass], v.Outcomes[plumbline.Inconclusive], v.Warned, len(v.Gating), v.Took.Round(time.Second))
		for _, f := range v.Gating {
			lines = append(lines, v.Name+": "+f)
		}
	}
	fmt.Fprintf(&w, "\n%d runs, %d gating findings.\n", len(all), gating)
	if len(lines) > 0 {
		fmt.Fprintf(&w, "\n```\n%s\n```\n", strings.Join(lines, "\n"))
	}
	return w.String()
}
