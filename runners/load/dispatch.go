package load

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A dispatch is one session under way. It is vegeta's pacer and its round
// tripper: the pacer waits until a request is due, the round tripper sends it
// and measures. A worker that vegeta has woken goes on with whatever is due by
// then before it goes back to sleep: when there is more to send than time, the
// hand-over would cost more than the request.
type dispatch struct {
	ctx     context.Context //nolint:containedctx // vegeta's interfaces have none; it is the only stop
	engine  *Engine
	session Session
	began   time.Duration
	record  func(plumbline.Record)
	folds   *folds
	health  *health
	guard   *guard
	timer   *time.Timer
	pause   time.Duration // no further request is announced before
	hungry  time.Duration // until then the generator counts as short of processor time

	mu      sync.Mutex
	queue   source
	ready   []hit // due, and announced to vegeta
	skipped int64
}

// A source yields hits in the order in which they are due.
type source interface {
	// pop takes the hit that is due next; ok is false when there is none left.
	pop() (h hit, ok bool)
	// due is when that will be.
	due() (at time.Duration, ok bool)
}

// Pace waits until the next request is due. It runs in one goroutine, so it
// may sleep by itself, which vegeta's own waiting could not be woken from.
func (d *dispatch) Pace(time.Duration, uint64) (time.Duration, bool) {
	for d.ctx.Err() == nil {
		d.mu.Lock()
		at, ok := d.queue.due()
		now := d.engine.Client.Now() - d.began
		at = max(at, d.pause)
		if ok && at <= now {
			announced := d.announce(now)
			d.mu.Unlock()
			if announced {
				return 0, false
			}
			continue
		}
		d.mu.Unlock()
		if !ok || !d.sleep(at-now) {
			return 0, true
		}
		if woke := d.engine.Client.Now() - d.began; woke-at > starved {
			d.hungry = woke + hunger
		}
	}
	return 0, true
}

// announce moves the next hit to where workers look first: they take what has
// waited longest. What is late is announced at twice its rate and no faster:
// workers that are awake catch up by themselves, and a generator that was kept
// off the processor must not answer with hundreds of new connections at once.
// While it is short of processor time more workers would only make it worse.
func (d *dispatch) announce(now time.Duration) bool {
	h, ok := d.timely(now)
	if !ok {
		return false
	}
	d.ready = append(d.ready, h)
	if next, more := d.queue.due(); more && now-h.due > spreadFrom {
		if d.pause = now + min((next-h.due)/2, spreadFrom); now < d.hungry {
			d.pause = now + starved
		}
	}
	return true
}

// timely takes the next hit, and skips what is too late to be sent.
func (d *dispatch) timely(now time.Duration) (hit, bool) {
	for {
		if at, ok := d.queue.due(); !ok || at > now {
			return hit{}, false
		}
		h, ok := d.queue.pop()
		if !ok || now-h.due <= d.session.Lateness {
			return h, ok
		}
		d.skipped += int64(d.session.Streams[h.stream].PerHit())
	}
}

// next is the hit that a worker sends now.
func (d *dispatch) next() (hit, bool) {
	if d.ctx.Err() != nil {
		return hit{}, false
	}
	now := d.engine.Client.Now() - d.began
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.ready) > 0 {
		h := d.ready[0]
		d.ready = append(d.ready[:0], d.ready[1:]...)
		return h, true
	}
	return d.timely(now)
}

// Rate is asked for by vegeta's interface and used by none of its parts that
// run here.
func (d *dispatch) Rate(time.Duration) float64 { return 0 }

// String is for vegeta's interface.
func (d *dispatch) String() string { return "plumbline" }

func (d *dispatch) sleep(t time.Duration) bool {
	if d.timer == nil {
		d.timer = time.NewTimer(t)
	} else {
		d.timer.Reset(t)
	}
	select {
	case <-d.timer.C:
		return true
	case <-d.ctx.Done():
		return false
	}
}

// RoundTrip sends what is due. vegeta's request stands for none of it, and so
// does the response.
func (d *dispatch) RoundTrip(*http.Request) (*http.Response, error) {
	for h, ok := d.next(); ok; h, ok = d.next() {
		d.send(h)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: &http.Request{URL: &url.URL{}}}, nil
}

func (d *dispatch) send(h hit) {
	if d.session.Walk != nil && len(d.session.Streams[h.stream].Flow) > 0 {
		d.follow(h, d.session.Walk(h.stream, h.number))
		return
	}
	a, attempts := d.try(h, nil)
	if d.session.Answered != nil {
		d.session.Answered(h.stream, a)
	}
	d.measured(h.stream, 0, a, attempts)
}

// measured books an answer: to the n-th step of a flow, from 1, or to a hit that
// is one request.
func (d *dispatch) measured(stream, step int, a target.Answer, attempts int) {
	d.health.sent(a.Observation)
	d.guard.add(a.Observation)
	if d.session.Streams[stream].Detail {
		o := a.Observation
		d.record(plumbline.Record{At: max(o.Done(), 1), Observation: &o})
		return
	}
	d.folds.add(stream, step, a.Observation, asked{attempts, a.Response.Header["Retry-After"] != nil})
}

// shot is what a hit, or the turn of a flow, asks for.
func (d *dispatch) shot(h hit, t *Turn) target.Shot {
	var shot target.Shot
	due := max(d.began+h.due, 1)
	if t == nil {
		shot = d.session.Shot(h.stream, h.number)
	} else {
		shot = t.Shot(d.ctx)
		if t.unsure {
			t.unsure, t.due = false, d.engine.Client.Now()
		}
		due = t.due
	}
	shot.Experiment, shot.Phase, shot.Stream, shot.Due = d.session.Experiment, d.session.Phase, d.session.Streams[h.stream].Name, due
	shot.Unchecked = shot.Unchecked || !d.checks(h)
	return shot
}

// checks tells whether the answer to a hit is held against the document: all
// of them, or the share that was asked for, or few while the generator is late.
func (d *dispatch) checks(h hit) bool {
	if share := d.session.Check; share > 0 {
		return uint64(float64(h.number+1)*share) > uint64(float64(h.number)*share)
	}
	return h.number%every == 0 || d.engine.Client.Now()-d.began-h.due < behind
}
