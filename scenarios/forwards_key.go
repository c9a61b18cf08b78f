package scenarios

import (
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const forwardsKey = "idempotency/forwards-key"

const keyHeader = "Idempotency-Key"

func init() {
	register(plumbline.Function{
		ID:    forwardsKey,
		Title: "The key travels to dependencies that have side effects",
		Doc: `Method: the POST and PATCH calls of at least thirty requests are answered 503, so that they are tried again; the idempotency keys of all calls, and of those of the healthy requests beside them, are compared as hashes, by request, path and body.
Criterion: every attempt at one thing carries a key, and the same one; two requests do not carry the same.
Guard: only where the dependency is declared to take Idempotency-Key (retry.key). At least ten requests have to have tried a call twice. Keys of calls whose bodies are equal may be equal: a key may be made of the content. Where the requests of the harness themselves carry one constant key nothing is said of different requests.`,
		Standard: "draft-ietf-httpapi-idempotency-key-header-07 §2; RFC 9110 §9.2.2",
		Mutants:  []string{"one-key-for-all"},
		Order:    33,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, forwardsKey, func(dep plumbline.Dependency) plumbline.Proposal {
				switch {
				case dep.Retry == nil || dep.Retry.Key == "":
					return unclaimed(dep, plumbline.ReasonNotDeclared, dep.Name+" is not declared to take a key", "dependencies."+dep.Name+".retry.key")
				case !strings.EqualFold(dep.Retry.Key, keyHeader):
					return unclaimed(dep, plumbline.ReasonNotApplicable, "wires record no key but "+keyHeader, "")
				}
				x, skip, ok := retriedProbes(d, dep)
				if !ok {
					return skip
				}
				return claimed(plumbline.BasisDeclared, dep.Retry.Source, "attempts at one thing carry one key to "+dep.Name+", and different things different ones", x)
			})
		},
		Judge: judgeForwards,
	})
}

// Keys as they were seen on a wire.
type keysSeen struct {
	judged  int // requests that tried a call twice
	without []trial
	changed []trial
	shared  []trial
}

func judgeForwards(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	p, ok := probeOf(d, q.dep, probeUnavailable)
	if !ok {
		return skipped(plumbline.ReasonNotApplicable, "no request can be kept from %s by itself", q.dep.Name)
	}
	if v, ok := q.ran(p.experiment, p.phase); !ok {
		return v
	}
	k, hits := q.keysSeen(p)
	f := figure{0, 0, "requests", k.judged}
	remedy := "make one key for each thing that is asked of " + q.dep.Name + ", before the first attempt, and send it with all of them"
	for _, bad := range []struct {
		trials []trial
		what   string
	}{
		{k.without, "sent a call without an idempotency key"},
		{k.changed, "sent attempts at the same thing with different keys"},
		{k.shared, "sent the key of another request with another body"},
	} {
		if len(bad.trials) > 0 {
			f.measured = float64(len(bad.trials))
			v := fail(f, "%s %s to %s", plural(len(bad.trials), "request"), bad.what, q.dep.Name)
			v.Evidence, v.Remedy = q.exhibits(bad.trials), remedy
			return v
		}
	}
	switch {
	case hits == 0 && len(q.wire) > 0 && !q.changes():
		return skipped(plumbline.ReasonNotApplicable, "none of the calls to %s is a POST or PATCH", q.dep.Name)
	case hits < hitsLeast:
		return q.undelivered(p.experiment, p.phase, hits, hitsLeast)
	case k.judged < hitsLeast:
		return inconclusive(plumbline.ReasonNoPositiveControl, "%d of %d requests tried a call twice, %d are needed", k.judged, hits, hitsLeast)
	}
	return pass(f, "%d requests that tried a call to %s more than once sent one key each, and no two requests the same", k.judged, q.dep.Name)
}

// keysSeen compares the keys of the requests that the probe hit, and of those
// beside them.
func (q inquiry) keysSeen(p probe) (k keysSeen, hits int) {
	owners := map[callKey]plumbline.Exchange{} // by path and key, the first that sent it
	for _, op := range p.uses {
		hit, healthy := q.faulted(p, op.ID), q.beside(p, op.ID)
		usual := 1
		for _, t := range healthy {
			for _, same := range unsafeCalls(t) {
				usual = max(usual, len(same))
			}
		}
		for _, t := range hit {
			if len(unsafeCalls(t)) > 0 {
				hits++
			}
			k.compare(t, usual)
		}
		for _, t := range append(hit, healthy...) {
			if !constantKey(op) && shares(t, owners) {
				k.shared = append(k.shared, t)
			}
		}
	}
	return k, hits
}

// compare looks at the attempts of one request; as many equal calls as a
// healthy one makes are not attempts at the same thing.
func (k *keysSeen) compare(t trial, usual int) {
	twice, without, changed := false, false, false
	for _, same := range unsafeCalls(t) {
		keys := map[string]bool{}
		for _, x := range same {
			keys[x.Key] = true
		}
		twice = twice || len(same) > usual
		without = without || keys[""]
		changed = changed || len(keys) > usual
	}
	if twice {
		k.judged++
	}
	switch {
	case without:
		k.without = append(k.without, t)
	case changed:
		k.changed = append(k.changed, t)
	}
}

// shares says whether the request sent a key that another one had sent to the
// same place with another body.
func shares(t trial, owners map[callKey]plumbline.Exchange) bool {
	shared := false
	for _, x := range t.calls {
		if !unsafeMethod(x.Method) || x.Key == "" || x.BodyHash == "" {
			continue
		}
		at := callKey{x.Method + " " + x.Path, x.Key}
		owner, known := owners[at]
		if !known {
			owners[at] = x
		}
		shared = shared || (known && owner.Trace != x.Trace && owner.BodyHash != x.BodyHash)
	}
	return shared
}

// constantKey says whether the requests of the harness carry the same key each
// time: then it may be handed on.
func constantKey(op plumbline.Operation) bool {
	if len(op.Cases) == 0 {
		return false
	}
	for name := range op.Cases[0].Request.Header {
		if strings.EqualFold(name, keyHeader) {
			return true
		}
	}
	return false
}
