package runners

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/load"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// flowing are the flows of the streams of a phase, by the place of the stream;
// those of others are empty.
type flowing struct {
	all      []plumbline.Flow
	steps    [][]string
	thinking []time.Duration
}

func (l *Live) flowsOf(streams []plumbline.Stream) flowing {
	n := len(streams)
	out := flowing{make([]plumbline.Flow, n), make([][]string, n), make([]time.Duration, n)}
	for i, s := range streams {
		f, ok := l.Design.LoadFlow(s.Operation)
		if len(s.Flow) == 0 || !ok {
			continue
		}
		if s.Hasty {
			f = f.Hurried()
		}
		out.all[i], out.thinking[i] = f, f.Thinking().Longest()
		for _, step := range f.Steps {
			out.steps[i] = append(out.steps[i], step.Name)
		}
	}
	return out
}

// casesOfFlow are the requests of a flow. Of their places only those are left
// that no step fills: values for them are had before the load begins.
func (l *Live) casesOfFlow(s plumbline.Stream) []plumbline.Case {
	f, _ := l.Design.LoadFlow(s.Operation)
	var out []plumbline.Case
	for _, step := range f.Steps {
		c, ok := l.kase(step.Call)
		if !ok {
			return nil
		}
		c.Binds = slices.DeleteFunc(slices.Clone(c.Binds), stepped)
		out = append(out, l.unfed([]plumbline.Case{c}, step.Operation)...)
	}
	return out
}

// stepped tells whether a value comes from an earlier step of the flow.
func stepped(b plumbline.Bind) bool { return strings.HasPrefix(b.From, "step:") }

// A hit is a flow of the load on its way: one hit of its stream.
type hit struct {
	passage
	steps  []plumbline.Step
	stream int
	number uint64
	now    int // step
	tries  int // repetitions of it
	began  time.Time
	random *rand.Rand // that think times are drawn with
}

// thinks sets the draws of think times apart from those of rows.
const thinks = 1 << 63

func (l *Live) walk(at Place, f plumbline.Flow, stream int, number uint64) load.Walk {
	seed := l.Run.Seed ^ uint64(at.ExperimentIndex)<<8 ^ uint64(at.PhaseIndex) ^ uint64(stream)<<40 ^ thinks
	return &hit{
		passage: passage{Live: l, at: at, flow: f.Name, answers: make(map[string]target.Answer, len(f.Steps))}, steps: f.Steps, stream: stream, number: number,
		random: rand.New(rand.NewPCG(seed, number)), //nolint:gosec // reproducible on purpose
	}
}

// Next is the next request of the flow.
func (h *hit) Next() (load.Turn, bool) {
	if h.ended != nil || h.now >= len(h.steps) {
		return load.Turn{}, false
	}
	s := h.steps[h.now]
	t := load.Turn{Step: h.now, Shot: h.shot}
	switch {
	case h.tries > 0:
		t.Pause = max(s.Poll.Every, 10*time.Millisecond)
	case h.now > 0:
		t.Think = s.Drawn(h.random.Float64())
	}
	return t, true
}

// shot is the request of the step at hand. Transcripts are of single requests:
// a load keeps none.
func (h *hit) shot(ctx context.Context) target.Shot {
	c := h.steps[h.now].Call
	s := target.Shot{Operation: c.Operation, Identity: c.Identity, Trace: h.trace(h.at, h.stream)}
	kase, ok := h.kase(c)
	if !ok {
		s.Unbound = fmt.Errorf("the design has no case %q of %s", c.Case, c.Operation)
		return s
	}
	s.Case = kase.ID
	if s.Request, s.Unbound = h.Pool.FillStep(ctx, kase, h.answers); s.Unbound == nil && len(h.Design.Load.Feeders) > 0 {
		s.Unbound = h.feed(&s.Request, c.Operation, h.stream, h.number, kase.Binds...)
	}
	return s
}

// Took goes on to the next step, makes this one once more where that is asked
// for, or ends the flow. What a step created is booked, and nobody else's.
func (h *hit) Took(a target.Answer) {
	s := h.steps[h.now]
	h.Meter.Answered(a.Observation)
	h.Pool.LearnStep(s.Operation, a)
	if h.tries == 0 {
		h.began = time.Now()
	}
	if a.Status != 0 && a.Error == "" {
		h.answers[s.Name] = a
	}
	switch {
	case h.good(s, a):
		h.now, h.tries = h.now+1, 0
	case s.Poll != nil && a.Error == "" && !h.enough(s, a, h.tries) && time.Since(h.began) < s.Poll.Within:
		h.tries++
	default:
		h.ended = fmt.Errorf("%s: %w", s.Name, h.why(s, a))
	}
}

// why says what of an answer ends the flow.
func (h *hit) why(s plumbline.Step, a target.Answer) error {
	if a.Error == plumbline.ErrorUnbound && a.Transcript != nil {
		return errors.New(a.Transcript.ResponseBody)
	}
	if a.Error == "" {
		for i, m := range criteria(s.Criteria, a, h.answers) {
			if len(m.Marks) > 0 {
				return fmt.Errorf("%s is not so: %s", s.Criteria[i].Text, m.Marks[0].Message)
			}
		}
	}
	return errors.New("it was answered " + wordOf(a.Observation))
}

// Ended says where the flow ended before its last step.
func (h *hit) Ended() error { return h.ended }
