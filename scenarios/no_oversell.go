package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const noOversell = "data/no-oversell"

// How something finite is taken.
const (
	takeRounds  = 5
	takeNeeded  = 3 // rounds that came to its end, where what was taken can be given back
	takeMost    = 90
	takeTimes   = 3 // as many requests as it is enough for
	takeBack    = 3 * time.Second
	takeSettles = 200 * time.Millisecond
	underRounds = 0.2 // share of the rounds that may leave something over and pass in silence
)

func init() {
	register(plumbline.Function{
		ID:    noOversell,
		Title: "Claims at the same time never take more than there is",
		Doc: `Method: five times it is read how much is left of something that is declared to be finite, and three times as many requests as it is enough for take of it at once, on connections of their own; then it is read again, and what was taken is given back by the operation that deletes it. Where the operation calls a dependency whose wire can be held up, its calls take up to 100 ms longer, so that the requests meet. Where nothing gives it back there is one round.
Criterion: in no round do the requests that are answered 2xx take more than there ever is (finite.NAME.most), and no reading is below zero.
Guard: others may take of it and give it back meanwhile; what one round has taken and holds at the same time cannot be more than there is for all. More than was left before the round, and not more than there ever is, is inconclusive. A round counts when some of its requests were refused, and two met. That some is left while requests were refused is told, and no failure.`,
		Standard: "serialisability of a counter (Bernstein, Hadzilacos, Goodman, Concurrency Control, 1987)",
		Mutants:  []string{"oversell"},
		Order:    32,
		Plan:     planOversell,
		Judge:    judgeOversell,
	})
}

func planOversell(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, f := range takings(d) {
		op, _ := d.Operation(f.Operation)
		faults := widening(d, op)
		for i := range faults {
			faults[i].Latency /= 2
		}
		x := dataClaims + "/" + f.Name
		ph := plumbline.Phase{Name: "rounds", Role: plumbline.RoleProbe, Faults: faults, Flows: []plumbline.Flow{taking(d, f)}}
		p.Experiments = append(p.Experiments, plumbline.Experiment{ID: x, Title: "all of " + f.Name + " is taken at once", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{ph}})
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: noOversell + "/" + f.Name, Function: noOversell, Operation: op.ID, Basis: plumbline.BasisDeclared, Source: f.Source,
			Statement: fmt.Sprintf("%s never gives more than %d of %s", op.ID, f.Most, f.Name), Experiments: []string{x},
		})
	}
	if len(p.Claims) == 0 {
		return untaken(d, noOversell)
	}
	return p
}

// taking is the flow in which all that is left is taken at once, and given back.
func taking(d plumbline.Design, f plumbline.Finite) plumbline.Flow {
	flow := plumbline.Flow{Name: f.Name, Why: "more of " + f.Name + " is asked for than there is"}
	op, _ := d.Operation(f.Operation)
	rounds := takeRounds
	if _, ok := givingBack(d, op, "", ""); !ok {
		rounds = 1
	}
	for i := range rounds {
		n := fmt.Sprint(i + 1)
		left, _ := leftStep(d, f, "left-"+n)
		if i > 0 {
			left = asBefore(left, f.Left.At, "left-1", "", takeBack)
		}
		after, _ := leftStep(d, f, "after-"+n)
		after.Pause = takeSettles
		take := takeStep(d, f, "take-"+n)
		if op.Key != "" {
			bare := withoutKey(op, *take.Own) // copies with one key would be one request
			take.Own = &bare
		}
		take.Copies = min(takeTimes*f.Most/f.Takes, takeMost) - 1
		flow.Steps = append(flow.Steps, left, take, after)
		if back, ok := givingBack(d, op, "back-"+n, take.Name); ok {
			flow.Steps = append(flow.Steps, back)
		}
	}
	return flow
}

