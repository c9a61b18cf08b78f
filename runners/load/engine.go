// Package load sends open workloads: requests arrive on their own schedule,
// whatever the answers. vegeta dispatches and does nothing more; the schedule,
// the measuring point, the aggregation and the health of the generator are
// ours, for what vegeta measures starts when a worker is free, not when the
// request was due.
package load

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
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
	// Answered is told about every answer, concurrently. Nil: nobody is.
	Answered func(stream int, a target.Answer)
}

// Limits of the dispatcher.
const (
	fewestWorkers = 64
	mostWorkers   = 2048
	// lateness is how late a request may be sent. One that is later is skipped
	// and counted: a burst of stale requests is no open workload any more.
	lateness = 5 * time.Second
)

// An Engine sends sessions through one client.
type Engine struct{ Client *target.Client }

// Run sends the session and records observations, series and the generator's
// health. It returns when the last answer is in, or within an instant of the
// end of ctx, requests in flight included.
func (e *Engine) Run(ctx context.Context, s Session, record func(plumbline.Record)) error {
	began := e.Client.Now()
	d := &dispatch{ctx: ctx, engine: e, session: s, began: began, queue: newSchedule(s.Streams, s.Seed), pending: map[uint64]hit{}, record: record}
	d.folds = newFolds(s, began, e.Client.Timeout()+2*lateness)
	d.health = startHealth(s)
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
	record(plumbline.Record{Health: &h})
	return ctx.Err()
}

// workers bounds the requests in flight by Little's law.
func (d *dispatch) workers() int {
	rate := 0.0
	for _, s := range d.session.Streams {
		most := 0.0
		for _, g := range s.Stages {
			most = max(most, g.From, g.To)
		}
		rate += most
	}
	return max(fewestWorkers, min(int(rate*d.engine.Client.Timeout().Seconds()*1.2), mostWorkers))
}

func dummyTarget(t *vegeta.Target) error {
	t.Method, t.URL = http.MethodGet, "http://plumbline.invalid/"
	return nil
}

// A dispatch is one session under way. It is vegeta's pacer and its round
// tripper: the pacer knows when the n-th request is due, the round tripper
// sends it and measures.
type dispatch struct {
	ctx     context.Context //nolint:containedctx // vegeta's interfaces have none; it is the only stop
	engine  *Engine
	session Session
	began   time.Duration
	queue   *schedule
	record  func(plumbline.Record)
	folds   *folds
	health  *health
	skipped int64

	mu      sync.Mutex
	pending map[uint64]hit // by vegeta's sequence number
}

// Pace waits until the next request is due. It runs in one goroutine, so it
// may sleep by itself, which vegeta's own waiting could not be woken from.
func (d *dispatch) Pace(_ time.Duration, sequence uint64) (time.Duration, bool) {
	for {
		h, ok := d.queue.pop()
		if !ok || d.ctx.Err() != nil {
			return 0, true
		}
		late := d.engine.Client.Now() - d.began - h.due
		if late > lateness {
			d.skipped++
			continue
		}
		if late < 0 && !sleep(d.ctx, -late) {
			return 0, true
		}
		d.mu.Lock()
		d.pending[sequence] = h
		d.mu.Unlock()
		return 0, false
	}
}

// Rate is asked for by vegeta's interface and used by none of its parts that
// run here.
func (d *dispatch) Rate(time.Duration) float64 { return 0 }

// String is for vegeta's interface.
func (d *dispatch) String() string { return "plumbline" }

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// RoundTrip sends the request that vegeta's sequence number stands for.
func (d *dispatch) RoundTrip(r *http.Request) (*http.Response, error) {
	sequence, err := strconv.ParseUint(r.Header.Get("X-Vegeta-Seq"), 10, 64)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	h, ok := d.pending[sequence]
	delete(d.pending, sequence)
	d.mu.Unlock()
	if ok {
		d.send(h)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("")), Header: http.Header{}, Request: &http.Request{URL: &url.URL{}}}, nil
}

func (d *dispatch) send(h hit) {
	s := d.session.Streams[h.stream]
	shot := d.session.Shot(h.stream, h.number)
	shot.Experiment, shot.Phase, shot.Stream, shot.Due = d.session.Experiment, d.session.Phase, s.Name, d.began+h.due
	a := d.engine.Client.Do(d.ctx, shot)
	if d.session.Answered != nil {
		d.session.Answered(h.stream, a)
	}
	d.health.sent(a.Observation)
	if s.Detail {
		o := a.Observation
		d.record(plumbline.Record{At: max(o.Done(), 1), Observation: &o})
		return
	}
	d.folds.add(h.stream, a.Observation)
}
