// Package load sends open workloads: requests arrive on their own schedule,
// whatever the answers. vegeta dispatches and does nothing more; the schedule,
// the measuring point, the aggregation and the health of the generator are
// ours, for what vegeta measures starts when a worker is free, not when the
// request was due.
package load

import (
	"context"
	"math"
	"net/http"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A Session is the streams of one phase.
type Session struct {
	Experiment, Phase string
	Streams           []plumbline.Stream
	Seed              uint64
	Thresholds        []time.Duration // latencies that are counted exactly
	// Shot makes the n-th request of a stream, ready to be sent. It must not
	// block: it is called on the way of the request.
	Shot func(stream int, number uint64) target.Shot
	// Walk begins the n-th flow of a stream that is one of a flow. Its answers
	// are told to the Walk alone.
	Walk func(stream int, number uint64) Walk
	// Steps are the names of the steps of such streams, by the place of the
	// stream; Thinking is the longest think time of one flow of each. Nil: none.
	Steps    [][]string
	Thinking []time.Duration
	// Answered is told about every answer to a hit that is one request,
	// concurrently. Nil: nobody is.
	Answered func(stream int, a target.Answer)
	// Workers is how many requests may be under way. Zero: as many as Little's
	// law calls for.
	Workers int
	// Lateness is how late a request may be sent. One that is later is skipped
	// and counted: a burst of stale requests is no open workload any more. Until
	// then requests that are late are sent as fast as they can be, and the time
	// that they waited is in their latency. Zero: 5 s.
	Lateness time.Duration
	// Check is the share of answers that are held against the document. Zero:
	// all, and a twentieth of them while the generator is late.
	Check float64
	// Stop ends the session early. Nil: nothing does.
	Stop *plumbline.Stop
}

// Limits of the dispatcher.
const (
	fewestWorkers = 64
	mostWorkers   = 2048
	// mostThinking bounds the flows that wait in think time, beside the workers:
	// each costs no more than its goroutine.
	mostThinking = 1 << 16
	lateness     = 5 * time.Second
	// behind is when the generator counts as late, and falls back on checking
	// one answer in every.
	behind = 10 * time.Millisecond
	every  = 20
	// spreadFrom is when a request counts as late for the dispatcher: what a
	// timer of the runtime is late by is less.
	spreadFrom = 2 * time.Millisecond
	// A timer that is late by so much tells of processor time that others took;
	// it is believed for a while.
	starved = 5 * time.Millisecond
	hunger  = 100 * time.Millisecond
)

// An Engine sends sessions through one client.
type Engine struct {
	Client *target.Client
	Own    Calibration // zero: this generator was not calibrated
}

// Run sends the session and records observations, series and the generator's
// health. It returns when the last answer is in, or within an instant of the
// end of ctx, requests in flight included.
func (e *Engine) Run(ctx context.Context, s Session, record func(plumbline.Record)) error {
	if s.Lateness == 0 {
		s.Lateness = lateness
	}
	within, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	began := e.Client.Now()
	d := &dispatch{ctx: within, engine: e, session: s, began: began, record: record}
	if d.queue = newSchedule(s.Streams, s.Seed); closed(s.Streams) {
		d.queue = newRounds(s.Streams, func() time.Duration { return e.Client.Now() - began })
	}
	d.folds = newFolds(s, began, e.Client.Timeout()+2*s.Lateness)
	d.health = startHealth(s)
	d.guard = newGuard(s.Stop, stop)
	workers := d.workers()
	d.health.report.Workers = workers
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: d}), vegeta.MaxBody(0),
		vegeta.Workers(uint64(min(workers, fewestWorkers))), vegeta.MaxWorkers(uint64(workers)),
	)
	// The end of the schedule ends the attack; its results carry nothing that
	// the round tripper has not measured better.
	for range attacker.Attack(dummyTarget, d, 0, s.Phase) {
		continue
	}
	for _, x := range d.folds.series() {
		record(plumbline.Record{Series: &x})
	}
	h := d.health.finish(d.skipped)
	h.Stopped, h.Ceiling, h.Floor = d.guard.why(), e.Own.Ceiling, e.Own.Floor
	record(plumbline.Record{Health: &h})
	return ctx.Err()
}

// workers bounds the requests in flight by Little's law: each takes as long as
// its client has patience. Flows whose users think come on top of that. A closed
// workload has one for each of its clients.
func (d *dispatch) workers() int {
	if d.session.Workers > 0 {
		return d.session.Workers
	}
	under, clients, thinking := 0.0, 0.0, 0.0
	for i, s := range d.session.Streams {
		most := 0.0
		for _, g := range s.Stages {
			most = max(most, g.From, g.To)
		}
		clients += most
		under += most * float64(s.PerHit()) * patience(s.Patience, d.engine.Client.Timeout()).Seconds()
		thinking += most * d.session.thinking(i).Seconds()
	}
	if closed(d.session.Streams) {
		return max(int(clients), 1)
	}
	return max(fewestWorkers, min(int(under*1.2), mostWorkers)) + min(int(math.Ceil(thinking*1.2)), mostThinking)
}

// thinking is the longest think time of one hit of a stream.
func (s Session) thinking(stream int) time.Duration {
	if stream >= len(s.Thinking) {
		return 0
	}
	return s.Thinking[stream]
}

func dummyTarget(t *vegeta.Target) error {
	t.Method, t.URL = http.MethodGet, "http://plumbline.invalid/"
	return nil
}
