package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const lostResponse = "idempotency/lost-response"

// How answers are lost.
const (
	lostPause   = 100 * time.Millisecond // between the loss and the repetition
	lostSettles = 300 * time.Millisecond // before the list is looked at
	lostEvery   = 300 * time.Millisecond // while the repetition is put off
	lostWithin  = 12 * time.Second       // a request that was given up may hold its key for so long
	lostTwice   = 2                      // rounds with something that no answer names, which accuse
	lostPages   = 20
	lostControl = "control"
)

// lostShares are when the client of each round gives up, as shares of the time
// that an answer usually takes.
func lostShares() []float64 { return []float64{0.2, 0.5, 0.8, 1, 1} }

func init() {
	register(plumbline.Function{
		ID:    lostResponse,
		Title: "A retry after a lost response does not duplicate",
		Doc: `Method: five times, something is created with an idempotency key of its own, and the client never gets the answer: thrice it cuts the connection after a fifth, a half and four fifths of the time that an answer usually takes, and twice it throws the answer away when it has come. A tenth of a second later the same bytes are sent again, and while they are put off (408, 409, 425, 429, 503) for 12 s at most. Where there is a list, it is walked before and after each round. Where the operation calls a dependency whose wire can be held up, its calls take up to 200 ms longer, so that there is time to leave in.
Criterion: a repetition is answered with what the answer that was thrown away had named, or refused by the status that the declaration has for a duplicate (replay); what the repetition names can be read; and the list holds nothing new beside what the answers name.
Guard: two creations with different keys have to name different things, and the list has to show what was created and nothing more, or it is not counted. In the list only what agrees with what was sent counts, and two rounds with something more accuse, for others may write, too. A repetition that is refused has had no second effect and is no failure here, a 5xx is. Where that is declared, a connection that was cut may leave one thing that no answer names. How much of a request that was cut off arrived is not known: only the answers that were thrown away prove that the service had done the work.`,
		Standard: "draft-ietf-httpapi-idempotency-key-header-07 §1 and §2.6",
		Mutants:  []string{"gone-client-frees-key"},
		Order:    33,
		Plan:     planLost,
		Judge:    judgeLost,
	})
}

func planLost(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, f := range keyed(d) {
		l := life{d, f}
		op, _ := d.Operation(f.Create)
		x := idempotencyLost + "/" + op.ID
		ph := plumbline.Phase{Name: "losses", Role: plumbline.RoleProbe, Faults: widening(d, op), Flows: []plumbline.Flow{l.losses()}}
		p.Experiments = append(p.Experiments, plumbline.Experiment{ID: x, Title: "answers of " + op.ID + " are lost", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{ph}})
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: lostResponse + "/" + op.ID, Function: lostResponse, Operation: op.ID, Basis: plumbline.BasisDocument, Source: op.Source,
			Statement: "repeating " + op.ID + " after its answer was lost does not duplicate", Experiments: []string{x},
		})
	}
	if len(p.Claims) == 0 {
		return unkeyed(lostResponse)
	}
	return p
}

