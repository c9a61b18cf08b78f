// Command attack sends tiny GETs through Plumbline's load engine alone and
// tells what came of it: the generator of bench/load, in a process of its own
// so that its processor time is its own.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime/pprof"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/load"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// Result is what the command writes.
type Result struct {
	Sent     int64            `json:"sent"`
	Skipped  int64            `json:"skipped"`
	Seconds  float64          `json:"seconds"`
	P50      time.Duration    `json:"p50"`
	P99      time.Duration    `json:"p99"`
	P999     time.Duration    `json:"p99_9"`
	Service  time.Duration    `json:"service_p99"`
	Lag50    time.Duration    `json:"lag_p50"`
	Lag99    time.Duration    `json:"lag_p99"`
	Classes  map[string]int64 `json:"classes"`
	Retries  int64            `json:"retries"`
	Unchecks int64            `json:"unchecked"`
}

type settings struct {
	url, protocol, profile string
	rate, check            float64
	duration               time.Duration
	clients, workers       int
	operations             int
}

func main() {
	var s settings
	flag.StringVar(&s.url, "url", "", "base URL")
	flag.Float64Var(&s.rate, "rate", 0, "requests a second; zero: as fast as the clients can")
	flag.DurationVar(&s.duration, "duration", 5*time.Second, "how long")
	flag.IntVar(&s.clients, "clients", 50, "clients of the closed workload")
	flag.IntVar(&s.workers, "workers", 0, "requests under way at most")
	flag.Float64Var(&s.check, "check", 0.05, "share of answers that are checked")
	flag.IntVar(&s.operations, "operations", 4, "operations that the load is mixed of")
	flag.StringVar(&s.protocol, "protocol", "", "HTTP client: lean, net/http, h2")
	flag.StringVar(&s.profile, "cpuprofile", "", "file for a profile")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	if s.profile != "" {
		f, err := os.Create(s.profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	client, err := target.New(target.Config{
		Base: s.url, Run: "a1b2c3d4e5f6", Began: time.Now(), Timeout: 5 * time.Second, Protocol: target.Protocol(s.protocol), Inspect: inspect,
	})
	if err != nil {
		return err
	}
	session := s.session(ctx, client)
	out := Result{Classes: map[string]int64{}}
	var latency, service []plumbline.Bin
	began := time.Now()
	err = (&load.Engine{Client: client}).Run(ctx, session, func(r plumbline.Record) {
		switch {
		case r.Series != nil:
			out.Classes[r.Series.Class] += r.Series.Count
			out.Retries += r.Series.Retries
			latency, service = load.Merge(latency, r.Series.Latency), load.Merge(service, r.Series.Service)
		case r.Health != nil:
			h := r.Health
			out.Sent, out.Skipped, out.Lag50, out.Lag99, out.Unchecks = h.Sent, h.Skipped, h.Lag50, h.Lag99, h.Unchecked
		}
	})
	out.Seconds = time.Since(began).Seconds()
	out.P50, out.P99, out.P999, out.Service = load.Quantile(latency, 0.5), load.Quantile(latency, 0.99), load.Quantile(latency, 0.999), load.Quantile(service, 0.99)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// inspect is a check of the contract as small as the answers are: the status,
// the media type, and the members of the body.
func inspect(_ string, _ plumbline.Request, r plumbline.Response) []plumbline.Mark {
	var item struct {
		ID   *int    `json:"id"`
		Name *string `json:"name"`
	}
	if err := json.Unmarshal(r.Body, &item); err != nil || item.ID == nil || item.Name == nil || r.Status != http.StatusOK {
		return []plumbline.Mark{{Kind: plumbline.MarkBody, Message: "not an item"}}
	}
	return nil
}

func (s settings) session(ctx context.Context, client *target.Client) load.Session {
	out := load.Session{Experiment: "bench", Phase: "steady", Seed: 1, Workers: s.workers, Check: s.check}
	var shots []target.Shot
	const trace = "a1b2c3d4e5f6000100010000000000ff"
	for i := range s.operations {
		each, arrivals := s.rate/float64(s.operations), plumbline.ArrivalsConstant
		if s.rate == 0 {
			each, arrivals = float64(s.clients)/float64(s.operations), plumbline.ArrivalsClosed
		}
		name := fmt.Sprintf("read%d", i)
		out.Streams = append(out.Streams, plumbline.Stream{
			Name: name, Operation: name, Arrivals: arrivals, Stages: []plumbline.Stage{{From: each, To: each, Duration: s.duration}},
		})
		shot := target.Shot{Operation: name, Trace: trace, Request: plumbline.Request{Method: http.MethodGet, Path: "/items/" + name}}
		shot.Ready = client.Ready(ctx, shot)
		shots = append(shots, shot)
	}
	out.Shot = func(stream int, _ uint64) target.Shot { return shots[stream] }
	return out
}
