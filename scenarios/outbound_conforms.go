package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const outboundConforms = "contract/outbound-conforms"

func init() {
	register(plumbline.Function{
		ID:    outboundConforms,
		Title: "What the target sends to its dependencies matches their own documents",
		Doc: `Method: every request of this run that the recording proxy sees on the wire of a dependency with an OpenAPI document of its own is held against that document when it arrives: path and method, declared parameters in path, query and header, media type and body. The body is kept nowhere.
Criterion: no request breaks the document, of at least one that was inspected.
Guard: headers, query parameters and properties that the document does not declare are nobody's breach. A body that the proxy did not see whole, since a fault cut it or it is larger than 64 KiB, is not judged. Only requests that carry a trace id of this run count.`,
		Standard: "OpenAPI 3.0.3 and 3.1.0, Operation Object; consumer-driven contracts (Robinson 2006)",
		Mutants:  []string{"bad-outbound-call"},
		Order:    28,
		Plan:     planOutbound,
		Judge:    judgeOutbound,
	})
}

func planOutbound(d plumbline.Design) plumbline.Proposal {
	return perDependency(d, outboundConforms, func(dep plumbline.Dependency) plumbline.Proposal {
		switch {
		case dep.Wire == plumbline.WireTCP:
			return unclaimed(dep, plumbline.ReasonNotApplicable, "a TCP wire shows no requests", "")
		case dep.OpenAPI == "":
			return unclaimed(dep, plumbline.ReasonNotDeclared, "no document of "+dep.Name+" is declared", "dependencies."+dep.Name+".openapi")
		case d.Propagation == plumbline.PropagationNone:
			return unclaimed(dep, plumbline.ReasonNotApplicable, "requests of this run cannot be told from others without trace context", "propagation: w3c")
		case len(usersOf(d, dep)) == 0:
			return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
		}
		return claimed(plumbline.BasisDeclared, dep.Source, "every request to "+dep.Name+" matches its document", wireSelfCheck(d))
	})
}

func judgeOutbound(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	dep, _ := d.Dependency(c.Dependency)
	var bad []plumbline.Exchange
	n, unread := 0, 0
	for _, x := range e.Exchanges {
		if x.Wire != dep.Name || x.Operation == "" && len(x.Marks) == 0 {
			continue
		}
		n++
		switch {
		case slices.ContainsFunc(x.Marks, func(m plumbline.Mark) bool { return m.Kind != plumbline.MarkUnread }):
			bad = append(bad, x)
		case len(x.Marks) > 0:
			unread++
		}
	}
	f := figure{float64(len(bad)), 0, "requests", n}
	switch {
	case n == 0:
		return inconclusive(plumbline.ReasonWireDark, "no request of this run to %s was inspected", dep.Name)
	case len(bad) > 0:
		return misspoken(f, dep, e, bad)
	case unread == n:
		return inconclusive(plumbline.ReasonUnsupported, "%s to %s reached a documented operation, and their bodies cannot be validated: %s", plural(n, "request"), dep.Name, unreadOf(e, dep))
	}
	return pass(f, "%s to %s match its document", plural(n, "request"), dep.Name)
}

func unreadOf(e *plumbline.Evidence, dep plumbline.Dependency) string {
	for _, x := range e.Exchanges {
		if x.Wire == dep.Name && len(x.Marks) > 0 {
			return x.Marks[0].Message
		}
	}
	return ""
}

// misspoken is the verdict on requests that break the document of a
// dependency, counted by what they break.
func misspoken(f figure, dep plumbline.Dependency, e *plumbline.Evidence, bad []plumbline.Exchange) plumbline.Verdict {
	kinds := map[string]int{}
	byKind := map[string]plumbline.Exchange{}
	for _, x := range bad {
		i := slices.IndexFunc(x.Marks, func(m plumbline.Mark) bool { return m.Kind != plumbline.MarkUnread })
		m := x.Marks[i]
		what := strings.TrimSpace(fmt.Sprintf("%s %s %s", x.Operation, m.Pointer, m.Message))
		if x.Operation == "" {
			what = x.Method + " " + x.Path + ": " + m.Message
		}
		if _, ok := byKind[what]; !ok {
			byKind[what] = x
		}
		kinds[what]++
	}
	v := fail(f, "%d of %s to %s break its document: %s", len(bad), plural(f.samples, "request"), dep.Name, first(sortedKeys(kinds), 3))
	v.Remedy = "send what the document of " + dep.Name + " declares, or have it changed there"
	v.Wrong = "service"
	for _, what := range sortedKeys(kinds)[:min(len(kinds), exhibitLimit)] {
		x := byKind[what]
		shown := plumbline.Exhibit{Summary: fmt.Sprintf("%s ×%d", what, kinds[what]), Trace: x.Trace, Exchanges: []plumbline.Exchange{x}}
		if i := slices.IndexFunc(e.Observations, func(o plumbline.Observation) bool { return o.Trace != "" && o.Trace == x.Trace }); i >= 0 {
			shown = exhibit(e, e.Observations[i], shown.Summary)
		}
		v.Evidence = append(v.Evidence, shown)
	}
	return v
}
