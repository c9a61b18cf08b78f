package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A level is a rate with all that was tried at it.
type level struct {
	rate                    float64
	kept, broken, undecided int
	confirmed, refuted      bool // by the long hold
	rungs                   []rung
}

// verdict is that of most tries; the long hold beats them all.
func (l level) verdict() string {
	switch {
	case l.refuted, l.broken > l.kept:
		return plumbline.StepBroken
	case l.kept > l.broken:
		return plumbline.StepKept
	}
	return plumbline.StepUndecided
}

// offered is what was really asked of the deployment at the level, by the
// tries that came to its verdict.
func (l level) offered() float64 {
	sum, seconds := 0.0, 0.0
	for _, r := range l.rungs {
		if r.verdict == l.verdict() {
			sum, seconds = sum+r.offered*r.seconds, seconds+r.seconds
		}
	}
	if seconds == 0 {
		return l.rate
	}
	return sum / seconds
}

// sameRate is how far apart the rates of one level may be.
const sameRate = 1e-3

// levelsOf gathers the tries by rate, in ascending order. Those that only wait
// for the deployment to come back, or that the generator could not make, are
// no tries.
func levelsOf(rungs []rung) []level {
	var out []level
	for _, r := range rungs {
		if r.phase == phaseCool || r.verdict == plumbline.StepStarved {
			continue
		}
		i := slices.IndexFunc(out, func(l level) bool { return r.rate < l.rate*(1+sameRate) && l.rate < r.rate*(1+sameRate) })
		if i < 0 {
			i = len(out)
			out = append(out, level{rate: r.rate})
		}
		l := &out[i]
		l.rungs = append(l.rungs, r)
		switch r.verdict {
		case plumbline.StepKept:
			l.kept++
			l.confirmed = l.confirmed || r.phase == phaseConfirm
		case plumbline.StepBroken:
			l.broken++
			l.refuted = l.refuted || r.phase == phaseConfirm
		default:
			l.undecided++
			l.refuted = l.refuted || r.phase == phaseConfirm // for safety
		}
	}
	slices.SortFunc(out, func(a, b level) int { return cmp.Compare(a.rate, b.rate) })
	return out
}

// A climb is a search for capacity as far as the evidence goes.
type climb struct {
	quest
	rungs  []rung
	levels []level
	reason plumbline.Reason // why the search ended without an answer, once it has
	why    string
	remedy string
}

// climbOf reads a search out of the evidence; ok is false when there was none.
func climbOf(d plumbline.Design, e *plumbline.Evidence) (c climb, ok bool) {
	c.quest, ok = questOf(d)
	if !ok {
		return c, false
	}
	rungs, whole := rungsOf(d, e)
	if c.rungs = rungs; !whole {
		c.stop(plumbline.ReasonIncomplete, "a step was cut short", "")
	}
	c.levels = levelsOf(c.rungs)
	return c, len(c.rungs) > 0
}

func (c *climb) stop(r plumbline.Reason, why, remedy string) (move, bool) {
	c.reason, c.why, c.remedy = r, why, remedy
	return move{}, false
}

// bounds are the highest level that is kept below the lowest that is broken,
// and that one; nil where there is none.
func (c *climb) bounds() (low, high *level) {
	for i := range c.levels {
		l := &c.levels[i]
		switch l.verdict() {
		case plumbline.StepKept:
			low = l
		case plumbline.StepBroken:
			return low, l
		}
	}
	return low, nil
}

// next is what the search does next; false when it is over. It looks at the
// evidence alone, so that a search can be judged from its journal.
func (c *climb) next(ended time.Duration) (move, bool) {
	if c.reason != "" || len(c.rungs) == 0 {
		return move{}, false
	}
	last := c.rungs[len(c.rungs)-1]
	waits := last.phase == phaseCool
	switch {
	case c.spent(ended):
		return c.stop(plumbline.ReasonIncomplete, fmt.Sprintf("the search was given up after %s", plural(len(c.rungs), "step")), "allow it more time, or less precision")
	case c.starving() != nil:
		return c.starved(c.starving())
	case last.verdict == plumbline.StepStarved: // once is chance: another process wanted the processor
		return move{last.phase, last.rate}, true
	case !waits && last.verdict == plumbline.StepUndecided && len(last.places) < searchLongest:
		return move{phaseLonger, last.rate}, true
	case last.verdict != plumbline.StepKept:
		return c.cool()
	}
	return c.search()
}

// spent says whether the search has had its time, or more steps than make
// sense.
func (c *climb) spent(ended time.Duration) bool {
	s := c.d.Load.Search
	return len(c.rungs) >= mostRungs || s != nil && s.Budget > 0 && ended > s.Budget
}

// starving is the step at which the generator was the limit so often that
// another try makes no sense; nil when there is none.
func (c *climb) starving() *rung {
	times := 0
	for i := range c.rungs {
		if c.rungs[i].verdict != plumbline.StepStarved {
			continue
		}
		if times++; times >= starvedTries {
			return &c.rungs[i]
		}
	}
	return nil
}

