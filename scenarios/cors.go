package scenarios

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	securityCORS    = "security/cors"
	securityOrigins = "security/origins"
	originsPhase    = "origins"
)

func init() {
	register(plumbline.Function{
		ID:    securityCORS,
		Title: "Only the pages that are meant to may read answers in a browser",
		Doc: `Method: an operation that reads and asks for credentials, one that reads and asks for none, and one that changes something are taken, as far as there are such. Each is called with Origin – but for the last –, and a preflight (OPTIONS with Access-Control-Request-Method) is sent for it without credentials: from the declared origins (cors.origins), from one that nobody knows, from null, and from names that begin like the target or like a declared origin; of declared ones also over http, from a name that ends like them, and from a subdomain.
Criterion: without a declaration, no origin but the target's is let in with credentials: Access-Control-Allow-Origin does not repeat it, or null, beside Access-Control-Allow-Credentials: true. With one, only the declared origins are repeated, each of them is let in, and its preflight is answered 2xx and allows the method. In both cases * does not stand beside Access-Control-Allow-Credentials, and an answer that repeats the origin has Vary: Origin.
Guard: * without credentials is what is public, and no finding, and neither is an origin that is repeated without credentials, which says the same. A missing Vary warns, and so does * beside credentials, which browsers refuse.`,
		Standard: "Fetch Standard §3.2 (CORS protocol); OWASP API8:2023",
		Mutants:  []string{"cors-reflects-origin"},
		Order:    61,
		Repeats:  true,
		Plan:     planCORS,
		Judge:    judgeCORS,
	})
}

// An origin is whence a page comes that asks.
type origin struct {
	name, what string
	allowed    bool // declared
}

// originsOf are the origins that are tried. What might be a sibling of the
// target's, or below it, is nobody's mistake unless the origins are declared.
func originsOf(d plumbline.Design) []origin {
	out := []origin{{name: "https://plumbline-stranger.example", what: "an origin that nobody knows"}, {name: "null", what: "null"}}
	if u, err := url.Parse(d.Target); err == nil && u.Hostname() != "" && !strings.Contains(u.Hostname(), ":") {
		out = append(out, origin{name: "https://" + u.Hostname() + ".plumbline.example", what: "a name that begins like the target's"})
	}
	if d.Origins == nil {
		return out
	}
	for _, name := range d.Origins.Allowed {
		u, err := url.Parse(name)
		if err != nil || u.Hostname() == "" {
			continue
		}
		out = append(out, origin{name, "declared", true},
			origin{name: u.Scheme + "://" + u.Hostname() + ".plumbline.example", what: "a name that begins like a declared one"},
			origin{name: u.Scheme + "://plumbline" + u.Host, what: "a name that ends like a declared one"},
			origin{name: u.Scheme + "://plumbline." + u.Host, what: "a subdomain of a declared one"})
		if u.Scheme == "https" {
			out = append(out, origin{name: "http://" + u.Host, what: "a declared one, over http"})
		}
	}
	return slices.DeleteFunc(out, func(o origin) bool { return !o.allowed && slices.Contains(d.Origins.Allowed, o.name) })
}

// crossed are the operations that are asked from other origins.
func crossed(d plumbline.Design) []plumbline.Operation {
	var out []plumbline.Operation
	for _, want := range []func(plumbline.Operation) bool{
		func(o plumbline.Operation) bool { return o.Method == "GET" && protected(d, o) },
		func(o plumbline.Operation) bool { return o.Method == "GET" && !protected(d, o) },
		func(o plumbline.Operation) bool {
			return o.Method != "GET" && !o.Safe() && !strings.Contains(o.Path, "{")
		},
	} {
		ops := inCallOrder(d.Operations)
		if i := slices.IndexFunc(ops, func(o plumbline.Operation) bool { return want(o) && callable(d, o) }); i >= 0 {
			out = append(out, ops[i])
		}
	}
	return out
}

func planCORS(d plumbline.Design) plumbline.Proposal {
	ph := plumbline.Phase{Name: originsPhase, Role: plumbline.RoleProbe}
	for _, o := range crossed(d) {
		for _, from := range originsOf(d) {
			if o.Method == "GET" {
				ph.Calls = append(ph.Calls, crossing(o, from, "GET"))
			}
			ph.Calls = append(ph.Calls, crossing(o, from, "OPTIONS"))
		}
	}
	if len(ph.Calls) == 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{{Function: securityCORS, Reason: plumbline.ReasonNotApplicable, Detail: "no operation can be called", Unlock: "mode own, or examples in the OpenAPI document"}}}
	}
	claim := plumbline.Claim{
		ID: securityCORS + "/all-responses", Function: securityCORS, Basis: plumbline.BasisDefault,
		Statement: "no page of another origin reads answers with its visitor's credentials", Experiments: []string{securityOrigins},
	}
	if d.Origins != nil {
		claim.Basis, claim.Source = plumbline.BasisDeclared, d.Origins.Source
		claim.Statement = "the pages of the declared origins, and no others, read answers"
	}
	return plumbline.Proposal{
		Claims:      []plumbline.Claim{claim},
		Experiments: []plumbline.Experiment{{ID: securityOrigins, Title: "pages of other origins ask", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}},
	}
}

func crossingName(o plumbline.Operation, from origin, method string) string {
	return method + " " + o.ID + " from " + from.name
}

