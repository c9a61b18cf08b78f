package scenarios

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const methodSemantics = "contract/method-semantics"

// unknownMethod is a method that no server implements: it provokes a 405
// without a risk.
const unknownMethod = "PLUMBLINE"

// Keywords of what is asked with another method or path than that of the
// operation by which the place is known.
const (
	keywordMethod = "method"
	keywordPath   = "path"
)

func init() {
	register(plumbline.Function{
		ID:    methodSemantics,
		Title: "Methods mean what HTTP says, and those that the document lacks are refused",
		Doc: `Method: every path that the run may read gets GET, HEAD, OPTIONS and TRACE; a path of a resource that the run can make for itself also gets, on a resource made for it alone, a method that nobody implements and those of POST, PUT, PATCH and DELETE that the document lacks there.
Criterion: 405 carries Allow (a MUST, and proved) and Allow lists the documented methods; no other method than a documented one is answered 2xx, and none by a 5xx but 501; HEAD has the status and the media type of GET.
Guard: 403, 404, 400 and 501 are refusals like 405. An undocumented method that works, Allow that lacks a documented method, and a HEAD that differs from GET are likely defects and warn; HEAD and OPTIONS that are not there inform. No undocumented method that could change something is sent to what the run did not create; in mode observe only safe methods are.`,
		Standard: "RFC 9110 §9.3, §10.2.1 and §15.5.6",
		Mutants:  []string{"405-without-allow"},
		Order:    17, // before status-rules: what was tried on purpose tells which path refuses badly
		Repeats:  true,
		Plan:     planMethods,
		Judge:    judgeMethods,
	})
}

// documentedMethods are those of every path.
func documentedMethods(d plumbline.Design) map[string][]string {
	out := map[string][]string{}
	for _, o := range d.Operations {
		out[o.Path] = append(out[o.Path], o.Method)
	}
	return out
}

// carriers are the operations through which paths are probed: the GET of each
// path that the run may read.
func carriers(d plumbline.Design) []plumbline.Operation {
	var out []plumbline.Operation
	for _, o := range d.Operations {
		if o.Method == "GET" && callable(d, o) {
			out = append(out, o)
		}
	}
	return out
}

