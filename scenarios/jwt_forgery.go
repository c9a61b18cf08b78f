package scenarios

import (
	"github.com/plumbline-dev/plumbline"
)

const jwtForgery = "auth/jwt-forgery"

func init() {
	register(plumbline.Function{
		ID:    jwtForgery,
		Title: "Forged tokens are refused",
		Doc: `Method: of the JSON Web Token that an identity shows, ten others are made that nobody with the right key has signed: unsigned (alg none, in three spellings), with the signature taken away, with another signature, with other claims under the old signature, signed with a key that nobody knows, signed with a key that the token brings along (jwk), signed with an empty secret, with a kid that names an empty file; and, where the public key is known (jwt.public_key, or that of jwt.key), one that is signed with it as if it were the secret of an HMAC. Each is shown to up to eight protected operations that only read; where there is none, to one that may be called. The token itself comes before and after them.
Criterion: none of them is let in. A 2xx is a failure; it is only likely where its body is another one than the token itself gets both times.
Guard: an identity with an opaque token has nothing to forge, and the function is skipped. Nothing is judged unless the token itself was let in before and after, and a request without credentials, and one with what is no token, were refused in between: so a cache, or an operation that asks nobody, accuses nobody. A refusal is any 3xx or 4xx but 408 and 429, for the same request was answered 2xx; a 5xx, a 429 or no answer prove nothing. Tokens with jku or x5u, which want a listener that the target reaches, are not made.`,
		Standard: "RFC 8725 §2.1, §3.1 and §3.10; RFC 7515 §5.2; RFC 7519 §6; OWASP API2:2023",
		Mutants:  []string{"jwt-alg-none-accepted"},
		Order:    31,
		Repeats:  true,
		Plan:     planForgery,
		Judge:    judgeForgery,
	})
}

func planForgery(d plumbline.Design) plumbline.Proposal {
	if skip := needsToken(d, jwtForgery); skip != nil {
		return plumbline.Proposal{Skips: []plumbline.Skip{*skip}}
	}
	p := plumbline.Proposal{Experiments: []plumbline.Experiment{otherTokens(d)}}
	for _, o := range tokenOperations(d) {
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: jwtForgery + "/" + o.ID, Function: jwtForgery, Operation: o.ID, Basis: plumbline.BasisDefault, Source: o.Source,
			Statement: o.ID + " takes no token that was forged", Experiments: []string{authTokens},
		})
	}
	return p
}

func judgeForgery(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	if d.JWT == nil {
		return broken("the design has no token for %s", c.ID)
	}
	t := tokenTrialOf(e, forgedPhase, c.Operation)
	if v := t.uncontrolled(); v != nil {
		return *v
	}
	r := t.reception(forgedWays(d))
	f := figure{float64(len(r.taken)), 0, "forged tokens let in", len(r.taken) + len(r.refused) + len(r.unclear)}
	switch {
	case len(r.taken) > 0:
		v := fail(f, "%s takes %s: %s; no credentials at all get %s", c.Operation, first(r.words, 3), answers(r.taken), answer(t.called[plumbline.AuthNone]))
		v.Level, v.Cause, v.Wrong = t.sure(r.taken[0]), "forged tokens are taken", "service"
		v.Remedy = "check the signature of every token, with the algorithm and the key that the service expects, whatever the token says (RFC 8725 §3.1)"
		v.Suspects, v.Evidence = t.suspected(r.taken), exhibits(e, r.taken)
		return v
	case len(r.unclear) > 0:
		v := inconclusive(plumbline.ReasonUndecided, "forged tokens were neither let in nor refused: %s", answers(r.unclear))
		v.Evidence = exhibits(e, r.unclear)
		return v
	case len(r.refused) == 0 && r.unmade != "":
		return skipped(plumbline.ReasonNotApplicable, "%s", r.unmade)
	case len(r.refused) == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no forged token reached %s", c.Operation)
	}
	return pass(f, "%d forgeries of %s's token were refused (%s); the token itself got %s before and after", len(r.refused), d.JWT.Identity, answers(r.refused), answer(t.called[controlCall]))
}

// A forgedReception is how an operation received forged tokens.
type forgedReception struct {
	taken, refused, unclear []plumbline.Observation
	words                   []string // for those that were taken
	unmade                  string   // why the last that could not be made could not
}

func (t tokenTrial) reception(ways []tokenWay) forgedReception {
	var r forgedReception
	for _, w := range ways {
		switch o, made := t.called[w.how]; {
		case !made:
		case !sentToTarget(o):
			r.unmade = saidBy(o)
		case succeeded(o):
			r.taken, r.words = append(r.taken, o), append(r.words, w.words)
		case keptOut(o):
			r.refused = append(r.refused, o)
		default:
			r.unclear = append(r.unclear, o)
		}
	}
	return r
}

// saidBy is what is told of a request that could not be made.
func saidBy(o plumbline.Observation) string {
	if o.Transcript == nil || o.Transcript.ResponseBody == "" {
		return "no such token could be made"
	}
	return o.Transcript.ResponseBody
}
