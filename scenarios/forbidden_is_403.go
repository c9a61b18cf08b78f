package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const forbiddenIs403 = "auth/forbidden-is-403"

func init() {
	register(plumbline.Function{
		ID:    forbiddenIs403,
		Title: "Valid credentials are refused with 403, not 401",
		Doc: `Method: of every operation that the document protects, what was answered to valid credentials is read: to those that roles keep out, to the stranger who asks for another's thing, and to those that are let in.
Criterion: none is refused with 401 whose credentials were taken before and after, by a protected operation of the same security scheme. A client that is told 401 fetches new credentials and asks again, for ever; 403 says that they do not suffice (RFC 9110 §15.5.4).
Guard: it informs, for RFC 9110 §15.5.2 lets a server refuse authorization with 401 too. Only what refuses requests without credentials shows that credentials were taken. The run fetches new ones on 401 where it can, so that what has run out is not judged; a 401 that asks for stronger authentication (RFC 9470) is right.`,
		Standard: "RFC 9110 §15.5.2, §15.5.4; EvoMaster F205",
		Mutants:  []string{"forbidden-is-401"},
		Level:    plumbline.LevelAdvisory,
		Order:    34,
		Plan:     planForbidden,
		Judge:    judgeForbidden,
	})
}

func planForbidden(d plumbline.Design) plumbline.Proposal {
	credentials := planAnonymous(d)
	secured := slices.DeleteFunc(slices.Clone(credentials.Claims), func(c plumbline.Claim) bool {
		o, _ := d.Operation(c.Operation)
		return !protected(d, o)
	})
	if len(secured) == 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{{
			Function: forbiddenIs403, Reason: plumbline.ReasonNeedsIdentity,
			Detail: "no protected operation can be called with valid credentials", Unlock: "identities, and security in the OpenAPI document",
		}}}
	}
	p := plumbline.Proposal{Experiments: credentials.Experiments}
	wanted := []string{authAnonymous}
	for _, other := range []plumbline.Proposal{planExistence(d), planBfla(d), planBola(d)} {
		for _, x := range other.Experiments {
			p.Experiments, wanted = append(p.Experiments, x), append(wanted, x.ID)
		}
	}
	for _, c := range secured {
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: forbiddenIs403 + "/" + c.Operation, Function: forbiddenIs403, Operation: c.Operation, Basis: plumbline.BasisDefault, Source: c.Source,
			Statement: c.Operation + " refuses valid credentials with 403, if it refuses them", Experiments: wanted,
		})
	}
	return p
}

func judgeForbidden(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	r := registerOf(d, e)
	var asked, refused, unknown []plumbline.Observation
	for _, o := range r.valid {
		switch {
		case o.Operation != c.Operation:
		case o.Status != 401:
			asked = append(asked, o)
		case asksForMore(o):
		case r.known(d, o):
			asked, refused = append(asked, o), append(refused, o)
		default:
			unknown = append(unknown, o)
		}
	}
	switch {
	case len(refused) > 0:
		v := fail(figure{float64(len(refused)), 0, "requests refused", len(asked)}, "%s refuses %s with 401, whose credentials other operations take", c.Operation, callers(refused))
		v.Remedy, v.Wrong, v.Cause = "answer 403 to credentials that are valid and do not suffice", "service", "401 instead of 403"
		return suspected(v, e, refused)
	case len(unknown) > 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "%s got 401, and was not seen to be known elsewhere", callers(unknown))
	case len(asked) > 0:
		return pass(figure{0, 0, "requests refused", len(asked)}, "no valid credentials were refused with 401 (%s)", answers(asked))
	}
	return inconclusive(plumbline.ReasonIncomplete, "no valid credentials were answered by %s", c.Operation)
}

// asksForMore tells whether a 401 asks for stronger authentication (RFC 9470 §3).
func asksForMore(o plumbline.Observation) bool {
	return o.Transcript != nil && strings.Contains(headerIn(o.Transcript.ResponseHeader, "WWW-Authenticate"), "insufficient_user_authentication")
}

// A callRegister holds the requests with valid credentials, with the identity
// named, and what shows whose were taken.
type callRegister struct {
	valid []plumbline.Observation
	taken []plumbline.Observation // 2xx of operations that refuse requests without credentials
}

// signed tells whether it is known with whose credentials an answered request
// was sent, or how they were spoilt.
func signed(o plumbline.Observation) bool {
	known := o.Identity != "" || slices.Contains([]string{authAnonymous, authRoles, authStrangers, authExistence}, o.Experiment)
	return known && sentToTarget(o) && o.Status != 0 && o.Error == ""
}

func registerOf(d plumbline.Design, e *plumbline.Evidence) callRegister {
	var r callRegister
	closed, spoilt := map[string]bool{}, map[string]bool{}
	for _, call := range spoiltCredentials(d).Phases[0].Calls {
		spoilt[call.Name] = call.Auth != ""
	}
	for _, o := range e.Observations {
		switch {
		case !signed(o):
		case o.Experiment == authAnonymous && spoilt[o.Stream]:
			closed[o.Operation] = closed[o.Operation] || turnedDown(o)
		default:
			if o.Identity == "" && len(d.Identities) > 0 {
				o.Identity = d.Identities[0].Name
			}
			r.valid = append(r.valid, o)
		}
	}
	r.taken = slices.DeleteFunc(slices.Clone(r.valid), func(o plumbline.Observation) bool { return !succeeded(o) || !closed[o.Operation] })
	return r
}

// known tells whether the credentials of a request were taken before it and
// after it, by operations of the same scheme.
func (r callRegister) known(d plumbline.Design, o plumbline.Observation) bool {
	op := operationOf(d, o.Operation)
	sent := func(when func(a, b time.Duration) bool) bool {
		return slices.ContainsFunc(r.taken, func(x plumbline.Observation) bool {
			return x.Identity == o.Identity && when(x.Sent, o.Sent) && sameScheme(op, operationOf(d, x.Operation))
		})
	}
	return sent(func(a, b time.Duration) bool { return a < b }) && sent(func(a, b time.Duration) bool { return a > b })
}

func sameScheme(a, b plumbline.Operation) bool {
	return slices.ContainsFunc(a.Schemes, func(s plumbline.Scheme) bool {
		return slices.ContainsFunc(b.Schemes, func(x plumbline.Scheme) bool { return x.Name == s.Name })
	})
}
