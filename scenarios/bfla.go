package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	authBfla  = "auth/bfla"
	authRoles = "auth/roles"
	rolePhase = "roles"
)

func init() {
	register(plumbline.Function{
		ID:    authBfla,
		Title: "Lower roles cannot call privileged operations",
		Doc: `Method: every operation that only some roles, or only tokens of some scopes, may call gets its seed request from an identity of every set of roles that may not call it, by its own method and by another one that comes to the same – HEAD for GET, and POST with X-HTTP-Method-Override for what changes, where the document has no POST – and then, as the control, from one of every set that may. Who may call what is declared (operations.ID.roles), said by the extension x-roles, or by the scopes of the document's security requirements.
Criterion: who may not call it gets 403, 401 or 404 (a route may be hidden, RFC 9110 §15.5.4); a 2xx is proved, and by another method likely. Who may call it gets neither 401 nor 403: the matrix is obeyed both ways.
Guard: without the control nothing is judged; where no identity may call the operation, it is skipped. Another method counts only where the operation itself refuses. Operations that change what the run did not create are not sent, not even by who may not call them. A 400, 409 or 422 that comes before authorisation is no proof either way.`,
		Standard: "OWASP API5:2023 (Broken Function Level Authorization); RFC 6750 §3.1; CWE-285",
		Mutants:  []string{"bfla"},
		Repeats:  true,
		Order:    32,
		Plan:     planBfla,
		Judge:    judgeBfla,
	})
}

func planBfla(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	privileged := 0
	for _, o := range inCallOrder(d.Operations) {
		if len(o.Roles)+len(o.Scopes) == 0 {
			continue
		}
		privileged++
		low, high := sides(d, o)
		skip := plumbline.Skip{Function: authBfla, Subject: o.ID, Reason: plumbline.ReasonNeedsIdentity}
		switch {
		case !callable(d, o):
			p.Skips = append(p.Skips, notCallable(authBfla, o))
		case len(high) == 0:
			skip.Detail, skip.Unlock = "no identity is known to be allowed to call "+o.ID, "identities with roles: ["+strings.Join(o.Roles, ", ")+"]"
			if len(o.Roles) == 0 {
				skip.Unlock = "identities with scopes: [" + strings.Join(o.Scopes, ", ") + "]"
			}
			p.Skips = append(p.Skips, skip)
		case len(low) == 0:
			skip.Detail, skip.Unlock = "every identity may call "+o.ID, "an identity with fewer roles"
			p.Skips = append(p.Skips, skip)
		default:
			p.Claims = append(p.Claims, plumbline.Claim{
				ID: authBfla + "/" + o.ID, Function: authBfla, Operation: o.ID, Basis: plumbline.BasisDeclared, Source: o.Source,
				Statement: fmt.Sprintf("%s refuses who has not %s", o.ID, needed(o)), Experiments: []string{authRoles},
			})
		}
	}
	switch {
	case privileged == 0:
		p.Skips = append(p.Skips, plumbline.Skip{
			Function: authBfla, Reason: plumbline.ReasonNotDeclared, Detail: "no operation is said to want a role",
			Unlock: "operations.ID.roles, x-roles, or scopes in the OpenAPI document",
		})
	case len(p.Claims) > 0:
		p.Experiments = []plumbline.Experiment{lowerRoles(d)}
	}
	return p
}

func needed(o plumbline.Operation) string {
	if len(o.Roles) > 0 {
		return "the role " + strings.Join(o.Roles, " or ")
	}
	return "the scope " + strings.Join(o.Scopes, " and ")
}

