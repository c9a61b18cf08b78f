package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const jwtClaims = "auth/jwt-claims"

// mostSkew is how far apart the clocks may be where tokens tell a time.
const mostSkew = time.Minute

func init() {
	register(plumbline.Function{
		ID:    jwtClaims,
		Title: "exp, nbf, aud, iss and typ of tokens are enforced",
		Doc: `Method: with a declared key for tests (jwt.key) the JSON Web Token that an identity shows is signed anew with one thing changed: it ended five minutes ago, it is good in ten minutes, it is for another audience, of another issuer, or its typ is not that of an access token (where that of the identity is at+jwt, RFC 9068). Ready tokens (jwt.tokens) take the place of those. Each is shown to one protected operation, the first that only reads, between the token itself twice.
Criterion: none of them is let in. A 2xx is a failure; of another typ it is only likely.
Guard: without a key or ready tokens the function is skipped; what the token does not have (no aud, no iss) is not claimed. Nothing is judged unless the token itself was let in before and after, a request without credentials was refused, and, with a key, the token signed anew and otherwise as it was is let in: a target that does not trust the key would refuse everything. A ready token must be what it is declared to be, by what it says of itself, and is checked against the key where that is known. The margins are minutes, more than any leeway for clocks should be; where the clocks differ by more than a minute, as the Date of an answer tells, times prove nothing.`,
		Standard: "RFC 7519 §4.1; RFC 8725 §3.8 to §3.11; RFC 9068 §4",
		Mutants:  []string{"jwt-aud-ignored"},
		Order:    31,
		Repeats:  true,
		Plan:     planClaims,
		Judge:    judgeClaims,
	})
}

// A claimedWay is a token that is signed as it should be and must be refused.
type claimedWay struct{ how, subject, statement, words string }

func allClaimedWays() []claimedWay {
	return []claimedWay{
		{plumbline.AuthPast, "expired", "a token that has expired is refused", "a token that expired five minutes ago"},
		{plumbline.AuthFuture, "not-yet", "a token that is not good yet is refused", "a token that is not good for another ten minutes (nbf)"},
		{plumbline.AuthAudience, "audience", "a token for another audience is refused", "a token for another audience (aud)"},
		{plumbline.AuthIssuer, "issuer", "a token of another issuer is refused", "a token of another issuer (iss)"},
		{plumbline.AuthType, "type", "what is no access token is refused", "a token that is no access token (typ)"},
	}
}

// possible says whether such a token can be made, or is there.
func (w claimedWay) possible(d plumbline.Design) bool {
	return d.JWT.Signs || slices.Contains(d.JWT.Ready, w.how)
}

// claimedWays are those that can be made, or are there.
func claimedWays(d plumbline.Design) []tokenWay {
	var out []tokenWay
	for _, w := range allClaimedWays() {
		if w.possible(d) {
			out = append(out, tokenWay{w.how, w.words})
		}
	}
	return out
}

func planClaims(d plumbline.Design) plumbline.Proposal {
	if skip := needsToken(d, jwtClaims); skip != nil {
		return plumbline.Proposal{Skips: []plumbline.Skip{*skip}}
	}
	var p plumbline.Proposal
	o := tokenOperations(d)[0]
	for _, w := range allClaimedWays() {
		if !w.possible(d) {
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: jwtClaims + "/" + w.subject, Function: jwtClaims, Operation: o.ID, Basis: plumbline.BasisDeclared, Source: d.JWT.Source,
			Statement: w.statement, Experiments: []string{authTokens},
		})
	}
	if len(p.Claims) == 0 {
		p.Skips = []plumbline.Skip{{
			Function: jwtClaims, Reason: plumbline.ReasonNotDeclared,
			Detail: "tokens that are signed as they should be can be made with a key for tests, or given", Unlock: "jwt.key, or jwt.tokens",
		}}
		return p
	}
	p.Experiments = []plumbline.Experiment{otherTokens(d)}
	return p
}

func judgeClaims(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	i := slices.IndexFunc(allClaimedWays(), func(w claimedWay) bool { return w.subject == strings.TrimPrefix(c.ID, jwtClaims+"/") })
	if i < 0 || d.JWT == nil {
		return broken("the design has no token for %s", c.ID)
	}
	w := allClaimedWays()[i]
	t := tokenTrialOf(e, claimedPhase, c.Operation)
	o, made := t.called[w.how]
	switch {
	case made && o.Error == plumbline.ErrorUnbound:
		return skipped(plumbline.ReasonNotApplicable, "%s", saidBy(o))
	case !made || !sentToTarget(o):
		return inconclusive(plumbline.ReasonIncomplete, "no such token reached %s", c.Operation)
	}
	for _, v := range []*plumbline.Verdict{t.uncontrolled(), t.untrusted(d, w)} {
		if v != nil {
			return *v
		}
	}
	f := figure{0, 0, "tokens let in", 1}
	switch {
	case succeeded(o):
		f.measured = 1
		v := fail(f, "%s takes %s: %s; no credentials at all get %s", c.Operation, w.words, answer(o), answer(t.called[plumbline.AuthNone]))
		v.Level, v.Cause, v.Wrong = t.sure(o), "claims of tokens are not checked", "service"
		if w.how == plumbline.AuthType {
			v.Level = plumbline.LevelLikely // a service may take both kinds
		}
		v.Remedy = "check exp, nbf, aud, iss and typ of every token, as the library for tokens offers it"
		v.Suspects, v.Evidence = t.suspected([]plumbline.Observation{o}), exhibits(e, []plumbline.Observation{o})
		return v
	case !keptOut(o):
		v := inconclusive(plumbline.ReasonUndecided, "%s was neither let in nor refused: %s", w.words, answer(o))
		v.Evidence = exhibits(e, []plumbline.Observation{o})
		return v
	}
	return pass(f, "%s was refused with %d; the token itself got %s before and after", w.words, o.Status, answer(t.called[controlCall]))
}

// untrusted is the verdict where a refusal would say nothing of what was
// changed: the target does not take what the key signs, or has another time.
// Nil when it would.
func (t tokenTrial) untrusted(d plumbline.Design, w claimedWay) *plumbline.Verdict {
	if !slices.Contains(d.JWT.Ready, w.how) {
		o, made := t.called[plumbline.AuthSigned]
		switch {
		case !made || !sentToTarget(o):
			v := inconclusive(plumbline.ReasonIncomplete, "no token that is right could be signed anew: %s", saidBy(o))
			return &v
		case !succeeded(o):
			v := inconclusive(plumbline.ReasonNoPositiveControl, "the token of %s, signed anew with the declared key, was answered %s: the target does not trust the key", d.JWT.Identity, answer(o))
			return &v
		}
	}
	if skew, ok := t.skew(); ok && (w.how == plumbline.AuthPast || w.how == plumbline.AuthFuture) && skew.Abs() > mostSkew {
		v := inconclusive(plumbline.ReasonNoise, "the clock of the target differs from ours by %s", readable(skew.Abs()))
		return &v
	}
	return nil
}
