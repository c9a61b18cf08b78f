package load

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A hit is one request of the schedule: when it is due, since the phase began,
// which stream it belongs to, and its number within that stream.
type hit struct {
	due    time.Duration
	stream int
	number uint64
}

// A schedule superposes the streams of a phase. It is generated as it is
// consumed, so it costs the same for a minute and for a day.
type schedule struct{ next upcoming }

// newSchedule starts the streams. Poisson arrivals come from a source seeded
// by the plan and the stream's place: the same seed gives the same arrivals.
func newSchedule(streams []plumbline.Stream, seed uint64) *schedule {
	s := &schedule{}
	for i, st := range streams {
		a := &arrivals{stages: st.Stages, stream: i}
		if st.Arrivals == plumbline.ArrivalsPoisson {
			a.random = rand.New(rand.NewPCG(seed, uint64(i)+1)) //nolint:gosec // reproducible on purpose
		}
		if a.advance() {
			s.next = append(s.next, a)
		}
	}
	heap.Init(&s.next)
	return s
}

// pop takes the hit that is due next; ok is false when there is none left.
func (s *schedule) pop() (h hit, ok bool) {
	if len(s.next) == 0 {
		return hit{}, false
	}
	a := s.next[0]
	h = hit{due: a.due, stream: a.stream, number: a.number}
	if a.advance() {
		heap.Fix(&s.next, 0)
	} else {
		heap.Pop(&s.next)
	}
	return h, true
}

// due is when the next hit is.
func (s *schedule) due() (time.Duration, bool) {
	if len(s.next) == 0 {
		return 0, false
	}
	return s.next[0].due, true
}

// arrivals are the due times of one stream. In units of expected requests
// they are 1, 2, 3, … when constant, and sums of exponentials when Poisson;
// the inverse of the cumulated rate turns those into times, also on a ramp
// from or to zero (time rescaling).
type arrivals struct {
	stages []plumbline.Stage
	stream int
	random *rand.Rand // nil: constant
	number uint64
	mass   float64 // expected requests up to the current one
	due    time.Duration
}

func (a *arrivals) advance() bool {
	if a.mass > 0 {
		a.number++
	}
	if a.random != nil {
		a.mass += a.random.ExpFloat64()
	} else {
		a.mass++
	}
	due, ok := inverse(a.stages, a.mass)
	a.due = due
	return ok
}

// inverse is the time at which the stages have called for mass requests.
func inverse(stages []plumbline.Stage, mass float64) (time.Duration, bool) {
	const slack = 1e-9 // rounding must not cost the last request of a stage
	var began time.Duration
	for _, g := range stages {
		whole := (g.From + g.To) / 2 * g.Duration.Seconds()
		if whole > 0 && mass <= whole+slack {
			return began + within(g, min(mass, whole)), true
		}
		mass -= whole
		began += g.Duration
	}
	return 0, false
}

// within solves r0·t + s·t²/2 = mass for t. The form with the root below the
// line needs no case for s = 0 and does not cancel when s is next to it.
func within(g plumbline.Stage, mass float64) time.Duration {
	slope := (g.To - g.From) / g.Duration.Seconds()
	t := 2 * mass / (g.From + math.Sqrt(max(0, g.From*g.From+2*slope*mass)))
	return min(time.Duration(t*float64(time.Second)), g.Duration)
}

// upcoming orders streams by their next due time.
type upcoming []*arrivals

func (u upcoming) Len() int { return len(u) }
func (u upcoming) Less(i, j int) bool {
	if u[i].due != u[j].due {
		return u[i].due < u[j].due
	}
	return u[i].stream < u[j].stream
}
func (u upcoming) Swap(i, j int) { u[i], u[j] = u[j], u[i] }

// Push is for container/heap.
func (u *upcoming) Push(x any) { *u = append(*u, x.(*arrivals)) } //nolint:forcetypeassert // only arrivals are pushed

// Pop is for container/heap.
func (u *upcoming) Pop() any {
	old := *u
	x := old[len(old)-1]
	*u = old[:len(old)-1]
	return x
}
