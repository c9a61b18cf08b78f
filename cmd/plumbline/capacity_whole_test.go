package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// slots answer as a server with so many workers for so long each, whose queue
// has no bound: what it can carry is known exactly.
type slots struct {
	free    chan struct{}
	service time.Duration
}

func newSlots(workers int, service time.Duration) slots {
	return slots{make(chan struct{}, workers), service}
}

func (s slots) capacity() float64 { return float64(cap(s.free)) / s.service.Seconds() }

// RoundTrip implements http.RoundTripper.
func (s slots) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case s.free <- struct{}{}:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	defer func() { <-s.free }()
	select {
	case <-time.After(s.service):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"ok":true}`)), ContentLength: 11,
	}, nil
}

// searching searches for the capacity of slots in fake time: the command, the
// runner, the dispatcher and the judgement are those of every run.
func searching(t *testing.T, s slots, arrivals string, start float64, seed int) *plumbline.Capacity {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"openapi.json": `{"openapi":"3.0.3","info":{"title":"slots","version":"1"},"paths":{"/thing":{"get":{"operationId":"getThing","responses":{
"200":{"description":"ok","content":{"application/json":{"schema":{"type":"object","properties":{"ok":{"type":"boolean"}}}}}}}}}}}`,
		"plumbline.yaml": fmt.Sprintf("openapi: openapi.json\ntarget: {url: \"http://127.0.0.1:1\"}\nslos: [{name: fast, p99: 500ms, operations: [getThing]}]\nload: {rate: %g, overload: 190, arrivals: %s}\n", start, arrivals),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	out := filepath.Join(dir, "run")
	args := []string{"capacity", "-c", filepath.Join(dir, "plumbline.yaml"), "--seed", fmt.Sprint(seed), "--out", out}
	a := &app{args: args, in: &bytes.Buffer{}, out: &said, err: &said, env: func(string) (string, bool) { return "", false }, version: "test", transport: s}
	code := execute(t.Context(), a)
	data, err := os.ReadFile(filepath.Join(out, "report.json"))
	var r plumbline.Report
	if err != nil || json.Unmarshal(data, &r) != nil || r.Capacity == nil {
		t.Fatalf("exit %d, %v\n%s", code, err, said.String())
	}
	return r.Capacity
}

// early is by how much less than its capacity a server carries within a promise
// when requests come in clusters: in a queue of so many workers with one time of
// service the waiting times fall off as exp(-2c(1-rho)t/D) (Kingman's
// approximation, heavy traffic), and one in a hundred may be later than promised.
func (s slots) early(promise time.Duration) float64 {
	return math.Log(100) * s.service.Seconds() / (2 * float64(cap(s.free)) * (promise - s.service).Seconds())
}

// searches is how many are made of each kind: PLUMBLINE_SEARCHES, and one where
// that is not set, since a search takes seconds of a processor.
func searches() int {
	n, err := strconv.Atoi(os.Getenv("PLUMBLINE_SEARCHES"))
	if err != nil {
		return 1
	}
	return n
}

// The answer of the whole engine holds what the server can carry, in 19 of 20
// searches at least, and is at most a tenth wide. A backlog that the promise
// allows is built up slowly at a rate that is 2 % too high, or less.
func TestCapacityOfTheWholeEngine(t *testing.T) {
	t.Parallel()
	for arrivals, allowed := range map[string]struct{ clusters, above float64 }{"constant": {0, 0}, "poisson": {1, 0.02}} {
		t.Run(arrivals, func(t *testing.T) {
			t.Parallel()
			right, widest, all := 0, 0.0, searches()
			for seed := range all {
				synctest.Test(t, func(t *testing.T) {
					s := newSlots(2+seed%5, time.Duration(36+seed)*time.Millisecond)
					c := searching(t, s, arrivals, 21+1.37*float64(seed), seed)
					widest = max(widest, (c.Broken-c.Kept)/c.Kept)
					if c.Outcome == plumbline.Pass && c.Kept <= s.capacity()*(1+allowed.above) && c.Broken >= s.capacity()*(1-allowed.clusters*s.early(500*time.Millisecond)) {
						right++
					} else {
						t.Logf("seed %d: %s, truth %.4g", seed, c.Sentence, s.capacity())
					}
				})
			}
			t.Logf("right in %d of %d, widest %.3f", right, all, widest)
			if right < all-all/20 || !(widest <= 0.1+allowed.above) {
				t.Errorf("right in %d of %d, widest %.3f", right, all, widest)
			}
		})
	}
}