// starved confirms what was kept before the generator became the limit, and
// says nothing of what is above: that is no limit of the deployment.
func (c *climb) starved(at *rung) (move, bool) {
	low, _ := c.bounds()
	last := c.rungs[len(c.rungs)-1]
	if low != nil && !low.confirmed && last.phase != phaseConfirm && last.verdict != plumbline.StepBroken {
		return move{phaseConfirm, low.rate}, true
	}
	return c.stop(plumbline.ReasonGeneratorSaturated, fmt.Sprintf("the generator could not send %.4g a second: %s", at.rate, at.why),
		moreRoom)
}

// cool waits, at a rate that the deployment should carry with ease, until it is
// back from a step that was too much for it.
func (c *climb) cool() (move, bool) {
	tries := 0
	for i := len(c.rungs) - 1; i >= 0 && c.rungs[i].phase == phaseCool; i-- {
		tries++
	}
	low, high := c.bounds()
	if low == nil && tries >= coolTries/5 {
		return c.search()
	}
	if tries >= coolTries {
		return c.stop(plumbline.ReasonBaselineUnhealthy, fmt.Sprintf("after a step that was too much the deployment did not come back within %s", coolTries*searchCool),
			"find what keeps it from coming back: overload/recovers and overload/no-metastability judge that")
	}
	switch {
	case low != nil:
		return move{phaseCool, low.rate / 4}, true
	case high != nil:
		return move{phaseCool, high.rate / 8}, true
	}
	return move{phaseCool, c.start / 4}, true
}

// search finds the rate to try next: up until one breaks an objective, down
// until one keeps them all, then halfway; in the end both are tried once more.
func (c *climb) search() (move, bool) {
	if i := slices.IndexFunc(c.levels, level.contested); i >= 0 {
		return move{phaseHold, c.levels[i].rate}, true
	}
	low, high := c.bounds()
	switch {
	case low == nil && (high == nil || !c.bottom()):
		return c.down(c.levels[0].rate)
	case high == nil:
		return c.up(low)
	case low == nil:
		return c.again(high)
	}
	if from, to := c.widest(low, high); to/from > 1+c.narrow {
		return move{phaseHold, (from + to) / 2}, true
	}
	if m, more := c.again(high); more {
		return m, true
	}
	return move{phaseConfirm, low.rate}, !low.confirmed
}

// again tries a level that broke an objective once more, if it has not done so
// twice.
func (c *climb) again(high *level) (move, bool) {
	return move{phaseHold, high.rate}, high.broken < 2 && !high.refuted && len(high.rungs) < levelTries
}

// contested says whether as many tries of a level speak for it as against.
func (l level) contested() bool {
	return l.kept > 0 && l.kept == l.broken && !l.refuted && len(l.rungs) < levelTries
}

// up doubles the rate, up to the ceiling; what is kept there is confirmed.
func (c *climb) up(low *level) (move, bool) {
	top := c.levels[len(c.levels)-1].rate
	switch {
	case top < c.ceiling*(1-sameRate):
		return move{phaseHold, min(top*searchFactor, c.ceiling)}, true
	case !low.confirmed:
		return move{phaseConfirm, low.rate}, true
	}
	return c.stop(plumbline.ReasonUndecided, fmt.Sprintf("no rate up to %.4g a second broke an objective, and no more may be sent", c.ceiling), "raise load.overload (or --up-to)")
}

func (c *climb) down(from float64) (move, bool) {
	if c.bottom() {
		return c.stop(plumbline.ReasonUndecided, "no rate could be decided", "a longer step (--step) decides more")
	}
	return move{phaseHold, from / 2}, true
}

// bottom says whether it makes no sense to try still less.
func (c *climb) bottom() bool {
	return len(c.levels) >= searchTries || c.levels[0].rate < 1
}

// widest is the widest gap between neighbouring levels from low to high, for
// between them there may be some that could not be decided.
func (c *climb) widest(low, high *level) (from, to float64) {
	from, to = low.rate, low.rate
	last := low.rate
	for _, l := range c.levels {
		if l.rate <= low.rate || l.rate > high.rate {
			continue
		}
		if l.rate/last > to/from {
			from, to = last, l.rate
		}
		last = l.rate
	}
	return from, to
}

// Climb proposes the next step of the search for capacity that the plan begins,
// in the light of the evidence; nothing when the search is over, or when the
// plan holds none. It is pure, and the runner only sends what it proposes.
func Climb(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) []plumbline.Experiment {
	if _, planned := p.Experiment(loadCapacity); !planned {
		return nil
	}
	c, ok := climbOf(d, e)
	if !ok {
		return nil
	}
	m, more := c.next(e.Ended)
	if !more {
		return nil
	}
	n := 1
	for _, r := range c.rungs {
		n += len(r.places)
	}
	return []plumbline.Experiment{c.experiment(n, m)}
}
