package scenarios

import (
	"net/url"
	"regexp"
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
		Doc: `Method: every operation that the document protects and the mode allows gets its seed request without credentials, with empty, malformed and expired ones, with the right secret under the wrong scheme and in the wrong place, as far as its security scheme knows the difference; then with good credentials, as the positive control; and, where it only reads, once more without any. Where the declaration names what is public, operations that neither it nor the document protects are asked without credentials too.
Criterion: each of them is answered 401 or 403 and without the body that good credentials get. 401 is what RFC 9110 asks for; 403 is accepted, shown, and told by contract/status-rules. A 2xx, or a 5xx, is a failure. What is open without being declared public warns.
Guard: a hole is told only when it is there again from a clean state. Without the control (good credentials get past authentication) nothing is judged. A 400, 404 or 405 that comes before authentication is a refusal where it is answered just as a path that nobody serves is, for then it tells nobody anything; otherwise it is no proof either way, and inconclusive. Operations that change what the run did not create are not sent, not even without credentials.`,
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
	p := leftOpen(d)
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{spoiltCredentials(d)}
	}
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

// leftOpen claims that what the declaration does not open is not open, where it
// opens anything.
func leftOpen(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, o := range d.Operations {
		switch {
		case !open(d, o):
		case !callable(d, o):
			p.Skips = append(p.Skips, notCallable(anonymousRejected, o))
		default:
			p.Claims = append(p.Claims, plumbline.Claim{
				ID: anonymousRejected + "/" + o.ID, Function: anonymousRejected, Operation: o.ID, Basis: plumbline.BasisDeclared, Source: o.Source,
				Statement: o.ID + ", which is not declared public, refuses requests without credentials", Experiments: []string{authAnonymous},
			})
		}
	}
	return p
}

