package scenarios

import (
	"github.com/plumbline-dev/plumbline"
)

const keyScoped = "idempotency/key-scoped"

func init() {
	register(plumbline.Function{
		ID:    keyScoped,
		Title: "Keys are the caller's own",
		Doc: `Method: after a caller has created something with an idempotency key, a second caller sends the same request with the same key.
Criterion: the second caller never gets what the first created; its request is served by itself, or refused.
Guard: needs a second identity that may call the operation. A 5xx is not judged here. What holds for key-replays as to what can be told apart holds here.`,
		Standard: "draft-ietf-httpapi-idempotency-key-header-07 §2.2 and §5; CWE-639",
		Mutants:  []string{"key-not-scoped"},
		Order:    34,
		Repeats:  true,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return planKeyed(d, keyScoped, keyStranger, "does not give one caller what another created with the same key")
		},
		Judge: judgeScoped,
	})
}

func judgeScoped(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	k, v, ok := keyingOf(d, c, e)
	if !ok {
		return v
	}
	o, sent := k.made(keyStranger)
	switch {
	case !sent || o.Status >= 500:
		return inconclusive(plumbline.ReasonNoPositiveControl, "the second caller was answered %s", k.told(keyStranger))
	case succeeded(o) && k.id(keyStranger) == k.id(keyFirst):
		v := accuse(e, 1, "callers", []wrongdoing{k.wrong(plumbline.LevelProved, o.Identity+" got what another caller created with the same key: "+k.id(keyFirst), "idempotency key scope "+o.Operation, o)})
		v.Remedy = "keep keys by caller and operation"
		return v
	}
	return pass(figure{0, 0, "callers", 1}, "%s, with the key of another caller, was answered %s and not with %s", o.Identity, answer(o), k.id(keyFirst))
}
