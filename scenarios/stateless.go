package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const stateless = "deploy/stateless"

// How what one instance has made and changed is read from all of them.
const (
	statelessCopies = 3               // beside the first, so that each instance is asked
	statelessSettle = 2 * time.Second // what becomes true by and by is nobody's fault
	statelessRounds = 2               // of writes
	statelessTwice  = 2               // rounds with a wrong read that accuse
)

func init() {
	register(plumbline.Function{
		ID:    stateless,
		Title: "Which instance answers makes no difference",
		Doc: `Method: target.scales instances of the target are started behind a balancer that sends each request to the next one, over a connection of its own. Of every kind of resource that can be created, replaced and read, one is made, and replaced twice; two seconds after each of these it is read, and then four times at once, so that each instance is asked.
Criterion: all four reads are answered 2xx, and show what was written.
Guard: only where the run starts the instances itself: elsewhere it would not be known that more than one was asked. A read is wrong only beside one of the same moment that is right: what none of them shows was not stored, and is the business of contract/roundtrip. Two of three moments accuse.`,
		Standard: "12-factor, VI Processes",
		Mutants:  []string{"own-copies"},
		Order:    56,
		Plan:     planStateless,
		Judge:    judgeStateless,
	})
}

func planStateless(d plumbline.Design) plumbline.Proposal {
	n := d.Environment.Scales
	if n < 2 {
		return plumbline.Proposal{Skips: []plumbline.Skip{{
			Function: stateless, Reason: plumbline.ReasonNotDeclared,
			Detail: "it is not said that several instances of the target can run side by side, or the run does not start them", Unlock: "target.command with target.scales",
		}}}
	}
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "abreast", Role: plumbline.RoleFault, Faults: []plumbline.Fault{{Dependency: d.Environment.Target, Kind: plumbline.FaultScale, Instances: n}}}
	for _, f := range livable(d) {
		l := life{d, f}
		flow, ok := l.everywhere()
		if !ok {
			continue
		}
		ph.Flows = append(ph.Flows, flow)
		op, _ := d.Operation(f.Read)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: stateless + "/" + l.subject(), Function: stateless, Operation: f.Read, Basis: plumbline.BasisDeclared, Source: op.Source,
			Statement: f.Name + " are the same, whichever instance is asked", Experiments: []string{deployAbreast},
		})
	}
	if len(ph.Flows) == 0 {
		return unlivable(stateless)
	}
	p.Experiments = []plumbline.Experiment{{ID: deployAbreast, Title: "several instances are asked for the same", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{ph}}}
	return p
}

// everywhere is the flow in which a member is written to, and read from all
// instances.
func (l life) everywhere() (plumbline.Flow, bool) {
	flow := plumbline.Flow{Name: l.subject(), Why: "one of " + l.f.Name + " is written to, and read from all instances", Steps: []plumbline.Step{l.make("write-0")}}
	bodies := l.bodies()
	if len(bodies) < 2 {
		return flow, false
	}
	for i := range statelessRounds + 1 {
		n := fmt.Sprint(i)
		if i > 0 {
			write, ok := l.on("write-"+n, "write-0", bodies[i%len(bodies)])
			if !ok {
				return flow, false
			}
			flow.Steps = append(flow.Steps, write)
		}
		read, ok := l.seeded("read-"+n, "write-0", l.f.Read)
		if !ok {
			return flow, false
		}
		before := read
		before.Name, before.Pause = "settled-"+n, statelessSettle
		read.Copies = statelessCopies
		read.Compare = []plumbline.Compare{{With: "sent:write-" + n, At: l.f.Inside, Strict: true}}
		flow.Steps = append(flow.Steps, before, read)
	}
	if remove, ok := l.removal("delete", "write-0"); ok {
		flow.Steps = append(flow.Steps, remove)
	}
	return flow, true
}

func judgeStateless(_ plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	if !ranAbreast(e) {
		return inconclusive(plumbline.ReasonFaultNotDelivered, "several instances were not seen to run")
	}
	f := flownOf(e, deployAbreast, c.ID[len(stateless)+1:])
	moments, reads, bad := 0, 0, []plumbline.Observation{}
	for i := range statelessRounds + 1 {
		n := fmt.Sprint(i)
		right, wrong := f.asked(n)
		if _, wrote := f.fine("write-" + n); !wrote || right == 0 || right+len(wrong) <= statelessCopies {
			continue
		}
		moments, reads = moments+1, reads+right+len(wrong)
		if len(wrong) > 0 {
			bad = append(bad, wrong[0])
		}
	}
	g := figure{float64(len(bad)), 0, "moments", moments}
	switch {
	case len(bad) >= statelessTwice:
		v := fail(g, "at %d of %s one of the reads that were sent at once was not answered as the others: %s", len(bad), plural(moments, "moment"), misread(bad[0]))
		v.Evidence, v.Cause = exhibits(e, bad), "instances"
		v.Remedy = "keep nothing in the memory of an instance that others have to know, or tell them"
		return v
	case len(bad) > 0:
		return inconclusive(plumbline.ReasonUndecided, "at one of %s one of the reads that were sent at once was not answered as the others: %s", plural(moments, "moment"), misread(bad[0]))
	case moments <= statelessRounds:
		return inconclusive(plumbline.ReasonTooFewSamples, "at %s what was written could be read, %d are needed (create %s, read %s)", plural(moments, "moment"), statelessRounds+1, f.told("write-0"), f.told("read-0"))
	}
	return pass(g, "%s that were sent to all instances, %d at a time, showed what was written", plural(reads, "read"), statelessCopies+1)
}

// ranAbreast says whether several instances were seen to run.
func ranAbreast(e *plumbline.Evidence) bool {
	return slices.ContainsFunc(leasesOf(e), func(l lease) bool { return l.Experiment == deployAbreast && l.Hits > 1 && l.Error == "" })
}

// asked counts the reads of one moment that show what was written, and gives
// those that do not.
func (f flown) asked(n string) (right int, wrong []plumbline.Observation) {
	for i := range statelessCopies + 1 {
		name := "read-" + n
		if i > 0 {
			name = fmt.Sprintf("%s %d", name, i+1)
		}
		o, ok := f.made(name)
		switch {
		case !ok:
		case succeeded(o) && differsFrom(o, "write-"+n) == "":
			right++
		default:
			wrong = append(wrong, o)
		}
	}
	return right, wrong
}

// misread says what is wrong with a read.
func misread(o plumbline.Observation) string {
	if !succeeded(o) {
		return "answered " + answer(o)
	}
	return differsFrom(o, "")
}
