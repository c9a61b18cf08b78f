package scenarios

import (
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const shadowEndpoints = "contract/shadow-endpoints"

// nowhere is a path that nobody serves: what is answered there is what this
// target answers to anything.
const nowhere = "/plumbline-5c1f-nowhere"

func init() {
	register(plumbline.Function{
		ID:    shadowEndpoints,
		Title: "No endpoint answers that the document does not know",
		Doc: `Method: a short fixed list of paths that are often forgotten (debug, actuator, internal, admin, GraphQL, the versions before and after that of a documented path) is read, and a path that nobody serves.
Criterion: none of them is answered 2xx.
Guard: a target that answers anything, such as the page of a single-page application, is recognised by its answer to the path that nobody serves: what is answered alike does not count. What answers may be meant to: it is likely a defect and warns. Only GET is sent.`,
		Standard: "OWASP API9:2023; EvoMaster F210",
		Mutants:  []string{"debug-left-on"},
		Order:    60,
		Repeats:  true,
		Plan:     planShadow,
		Judge:    judgeShadow,
	})
}

// forgotten are the paths that are asked for.
func forgotten(d plumbline.Design) []string {
	paths := []string{
		"/debug/vars", "/debug/pprof/", "/actuator", "/actuator/env", "/actuator/heapdump", "/internal", "/admin", "/graphql",
		"/console", "/env", "/config", "/.env", "/.git/config", "/server-status", "/phpinfo.php",
	}
	version := regexp.MustCompile(`/v([0-9]+)(/|$)`)
	for _, o := range d.Operations {
		m := version.FindStringSubmatchIndex(o.Path)
		if m == nil || o.Method != "GET" || strings.Contains(o.Path, "{") {
			continue
		}
		for _, v := range []string{"0", "1", "2", "3"} {
			paths = append(paths, o.Path[:m[2]]+v+o.Path[m[3]:])
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	paths = slices.DeleteFunc(paths, func(p string) bool {
		return slices.ContainsFunc(slices.Concat(d.Operations, d.Health), func(o plumbline.Operation) bool { return strings.Trim(o.Path, "/") == strings.Trim(p, "/") })
	})
	return paths[:min(len(paths), 36)]
}

func planShadow(d plumbline.Design) plumbline.Proposal {
	readable := carriers(d)
	if len(readable) == 0 {
		return plumbline.Proposal{}
	}
	carrier := readable[0]
	ph := plumbline.Phase{Name: "paths", Role: plumbline.RoleProbe, Workers: callWorkers}
	for _, o := range readable[:min(len(readable), 3)] {
		ph.Calls = append(ph.Calls, plumbline.Call{Name: seedCall(o), Operation: o.ID})
	}
	for _, path := range append([]string{nowhere}, forgotten(d)...) {
		ph.Calls = append(ph.Calls, plumbline.Call{Name: path, Operation: carrier.ID, Own: &plumbline.Case{
			ID: "shadow" + path, Operation: carrier.ID, Kind: plumbline.CaseRobust, Keyword: keywordPath,
			Request: plumbline.Request{Method: "GET", Path: path},
		}})
	}
	return plumbline.Proposal{
		Claims: []plumbline.Claim{{
			ID: shadowEndpoints + "/paths", Function: shadowEndpoints, Basis: plumbline.BasisDefault,
			Statement: "no endpoint answers that the document does not know", Experiments: []string{contractShadow},
		}},
		Experiments: []plumbline.Experiment{{ID: contractShadow, Title: "paths that the document does not know", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}},
	}
}

func judgeShadow(_ plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	control, asked, works := probesOf(e)
	if control.Status == 0 || len(asked) == 0 {
		return inconclusive(plumbline.ReasonNoPositiveControl, "no answer to a path that nobody serves")
	}
	var found []wrongdoing
	for _, o := range asked {
		if succeeded(o) && !alike(o, control) {
			found = append(found, wrongdoing{
				level: plumbline.LevelLikely, what: o.Stream + " is answered " + answer(o), shown: o, who: "service", with: suspectsOf(control),
			})
		}
	}
	if len(found) > 0 {
		v := accuse(e, len(asked), "paths", found)
		v.Remedy = "take it off, or protect and document it"
		v.Cause = "endpoints beside the document"
		return v
	}
	if !works {
		return inconclusive(plumbline.ReasonNoPositiveControl, "no documented path was answered 2xx either")
	}
	return pass(figure{0, 0, "paths", len(asked)}, "%s asked for (%s), and none answers that %s does not", plural(len(asked), "path"), answers(asked), nowhere)
}

// probesOf parts the answers: to the path that nobody serves, to the forgotten
// ones, and whether a documented one was answered 2xx.
func probesOf(e *plumbline.Evidence) (control plumbline.Observation, asked []plumbline.Observation, works bool) {
	for o := range e.Of(contractShadow, "") {
		switch {
		case !sentToTarget(o) || o.Error != "":
		case !strings.HasPrefix(o.Stream, "/"):
			works = works || succeeded(o)
		case o.Stream == nowhere:
			control = o
		default:
			asked = append(asked, o)
		}
	}
	return control, asked, works
}

// alike says whether an answer is what the target answers to anything. The
// lengths of such pages differ a little, as they often name the path.
func alike(o, control plumbline.Observation) bool {
	const slack = 128
	diff := o.Bytes - control.Bytes
	return o.Status == control.Status && mediaIn(o) == mediaIn(control) && diff < slack && diff > -slack
}
