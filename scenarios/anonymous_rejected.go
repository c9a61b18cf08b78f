package scenarios

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	anonymousRejected = "auth/anonymous-rejected"
	authAnonymous     = "auth/anonymous"
)

func init() {
	register(plumbline.Function{
		ID:    anonymousRejected,
		Title: "Every protected operation refuses anonymous and broken credentials",
		Doc: `Method: every operation that the document protects and the mode allows gets its seed request without credentials, with empty, malformed and expired ones, with the right secret under the wrong scheme and in the wrong place, as far as its security scheme knows the difference; and last with good credentials, as the positive control.
Criterion: each of them is answered 401 or 403 and without the body that good credentials get. 401 is what RFC 9110 asks for; 403 is accepted and shown. A 2xx, or a 5xx, is a failure.
Guard: a hole is told only when it is there again from a clean state. Without the control (good credentials get past authentication) nothing is judged. A 400, 404 or 405 that comes before authentication is no proof either way and is inconclusive. Operations that change what the run did not create are not sent, not even without credentials.`,
		Standard: "RFC 9110 §11 and §15.5.2; RFC 6750; OWASP API2:2023",
		Mutants:  []string{"missing-401"},
		Order:    30,
		Repeats:  true,
		Plan:     planAnonymous,
		Judge:    judgeAnonymous,
	})
}

