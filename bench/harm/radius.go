package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The second client: how often it sends, and how long after the run began. One
// that is there before is guarded, and ends the run as soon as it suffers.
const (
	interval = 200 * time.Millisecond
	behind   = 5 * time.Second
)

// A radius is what a second client met while the suite ran.
type radius struct {
	exit    int
	took    time.Duration
	sent    map[int]int                 // its requests, by the status it got; zero is none
	others  map[string]int              // exchanges that are not of the run, by HTTP wire
	ours    map[string]int              // those of the run
	faulted map[plumbline.FaultKind]int // of the run's, by the fault that hit them
	touched map[plumbline.FaultKind]int // of the others
	lost    error
}

// besideAnother runs the whole suite beside a second client.
func (c config) besideAnother(ctx context.Context) (radius, error) {
	r := radius{sent: map[int]int{}, others: map[string]int{}, ours: map[string]int{}, faulted: map[plumbline.FaultKind]int{}, touched: map[plumbline.FaultKind]int{}}
	s, err := c.stage(ctx)
	defer s.stop()
	if err != nil {
		return r, err
	}
	if err := s.client.Sync(ctx, time.Now()); err != nil {
		return r, err
	}
	began := time.Now()
	cmd := c.command(ctx, s.env, "run", "-c", declaration, "--plain", "--out", filepath.Join(c.out, "radius"))
	said, err := cmd.StderrPipe()
	if err != nil {
		return r, err
	}
	if err := cmd.Start(); err != nil {
		return r, err
	}
	run := runOf(said)
	over, stop := context.WithCancel(ctx)
	var both sync.WaitGroup
	both.Go(func() { r.client(over, s) })
	both.Go(func() { r.watch(over, s, run) })
	r.exit, err = exitOf(cmd.Wait())
	r.took = time.Since(began)
	stop()
	both.Wait()
	return r, err
}

// runOf is the ID of a run, which it says first. What it says after that is read
// and forgotten.
func runOf(said io.Reader) <-chan string {
	id := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(said)
		found := false
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), "run "); ok && !found {
				run, _, _ := strings.Cut(rest, ":")
				found = true
				id <- run
			}
		}
		close(id)
		_, _ = io.Copy(io.Discard, said)
	}()
	return id
}

// client sends requests that carry no trace of the run.
func (r *radius) client(ctx context.Context, s *stage) {
	late := time.NewTimer(behind)
	defer late.Stop()
	select {
	case <-ctx.Done():
		return
	case <-late.C:
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var all sync.WaitGroup
	var mu sync.Mutex
	for n := 0; ctx.Err() == nil; n++ {
		all.Go(func() {
			status := s.ask(context.WithoutCancel(ctx), n)
			mu.Lock()
			defer mu.Unlock()
			r.sent[status]++
		})
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	all.Wait()
}

// ask sends one request as carol: orders, and products with what is recommended.
func (s *stage) ask(ctx context.Context, n int) (status int) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	method, path, body := http.MethodGet, "/products/p-1", ""
	if n%2 == 1 {
		method, path, body = http.MethodPost, "/orders", `{"product_id":"p-2","quantity":1}`
	}
	req, err := http.NewRequestWithContext(ctx, method, s.shop+path, strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Authorization", "Bearer carol")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// watch reads the journal of the wires: of each exchange, whose it is, and
// whether a fault hit it.
func (r *radius) watch(ctx context.Context, s *stage, id <-chan string) {
	run := <-id
	for last := false; !last && r.lost == nil; {
		select {
		case <-ctx.Done():
			last = true
		case <-time.After(time.Second):
		}
		seen, err := s.client.Exchanges(context.WithoutCancel(ctx))
		r.lost = err
		for _, x := range seen {
			r.count(x, run)
		}
	}
}

func (r *radius) count(x plumbline.Exchange, run string) {
	if x.Wire == "store" {
		return // a wire of bytes: whose they are cannot be told
	}
	whose, hit := r.others, r.touched
	if x.Trace != "" && plumbline.TraceRun(x.Trace) == run {
		whose, hit = r.ours, r.faulted
	}
	whose[x.Wire]++
	if x.Fault != "" {
		hit[x.FaultKind]++
	}
}

// wrong says what must not be.
func (r *radius) wrong() error {
	switch {
	case r.lost != nil:
		return fmt.Errorf("the journal of the wires: %w", r.lost)
	case len(r.touched) > 0:
		return fmt.Errorf("faults of the run hit exchanges of others: %v", r.touched)
	case sum(r.others) == 0 || sum(r.faulted) == 0:
		return fmt.Errorf("nothing is shown: %d exchanges of others, %d faulted ones of the run", sum(r.others), sum(r.faulted))
	}
	return nil
}

func (r *radius) text(on string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# A second client beside the whole suite\n\nWritten by `make bench-harm`: %s.\n\nA client without a trace of the run asks for products and makes orders, %d times a second, from %s after the run began to its end (%s, exit %d). On the wires of HTTP:\n\n", on, time.Second/interval, behind, r.took.Round(time.Second), r.exit)
	b.WriteString("| wire | exchanges of the run | of others |\n|---|---:|---:|\n")
	for _, name := range slices.Sorted(maps.Keys(r.others)) {
		fmt.Fprintf(&b, "| %s | %d | %d |\n", name, r.ours[name], r.others[name])
	}
	fmt.Fprintf(&b, "\n%d exchanges of the run were hit, by %s. **%d exchanges of others were.**\n", sum(r.faulted), listed(r.faulted), sum(r.touched))
	fmt.Fprintf(&b, "\nThe client sent %d requests, and got %s. What is not as it should be comes of what the run does to the shop itself – its breakers are its own, and the wire to the store is one of bytes, whose faults hit all that go over it.\n", sum(r.sent), listed(r.sent))
	return b.String()
}

func sum[K comparable](counts map[K]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func listed[K interface{ ~string | ~int }](counts map[K]int) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, fmt.Sprintf("%v ×%d", k, counts[k]))
	}
	if out == nil {
		return "nothing"
	}
	return strings.Join(out, ", ")
}
