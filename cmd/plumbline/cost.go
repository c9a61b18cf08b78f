package main

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

// callTime is what a single call is taken to last when time is estimated.
const callTime = 15 * time.Millisecond

// length estimates how long an experiment takes.
func length(d plumbline.Design, x plumbline.Experiment) time.Duration {
	sum := time.Duration(0)
	for _, p := range x.Phases {
		sum += p.Duration + thinking(d, p)
		for _, c := range p.Calls {
			sum += time.Duration(max(c.Repeat, 1)) * callTime
		}
		if p.Serial != nil {
			sum += time.Duration(alone(p)) * p.Serial.Idle
		}
		sum += time.Duration(len(p.Pacts)) * 2 * time.Second
	}
	return sum
}

// thinking is how long a phase goes on after its end, for the users of its last
// flows think as others do.
func thinking(d plumbline.Design, p plumbline.Phase) time.Duration {
	most := time.Duration(0)
	for _, s := range p.Streams {
		if f, ok := d.LoadFlow(s.Operation); ok && !s.Hasty {
			most = max(most, f.Thinking().Mean())
		}
	}
	return most
}

// alone is how many calls of a serial phase wait for the wire to be idle.
func alone(p plumbline.Phase) int {
	n := 0
	for _, c := range p.InTurn() {
		if c.Alone {
			n++
		}
	}
	return n
}

// requests estimates how many requests an experiment sends.
func requests(x plumbline.Experiment) int {
	n := 0.0
	for _, p := range x.Phases {
		for _, s := range p.Streams {
			n += s.Expected()
		}
		for _, c := range p.Calls {
			n += float64(max(c.Repeat, 1))
		}
	}
	return int(n)
}
