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
		Title: "What the target sends to its dependencies matches their own documents, and the pacts with them",
		Doc: `Method: every request of this run that the recording proxy sees on the wire of a dependency with an OpenAPI document of its own, or with a pact in which the service is the consumer, is held against them when it arrives: path and method, parameters in path, query and header, media type and body. The body is kept nowhere.
Criterion: no request breaks the document, and each is of some interaction of the pact, of at least one that was inspected. Each interaction of the pact has a claim of its own: it is exercised.
Guard: headers, query parameters and properties that the document does not declare are nobody's breach. In a pact what stands under a rule has to keep the rule, and all else is an example of which only the type counts; identifiers in a path stand for each other. What the pact only does not speak of – another path, one member more or less – is not in the contract: it warns, and does not gate. An interaction that was never exercised is unproven. A body that the proxy did not see whole, since a fault cut it or it is larger than 64 KiB, is not judged. Only requests that carry a trace id of this run count.`,
		Standard: "OpenAPI 3.0.3 and 3.1.0, Operation Object; Pact Specification V2 to V4; consumer-driven contracts (Robinson 2006)",
		Mutants:  []string{"bad-outbound-call"},
		Order:    28,
		Plan:     planOutbound,
		Judge:    judgeOutbound,
	})
}

func planOutbound(d plumbline.Design) plumbline.Proposal {
	p := perDependency(d, outboundConforms, func(dep plumbline.Dependency) plumbline.Proposal {
		switch {
		case dep.Wire == plumbline.WireTCP:
			return unclaimed(dep, plumbline.ReasonNotApplicable, "a TCP wire shows no requests", "")
		case dep.OpenAPI == "" && len(dep.Agreed) == 0:
			return unclaimed(dep, plumbline.ReasonNotDeclared, "no document of "+dep.Name+" is declared, and no pact with it", "dependencies."+dep.Name+".openapi or .pact")
		case d.Propagation == plumbline.PropagationNone:
			return unclaimed(dep, plumbline.ReasonNotApplicable, "requests of this run cannot be told from others without trace context", "propagation: w3c")
		case len(usersOf(d, dep)) == 0:
			return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
		}
		return claimed(plumbline.BasisDeclared, dep.Source, "every request to "+dep.Name+" matches "+spoken(dep), wireSelfCheck(d))
	})
	for _, c := range p.Claims {
		dep, _ := d.Dependency(c.Dependency)
		for i, name := range dep.Agreed {
			one := c
			one.ID, one.Statement = agreedID(dep, i), "the interaction of the pact with "+dep.Name+" is exercised: "+name
			p.Claims = append(p.Claims, one)
		}
	}
	return p
}

// spoken names what a dependency and the service have agreed on.
func spoken(dep plumbline.Dependency) string {
	switch {
	case len(dep.Agreed) == 0:
		return "its document"
	case dep.OpenAPI == "":
		return "the pact with it"
	}
	return "its document and the pact with it"
}

// agreedID names the claim of the i-th interaction of the pact with a dependency.
func agreedID(dep plumbline.Dependency, i int) string {
	return fmt.Sprintf("%s/%s/%s", outboundConforms, dep.Name, strings.Join(strings.Fields(dep.Agreed[i]), "-"))
}

func judgeOutbound(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	dep, _ := d.Dependency(c.Dependency)
	for i, name := range dep.Agreed {
		if c.ID == agreedID(dep, i) {
			return judgeExercised(dep, name, e)
		}
	}
	bad, unagreed, unread, n := outgoing(dep, e)
	f := figure{float64(len(bad)), 0, "requests", n}
	switch {
	case n == 0:
		return inconclusive(plumbline.ReasonWireDark, "no request of this run to %s was inspected", dep.Name)
	case len(bad) > 0:
		return misspoken(f, dep, e, bad)
	case len(unagreed) > 0:
		f.measured = float64(len(unagreed))
		return outsideContract(f, dep, e, unagreed)
	case unread == n:
		return inconclusive(plumbline.ReasonUnsupported, "%s to %s reached a documented operation, and their bodies cannot be validated: %s", plural(n, "request"), dep.Name, unreadOf(e, dep))
	}
	return pass(f, "%s to %s match %s", plural(n, "request"), dep.Name, spoken(dep))
}

