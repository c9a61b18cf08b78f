package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The experiment of all functions that show other tokens than the one that an
// identity has.
const (
	authTokens   = "auth/tokens"
	forgedPhase  = "forged"
	claimedPhase = "claims"
)

// mostForged bounds the operations that forged tokens are shown to.
const mostForged = 8

// controlAfter ends the name of the control that comes last.
const controlAfter = controlCall + ", afterwards"

// A tokenWay is a way to make another token, in words that follow "takes".
type tokenWay struct{ how, words string }

// forgedWays are the ways to make a token that nobody with the right key has
// signed. Which of them a token allows shows when they are made.
func forgedWays(d plumbline.Design) []tokenWay {
	all := []tokenWay{
		{plumbline.AuthAlgNone, "an unsigned token (alg none)"},
		{plumbline.AuthAlgMixed, "an unsigned token (alg nOnE)"},
		{plumbline.AuthAlgUpper, "an unsigned token (alg NONE)"},
		{plumbline.AuthUnsigned, "a token whose signature was taken away"},
		{plumbline.AuthSignature, "a token whose signature is wrong"},
		{plumbline.AuthPayload, "a token that was altered after it was signed"},
		{plumbline.AuthStranger, "a token that is signed with a key of nobody's"},
		{plumbline.AuthEmbedded, "a token that brings along the key to check it by (jwk)"},
		{plumbline.AuthBlank, "a token that is signed with an empty secret"},
		{plumbline.AuthNullKey, "a token whose kid names an empty file"},
	}
	if d.JWT.Public {
		all = append(all, tokenWay{plumbline.AuthConfused, "a token that is signed with the public key as a secret (alg HS256)"})
	}
	return all
}

// tokenOperations are those that other tokens are shown to: what only reads
// where there is such, for what is taken would be done.
func tokenOperations(d plumbline.Design) []plumbline.Operation {
	if d.JWT == nil {
		return nil
	}
	others := len(d.Identities) > 0 && d.JWT.Identity != d.Identities[0].Name
	var safe, rest []plumbline.Operation
	for _, o := range inCallOrder(d.Operations) {
		switch {
		case !protected(d, o) || !callable(d, o) || !shownToken(o):
		case others && len(o.Cases[0].Binds) > 0: // what is there is the default identity's
		case o.Safe():
			safe = append(safe, o)
		default:
			rest = append(rest, o)
		}
	}
	if len(safe) == 0 {
		safe = rest[:min(1, len(rest))]
	}
	return safe[:min(mostForged, len(safe))]
}

// shownToken says whether a JWT may be what the operation asks for.
func shownToken(o plumbline.Operation) bool {
	return len(o.Schemes) == 0 || slices.ContainsFunc(o.Schemes, func(s plumbline.Scheme) bool { return byToken(s) || byKey(s) })
}

// otherTokens shows every operation forged tokens, and one of them tokens that
// are signed as they should be. Before and after them comes the token itself,
// and after the first of these what nobody may be let in with: a cache that kept
// the answer would let that in as well.
func otherTokens(d plumbline.Design) plumbline.Experiment {
	forged := plumbline.Phase{Name: forgedPhase, Role: plumbline.RoleProbe}
	ops := tokenOperations(d)
	for _, o := range ops {
		forged.Calls = append(forged.Calls, shownTokens(d, o, forgedWays(d))...)
	}
	x := plumbline.Experiment{ID: authTokens, Title: "other tokens are refused", Kind: plumbline.KindContract, Phases: []plumbline.Phase{forged}}
	if ways := claimedWays(d); len(ways) > 0 && len(ops) > 0 {
		if d.JWT.Signs {
			ways = append([]tokenWay{{how: plumbline.AuthSigned}}, ways...)
		}
		x.Phases = append(x.Phases, plumbline.Phase{Name: claimedPhase, Role: plumbline.RoleProbe, Calls: shownTokens(d, ops[0], ways)})
	}
	return x
}

// shownTokens are the calls of one operation.
func shownTokens(d plumbline.Design, o plumbline.Operation, ways []tokenWay) []plumbline.Call {
	identity := d.JWT.Identity
	if len(d.Identities) > 0 && identity == d.Identities[0].Name {
		identity = ""
	}
	call := func(name, auth string) plumbline.Call {
		return plumbline.Call{Name: o.ID + ": " + name, Operation: o.ID, Identity: identity, Auth: auth}
	}
	calls := []plumbline.Call{call(controlCall, ""), call(plumbline.AuthNone, plumbline.AuthNone), call(plumbline.AuthMalformed, plumbline.AuthMalformed)}
	for _, w := range ways {
		calls = append(calls, call(w.how, w.how))
	}
	return append(calls, call(controlAfter, ""))
}

