package progress

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A bin is a thirty-second of a doubling, so that what is read from it is at
// most 3 % too high.
const (
	fineness = 5
	perTwo   = 1 << fineness
	bins     = 31 * perTwo // up to hours, in microseconds
)

// spread is over how many seconds the latencies of a Pulse are taken.
const spread = 10

// A Meter counts answers as they come, at the price of a few additions each.
// Nil counts nothing. It is safe for concurrent use.
type Meter struct {
	objectives []plumbline.Objective

	mu    sync.RWMutex
	role  plumbline.Role
	byOp  map[string]*counts // of the phase so far
	whole *counts            // of all operations, since the run began

	last [spread]*snapshot // of whole, a second apart, the latest first
}

// counts are answers by latency.
type counts struct {
	bad  atomic.Int64 // failed, whatever they took
	good [bins]atomic.Int64
}

type snapshot [bins]int64

// NewMeter returns a meter that tells how these objectives do.
func NewMeter(objectives []plumbline.Objective) *Meter {
	return &Meter{objectives: objectives, byOp: map[string]*counts{}, whole: &counts{}}
}

// Begin begins a phase: what Pulse and Standing tell of it counts from here.
func (m *Meter) Begin(role plumbline.Role) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.role, m.byOp = role, map[string]*counts{}
}

// Answered counts an answer, or that there was none.
func (m *Meter) Answered(o plumbline.Observation) {
	if m == nil {
		return
	}
	m.Count(o.Operation, o.Latency, o.OK())
}

// Count counts an answer that is no observation.
func (m *Meter) Count(operation string, latency time.Duration, ok bool) {
	if m == nil {
		return
	}
	c := m.of(operation)
	at := bin(latency)
	m.whole.good[at].Add(1)
	if ok {
		c.good[at].Add(1)
	} else {
		c.bad.Add(1)
	}
}

func (m *Meter) of(operation string) *counts {
	m.mu.RLock()
	c := m.byOp[operation]
	m.mu.RUnlock()
	if c != nil {
		return c
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if c = m.byOp[operation]; c == nil {
		c = &counts{}
		m.byOp[operation] = c
	}
	return c
}

// Pulse tells how it went since the last call, which was so long ago. It is
// called by one goroutine, once a second.
func (m *Meter) Pulse(since time.Duration) Pulse {
	var p Pulse
	if m == nil {
		return p
	}
	now := &snapshot{}
	for i := range now {
		now[i] = m.whole.good[i].Load()
	}
	first, before := m.last[spread-1], m.last[0]
	p.P50, p.P99 = now.quantile(first, 0.5), now.quantile(first, 0.99)
	if since > 0 {
		p.Rate = float64(now.since(before)) / since.Seconds()
	}
	copy(m.last[1:], m.last[:spread-1])
	m.last[0] = now

	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, c := range m.byOp {
		p.Bad += c.bad.Load()
		p.Answers += c.total()
	}
	for _, o := range m.objectives {
		if s, ok := m.standing(o); ok {
			p.Standing = append(p.Standing, s)
		}
	}
	return p
}

// standing is how an objective that is for phases like this one does in it.
func (m *Meter) standing(o plumbline.Objective) (Standing, bool) {
	if !m.concerns(o) {
		return Standing{}, false
	}
	var sum snapshot
	s := Standing{Objective: o.Name, Target: o.Target, Within: o.Within}
	good := int64(0)
	limit := bin(o.Within)
	for operation, c := range m.byOp {
		if !o.Covers(operation) {
			continue
		}
		s.Answers += c.bad.Load()
		for i := range sum {
			n := c.good[i].Load()
			sum[i] += n
			s.Answers += n
			if o.Within == 0 || i <= limit {
				good += n
			}
		}
	}
	if s.Answers == 0 {
		return s, false
	}
	s.Good = float64(good) / float64(s.Answers)
	s.Latency, s.Failed = sum.reach(o.Target * float64(s.Answers))
	return s, true
}

// concerns tells whether an objective is for phases like this one. It takes a
// whole phase to tell a throughput.
func (m *Meter) concerns(o plumbline.Objective) bool {
	calm := m.role != plumbline.RoleFault && m.role != plumbline.RoleRecovery
	return o.Throughput == 0 && len(o.Faults) == 0 && calm == (o.During == "") && (calm || o.During == string(m.role))
}

func (c *counts) total() int64 {
	n := c.bad.Load()
	for i := range c.good {
		n += c.good[i].Load()
	}
	return n
}

// since is how many were counted since another snapshot; nil: since the
// beginning.
func (s *snapshot) since(before *snapshot) int64 {
	n := int64(0)
	for i, x := range s {
		n += x
		if before != nil {
			n -= before[i]
		}
	}
	return n
}

// quantile is the latency that a share q of what came since did not exceed.
// Zero when nothing came.
func (s *snapshot) quantile(before *snapshot, q float64) time.Duration {
	d := *s
	if before != nil {
		for i := range d {
			d[i] -= before[i]
		}
	}
	n := d.since(nil)
	if n == 0 {
		return 0
	}
	latency, _ := d.reach(q * float64(n))
	return latency
}

// reach is the latency within which so many are counted; none is true when
// there are fewer.
func (s *snapshot) reach(many float64) (d time.Duration, none bool) {
	sum := int64(0)
	for i, n := range s {
		if sum += n; n > 0 && float64(sum) >= many {
			return top(i), false
		}
	}
	return 0, true
}

// bin is where a latency is counted, in whole microseconds rounded up.
func bin(d time.Duration) int {
	us := uint64(max(0, (d+time.Microsecond-1)/time.Microsecond))
	if us < perTwo {
		return int(us)
	}
	shift := bits.Len64(us) - 1 - fineness
	return min(perTwo*(shift+1)+int(us>>shift)-perTwo, bins-1)
}

// top is the longest latency of a bin.
func top(bin int) time.Duration {
	shift := max(bin/perTwo-1, 0)
	base := bin
	if bin >= perTwo {
		base = bin%perTwo + perTwo
	}
	return time.Duration((base+1)<<shift-1) * time.Microsecond
}
