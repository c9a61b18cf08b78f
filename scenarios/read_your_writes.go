package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const readYourWrites = "data/read-your-writes"

// How writes are read back.
const (
	writeRounds  = 6
	readCopies   = 3 // beside the first, so that other connections are used
	readLater    = 300 * time.Millisecond
	staleTwice   = 2 // rounds with a stale read that accuse
	roundsNeeded = 4
)

func init() {
	register(plumbline.Function{
		ID:    readYourWrites,
		Title: "A writer sees its own write",
		Doc: `Method: six times, a thing is read, replaced by something else, and read four times at once over different connections as soon as the PUT is answered; 0.3 s later it is read again.
Criterion: none of the reads right after the write shows a value that the write has replaced.
Guard: a read is stale only when the later one shows what was written: what never appears was not stored, and is the business of contract/roundtrip. Two rounds accuse. Eventual consistency may be meant, so that a failure warns. A cache in between that is told nothing shows as a stale read, too.`,
		Standard: "Terry et al., Session Guarantees for Weakly Consistent Replicated Data, 1994",
		Mutants:  []string{"stale-reads"},
		Order:    35,
		Level:    plumbline.LevelLikely,
		Plan:     planOwnWrites,
		Judge:    judgeOwnWrites,
	})
}

func planOwnWrites(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "rounds", Role: plumbline.RoleProbe}
	for _, f := range livable(d) {
		l := life{d, f}
		flow, ok := l.readBack()
		if !ok {
			continue
		}
		ph.Flows = append(ph.Flows, flow)
		op, _ := d.Operation(f.Read)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: readYourWrites + "/" + l.subject(), Function: readYourWrites, Operation: f.Read, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: "who writes to " + f.Name + " reads what it wrote", Experiments: []string{dataReads},
		})
	}
	if len(ph.Flows) == 0 {
		return unlivable(readYourWrites)
	}
	p.Experiments = []plumbline.Experiment{{ID: dataReads, Title: "writes are read back at once", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{ph}}}
	return p
}

// readBack is the flow in which writes are read back at once.
func (l life) readBack() (plumbline.Flow, bool) {
	flow := plumbline.Flow{Name: l.subject(), Why: "writes to one of " + l.f.Name + " are read back", Steps: []plumbline.Step{l.make("create")}}
	_, ok := l.seeded("read", "create", l.f.Read)
	bodies := l.bodies()
	if !ok || len(bodies) < 2 {
		return flow, false
	}
	for i := range writeRounds {
		n := fmt.Sprint(i + 1)
		write, ok := l.on("write-"+n, "create", bodies[i%len(bodies)])
		if !ok {
			return flow, false
		}
		now, later := l.reading("now-"+n, "write-"+n), l.reading("later-"+n, "write-"+n)
		now.Copies, later.Pause = readCopies, readLater
		flow.Steps = append(flow.Steps, l.reading("before-"+n, ""), write, now, later)
	}
	if remove, ok := l.removal("delete", "create"); ok {
		flow.Steps = append(flow.Steps, remove)
	}
	return flow, true
}

func judgeOwnWrites(_ plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject := c.ID[len(readYourWrites)+1:]
	f := flownOf(e, dataReads, subject)
	rounds, reads := 0, 0
	var stale []plumbline.Observation
	for i := range writeRounds {
		n := fmt.Sprint(i + 1)
		later, ok := f.fine("later-" + n)
		if _, wrote := f.fine("write-" + n); !wrote || !ok || differsFrom(later, "write-"+n) != "" {
			continue
		}
		rounds++
		first := true
		for _, o := range f.copies("now-" + n) {
			reads++
			if first && differsFrom(o, "write-"+n) != "" {
				stale, first = append(stale, o), false
			}
		}
	}
	g := figure{float64(len(stale)), 0, "rounds", rounds}
	switch {
	case rounds < roundsNeeded:
		return inconclusive(plumbline.ReasonTooFewSamples, "in %s a write was answered 2xx and could be read 0.3 s later (create %s, first write %s), %d are needed",
			plural(rounds, "round"), f.told("create"), f.told("write-1"), roundsNeeded)
	case len(stale) >= staleTwice:
		v := fail(g, "in %d of %s a read right after the write showed the value before it: %s", len(stale), plural(rounds, "round"), differsFrom(stale[0], ""))
		v.Evidence, v.Cause = exhibitsOf(e, stale), "stale read "+subject
		v.Remedy = "read from where it was written, or drop what is cached of a thing when it is written"
		return v
	case len(stale) > 0:
		return inconclusive(plumbline.ReasonUndecided, "in one of %s a read right after the write showed the value before it", plural(rounds, "round"))
	}
	return pass(g, "%s right after %s showed what was written", plural(reads, "read"), plural(rounds, "write"))
}

// copies are the answers to a step that was made several times at once.
func (f flown) copies(step string) []plumbline.Observation {
	var out []plumbline.Observation
	for i := 1; ; i++ {
		name := step
		if i > 1 {
			name = fmt.Sprintf("%s %d", step, i)
		}
		o, ok := f.fine(name)
		if !ok {
			return out
		}
		out = append(out, o)
	}
}

// differsFrom says which value of an answer is another one than a step has
// sent; an empty step stands for any.
func differsFrom(o plumbline.Observation, step string) string {
	for _, m := range o.Matches {
		if step != "" && m.With != "sent:"+step {
			continue
		}
		for _, mark := range m.Marks {
			if mark.Kind == plumbline.MarkDiffers && strings.HasPrefix(mark.Message, "is ") && !strings.HasPrefix(mark.Message, "is missing") && !bookkeeping(mark.Pointer) {
				return mark.Pointer + " " + mark.Message
			}
		}
	}
	return ""
}