// needsToken is why no other token can be shown; nil when it can.
func needsToken(d plumbline.Design, function string) *plumbline.Skip {
	switch {
	case d.JWT == nil:
		return &plumbline.Skip{
			Function: function, Reason: plumbline.ReasonNotApplicable,
			Detail: "no identity is known to show a JSON Web Token", Unlock: "an identity with a JWT, or jwt.identity where it is fetched",
		}
	case len(tokenOperations(d)) == 0:
		return &plumbline.Skip{
			Function: function, Reason: plumbline.ReasonNotApplicable,
			Detail: "no protected operation can be called with " + d.JWT.Identity + "'s token", Unlock: "mode own, or examples in the OpenAPI document",
		}
	}
	return nil
}

// A tokenTrial is how one operation treated other tokens.
type tokenTrial struct {
	e      *plumbline.Evidence
	called map[string]plumbline.Observation // by the rest of the name of the call
}

func tokenTrialOf(e *plumbline.Evidence, phase, operation string) tokenTrial {
	t := tokenTrial{e, map[string]plumbline.Observation{}}
	for o := range e.Of(authTokens, phase) {
		if rest, ours := cutName(o, operation); ours {
			t.called[rest] = o
		}
	}
	return t
}

// cutName takes the operation off the name of a call.
func cutName(o plumbline.Observation, operation string) (string, bool) {
	rest, named := strings.CutPrefix(o.Stream, operation+": ")
	return rest, named && rest != "" && o.Operation == operation
}

// uncontrolled is the verdict where nothing can be said of other tokens: the
// token itself was not taken before or after them, or anybody is. Nil when
// something can.
func (t tokenTrial) uncontrolled() *plumbline.Verdict {
	is := func(reason plumbline.Reason, statement string, args ...any) *plumbline.Verdict {
		v := inconclusive(reason, statement, args...)
		return &v
	}
	for _, name := range []string{controlCall, controlAfter} {
		switch o, made := t.called[name]; {
		case !made || !sentToTarget(o):
			return is(plumbline.ReasonIncomplete, "the token itself was not shown before and after the others")
		case !succeeded(o):
			return is(plumbline.ReasonNoPositiveControl, "the token itself was answered %s", answer(o))
		}
	}
	none, made := t.called[plumbline.AuthNone]
	switch {
	case !made || !sentToTarget(none):
		return is(plumbline.ReasonIncomplete, "no request without credentials was made")
	case !keptOut(none):
		return is(plumbline.ReasonNoPositiveControl, "a request without any credentials was answered %s: see auth/anonymous-rejected", answer(none))
	}
	if o, made := t.called[plumbline.AuthMalformed]; made && sentToTarget(o) && succeeded(o) {
		return is(plumbline.ReasonNoPositiveControl, "what is no token at all was answered %s: see auth/anonymous-rejected", answer(o))
	}
	return nil
}

// keptOut says whether a request was answered, and not let in. The same
// request was answered 2xx with the token itself.
func keptOut(o plumbline.Observation) bool {
	return o.Error == "" && o.Status >= 300 && o.Status < 500 && o.Status != 408 && o.Status != 429
}

// sure is the level of a finding that an answer makes: an answer that is another
// one than the token itself gets, though that gets the same each time, might be
// for nobody in particular.
func (t tokenTrial) sure(o plumbline.Observation) plumbline.Level {
	before, after := t.called[controlCall], t.called[controlAfter]
	if o.Transcript == nil || before.Transcript == nil || after.Transcript == nil || samePage(before, o) || !samePage(before, after) {
		return plumbline.LevelProved
	}
	return plumbline.LevelLikely
}

// suspected names the calls to be repeated, the controls first. What was taken
// is named whole, so that none of it stands for a control.
func (t tokenTrial) suspected(taken []plumbline.Observation) []plumbline.Suspect {
	return suspects(append([]plumbline.Observation{t.called[plumbline.AuthNone], t.called[controlCall]}, taken...))
}

// skew is how far the clock of the target is from ours, by the Date of an
// answer, which has whole seconds; ok is false where it has none.
func (t tokenTrial) skew() (d time.Duration, ok bool) {
	o := t.called[controlCall]
	if o.Transcript == nil {
		return 0, false
	}
	at, err := time.Parse(time.RFC1123, headerIn(o.Transcript.ResponseHeader, "Date"))
	if err != nil {
		return 0, false
	}
	return at.Sub(t.e.Run.Began.Add(o.Done())), true
}
