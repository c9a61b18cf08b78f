package scenarios

import (
	"cmp"
	"container/heap"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A queueing is a server of known width and service time, with a queue that is
// bounded or not: its capacity is width over service.
type queueing struct {
	width   int
	service time.Duration
	queue   int           // waiting at most; what is more is shed at once. -1: no bound
	starve  float64       // requests a second that the generator can send; zero: any
	noise   time.Duration // of the service time, either way

	drops   bool  // what nobody waits for any more is not worked on
	convoy  bool  // the more wait, the longer each takes
	scar    int64 // after so many refusals each takes thrice as long; zero: never
	limping bool  // every other refusal is a 500
}

func (q queueing) capacity() float64 { return float64(q.width) / q.service.Seconds() }

// free is when each of the workers of a server is.
type free []time.Duration

func (f free) Len() int           { return len(f) }
func (f free) Less(i, j int) bool { return f[i] < f[j] }
func (f free) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }

// Push is for container/heap.
func (f *free) Push(x any) { *f = append(*f, x.(time.Duration)) } //nolint:forcetypeassert // only times are pushed

// Pop is for container/heap.
func (f *free) Pop() any { x := (*f)[len(*f)-1]; *f = (*f)[:len(*f)-1]; return x }

// A replay plays phases of open streams against a queueing and keeps its state
// from phase to phase.
type replay struct {
	queueing
	d      plumbline.Design
	random *rand.Rand
	e      *plumbline.Evidence
	now    time.Duration
	free   free
	starts []time.Duration // of those that wait
	shed   int64
}

func newReplay(q queueing, d plumbline.Design, seed uint64) *replay {
	r := &replay{queueing: q, d: d, random: rand.New(rand.NewPCG(seed, 1)), e: &plumbline.Evidence{Run: plumbline.Run{ID: runID, Ended: true, Seed: seed}}}
	r.free = make(free, q.width)
	return r
}

// run plays a plan and everything that Climb adds to it.
func (r *replay) run(p plumbline.Plan) {
	for _, x := range p.Experiments {
		if x.ID == loadCapacity {
			r.experiment(x)
		}
	}
	for next := Climb(r.d, p, r.e); len(next) > 0; next = Climb(r.d, p, r.e) {
		r.experiment(next[0])
	}
	for next := Overload(r.d, p, Functions(), r.e); len(next) > 0; next = Overload(r.d, p, Functions(), r.e) {
		r.experiment(next[0])
	}
}

func (r *replay) experiment(x plumbline.Experiment) {
	for _, ph := range x.Phases {
		r.phase(x.ID, ph)
	}
}

// An arrival is a request of one of the streams.
type arrival struct {
	at     time.Duration
	stream int
}