// open says whether the document leaves an operation open that the declaration
// does not name among those that are public.
func open(d plumbline.Design, o plumbline.Operation) bool {
	return !o.Secured && len(d.Public) > 0 && !slices.Contains(d.Public, o.ID)
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
		if !callable(d, o) || !protected(d, o) && !open(d, o) {
			continue
		}
		if len(ph.Calls) == 0 {
			ph.Calls = append(ph.Calls, plumbline.Call{Name: nowhere, Operation: o.ID, Auth: plumbline.AuthNone, Own: &plumbline.Case{
				ID: "credentials" + nowhere, Operation: o.ID, Kind: plumbline.CaseRobust, Keyword: "path", Request: plumbline.Request{Method: "GET", Path: nowhere},
			}})
		}
		if open(d, o) {
			ph.Calls = append(ph.Calls, plumbline.Call{Name: o.ID + ": " + plumbline.AuthNone, Operation: o.ID, Auth: plumbline.AuthNone})
			continue
		}
		for _, how := range spoilings(o) {
			ph.Calls = append(ph.Calls, plumbline.Call{Name: o.ID + ": " + how, Operation: o.ID, Auth: how})
		}
		ph.Calls = append(ph.Calls, plumbline.Call{Name: o.ID + ": " + controlCall, Operation: o.ID})
		if o.Safe() {
			ph.Calls = append(ph.Calls, plumbline.Call{Name: o.ID + ": " + againCall, Operation: o.ID, Auth: plumbline.AuthNone})
		}
	}
	return plumbline.Experiment{ID: authAnonymous, Title: "bad credentials are refused", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

// controlCall ends the name of the call with good credentials.
const controlCall = "good credentials"

// anonymousCall ends the name of a call without credentials that another
// function makes: it is no control.
const anonymousCall = ": anonymous"

// againCall ends the name of the call without credentials that comes right
// after the one with good ones: what stands before the service may have kept
// the answer to those.
const againCall = "none, after good credentials"

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
	if o, _ := d.Operation(c.Operation); open(d, o) {
		return judgeOpen(e, o)
	}
	a := admissionOf(d, e, c.Operation)
	sent := len(a.refused) + len(a.let) + len(a.crashed) + len(a.unclear)
	f := figure{float64(len(a.let) + len(a.crashed)), 0, "kinds of bad credentials", sent}
	switch {
	case sent == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no request with bad credentials reached %s", c.Operation)
	case len(a.let) > 0:
		v := fail(f, "%s lets %s in: %s", c.Operation, strings.Join(a.kinds(a.let), ", "), answers(a.let))
		v.Remedy = "check the credentials before anything else"
		if cached(a.let) {
			v.Statement += "; only right after good credentials: an answer that was kept is shown to anybody"
			v.Remedy = "let no cache in front of the service share what credentials got (RFC 9111 §3.5)"
		}
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

// cached tells whether nobody was let in before somebody with good credentials was.
func cached(let []plumbline.Observation) bool {
	return !slices.ContainsFunc(let, func(o plumbline.Observation) bool { return !strings.HasSuffix(o.Stream, againCall) })
}

// judgeOpen is the verdict on an operation that nothing protects and nobody
// declared public.
func judgeOpen(e *plumbline.Evidence, o plumbline.Operation) plumbline.Verdict {
	for x := range e.Of(authAnonymous, "") {
		if x.Operation != o.ID || x.Stream == nowhere || !sentToTarget(x) {
			continue
		}
		switch {
		case succeeded(x):
			v := fail(figure{1, 0, "requests let in", 1}, "%s is open to anybody (%d): the document does not protect it, and it is not declared public", o.ID, x.Status)
			v.Level, v.Remedy = plumbline.LevelLikely, "protect it, or name it in target.public"
			v.Suspects, v.Evidence = suspects([]plumbline.Observation{x}), exhibits(e, []plumbline.Observation{x})
			return v
		case x.Status == 401 || x.Status == 403:
			return pass(figure{0, 0, "requests let in", 1}, "a request without credentials is refused with %d, though the document does not say so", x.Status)
		}
		return inconclusive(plumbline.ReasonUndecided, "a request without credentials was answered %s", answer(x))
	}
	return inconclusive(plumbline.ReasonIncomplete, "no request without credentials reached %s", o.ID)
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
	nowhere     plumbline.Observation   // what is answered where nobody serves
	certificate bool                    // a client certificate is wanted
	controlled  bool                    // good credentials got past authentication
	control     string                  // what they were answered
	modes       map[string]string       // name of the call to how its credentials were spoilt
}

// modesOf is how the credentials of the calls of an operation are spoilt.
func modesOf(d plumbline.Design, operation string) map[string]string {
	modes := map[string]string{}
	for _, call := range spoiltCredentials(d).Phases[0].Calls {
		if call.Operation == operation && call.Auth != "" && call.Name != nowhere {
			modes[call.Name] = call.Auth
		}
	}
	return modes
}

// othersCredentials says whether another function had its own ideas of the
// credentials of a request.
func othersCredentials(o plumbline.Observation) bool {
	return strings.HasSuffix(o.Stream, anonymousCall) || o.Experiment == authTokens
}

func admissionOf(d plumbline.Design, e *plumbline.Evidence, operation string) admission {
	a := admission{modes: modesOf(d, operation)}
	var good, bad []plumbline.Observation
	for _, o := range e.Observations {
		switch {
		case o.Experiment == authAnonymous && o.Stream == nowhere:
			a.nowhere = o
		case o.Operation != operation || !sentToTarget(o) || othersCredentials(o):
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
	case o.Status == 401 || o.Status == 403 || o.Status/100 == 4 && samePage(o, a.nowhere):
		to = &a.refused
	case o.Status >= 500:
		to = &a.crashed
	}
	*to = append(*to, o)
}

// samePage says whether two answers cannot be told apart but for the path, and
// the numbers and identifiers, that they name.
func samePage(o, other plumbline.Observation) bool {
	if o.Status != other.Status || o.Transcript == nil || other.Transcript == nil {
		return false
	}
	bare := func(x plumbline.Observation) string {
		u, err := url.Parse(x.Transcript.URL)
		body := x.Transcript.ResponseBody
		if err == nil && len(u.Path) > 1 {
			body = strings.ReplaceAll(body, u.Path, "")
		}
		return regexp.MustCompile(`[0-9a-fA-F-]{6,}|[0-9]+`).ReplaceAllString(body, "#")
	}
	return mediaIn(o) == mediaIn(other) && bare(o) == bare(other)
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
