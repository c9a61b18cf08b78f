package scenarios

import (
	"slices"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/overlay"
)

const responseConforms = "contract/response-conforms"

// conformLeast is the least number of responses on which an operation is
// judged.
const conformLeast = 5

// callWorkers is how many calls of contract experiments are under way at once.
const callWorkers = 4

func init() {
	register(plumbline.Function{
		ID:    responseConforms,
		Title: "Every response matches the OpenAPI document",
		Doc: `Method: every valid case of every operation that the mode allows is sent, so often that each operation gives at least 5 responses; creations first, deletions last. Status, media type, headers and body of each response are held against the document as it arrives. The responses to everything else that the run sends, under load and under faults, are held against it too.
Criterion: no breach of the document, over at least 5 responses of which one is 2xx.
Guard: a breach is told only when the request breaks the document again from a clean state; under load and under faults it must have been seen twice. An operation that never answers 2xx (stale examples, no credentials) is a gap in coverage, unless it answers valid requests with an undocumented 5xx. What a fault hit is judged by its status alone; 5xx under faults, 429, and 5xx under load are left to other functions; requests that are meant to be refused are not judged by their status, and those with a method or a media type that the document does not know are not judged at all. A property that the document does not mention, and a body that cannot be read, are no breach.`,
		Standard: "OpenAPI 3.0 and 3.1; JSON Schema 2020-12; RFC 9110",
		Mutants:  []string{"response-type-drift"},
		Order:    20,
		Repeats:  true,
		Plan:     planConforms,
		Judge:    judgeConforms,
	})
}

func planConforms(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, o := range d.Operations {
		if !callable(d, o) {
			p.Skips = append(p.Skips, notCallable(responseConforms, o))
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: responseConforms + "/" + o.ID, Function: responseConforms, Operation: o.ID, Basis: plumbline.BasisDocument, Source: o.Source,
			Statement: "the responses of " + o.ID + " match the OpenAPI document",
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{validCases(d)}
	}
	return p
}

// validCases sends every valid case of every operation that the mode allows,
// and, when all else is over, those of the operations that delete.
func validCases(d plumbline.Design) plumbline.Experiment {
	valid := plumbline.Phase{Name: "valid", Role: plumbline.RoleProbe, Workers: callWorkers}
	last := plumbline.Phase{Name: "delete", Role: plumbline.RoleProbe, Workers: callWorkers}
	for _, o := range inCallOrder(d.Operations) {
		if !callable(d, o) {
			continue
		}
		ph := &valid
		if o.Method == "DELETE" {
			ph = &last
		}
		cases := o.Cases
		if leavesTrace(d, o) {
			cases = cases[:1]
		}
		for _, c := range cases {
			ph.Calls = append(ph.Calls, plumbline.Call{
				Name: c.ID, Operation: o.ID, Case: c.ID,
				Repeat: (conformLeast + len(cases) - 1) / len(cases),
			})
		}
	}
	x := plumbline.Experiment{ID: contractValid, Title: "valid requests are answered as documented", Kind: plumbline.KindContract}
	x.Phases = []plumbline.Phase{valid}
	if len(last.Calls) > 0 {
		x.Phases = append(x.Phases, last)
	}
	return x
}

func judgeConforms(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, _ := d.Operation(c.Operation)
	s := conformity{op: op, disturbed: disturbanceOf(e), breaches: map[string]*breach{}}
	for _, o := range e.Observations {
		s.observe(o)
	}
	for _, x := range e.Series {
		s.fold(x)
	}
	repeated, once := s.sorted()
	serverErrors := slices.ContainsFunc(repeated, func(b *breach) bool {
		return len(b.seen) > 0 && b.seen[0].Status >= 500
	})
	switch {
	case s.responses == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no response of %s was seen", op.ID)
	case s.succeeded == 0 && !serverErrors:
		return skipped(plumbline.ReasonNotApplicable, "never answered 2xx (%s): not covered", counted(s.answers))
	case len(repeated) > 0:
		v := fail(figure{float64(len(repeated)), 0, "breaches", int(s.responses)}, "%s of the document in %d responses: %s",
			plural(len(repeated), "kind")+" of breach", s.responses, describeBreaches(repeated))
		s.attribute(d, &v, repeated)
		v.Cause = causeOf(repeated[0].mark)
		for _, b := range repeated {
			v.Suspects = appendSuspects(v.Suspects, suspectsOf(firsts(b.seen)...)...)
		}
		v.Evidence = breachExhibits(e, repeated)
		return v
	case len(once) > 0:
		v := inconclusive(plumbline.ReasonNotReproduced, "seen only once in %d responses: %s", s.responses, describeBreaches(once))
		v.Evidence = breachExhibits(e, once)
		return v
	case s.responses < conformLeast:
		return inconclusive(plumbline.ReasonTooFewSamples, "%d responses, %d are needed", s.responses, conformLeast)
	}
	return pass(figure{0, 0, "breaches", int(s.responses)}, "no breach of the document in %d responses (%s)", s.responses, counted(s.answers))
}

// attribute says what each side would have to change, by an overlay when it is
// the document, and which is likelier.
func (s *conformity) attribute(d plumbline.Design, v *plumbline.Verdict, breaches []*breach) {
	var actions []overlay.Action
	for _, b := range breaches {
		actions = append(actions, amendment(d, b.mark, b.seen, s.agree(b))...)
	}
	first := breaches[0]
	who, why := likelier(first.mark, first.seen, s.agree(first))
	v.Wrong, v.Patch = who, patched("What "+s.op.ID+" answers", actions)
	v.Remedy = bothSides(who, why, "answer as the document says"+at(first.mark), v.Patch)
}