// sides are the identities that may not call an operation, one of every set of
// roles and scopes, and those that may. Of an identity without scopes nothing
// is known about an operation that wants some.
func sides(d plumbline.Design, o plumbline.Operation) (low, high []plumbline.Identity) {
	kinds := map[string]bool{}
	for _, i := range d.Identities {
		if len(o.Roles) == 0 && len(i.Scopes) == 0 {
			continue
		}
		role := len(o.Roles) == 0 || slices.ContainsFunc(o.Roles, func(r string) bool { return slices.Contains(i.Roles, r) })
		scope := len(o.Roles) > 0 || !slices.ContainsFunc(o.Scopes, func(s string) bool { return !slices.Contains(i.Scopes, s) })
		kind := strings.Join(i.Roles, " ") + "\n" + strings.Join(i.Scopes, " ")
		switch {
		case role && scope:
			high = append(high, i)
		case !kinds[kind]:
			kinds[kind] = true
			low = append(low, i)
		}
	}
	return low, high
}

// lowerRoles sends every privileged operation from below, and last from above:
// what is used up by the control is there until then.
func lowerRoles(d plumbline.Design) plumbline.Experiment {
	ph := plumbline.Phase{Name: rolePhase, Role: plumbline.RoleProbe}
	for _, o := range inCallOrder(d.Operations) {
		low, high := sides(d, o)
		if len(o.Roles)+len(o.Scopes) == 0 || len(low) == 0 || len(high) == 0 || !callable(d, o) {
			continue
		}
		for _, i := range low {
			own := o.Cases[0]
			own.Kind = plumbline.CaseRobust // refusing it is right
			ph.Calls = append(ph.Calls, plumbline.Call{Name: o.ID + ": as " + i.Name, Operation: o.ID, Own: &own, Identity: i.Name})
			if other, ok := switched(d, o, own); ok {
				ph.Calls = append(ph.Calls, plumbline.Call{Name: o.ID + ": " + switchedCall + i.Name, Operation: o.ID, Own: &other, Identity: i.Name})
			}
		}
		for n, i := range ofEveryKind(high) {
			name := o.ID + ": " + controlCall
			if n > 0 {
				name += " of " + i.Name
			}
			ph.Calls = append(ph.Calls, plumbline.Call{Name: name, Operation: o.ID, Identity: i.Name})
		}
	}
	return plumbline.Experiment{ID: authRoles, Title: "lower roles call privileged operations", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

// switchedCall begins the rest of the name of a call by another method.
const switchedCall = "by another method as "

// switched is a case that comes to the same by another method: by the rules of
// HTTP, or by those of frameworks that let a header name the method.
func switched(d plumbline.Design, o plumbline.Operation, c plumbline.Case) (plumbline.Case, bool) {
	has := func(method string) bool {
		return slices.ContainsFunc(d.Operations, func(x plumbline.Operation) bool { return x.Method == method && x.Path == o.Path })
	}
	switch {
	case o.Method == "GET" && !has("HEAD"):
		c.Request.Method = "HEAD"
	case slices.Contains([]string{"PUT", "PATCH", "DELETE"}, o.Method) && !has("POST"):
		c.Request.Header = maps.Clone(c.Request.Header)
		if c.Request.Header == nil {
			c.Request.Header = map[string][]string{}
		}
		c.Request.Header["X-HTTP-Method-Override"] = []string{o.Method}
		c.Request.Method = "POST"
	default:
		return c, false
	}
	c.ID += "/switched"
	return c, true
}

// ofEveryKind is one identity of every set of roles and scopes.
func ofEveryKind(all []plumbline.Identity) []plumbline.Identity {
	kinds := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(all), func(i plumbline.Identity) bool {
		kind := strings.Join(i.Roles, " ") + "\n" + strings.Join(i.Scopes, " ")
		seen := kinds[kind]
		kinds[kind] = true
		return seen
	})
}

func judgeBfla(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	o, _ := d.Operation(c.Operation)
	_, high := sides(d, o)
	a := roleCallsOf(e, c.Operation)
	sent := len(a.let) + len(a.refused) + len(a.unclear)
	f := figure{float64(len(a.let)), 0, "requests let in", sent}
	switch {
	case len(a.let) > 0:
		v := fail(f, "%s lets %s in, who has not %s: %s", o.ID, callers(a.let), needed(o), answers(a.let))
		v.Remedy, v.Wrong = "check the role before anything else, on every operation", "service"
		v.Cause = "roles are not checked by " + c.Operation
		return suspected(v, e, a.let)
	case len(high) == 0 || len(a.control) == 0:
		return inconclusive(plumbline.ReasonIncomplete, "nobody who may call %s was seen to call it", o.ID)
	case len(a.barred) > 0:
		v := fail(figure{float64(len(a.barred)), 0, "requests refused", len(a.control)}, "%s refuses %s, who may call it: %s", o.ID, callers(a.barred), answers(a.barred))
		v.Level, v.Remedy = plumbline.LevelLikely, "let the role in, or declare what the operation wants; the credentials of "+callers(a.barred)+" may be at fault as well"
		return suspected(v, e, a.barred)
	case !pastAuthentication(a.control[0]):
		return inconclusive(plumbline.ReasonNoPositiveControl, "who may call %s was not served (%s)", o.ID, answer(a.control[0]))
	case len(a.unclear) > 0:
		return inconclusive(plumbline.ReasonUndecided, "%s was turned away for another reason than its role: %s", callers(a.unclear), answers(a.unclear))
	case len(a.switched) > 0:
		by := a.switched[0]
		v := fail(figure{float64(len(a.switched)), 0, "requests let in", sent}, "%s refuses %s, who has not %s, and lets the same request in by another method: %s", o.ID, callers(a.switched), needed(o), answers(a.switched))
		v.Level, v.Remedy, v.Wrong = plumbline.LevelLikely, "check the role for every method that reaches the operation, and let no header name another method", "service"
		v.Cause = "roles are not checked by " + c.Operation
		return suspected(v, e, []plumbline.Observation{by})
	case sent == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no request from a lower role reached %s", o.ID)
	}
	return pass(f, "%s was refused (%s); %s got %s", callers(a.refused), answers(a.refused), high[0].Name, answer(a.control[0]))
}

// A roleCalls is how one operation treated callers of several roles.
type roleCalls struct {
	control  []plumbline.Observation // of who may call it, whatever the answer
	barred   []plumbline.Observation // of those, who was refused
	let      []plumbline.Observation
	refused  []plumbline.Observation
	unclear  []plumbline.Observation
	switched []plumbline.Observation // let in by another method
}

func roleCallsOf(e *plumbline.Evidence, operation string) roleCalls {
	var a roleCalls
	for x := range e.Of(authRoles, "") {
		rest, ours := strings.CutPrefix(x.Stream, operation+": ")
		if x.Operation == operation && ours && sentToTarget(x) {
			a.sort(x, rest)
		}
	}
	return a
}

// sort puts one request where it belongs.
func (a *roleCalls) sort(x plumbline.Observation, call string) {
	switch {
	case strings.HasPrefix(call, controlCall):
		a.control = append(a.control, x)
		if turnedDown(x) {
			a.barred = append(a.barred, x)
		}
	case strings.HasPrefix(call, switchedCall):
		if succeeded(x) {
			a.switched = append(a.switched, x)
		}
	case succeeded(x):
		a.let = append(a.let, x)
	case x.Error == "" && refusedStranger(x):
		a.refused = append(a.refused, x)
	default:
		a.unclear = append(a.unclear, x)
	}
}

func turnedDown(o plumbline.Observation) bool { return o.Status == 401 || o.Status == 403 }

// callers names the identities of observations.
func callers(seen []plumbline.Observation) string {
	names := map[string]bool{}
	for _, o := range seen {
		names[o.Identity] = true
	}
	return strings.Join(sortedKeys(names), ", ")
}

// suspected shows the calls that made a fail, and names them for repetition.
func suspected(v plumbline.Verdict, e *plumbline.Evidence, seen []plumbline.Observation) plumbline.Verdict {
	for _, o := range seen {
		v.Suspects = append(v.Suspects, plumbline.Suspect{Experiment: o.Experiment, Phase: o.Phase, Stream: o.Stream})
	}
	v.Evidence = exhibits(e, seen)
	return v
}
