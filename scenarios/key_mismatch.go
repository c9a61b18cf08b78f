package scenarios

import (
	"github.com/plumbline-dev/plumbline"
)

const keyMismatched = "idempotency/key-mismatch"

func init() {
	register(plumbline.Function{
		ID:    keyMismatched,
		Title: "A key that comes again with another body is refused",
		Doc: `Method: after something was created with an idempotency key, another valid body is sent with the same key.
Criterion: it is refused by a 4xx (the draft says 422), and above all it creates nothing.
Guard: a fingerprint of the body is a MAY of the draft: an answer with what the first created is let pass, and told. Only a second creation, or a 5xx, fails. What holds for key-replays as to what can be told apart holds here.`,
		Standard: "draft-ietf-httpapi-idempotency-key-header-07 §2.7",
		Mutants:  []string{"key-mismatch-accepted"},
		Order:    33,
		Repeats:  true,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return planKeyed(d, keyMismatched, keyMismatch, "refuses a key that comes again with another body")
		},
		Judge: judgeMismatch,
	})
}

func judgeMismatch(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	k, v, ok := keyingOf(d, c, e)
	if !ok {
		return v
	}
	o, sent := k.made(keyMismatch)
	f := figure{0, 0, "effects", 1}
	cause := "idempotency key " + o.Operation
	var w wrongdoing
	switch {
	case !sent:
		return inconclusive(plumbline.ReasonIncomplete, "the other body was not answered: %s", k.told(keyMismatch))
	case o.Status >= 500:
		w = k.wrong(plumbline.LevelProved, "another body with the same key is answered "+answer(o), cause, o)
	case succeeded(o) && k.id(keyMismatch) == k.id(keyFirst):
		return pass(f, "another body with the same key is answered %s with what the first created: nothing was created, but the client is not told that its body was passed over", answer(o))
	case succeeded(o):
		w = k.wrong(plumbline.LevelProved, "another body with the same key is answered "+answer(o)+" and created "+k.id(keyMismatch)+" beside "+k.id(keyFirst), cause, o)
	default:
		return pass(f, "another body with the same key is refused: %s", answer(o))
	}
	v = accuse(e, 1, "effects", []wrongdoing{w})
	v.Remedy = "keep a fingerprint of the body with the key, and answer 422 when it is another one"
	return v
}
