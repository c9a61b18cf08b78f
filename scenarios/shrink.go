package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// Bounds of shrinking.
const (
	shrinkRounds     = 6
	shrinkCandidates = 12
	shrinkClaims     = 24
)

// shrinkPrefix begins the IDs of experiments that try smaller requests. Their
// phases are called as those of repetitions; a call has the name of the
// suspect and the ID of its case is that of the smaller one.
const shrinkPrefix = "shrink/"

// Smaller makes smaller variants of a case, each proved to be of the same
// kind. It is pure.
type Smaller func(plumbline.Case) []plumbline.Case

// Shrinking proposes smaller requests for the failures that came again; round
// counts from one. It proposes nothing for claims whose smallest request is
// found: none of its smaller variants fails.
func (smaller Smaller) Shrinking(d plumbline.Design, p plumbline.Plan, fns []plumbline.Function, e *plumbline.Evidence, round int) []plumbline.Experiment {
	if round > shrinkRounds || smaller == nil {
		return nil
	}
	byID := functionsByID(fns)
	original := withoutRepetitions(e)
	x := plumbline.Experiment{ID: fmt.Sprintf("%s%d", shrinkPrefix, round), Kind: plumbline.KindContract, Title: "smaller requests for failures", Claims: []string{}}
	for _, c := range p.Claims {
		f := byID[c.Function]
		if !f.Repeats || len(x.Phases) >= shrinkClaims {
			continue
		}
		v := judged(f, d, c, original)
		if again, _ := repeatedFails(f, d, c, e, v); v.Outcome != plumbline.Fail || again < repeatNeeded {
			continue
		}
		s := shrunk{f, d, c, e, v, smaller}
		if calls := s.candidates(p, round); len(calls) > 0 {
			x.Phases = append(x.Phases, plumbline.Phase{Name: v.Suspects[0].Phase + "@" + c.ID, Role: plumbline.RoleProbe, Calls: calls})
			x.Claims = append(x.Claims, c.ID)
		}
	}
	if len(x.Phases) == 0 {
		return nil
	}
	return []plumbline.Experiment{x}
}

// shrunk is the way of one claim to its smallest request.
type shrunk struct {
	f       plumbline.Function
	d       plumbline.Design
	c       plumbline.Claim
	e       *plumbline.Evidence
	v       plumbline.Verdict
	smaller Smaller
}

// candidates are the calls of a round: the smaller variants of the smallest
// case that is known to fail.
func (s shrunk) candidates(p plumbline.Plan, round int) []plumbline.Call {
	call, flow, ok := planned(p, s.v.Suspects[0])
	if !ok || flow != nil {
		return nil
	}
	now, ok := caseOf(s.d, call)
	if !ok {
		return nil
	}
	for r := 1; r < round; r++ {
		next, found := s.smallest(now, r)
		if !found {
			return nil
		}
		now = next
	}
	var out []plumbline.Call
	for i, k := range s.smaller(now) {
		if i == shrinkCandidates {
			break
		}
		one := call
		one.Name, one.Own = fmt.Sprintf("%s~%d", call.Name, i), &k
		out = append(out, one)
	}
	return out
}

func caseOf(d plumbline.Design, c plumbline.Call) (plumbline.Case, bool) {
	if c.Own != nil {
		return *c.Own, true
	}
	op, _ := d.Operation(c.Operation)
	for i, k := range slices.Concat(op.Cases, op.Invalid) {
		if k.ID == c.Case || c.Case == "" && i == 0 {
			return k, true
		}
	}
	return plumbline.Case{}, false
}

// smallest is the smallest variant of a case that failed in a round.
func (s shrunk) smallest(now plumbline.Case, round int) (plumbline.Case, bool) {
	var failed []plumbline.Case
	for _, k := range s.smaller(now) {
		if _, ok := s.failing(k.ID, round); ok {
			failed = append(failed, k)
		}
	}
	if len(failed) == 0 {
		return now, false
	}
	return slices.MinFunc(failed, func(a, b plumbline.Case) int { return cmp.Compare(size(a), size(b)) }), true
}

func size(c plumbline.Case) int {
	return len(c.Request.Body) + len(c.Request.Query) + 8*len(c.Request.Header)
}

// failing is the observation of a smaller case in a round, when the claim
// fails on it alone.
func (s shrunk) failing(id string, round int) (plumbline.Observation, bool) {
	name := fmt.Sprintf("%s%d", shrinkPrefix, round)
	first := s.v.Suspects[0]
	for _, o := range s.e.Observations {
		phase, claim, _ := strings.Cut(o.Phase, "@")
		if o.Experiment != name || claim != s.c.ID || o.Case != id {
			continue
		}
		shown := o
		o.Experiment, o.Phase, o.Stream = first.Experiment, phase, first.Stream
		r, _ := repetition(s.c, s.e, s.v, 0)
		r.Observations = append(r.Observations, o)
		if judged(s.f, s.d, s.c, r).Outcome == plumbline.Fail {
			return shown, true
		}
	}
	return plumbline.Observation{}, false
}

// shrink puts the smallest request that fails before the evidence of a
// verdict.
func shrink(f plumbline.Function, d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence, v plumbline.Verdict) plumbline.Verdict {
	var best plumbline.Observation
	s := shrunk{f: f, d: d, c: c, e: e, v: v}
	for _, o := range e.Observations {
		if !strings.HasPrefix(o.Experiment, shrinkPrefix) || !strings.HasSuffix(o.Phase, "@"+c.ID) || o.Transcript == nil {
			continue
		}
		round := 0
		if _, err := fmt.Sscan(strings.TrimPrefix(o.Experiment, shrinkPrefix), &round); err != nil {
			continue
		}
		if shown, ok := s.failing(o.Case, round); ok && (best.Transcript == nil || long(shown) < long(best)) {
			best = shown
		}
	}
	if best.Transcript != nil {
		v.Evidence = slices.Insert(v.Evidence, 0, exhibit(e, best, "the smallest request that fails: "+answer(best)))
	}
	return v
}

func long(o plumbline.Observation) int { return len(o.Transcript.RequestBody) + len(o.Transcript.URL) }
