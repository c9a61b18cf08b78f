package runners

import (
	"slices"
	"sync"

	"github.com/plumbline-dev/plumbline"
)

// changing are the operations with a safe method that were seen to change
// data. They are no load: what they would change nobody has asked for.
type changing struct {
	mu  sync.Mutex
	ops map[string]bool
}

// note takes in what the flow that tries an operation has seen.
func (c *changing) note(operation string, step func(name string) (plumbline.Observation, bool)) {
	if operation == "" {
		return
	}
	if marks, gone := plumbline.Altered(step); len(marks) == 0 && !gone {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ops == nil {
		c.ops = map[string]bool{}
	}
	c.ops[operation] = true
}

// seen tells whether an operation that a stream sends requests of was seen to
// change data.
func (c *changing) seen(s plumbline.Stream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(s.Reaches(), func(id string) bool { return c.ops[id] })
}

// still are the streams with those silent whose operation was seen to change
// data. They keep their place, for trace ids count places.
func (c *changing) still(streams []plumbline.Stream) []plumbline.Stream {
	out := slices.Clone(streams)
	for i, s := range out {
		if !c.seen(s) {
			continue
		}
		out[i].Stages = slices.Clone(s.Stages)
		for k := range out[i].Stages {
			out[i].Stages[k].From, out[i].Stages[k].To = 0, 0
		}
	}
	return out
}

// silent tells whether none of the streams sends anything.
func silent(streams []plumbline.Stream) bool {
	return !slices.ContainsFunc(streams, func(s plumbline.Stream) bool { return s.Expected() > 0 })
}