// losses is the flow in which answers to a creation are lost. The list is
// walked after the control and after each round; list-0 is before all.
func (l life) losses() plumbline.Flow {
	op, _ := l.d.Operation(l.f.Create)
	flow := plumbline.Flow{Name: op.ID, Why: "answers to a creation of " + l.f.Name + " are lost"}
	add := func(s plumbline.Step) { flow.Steps = append(flow.Steps, s) }
	usual, control := l.make("usual"), l.make(lostControl)
	usual.Own, control.Own = withKey(op, op.Cases[0]), withKey(op, op.Cases[0])
	lists := 0
	look := func(like string) {
		s, ok := l.list(fmt.Sprintf("list-%d", lists), lostPages)
		if !ok || l.f.ItemID == "" {
			return
		}
		if lists > 0 {
			s.Walk.Since, s.Walk.Like = fmt.Sprintf("list-%d", lists-1), like
		}
		s.Pause = lostSettles
		lists++
		add(s)
	}
	add(usual)
	look("")
	add(control)
	look(lostControl)
	made := []string{"usual", lostControl}
	for i, share := range lostShares() {
		again := l.make(fmt.Sprintf("again-%d", i+1))
		again.Own, again.Must = withKey(op, op.Cases[0]), false
		again = provoking(again)
		again.Lose, again.Pause = &plumbline.Loss{Like: lostControl, Share: share}, lostPause
		again.Poll = &plumbline.Poll{Every: lostEvery, Within: lostWithin, When: []plumbline.Criterion{putOff(op.Replay)}}
		add(again)
		made = append(made, again.Name)
		if read, ok := l.seeded(fmt.Sprintf("read-%d", i+1), again.Name, l.f.Read); ok {
			add(provoking(settled(read, 200)))
		}
		look(again.Name)
	}
	for _, name := range made {
		if s, ok := l.removal("delete-"+name, name); ok {
			add(provoking(s))
		}
	}
	return flow
}

// putOff is the criterion of an answer that asks to try again later, and does
// not refuse a duplicate for good.
func putOff(replay int) plumbline.Criterion {
	c := plumbline.Criterion{Text: "it is to be tried again later", Term: plumbline.Term{Op: plumbline.TermOr}}
	for _, status := range []int{408, 409, 425, 429, 503} {
		if status == replay {
			continue
		}
		c.Term.Terms = append(c.Term.Terms, plumbline.Term{Op: plumbline.TermEqual, Terms: []plumbline.Term{
			{From: plumbline.TermAnswer, Pointer: "status:"}, {Value: status},
		}})
	}
	return c
}

// What the rounds in which answers were lost showed.
type lossesSeen struct {
	keying
	replay      int // status by which a duplicate is declared to be refused; zero for none
	thrown, cut int // rounds whose repetition was answered 2xx, or refused as declared: after an answer that was thrown away, after a cut
	counted     int // of them, those with a list before and after
	found       []wrongdoing
	stray       []wrongdoing // something that no answer names, by round
}

func judgeLost(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	family, ok := familyMadeBy(d, c.Operation)
	if !ok {
		return broken("the design has no family that %s creates", c.Operation)
	}
	s := lossesSeen{keying: keying{flownOf(e, idempotencyLost+"/"+c.Operation, c.Operation), e, family}, replay: replayOf(d, c.Operation)}
	usual, control := s.id("usual"), s.id(lostControl)
	switch {
	case usual == "" || control == "":
		return inconclusive(plumbline.ReasonNoPositiveControl, "creations with keys of their own, whose answers were not lost, were answered %s and %s: nothing names what was created", s.told("usual"), s.told(lostControl))
	case usual == control:
		return inconclusive(plumbline.ReasonNoPositiveControl, "two creations with different keys are both answered %s: effects cannot be told apart", usual)
	}
	s.rounds()
	judged := s.thrown + s.cut
	if len(s.stray) >= lostTwice {
		s.found = append(s.found, s.stray...)
	}
	switch {
	case len(s.found) > 0:
		v := accuse(e, judged, "rounds", s.found)
		v.Suspects = nil // what was widened is not repeated by itself
		v.Remedy = "keep the key with the result in one step with the effect, and finish what was begun when the client has gone away"
		return v
	case len(s.stray) > 0:
		return inconclusive(plumbline.ReasonUndecided, "in one of %s the list showed something like it that no answer names", plural(judged, "round"))
	case s.thrown == 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "no repetition after an answer that was thrown away was answered 2xx (%s, after %s)", s.told("again-4"), s.told("again-4 lost"))
	case s.replay != 0:
		return pass(figure{0, 0, "rounds", judged}, "%s after an answer that was thrown away, and %s after a connection that was cut, had no second effect; a duplicate is declared to be refused by %d; the list was counted in %d of them",
			plural(s.thrown, "repetition"), plural(s.cut, "repetition"), s.replay, s.counted)
	}
	return pass(figure{0, 0, "rounds", judged}, "%s after an answer that was thrown away named what that had named, %s after a connection that was cut had one effect; the list was counted in %d of them",
		plural(s.thrown, "repetition"), plural(s.cut, "repetition"), s.counted)
}

