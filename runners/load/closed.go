package load

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

// closed tells whether a session waits for its target: when all of its streams
// do. In one with an open stream beside it a closed stream would be fed by the
// answers of the other.
func closed(streams []plumbline.Stream) bool {
	for _, s := range streams {
		if s.Arrivals != plumbline.ArrivalsClosed {
			return false
		}
	}
	return len(streams) > 0
}

// rounds are a closed workload: a hit is due whenever a worker asks for one,
// until the stages are over. The streams take turns by their rates, which are
// numbers of clients.
type rounds struct {
	now     func() time.Duration
	ends    time.Duration
	weights []float64
	credit  []float64
	numbers []uint64
}

func newRounds(streams []plumbline.Stream, now func() time.Duration) *rounds {
	r := &rounds{now: now, credit: make([]float64, len(streams)), numbers: make([]uint64, len(streams))}
	for _, s := range streams {
		weight, ends := 0.0, time.Duration(0)
		for _, g := range s.Stages {
			weight, ends = max(weight, g.From, g.To), ends+g.Duration
		}
		r.weights, r.ends = append(r.weights, weight), max(r.ends, ends)
	}
	return r
}

// due is always past.
func (r *rounds) due() (time.Duration, bool) { return 0, r.now() < r.ends }

// pop gives the turn to the stream that has waited most for it.
func (r *rounds) pop() (hit, bool) {
	now := r.now()
	if now >= r.ends {
		return hit{}, false
	}
	best, total := 0, 0.0
	for i, w := range r.weights {
		r.credit[i] += w
		total += w
		if r.credit[i] > r.credit[best] {
			best = i
		}
	}
	r.credit[best] -= total
	h := hit{due: now, stream: best, number: r.numbers[best]}
	r.numbers[best]++
	return h, true
}