// outgoing parts the requests to a dependency that were inspected, n in all: those
// that break what was agreed on, those that it does not speak of, and how many
// could not be read.
func outgoing(dep plumbline.Dependency, e *plumbline.Evidence) (bad, unagreed []plumbline.Exchange, unread, n int) {
	for _, x := range e.Exchanges {
		if x.Wire != dep.Name || x.Operation == "" && len(x.Marks)+len(x.Agreed) == 0 {
			continue
		}
		n++
		switch {
		case slices.ContainsFunc(x.Marks, misspeaks):
			bad = append(bad, x)
		case slices.ContainsFunc(x.Marks, func(m plumbline.Mark) bool { return m.Kind == plumbline.MarkUnagreed }):
			unagreed = append(unagreed, x)
		case len(x.Marks) > 0:
			unread++
		}
	}
	return bad, unagreed, unread, n
}

// misspeaks tells whether a mark is a breach of what was agreed on.
func misspeaks(m plumbline.Mark) bool {
	return m.Kind != plumbline.MarkUnread && m.Kind != plumbline.MarkUnagreed
}

// judgeExercised says whether any request was of an interaction.
func judgeExercised(dep plumbline.Dependency, name string, e *plumbline.Evidence) plumbline.Verdict {
	n := 0
	for _, x := range e.Exchanges {
		if x.Wire == dep.Name && slices.Contains(x.Agreed, name) {
			n++
		}
	}
	if n == 0 {
		v := inconclusive(plumbline.ReasonNoPositiveControl, "unproven: no request of this run to %s was of it", dep.Name)
		v.Remedy = "let a case or a flow bring the request about, or take the interaction out of the pact"
		return v
	}
	return pass(figure{float64(n), 1, "requests", n}, "%s to %s were of it", plural(n, "request"), dep.Name)
}

// outsideContract is the verdict on requests that the pact does not speak of.
func outsideContract(f figure, dep plumbline.Dependency, e *plumbline.Evidence, unagreed []plumbline.Exchange) plumbline.Verdict {
	v := mismatched(f, e, unagreed, func(m plumbline.Mark) bool { return m.Kind == plumbline.MarkUnagreed })
	v.Statement = fmt.Sprintf("%d of %s to %s are not in the contract: %s", len(unagreed), plural(f.samples, "request"), dep.Name, v.Statement)
	v.Remedy = "add the request to the pact and have " + dep.Name + " verify it, or do not send it"
	v.Level = plumbline.LevelLikely
	return v
}

func unreadOf(e *plumbline.Evidence, dep plumbline.Dependency) string {
	for _, x := range e.Exchanges {
		if x.Wire == dep.Name && len(x.Marks) > 0 {
			return x.Marks[0].Message
		}
	}
	return ""
}

// misspoken is the verdict on requests that break what was agreed on.
func misspoken(f figure, dep plumbline.Dependency, e *plumbline.Evidence, bad []plumbline.Exchange) plumbline.Verdict {
	v := mismatched(f, e, bad, misspeaks)
	v.Statement = fmt.Sprintf("%d of %s to %s break %s: %s", len(bad), plural(f.samples, "request"), dep.Name, spoken(dep), v.Statement)
	v.Remedy = "send what " + spoken(dep) + " says, or have it changed there"
	v.Wrong = "service"
	return v
}

// mismatched is a failure on requests, counted by what is wrong with each.
func mismatched(f figure, e *plumbline.Evidence, bad []plumbline.Exchange, wrong func(plumbline.Mark) bool) plumbline.Verdict {
	kinds := map[string]int{}
	byKind := map[string]plumbline.Exchange{}
	for _, x := range bad {
		m := x.Marks[slices.IndexFunc(x.Marks, wrong)]
		what := strings.TrimSpace(fmt.Sprintf("%s %s %s", x.Operation, m.Pointer, m.Message))
		if x.Operation == "" {
			what = strings.TrimSpace(fmt.Sprintf("%s %s: %s %s", x.Method, x.Path, m.Pointer, m.Message))
		}
		if _, ok := byKind[what]; !ok {
			byKind[what] = x
		}
		kinds[what]++
	}
	v := fail(f, "%s", first(sortedKeys(kinds), 3))
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
