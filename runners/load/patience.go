package load

import (
	"math/rand/v2"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// try makes the request of a hit, or of the turn of a flow, as often as the
// patience of its client wants, and counts the attempts when it has some: a client
// who tries again asks for the same, with the same row of a feeder. What is told is the last answer and the time since the request was due; the first
// attempt tells how late it was sent.
func (d *dispatch) try(h hit, t *Turn) (a target.Answer, attempts int) {
	p := d.session.Streams[h.stream].Patience
	if p == nil {
		return d.engine.Client.Do(d.ctx, d.shot(h, t)), 0
	}
	shot := d.shot(h, t)
	shot.Timeout = p.Timeout
	var first time.Duration
	for attempts = 1; ; attempts++ {
		a = d.engine.Client.Do(d.ctx, shot)
		if attempts == 1 {
			first = a.Sent
		}
		a.Sent = first
		if attempts >= p.Attempts || !again(a.Observation) || !d.rest(pause(p, d.session.Seed, h, attempts)) {
			return a, attempts
		}
	}
}

// again tells whether a client would try once more: after a timeout, a broken
// connection, a refusal for want of capacity or a server error.
func again(o plumbline.Observation) bool {
	switch o.Error {
	case "":
		return o.Status >= 500 || shed(o)
	case plumbline.ErrorTimeout, plumbline.ErrorRefused, plumbline.ErrorReset, plumbline.ErrorEOF:
		return true
	default:
		return false
	}
}

// pause is how long a client waits after its n-th attempt: a random part of a
// time that doubles (full jitter). The same seed draws the same.
func pause(p *plumbline.Patience, seed uint64, h hit, n int) time.Duration {
	r := rand.New(rand.NewPCG(seed^uint64(h.stream)<<40^uint64(n)<<48, h.number)) //nolint:gosec // reproducible on purpose
	return time.Duration(r.Float64() * float64(p.Pause<<(min(n, 10)-1)))
}

// rest waits; false when the session ends meanwhile.
func (d *dispatch) rest(t time.Duration) bool {
	if t <= 0 {
		return d.ctx.Err() == nil
	}
	return target.Wait(d.ctx, t)
}

// patience is how long a client is busy with one request at most.
func patience(p *plumbline.Patience, longest time.Duration) time.Duration {
	if p == nil {
		return longest
	}
	one := longest
	if p.Timeout > 0 {
		one = min(one, p.Timeout)
	}
	total := one
	for n := 1; n < p.Attempts; n++ {
		total += one + p.Pause<<(min(n, 10)-1)
	}
	return total
}
