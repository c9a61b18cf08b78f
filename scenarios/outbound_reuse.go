package scenarios

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const outboundReuse = "load/outbound-reuse"

// When connections count as used again.
const (
	reuseShare = 0.10 // new connections, of the calls
	reuseCalls = 50   // fewer tell nothing
	reuseRate  = 2.0  // calls a second; between fewer a connection may well be given up
)

func init() {
	register(plumbline.Function{
		ID:    outboundReuse,
		Title: "Connections to dependencies are used again, and bounded",
		Doc: `Method: while load/slo-at-target sends the declared load, and after its warm-up, the calls on every HTTP wire and the connections that they came over are counted.
Criterion: at most a tenth of the calls came over a connection that was opened for them. Where connections are declared for a dependency, no more than that are in use at a time.
Guard: fewer than 50 calls, or fewer than two a second, prove nothing, for an idle connection may be given up. The wire keeps the caller's connection open whatever the dependency does with its own, so that a dependency which closes does not accuse the service. Nothing obliges a client to persist (RFC 9112 §9.3), so a failure warns; beyond the declared number it gates.`,
		Standard: "RFC 9112 §9.3",
		Mutants:  []string{"connection-each-time"},
		Order:    45,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			x, _ := targetLoad(d)
			return perDependency(d, outboundReuse, func(dep plumbline.Dependency) plumbline.Proposal {
				switch {
				case dep.Wire == plumbline.WireTCP:
					return unclaimed(dep, plumbline.ReasonNotApplicable, "calls on a TCP wire cannot be counted", "a wire of kind http to "+dep.Name)
				case len(x.Phases) == 0:
					return unclaimed(dep, plumbline.ReasonNotApplicable, "no operation can be called at a rate", "mode: own, load.mix, or examples in the OpenAPI document")
				}
				if dep.Connects > 0 {
					return claimed(plumbline.BasisDeclared, dep.Source, fmt.Sprintf("connections to %s are used again, and at most %d at a time", dep.Name, dep.Connects), x)
				}
				return claimed(plumbline.BasisDefault, dep.Source, "connections to "+dep.Name+" are used again", x)
			})
		},
		Judge: judgeReuse,
	})
}

// A pooling is how the calls of a load came over connections.
type pooling struct {
	calls, fresh int
	most         int // connections in use at a time
	lasts        time.Duration
	first        []plumbline.Exchange // that opened a connection
}

// poolingOf looks at the judged phases of the target load.
func poolingOf(e *plumbline.Evidence, dependency string) pooling {
	var p pooling
	for _, m := range e.Phases {
		if m.Experiment != loadTarget || m.Phase == warmUp {
			continue
		}
		p.lasts += m.Ended - m.Began
		met := map[uint64]bool{}
		var busy []plumbline.Exchange
		for _, x := range e.Exchanges {
			if x.Wire != dependency || x.Began < m.Began || x.Began > m.Ended || plumbline.TraceRun(x.Trace) != e.Run.ID {
				continue
			}
			p.calls++
			busy = append(busy, x)
			if !met[x.Conn] && x.Opened >= m.Began {
				p.fresh++
				p.first = append(p.first, x)
			}
			met[x.Conn] = true
		}
		p.most = max(p.most, atOnce(busy))
	}
	return p
}

// atOnce is how many connections were in use at a time, at most.
func atOnce(calls []plumbline.Exchange) int {
	slices.SortStableFunc(calls, func(a, b plumbline.Exchange) int { return cmp.Compare(a.Began, b.Began) })
	until := map[uint64]time.Duration{} // by connection
	most := 0
	for _, x := range calls {
		maps.DeleteFunc(until, func(_ uint64, end time.Duration) bool { return end <= x.Began })
		until[x.Conn] = max(until[x.Conn], x.Ended)
		most = max(most, len(until))
	}
	return most
}

func judgeReuse(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	dep, _ := d.Dependency(c.Dependency)
	p := poolingOf(e, dep.Name)
	share := float64(p.fresh) / float64(max(1, p.calls))
	f := figure{rate(share), reuseShare, "ratio", p.calls}
	told := fmt.Sprintf("%s to %s came over %s opened for them, %d in use at a time", plural(p.calls, "call"), dep.Name, plural(p.fresh, "connection"), p.most)
	switch {
	case p.lasts == 0:
		return inconclusive(plumbline.ReasonIncomplete, "the target load did not run to its end")
	case dep.Connects > 0 && p.most > dep.Connects:
		v := fail(figure{float64(p.most), float64(dep.Connects), "connections", p.calls}, "%s; %d are declared", told, dep.Connects)
		v.Remedy = "bound the pool of the client of " + dep.Name
		return v
	case p.calls == 0:
		return skipped(plumbline.ReasonNotApplicable, "the load sets off no call to %s", dep.Name)
	case p.calls < reuseCalls || float64(p.calls) < reuseRate*p.lasts.Seconds():
		return skipped(plumbline.ReasonTooFewSamples, "%s; %d are needed, and %g a second", told, reuseCalls, reuseRate)
	case share <= reuseShare:
		return pass(f, "%s", told)
	}
	v := fail(f, "%s", told)
	v.Level = plumbline.LevelLikely
	v.Remedy = "read answers to their end, keep as many idle connections to " + dep.Name + " as are in use at a time, and share one client"
	for _, x := range p.first[:min(len(p.first), exhibitLimit)] {
		v.Evidence = append(v.Evidence, plumbline.Exhibit{Summary: fmt.Sprintf("%s %s on connection %d, opened for it", x.Method, x.Path, x.Conn), Trace: x.Trace, Phase: loadTarget, Exchanges: []plumbline.Exchange{x}})
	}
	return v
}