func planAnonymous(d plumbline.Design) plumbline.Proposal {
	secured := slices.DeleteFunc(slices.Clone(d.Operations), func(o plumbline.Operation) bool { return !protected(d, o) })
	p := plumbline.Proposal{Skips: leftOpen(d)}
	switch {
	case len(secured) == 0:
		p.Skips = append(p.Skips, plumbline.Skip{
			Function: anonymousRejected, Reason: plumbline.ReasonNotApplicable,
			Detail: "the document protects no operation", Unlock: "security in the OpenAPI document",
		})
		return p
	case len(d.Identities) == 0:
		p.Skips = append(p.Skips, plumbline.Skip{
			Function: anonymousRejected, Reason: plumbline.ReasonNeedsIdentity,
			Detail: "without good credentials there is no telling why a request was refused", Unlock: "identities",
		})
		return p
	}
	for _, o := range secured {
		if !callable(d, o) {
			p.Skips = append(p.Skips, notCallable(anonymousRejected, o))
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: anonymousRejected + "/" + o.ID, Function: anonymousRejected, Operation: o.ID, Basis: plumbline.BasisDocument, Source: o.Source,
			Statement:   o.ID + " refuses requests without valid credentials",
			Experiments: []string{authAnonymous},
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{spoiltCredentials(d)}
	}
	return p
}

// leftOpen are the operations that neither the document protects nor the
// declaration opens, where it opens any.
func leftOpen(d plumbline.Design) []plumbline.Skip {
	var out []plumbline.Skip
	for _, o := range d.Operations {
		if !o.Secured && len(d.Public) > 0 && !slices.Contains(d.Public, o.ID) {
			out = append(out, plumbline.Skip{
				Function: anonymousRejected, Subject: o.ID, Reason: plumbline.ReasonNotDeclared,
				Detail: "the document leaves it open, and it is not declared public", Unlock: "target.public, or security in the OpenAPI document",
			})
		}
	}
	return out
}

// protected says whether the operation asks for credentials: the document
// protects it, and the declaration does not open it to anybody.
func protected(d plumbline.Design, o plumbline.Operation) bool {
	return o.Secured && !slices.Contains(d.Public, o.ID)
}

// spoiltCredentials sends the seed request of every protected operation with
// every kind of bad credentials, and last with good ones: a deletion that is
// refused as it should be leaves the control something to delete.
func spoiltCredentials(d plumbline.Design) plumbline.Experiment {
	ph := plumbline.Phase{Name: "credentials", Role: plumbline.RoleProbe}
	for _, o := range inCallOrder(d.Operations) {
		if !protected(d, o) || !callable(d, o) {
			continue
		}
		for _, how := range spoilings(o) {
			ph.Calls = append(ph.Calls, plumbline.Call{Name: o.ID + ": " + how, Operation: o.ID, Auth: how})
		}
		ph.Calls = append(ph.Calls, plumbline.Call{Name: o.ID + ": " + controlCall, Operation: o.ID})
	}
	return plumbline.Experiment{ID: authAnonymous, Title: "bad credentials are refused", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

// controlCall ends the name of the call with good credentials.
const controlCall = "good credentials"

// spoilings are the ways to spoil credentials that the security schemes of the
// operation know the difference of.
func spoilings(o plumbline.Operation) []string {
	if byCertificate(o) && len(o.Schemes) == 1 {
		return []string{plumbline.AuthNone} // a certificate is shown or not
	}
	out := []string{plumbline.AuthNone, plumbline.AuthEmpty, plumbline.AuthMalformed}
	token, key := slices.ContainsFunc(o.Schemes, byToken), slices.ContainsFunc(o.Schemes, byKey)
	if !key {
		out = append(out, plumbline.AuthScheme)
	}
	if token {
		out = append(out, plumbline.AuthExpired)
	}
	if token || key {
		out = append(out, plumbline.AuthPlace)
	}
	return out
}

func byKey(s plumbline.Scheme) bool { return s.Type == "apiKey" }

func byToken(s plumbline.Scheme) bool {
	return s.Type == "oauth2" || s.Type == "openIdConnect" || s.Type == "http" && strings.EqualFold(s.HTTP, "bearer")
}

func judgeAnonymous(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	a := admissionOf(d, e, c.Operation)
	sent := len(a.refused) + len(a.let) + len(a.crashed) + len(a.unclear)
	f := figure{float64(len(a.let) + len(a.crashed)), 0, "kinds of bad credentials", sent}
	switch {
	case sent == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no request with bad credentials reached %s", c.Operation)
	case len(a.let) > 0:
		v := fail(f, "%s lets %s in: %s", c.Operation, strings.Join(a.kinds(a.let), ", "), answers(a.let))
		v.Remedy = "check the credentials before anything else"
		return a.shown(e, v, "lets anybody in "+c.Operation, a.let)
	case !a.controlled:
		return inconclusive(plumbline.ReasonNoPositiveControl, "good credentials were not accepted either (%s)", a.control)
	case len(a.crashed) > 0:
		v := fail(f, "%s answers %s credentials with a server error: %s", c.Operation, strings.Join(a.kinds(a.crashed), ", "), answers(a.crashed))
		v.Remedy = "answer 401 to credentials that cannot be read"
		return a.shown(e, v, "credentials crash "+c.Operation, a.crashed)
	case len(a.unclear) > 0:
		v := inconclusive(plumbline.ReasonNoPositiveControl, "turned away for another reason than its credentials: %s with %s; good ones get %s",
			answers(a.unclear), strings.Join(a.kinds(a.unclear), ", "), a.control)
		v.Evidence = exhibits(e, a.unclear)
		return v
	}
	return pass(f, "%s with bad credentials were refused (%s); good ones got %s", plural(sent, "request"), answers(a.refused), a.control)
}

// shown adds to a fail what shows it, and what is to be repeated.
func (a *admission) shown(e *plumbline.Evidence, v plumbline.Verdict, cause string, by []plumbline.Observation) plumbline.Verdict {
	v.Evidence, v.Suspects, v.Cause, v.Wrong = exhibits(e, by), suspects(by), cause, "service"
	return v
}

// An admission is how one operation treated credentials.
type admission struct {
	refused     []plumbline.Observation // 401 or 403
	let         []plumbline.Observation // 2xx, or the body that good credentials get
	crashed     []plumbline.Observation // 5xx
	unclear     []plumbline.Observation // anything else
	certificate bool                    // a client certificate is wanted
	controlled  bool                    // good credentials got past authentication
	control     string                  // what they were answered
	modes       map[string]string       // name of the call to how its credentials were spoilt
}

func admissionOf(d plumbline.Design, e *plumbline.Evidence, operation string) admission {
	a := admission{modes: map[string]string{}}
	for _, call := range spoiltCredentials(d).Phases[0].Calls {
		if call.Operation == operation && call.Auth != "" {
			a.modes[call.Name] = call.Auth
		}
	}
	var good, bad []plumbline.Observation
	for _, o := range e.Observations {
		switch {
		case o.Operation != operation || !sentToTarget(o):
		case o.Experiment == authAnonymous && a.modes[o.Stream] != "":
			bad = append(bad, o)
		default:
			good = append(good, o)
		}
	}
	a.controlled = slices.ContainsFunc(good, pastAuthentication)
	a.control = "no answer"
	if len(good) > 0 {
		a.control = answers(good)
	}
	body := businessBody(good)
	op, _ := d.Operation(operation)
	a.certificate = byCertificate(op)
	for _, o := range bad {
		a.sort(o, body)
	}
	return a
}

// byCertificate says whether a client certificate is what the operation wants.
func byCertificate(o plumbline.Operation) bool {
	return slices.ContainsFunc(o.Schemes, func(s plumbline.Scheme) bool { return s.Type == "mutualTLS" })
}

// pastAuthentication says whether the answer shows that the credentials were
// taken.
func pastAuthentication(o plumbline.Observation) bool {
	return o.Error == "" && o.Status != 401 && o.Status != 403 && o.Status < 500
}

// sort puts one request with bad credentials where it belongs.
func (a *admission) sort(o plumbline.Observation, body string) {
	noHandshake := o.Error == plumbline.ErrorTLS && a.certificate // before a word of HTTP (RFC 8446 §4.4.2.4)
	to := &a.unclear
	switch {
	case noHandshake:
		to = &a.refused
	case o.Error != "":
	case succeeded(o) || answeredWith(o, body):
		to = &a.let
	case o.Status == 401 || o.Status == 403:
		to = &a.refused
	case o.Status >= 500:
		to = &a.crashed
	}
	*to = append(*to, o)
}

// answeredWith says whether an answer has a body that is known.
func answeredWith(o plumbline.Observation, body string) bool {
	return body != "" && o.Transcript != nil && o.Transcript.ResponseBody == body
}

// businessBody is a body that good credentials got, if one was kept.
func businessBody(good []plumbline.Observation) string {
	for _, o := range good {
		if succeeded(o) && o.Transcript != nil && len(o.Transcript.ResponseBody) > 2 {
			return o.Transcript.ResponseBody
		}
	}
	return ""
}

// kinds names how the credentials of the observations were spoilt.
func (a *admission) kinds(seen []plumbline.Observation) []string {
	kinds := map[string]bool{}
	for _, o := range seen {
		kinds[a.modes[o.Stream]] = true
	}
	return sortedKeys(kinds)
}