func (r *replay) arrivals(ph plumbline.Phase) []arrival {
	var out []arrival
	for i, s := range ph.Streams {
		g := s.Stages[0]
		for at := 0.0; ; {
			if at += 1 / g.From; s.Arrivals == plumbline.ArrivalsPoisson {
				at += (r.random.ExpFloat64() - 1) / g.From
			}
			if at > g.Duration.Seconds() {
				break
			}
			out = append(out, arrival{time.Duration(at * float64(time.Second)), i})
		}
	}
	slices.SortFunc(out, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	return out
}

// phase plays one phase; with clients who give up, what they gave up is worked
// on all the same.
func (r *replay) phase(experiment string, ph plumbline.Phase) {
	m := plumbline.PhaseMark{Experiment: experiment, Phase: ph.Name, Role: ph.Role, Began: r.now, Complete: true}
	for _, s := range ph.Streams {
		m.Expected += s.Expected()
	}
	m.Rate = m.Expected / ph.Duration.Seconds()
	h := plumbline.Health{Experiment: experiment, Phase: ph.Name, Lag99: time.Millisecond}
	sinks := map[sinkKey]*plumbline.Series{}
	queue := upcomingTries{}
	for _, a := range r.arrivals(ph) {
		h.Planned++
		if r.starve > 0 && m.Rate > r.starve && r.random.Float64() > r.starve/m.Rate {
			continue
		}
		h.Sent++
		queue = append(queue, try{at: r.now + a.at, due: r.now + a.at, stream: a.stream})
	}
	heap.Init(&queue)
	for len(queue) > 0 {
		r.serve(sinks, experiment, ph, &queue)
	}
	for _, k := range slices.SortedFunc(mapKeys(sinks), func(a, b sinkKey) int { return cmp.Or(cmp.Compare(a.stream, b.stream), cmp.Compare(a.class, b.class)) }) {
		r.e.Series = append(r.e.Series, *sinks[k])
	}
	r.now += ph.Duration
	m.Ended = r.now
	r.e.Phases, r.e.Health, r.e.Ended = append(r.e.Phases, m), append(r.e.Health, h), r.now
}

type sinkKey struct {
	stream int
	class  string
}

func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// A try is one attempt of a client.
type try struct {
	at, due time.Duration
	stream  int
	before  int // attempts
}

type upcomingTries []try

func (u upcomingTries) Len() int           { return len(u) }
func (u upcomingTries) Less(i, j int) bool { return u[i].at < u[j].at }
func (u upcomingTries) Swap(i, j int)      { u[i], u[j] = u[j], u[i] }

// Push is for container/heap.
func (u *upcomingTries) Push(x any) { *u = append(*u, x.(try)) } //nolint:forcetypeassert // only tries are pushed

// Pop is for container/heap.
func (u *upcomingTries) Pop() any { x := (*u)[len(*u)-1]; *u = (*u)[:len(*u)-1]; return x }

// serve serves the next attempt, and queues the one that follows it.
func (r *replay) serve(sinks map[sinkKey]*plumbline.Series, experiment string, ph plumbline.Phase, queue *upcomingTries) {
	a, _ := heap.Pop(queue).(try)
	s := ph.Streams[a.stream]
	patience := plumbline.Patience{Timeout: 10 * time.Second}
	if s.Patience != nil {
		patience = *s.Patience
	}
	class, took := r.attempt(a.at, patience.Timeout)
	if class != "2xx" && a.before+1 < patience.Attempts {
		a.at += took + time.Duration(r.random.Float64()*float64(patience.Pause<<a.before))
		a.before++
		heap.Push(queue, a)
		return
	}
	key := sinkKey{a.stream, class}
	x := sinks[key]
	if x == nil {
		x = &plumbline.Series{Experiment: experiment, Phase: ph.Name, Stream: s.Name, Operation: s.Operation, Class: class, Began: r.now}
		if class == shedClass {
			x.Class, x.Shed = "5xx", true
		}
		for _, o := range r.d.Objectives {
			if o.Within > 0 {
				x.Within = append(x.Within, plumbline.Within{Threshold: o.Within})
			}
		}
		sinks[key] = x
	}
	x.Attempts += int64(a.before + 1)
	tell(x, int((a.due-r.now)/time.Second), a.at+took-a.due)
}

// attempt is what one attempt gets, and when.
func (r *replay) attempt(at, timeout time.Duration) (class string, took time.Duration) {
	if r.queue >= 0 {
		r.starts = slices.DeleteFunc(r.starts, func(t time.Duration) bool { return t <= at })
	}
	if r.queue >= 0 && r.free[0] > at && len(r.starts) >= r.queue {
		if r.shed++; r.limping && r.shed%2 == 0 {
			return "5xx", time.Millisecond
		}
		return shedClass, time.Millisecond
	}
	start := max(at, r.free[0])
	if r.drops && start > at+timeout {
		return string(plumbline.ErrorTimeout), timeout
	}
	cost := r.service + time.Duration((2*r.random.Float64()-1)*float64(r.noise))
	if under := float64(start-at) / float64(r.service); r.convoy && under > 2 {
		cost = time.Duration(float64(cost) * min(under/2, 3))
	}
	if r.scar > 0 && r.shed > r.scar {
		cost *= 3
	}
	r.free[0] = start + cost
	heap.Fix(&r.free, 0)
	if r.queue >= 0 {
		r.starts = append(r.starts, start)
	}
	if took = start + cost - at; took > timeout {
		return string(plumbline.ErrorTimeout), timeout
	}
	return "2xx", took
}

// tell adds one request to a series.
func tell(x *plumbline.Series, second int, latency time.Duration) {
	x.Count++
	bin := latency.Truncate(time.Millisecond) + time.Millisecond
	i := slices.IndexFunc(x.Latency, func(b plumbline.Bin) bool { return b.UpTo == bin })
	if i < 0 {
		i = len(x.Latency)
		x.Latency = append(x.Latency, plumbline.Bin{UpTo: bin})
	}
	x.Latency[i].Count++
	x.Service = x.Latency
	k := slices.IndexFunc(x.Slices, func(s plumbline.Slice) bool { return s.Second == second })
	if k < 0 {
		k = len(x.Slices)
		x.Slices = append(x.Slices, plumbline.Slice{Second: second, Within: make([]int64, len(x.Within))})
	}
	s := &x.Slices[k]
	s.Count++
	s.P99 = max(s.P99, latency)
	s.P50 += (latency - s.P50) / time.Duration(s.Count) // the mean stands for the median
	for i := range x.Within {
		if latency <= x.Within[i].Threshold {
			x.Within[i].Count++
			s.Within[i]++
		}
	}
}
