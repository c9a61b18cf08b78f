package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

const keyReplays = "idempotency/key-replays"

func init() {
	register(plumbline.Function{
		ID:    keyReplays,
		Title: "The same key with the same body has one effect and the same answer",
		Doc: `Method: something is created with an idempotency key; the same request, byte for byte, is sent again at once and five seconds after the others; in between one with another key.
Criterion: both repetitions are answered 2xx and name what the first created; where the declaration says by which status a duplicate is refused (replay), they are refused by it.
Guard: the request with another key has to create something else, or nothing is judged: a mock that always answers the same proves nothing. A repetition that is refused by a 4xx has had no second effect: it warns, for 409 is in use, unless it is declared. An answer that differs from the first in more than times, versions and hashes warns. The key is sent bare and not as a quoted string of the draft: a service that insists on the quotes is inconclusive.`,
		Standard: "draft-ietf-httpapi-idempotency-key-header-07 §2.6",
		Mutants:  []string{"idempotency-key-ignored"},
		Order:    32,
		Repeats:  true,
		Plan:     planRepetitions,
		Judge:    judgeReplays,
	})
}

func planRepetitions(d plumbline.Design) plumbline.Proposal {
	p := planKeyed(d, keyReplays, keySecond, "with the same key and body has one effect and the same answer")
	for i, c := range p.Claims {
		if replay := replayOf(d, c.Operation); replay != 0 {
			p.Claims[i].Statement = fmt.Sprintf("%s with the same key and body is refused by %d", c.Operation, replay)
			p.Claims[i].Basis = plumbline.BasisDeclared
		}
	}
	return p
}

func judgeReplays(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	k, v, ok := keyingOf(d, c, e)
	if !ok {
		return v
	}
	var found []wrongdoing
	judged := 0
	for _, step := range []string{keySecond, keyLate} {
		o, sent := k.made(step)
		if !sent {
			continue
		}
		judged++
		if w, bad := k.replayed(step, o, replayOf(d, c.Operation)); bad {
			found = append(found, w)
		}
	}
	switch {
	case judged == 0:
		return inconclusive(plumbline.ReasonIncomplete, "the repetition was not answered: %s", k.told(keySecond))
	case len(found) > 0:
		v := accuse(e, judged, "repetitions", found)
		v.Remedy = "keep the key with the result before the effect, and answer a repetition from there"
		return v
	}
	if replay := replayOf(d, c.Operation); replay != 0 {
		return pass(figure{0, 0, "repetitions", judged}, "%s refused by %d, as declared; another key created something else", plural(judged, "repetition"), replay)
	}
	return pass(figure{0, 0, "repetitions", judged}, "%s answered %s with what the first created (%s); another key created something else", plural(judged, "repetition"), k.told(keySecond), k.id(keyFirst))
}

// replayOf is the status by which an operation is declared to refuse a duplicate;
// zero where it is to answer as before.
func replayOf(d plumbline.Design, operation string) int {
	op, _ := d.Operation(operation)
	return op.Replay
}

// replayed says what is wrong with a repetition.
func (k keying) replayed(step string, o plumbline.Observation, replay int) (wrongdoing, bool) {
	cause := "idempotency key " + o.Operation
	switch first := k.id(keyFirst); {
	case replay != 0 && o.Status == replay:
		return wrongdoing{}, false
	case o.Status >= 500:
		return k.wrong(plumbline.LevelProved, "a repetition with the same key is answered "+answer(o), cause, o), true
	case !succeeded(o):
		return k.wrong(plumbline.LevelLikely, "a repetition with the same key is refused: "+answer(o), cause, o), true
	case k.id(step) != first:
		return k.wrong(plumbline.LevelProved, "a repetition with the same key created "+k.id(step)+" beside "+first, cause, o), true
	}
	if replay != 0 {
		return k.wrong(plumbline.LevelLikely, fmt.Sprintf("a repetition with the same key is answered %s, and declared to be refused by %d", answer(o), replay), cause, o), true
	}
	m, _ := matched(o, "answer:"+keyFirst)
	for _, mark := range m.Marks {
		if !bookkeeping(mark.Pointer) {
			return k.wrong(plumbline.LevelLikely, "a repetition with the same key is answered differently: "+mark.Pointer+" "+mark.Message, cause, o), true
		}
	}
	return wrongdoing{}, false
}