// givingBack deletes what each copy of a step has made.
func givingBack(d plumbline.Design, op plumbline.Operation, step, taken string) (plumbline.Step, bool) {
	del, ok := d.Operation(op.Deletes)
	if !ok || len(del.Cases) == 0 {
		return plumbline.Step{}, false
	}
	c, found := del.Cases[0], false
	c.Binds = slices.Clone(c.Binds)
	for i, b := range c.Binds {
		if b.From == op.ID {
			c.Binds[i].From, found = "step:"+taken, true
		}
	}
	return plumbline.Step{Call: plumbline.Call{Name: step, Operation: del.ID, Own: &c}, Each: taken}, found
}

// What the rounds of taking showed.
type takingSeen struct {
	flown
	rounds     int // that came to the end of it
	under      int // of them, those that left some over
	most       int // that one round took
	over       []burst
	undecided  []string
	below      string // a reading below zero
	shownBelow plumbline.Observation
}

func judgeOversell(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	f, ok := finiteOf(d, c)
	if !ok {
		return broken("the design has nothing finite of %s", c.ID)
	}
	s := takenIn(e, f)
	g := figure{float64(s.most), float64(f.Most), "taken", s.rounds}
	op, _ := d.Operation(f.Operation)
	needed := takeNeeded
	if _, back := givingBack(d, op, "", ""); !back {
		needed = 1
	}
	switch {
	case len(s.over) > 0:
		v := fail(g, "in %s requests at the same time took up to %d of %s, and there are %d (%s)", plural(len(s.over), "round"), s.most, f.Name, f.Most, answers(s.over[0].answers))
		v.Evidence, v.Cause = exhibitsOf(e, s.over[0].answers), "oversold "+f.Name
		v.Remedy = "take it in one step that fails when there is not enough: UPDATE … SET left = left - n WHERE left >= n"
		return v
	case s.below != "":
		v := fail(g, "%s of %s are said to be left", s.below, f.Name)
		v.Evidence, v.Cause = []plumbline.Exhibit{exhibit(e, s.shownBelow, "less than nothing is left")}, "oversold "+f.Name
		return v
	case len(s.undecided) > 0:
		return inconclusive(plumbline.ReasonUndecided, "%s: others may have given some back meanwhile", s.undecided[0])
	case s.rounds < needed:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s came to the end of %s, %d are needed (first reading %s, first request %s)", plural(s.rounds, "round"), f.Name, needed, s.told("left-1"), s.told("take-1"))
	}
	more := ""
	if float64(s.under) > underRounds*float64(s.rounds) {
		more = fmt.Sprintf("; in %d of them some was left and requests were refused", s.under)
	}
	return pass(g, "%s asked for more than there is at once and took at most %d of %d%s", plural(s.rounds, "round"), s.most, f.Most, more)
}

// takenIn looks at each round.
func takenIn(e *plumbline.Evidence, f plumbline.Finite) takingSeen {
	x := dataClaims + "/" + f.Name
	s := takingSeen{flown: flownOf(e, x, f.Name)}
	for i, r := range roundsOf(e, x, f.Name, "take-", "") {
		s.round(f, fmt.Sprint(i+1), r)
	}
	return s
}

// round holds what one round took against what was left before and after.
func (s *takingSeen) round(f plumbline.Finite, n string, r burst) {
	before, known := s.leftIn("left-"+n, f.Left.At)
	after, read := s.leftIn("after-"+n, f.Left.At)
	got, refused := r.shared()
	took := got * f.Takes
	s.most = max(s.most, took)
	if read && after < 0 && s.below == "" {
		s.below, s.shownBelow = fmt.Sprint(after), s.steps["after-"+n]
	}
	switch {
	case took > f.Most:
		s.over = append(s.over, r)
	case !known:
	case float64(took) > before:
		s.undecided = append(s.undecided, fmt.Sprintf("a round took %d where %v were left", took, before))
	case refused > 0 && got > 0 && r.met():
		s.rounds++
		if read && after >= float64(f.Takes) {
			s.under++
		}
	}
}

// shared counts who got something, and who was refused.
func (r burst) shared() (got, refused int) {
	for _, o := range r.answers {
		switch {
		case succeeded(o):
			got++
		case o.Error == "" && o.Status/100 == 4:
			refused++
		}
	}
	return got, refused
}
