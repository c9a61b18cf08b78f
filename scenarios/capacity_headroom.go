package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

const capacityHeadroom = "load/capacity-headroom"

func init() {
	register(plumbline.Function{
		ID:    capacityHeadroom,
		Title: "The deployment carries its promised peak with room to spare",
		Doc: `Method: a search in steps. The rate doubles from the declared one until a step breaks an objective; then the gap is halved, to 4 %; the lowest rate that broke one is tried once more, and the highest that kept all is held for 30 s. Every step warms up for a fifth of its time, and is judged as load/slo-at-target is: by exact bounds, and from the moment a request was due. A step that its requests do not decide is held up to three times as long. After a step that was too much the search waits, at a quarter of what was kept, until the deployment is back. Clients give up after twice the latency that is promised, and a 429 or 503 is bad for every objective, as its client went away with nothing.
Criterion: the highest rate that keeps every objective is at least load.headroom (1.5) times load.peak (pass); a rate that breaks one twice is below it (fail). A headroom between the two is inconclusive.
Guard: a median that grows from second to second beyond chance (Mann–Kendall) is no capacity, whatever the objectives say until then. A generator that falls behind three times ends the search, and is never taken for a limit of the deployment. Nothing is sent beyond load.overload, which permits it, and load.limit.`,
		Standard: "Clopper and Pearson 1934; Mann 1945; the Universal Scalability Law (Gunther 1993) is fitted and not judged",
		Mutants:  []string{"fewer-workers"},
		Order:    42,
		Plan:     planCapacity,
		Judge:    floor(judgeCapacity),
	})
}

// overloadSkips says why the deployment may not be loaded beyond its promises.
func overloadSkips(d plumbline.Design) []plumbline.Skip {
	if _, ok := questOf(d); ok {
		return nil
	}
	if mix, _ := mixOf(d); len(mix) == 0 {
		return []plumbline.Skip{{Reason: plumbline.ReasonNotApplicable, Detail: "no operation can be called at a rate", Unlock: "mode: own, load.mix, or examples in the OpenAPI document"}}
	}
	return []plumbline.Skip{{Reason: plumbline.ReasonUnsafe, Detail: "nobody has allowed more load than is promised", Unlock: "load.overload, the rate up to which it may go"}}
}

// capacitySearch is the first step of the search.
func capacitySearch(d plumbline.Design) plumbline.Experiment {
	q, _ := questOf(d)
	return q.experiment(1, move{phaseHold, q.start})
}

func planCapacity(d plumbline.Design) plumbline.Proposal {
	p := plumbline.Proposal{Skips: overloadSkips(d)}
	if len(p.Skips) > 0 {
		return p
	}
	if d.Load.Search != nil {
		p.Experiments = []plumbline.Experiment{capacitySearch(d)}
	}
	if d.Load.Peak == 0 {
		p.Skips = []plumbline.Skip{{Reason: plumbline.ReasonNotDeclared, Detail: "no peak is promised", Unlock: "load.peak"}}
		return p
	}
	p.Experiments = []plumbline.Experiment{capacitySearch(d)}
	p.Claims = []plumbline.Claim{{
		ID: capacityHeadroom + "/peak", Function: capacityHeadroom, Basis: plumbline.BasisDeclared, Source: d.Load.Source,
		Statement:   fmt.Sprintf("the deployment carries %.3g times its promised peak of %.4g requests a second within its objectives", headroomOf(d), d.Load.Peak),
		Experiments: []string{loadCapacity},
	}}
	return p
}

func headroomOf(d plumbline.Design) float64 {
	if d.Load.Headroom > 0 {
		return d.Load.Headroom
	}
	return headroomFactor
}

func judgeCapacity(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	c, ok := climbOf(d, e)
	if !ok {
		return inconclusive(plumbline.ReasonIncomplete, "the search for capacity did not begin")
	}
	a := c.answer(e)
	wanted := headroomOf(d) * d.Load.Peak
	low, high := c.bounds()
	requests := int64(0)
	for _, s := range a.Steps {
		requests += s.Requests
	}
	figures := figure{a.Kept, wanted, "requests/s", int(requests)}
	switch {
	case low != nil && low.confirmed && a.Kept >= wanted:
		return pass(figures, "%s; %.4g are wanted", a.Sentence, wanted)
	case a.Broken > 0 && a.Broken <= wanted && (high.broken > 1 || high.refuted):
		v := fail(figures, "%s; %.4g are wanted", a.Sentence, wanted)
		v.Evidence = c.exhibits(*high)
		v.Remedy = "more room, less work for each request, or a lower promise"
		return v
	case a.Reason != "":
		v := inconclusive(a.Reason, "%s; %.4g are wanted", a.Sentence, wanted)
		v.Remedy = a.Remedy
		return v
	}
	v := inconclusive(plumbline.ReasonUndecided, "%s; %.4g are wanted, which is between the two", a.Sentence, wanted)
	v.Measured, v.Allowed, v.Unit, v.Samples = figures.measured, figures.allowed, figures.unit, figures.samples
	v.Remedy = "a longer or more precise search (plumbline capacity) narrows it"
	return v
}

// exhibits show what was seen at a level.
func (c *climb) exhibits(l level) []plumbline.Exhibit {
	var out []plumbline.Exhibit
	for _, r := range l.rungs[:min(len(l.rungs), exhibitLimit)] {
		out = append(out, plumbline.Exhibit{
			Summary: fmt.Sprintf("%.4g requests a second for %.0f s: %s (%s); 99th percentile %s, %.4g good answers a second", r.offered, r.seconds, r.verdict, r.why, readable(r.p99), r.goodput),
			Phase:   r.places[0].experiment,
		})
	}
	return out
}