func planMethods(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	known := documentedMethods(d)
	ph := plumbline.Phase{Name: "methods", Role: plumbline.RoleProbe, Workers: callWorkers}
	for _, o := range carriers(d) {
		ph.Calls = append(ph.Calls, methodCalls(d, o, known[o.Path])...)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: methodSemantics + "/" + strings.Trim(o.Path, "/"), Function: methodSemantics, Operation: o.ID, Basis: plumbline.BasisDocument, Source: o.Source,
			Statement: "methods on " + o.Path + " mean what HTTP says", Experiments: []string{contractMethods},
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{{ID: contractMethods, Title: "methods that the document lacks are refused", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	}
	return p
}

func methodCalls(d plumbline.Design, o plumbline.Operation, known []string) []plumbline.Call {
	methods := []string{"GET", "HEAD", "OPTIONS", "TRACE"}
	own := d.Mode != plumbline.ModeObserve && ownsPath(d, o.Cases[0])
	if own {
		methods = append(methods, unknownMethod)
		for _, m := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			if !slices.Contains(known, m) {
				methods = append(methods, m)
			}
		}
	}
	var out []plumbline.Call
	for _, m := range methods {
		c := o.Cases[0]
		c.ID = o.ID + "/method-" + strings.ToLower(m)
		c.Request.Method = m
		if m != "GET" {
			c.Kind, c.Keyword = plumbline.CaseRobust, keywordMethod
		}
		out = append(out, plumbline.Call{Name: m + " " + o.Path, Operation: o.ID, Own: &c, Fresh: own && m != "GET" && m != "HEAD"})
	}
	return out
}

func judgeMethods(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, _ := d.Operation(c.Operation)
	known := documentedMethods(d)[op.Path]
	seen := map[string]plumbline.Observation{}
	var all []plumbline.Observation
	for o := range e.Of(contractMethods, "") {
		method, path, _ := strings.Cut(o.Stream, " ")
		if path == op.Path && sentToTarget(o) && o.Error == "" {
			seen[method] = o
			all = append(all, o)
		}
	}
	var found []wrongdoing
	for _, method := range sortedKeys(seen) {
		found = append(found, strayed(method, seen[method], known)...)
	}
	get, ok := seen["GET"]
	if ok && succeeded(get) {
		found = append(found, headed(seen["HEAD"], get)...)
	}
	switch {
	case len(found) > 0:
		v := accuse(e, len(all), "rules", found)
		v.Remedy = methodRemedy(found[0])
		return v
	case len(all) == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no method was answered on %s", op.Path)
	case !ok || !succeeded(get):
		return skipped(plumbline.ReasonNotApplicable, "GET %s was not answered 2xx (%s): not covered", op.Path, answers(all))
	}
	return pass(figure{0, 0, "rules", len(all)}, "%s on %s: %s", plural(len(all), "method"), op.Path, methodAnswers(seen))
}

// strayed finds what is wrong with the answer to one method.
func strayed(method string, o plumbline.Observation, known []string) []wrongdoing {
	said := method + " is answered " + answer(o)
	if o.Status == 405 && o.Transcript != nil {
		return refusedBadly(said, o, known)
	}
	if slices.Contains(known, method) {
		return nil
	}
	harmless := method == "GET" || method == "HEAD" || method == "OPTIONS"
	switch {
	case succeeded(o) && !harmless:
		return []wrongdoing{{level: plumbline.LevelLikely, what: said + ", and the document lacks it", cause: method + " works, which no document has", shown: o, who: "service"}}
	case o.Status >= 500 && o.Status != 501:
		return []wrongdoing{{level: plumbline.LevelLikely, what: said, cause: method + " is a server error", shown: o, who: "service"}}
	}
	return nil
}

// methodRemedy is what mends the surest of what was found.
func methodRemedy(w wrongdoing) string {
	switch {
	case strings.HasPrefix(w.what, "HEAD "):
		return "answer HEAD as GET is answered, without the content"
	case w.level == plumbline.LevelProved, w.cause == allowLacks:
		return "list in Allow the methods that the path has"
	}
	return "answer 405 with Allow, or document the method"
}

// allowLacks is the cause of an Allow that does not list what the document has.
const allowLacks = "Allow lacks methods"

// refusedBadly finds what is wrong with a 405.
func refusedBadly(said string, o plumbline.Observation, known []string) []wrongdoing {
	w := wrongdoing{level: plumbline.LevelProved, what: said + " without Allow", cause: "status 405 without Allow", shown: o, who: "service"}
	if !hasHeader(o.Transcript.ResponseHeader, "Allow") {
		return []wrongdoing{w}
	}
	lacking := notAllowed(o, known)
	if len(lacking) == 0 {
		return nil
	}
	w.level, w.cause = plumbline.LevelLikely, allowLacks
	w.what = said + ", and Allow lacks " + strings.Join(lacking, ", ") + ", which the document has"
	return []wrongdoing{w}
}

// notAllowed are the documented methods that the Allow header of an answer lacks.
func notAllowed(o plumbline.Observation, known []string) []string {
	var listed []string
	for k, values := range o.Transcript.ResponseHeader {
		if strings.EqualFold(k, "Allow") {
			listed = append(listed, strings.FieldsFunc(strings.ToUpper(strings.Join(values, ",")), func(r rune) bool { return r == ',' || r == ' ' })...)
		}
	}
	var out []string
	for _, m := range known {
		if !slices.Contains(listed, m) {
			out = append(out, m)
		}
	}
	return out
}

// headed compares HEAD with GET (RFC 9110 §9.3.2).
func headed(head, get plumbline.Observation) []wrongdoing {
	var out []wrongdoing
	switch {
	case head.Status == 0:
	case slices.Contains([]int{403, 404, 405, 501}, head.Status):
		out = append(out, wrongdoing{level: plumbline.LevelAdvisory, what: "HEAD is answered " + answer(head) + " where GET is answered " + answer(get), cause: "HEAD is missing", shown: head, who: "service"})
	case head.Status != get.Status:
		out = append(out, wrongdoing{level: plumbline.LevelLikely, what: "HEAD is answered " + answer(head) + " where GET is answered " + answer(get), shown: head, who: "service"})
	case head.Transcript != nil && get.Transcript != nil:
		h, g := headerIn(head.Transcript.ResponseHeader, "Content-Type"), headerIn(get.Transcript.ResponseHeader, "Content-Type")
		if h != "" && g != "" && h != g {
			out = append(out, wrongdoing{level: plumbline.LevelLikely, what: "HEAD has the media type " + h + " where GET has " + g, shown: head, who: "service"})
		}
	}
	return out
}

func methodAnswers(seen map[string]plumbline.Observation) string {
	var parts []string
	for _, m := range sortedKeys(seen) {
		parts = append(parts, m+" "+answer(seen[m]))
	}
	return strings.Join(parts, ", ")
}