// crossing is a request of a page, or its preflight, which browsers send
// without credentials.
func crossing(o plumbline.Operation, from origin, method string) plumbline.Call {
	c := o.Cases[0]
	c.ID = o.ID + "/origin-" + strings.ToLower(method)
	c.Kind, c.Keyword = plumbline.CaseRobust, "origin"
	c.Request.Header = withHeader(c.Request.Header, "Origin")
	c.Request.Header["Origin"] = []string{from.name}
	call := plumbline.Call{Name: crossingName(o, from, method), Operation: o.ID, Own: &c}
	if method == "OPTIONS" {
		call.Auth, c.Keyword = plumbline.AuthNone, keywordMethod
		c.Request.Method, c.Request.Body = method, nil
		delete(c.Request.Header, "Content-Type")
		c.Request.Header["Access-Control-Request-Method"] = []string{o.Method}
		c.Request.Header["Access-Control-Request-Headers"] = []string{"authorization,content-type"}
	}
	return call
}

func judgeCORS(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	found, asked, let := crossedBy(d, e)
	switch {
	case asked == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no request from another origin was answered")
	case len(found) > 0:
		v := accuse(e, asked, "answers", found)
		v.Remedy = "compare Origin with the list of origins that are let in, as a whole; answer with that origin and Vary: Origin, or with no Access-Control-Allow-Origin at all"
		return v
	case d.Origins != nil:
		return pass(figure{0, 0, "wrong answers", asked}, "%s from other origins let none in; %d from the %s were let in", plural(asked-let, "request"), let, plural(len(d.Origins.Allowed), "declared origin"))
	}
	return pass(figure{0, 0, "wrong answers", asked}, "%s from other origins: none may read an answer with credentials", plural(asked, "request"))
}

// crossedBy goes through the answers to other origins, and counts those to
// declared ones.
func crossedBy(d plumbline.Design, e *plumbline.Evidence) (found []wrongdoing, asked, declared int) {
	from, of := map[string]origin{}, map[string]plumbline.Operation{}
	for _, op := range crossed(d) {
		for _, x := range originsOf(d) {
			for _, method := range []string{"GET", "OPTIONS"} {
				stream := crossingName(op, x, method)
				from[stream], of[stream] = x, op
			}
		}
	}
	for o := range e.Of(securityOrigins, originsPhase) {
		x, known := from[o.Stream]
		if !known || o.Transcript == nil || o.Error != "" || o.Status == 0 {
			continue
		}
		asked++
		if x.allowed {
			declared++
		}
		found = append(found, crossedWrongly(d, of[o.Stream], x, o)...)
	}
	return found, asked, declared
}

// crossedWrongly finds what is wrong with the answer to another origin.
func crossedWrongly(d plumbline.Design, op plumbline.Operation, from origin, o plumbline.Observation) []wrongdoing {
	h := o.Transcript.ResponseHeader
	let := headerIn(h, "Access-Control-Allow-Origin")
	credentials := headerIn(h, "Access-Control-Allow-Credentials") == "true"
	is := func(level plumbline.Level, what string) []wrongdoing {
		method, _, _ := strings.Cut(o.Stream, " ")
		return []wrongdoing{{level: level, what: method + " " + op.Path + " " + what, cause: "other origins", who: "service", shown: o}}
	}
	undue := letThrough(d, from, h)
	switch {
	case let == "*" && credentials:
		return is(plumbline.LevelLikely, "has Access-Control-Allow-Origin: * beside Access-Control-Allow-Credentials: true, which browsers refuse")
	case from.allowed && shutOut(op, from, o) != "":
		return is(plumbline.LevelProved, shutOut(op, from, o))
	case undue != "":
		return is(plumbline.LevelProved, undue)
	case let == from.name && !varies(h):
		return is(plumbline.LevelLikely, "repeats the origin without Vary: Origin: a cache gives one page what was for another")
	}
	return nil
}

// letThrough says how an origin that is not declared is let in; empty when it is not,
// or may be.
func letThrough(d plumbline.Design, from origin, h map[string][]string) string {
	switch {
	case from.allowed || headerIn(h, "Access-Control-Allow-Origin") != from.name:
		return ""
	case headerIn(h, "Access-Control-Allow-Credentials") == "true":
		return "lets " + from.what + " (" + from.name + ") read the answer with its visitor's credentials"
	case d.Origins != nil:
		return "lets " + from.what + " (" + from.name + ") read the answer, which is not declared"
	}
	return ""
}

// shutOut says how a declared origin is kept out; empty when it is not.
func shutOut(op plumbline.Operation, from origin, o plumbline.Observation) string {
	h := o.Transcript.ResponseHeader
	let := headerIn(h, "Access-Control-Allow-Origin")
	preflight := strings.HasPrefix(o.Stream, "OPTIONS ")
	switch {
	case preflight && !succeeded(o):
		return "answers the preflight of the declared origin " + from.name + " with " + answer(o)
	case let != from.name && let != "*":
		return "does not let the declared origin " + from.name + " in (Access-Control-Allow-Origin: " + cmp.Or(let, "none") + ")"
	case !preflight || slices.Contains([]string{"GET", "HEAD", "POST"}, op.Method):
		return ""
	}
	for m := range strings.SplitSeq(headerIn(h, "Access-Control-Allow-Methods"), ",") {
		if m = strings.TrimSpace(m); m == "*" || strings.EqualFold(m, op.Method) {
			return ""
		}
	}
	return "does not allow the method " + op.Method + " to the declared origin " + from.name
}

// varies tells whether the answer is said to depend on Origin.
func varies(h map[string][]string) bool {
	for k, values := range h {
		if !strings.EqualFold(k, "Vary") {
			continue
		}
		for name := range strings.SplitSeq(strings.Join(values, ","), ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Origin") {
				return true
			}
		}
	}
	return false
}