// rounds looks at each round.
func (s *lossesSeen) rounds() {
	readable := false
	for i := range lostShares() {
		_, fine := s.fine(fmt.Sprintf("read-%d", i+1))
		readable = readable || fine
	}
	for i := range lostShares() {
		o, answered := s.made(fmt.Sprintf("again-%d", i+1))
		switch {
		case answered && o.Status >= 500 && o.Status != 503:
			s.found = append(s.found, s.wrong(plumbline.LevelLikely, "a repetition after a lost answer is answered "+answer(o), s.cause(), o))
		case answered && o.Status == s.replay:
			s.refused(i, o)
		case answered && succeeded(o):
			s.compare(i, o)
			s.count(i, o, 0)
			if readable {
				s.read(i)
			}
		}
	}
}

// refused books a repetition that is refused as declared. After a cut nobody has
// named what was made, if anything was.
func (s *lossesSeen) refused(round int, again plumbline.Observation) {
	if s.id(fmt.Sprintf("again-%d lost", round+1)) != "" {
		s.thrown++
		s.count(round, again, 0)
		return
	}
	s.cut++
	s.count(round, again, 1)
}

func (s *lossesSeen) cause() string { return "idempotency key " + s.f.Create }

// compare holds a repetition against the answer that was thrown away.
func (s *lossesSeen) compare(round int, again plumbline.Observation) {
	lost, _ := s.fine(fmt.Sprintf("again-%d lost", round+1))
	before, now := valueAt(lost.Transcript, s.f.ID), valueAt(again.Transcript, s.f.ID)
	if before == "" {
		s.cut++
		return
	}
	s.thrown++
	if before != now {
		s.found = append(s.found, s.wrong(plumbline.LevelProved, "after its answer was lost, the same request with the same key created "+now+" beside "+before, s.cause(), again))
	}
}

// read looks at whether what a repetition names is there.
func (s *lossesSeen) read(round int) {
	o, ok := s.made(fmt.Sprintf("read-%d", round+1))
	if ok && (o.Status == 404 || o.Status == 410) {
		s.found = append(s.found, s.wrong(plumbline.LevelLikely, "a repetition after a lost answer names "+s.id(fmt.Sprintf("again-%d", round+1))+", which is not there ("+answer(o)+")", s.cause(), o))
	}
}

// count looks for what the list holds after a round, and no answer names, beyond
// what was to be expected.
func (s *lossesSeen) count(round int, again plumbline.Observation, expected int) {
	if !s.shows() || s.walk(s.e, fmt.Sprintf("list-%d", round+1)).Ended != "end" {
		return
	}
	w := s.walk(s.e, fmt.Sprintf("list-%d", round+2))
	if w.Ended != "end" {
		return
	}
	s.counted++
	named := map[string]bool{}
	for name := range s.steps {
		named[s.id(name)] = true
	}
	var more []string
	for _, id := range w.New {
		if !named[id] {
			more = append(more, id)
		}
	}
	if len(more) > expected {
		named := strings.TrimSpace(answer(again) + " " + s.id(fmt.Sprintf("again-%d", round+1)))
		s.stray = append(s.stray, s.wrong(plumbline.LevelProved, "after its answer was lost and the same request with the same key was answered "+named+
			", the list shows more like it: "+strings.Join(more, ", "), s.cause(), again))
	}
}

// shows says whether the list showed the control, and nothing like it beside.
func (s *lossesSeen) shows() bool {
	w := s.walk(s.e, "list-1")
	return w.Ended == "end" && len(w.New) == 1 && w.New[0] == s.id(lostControl)
}
