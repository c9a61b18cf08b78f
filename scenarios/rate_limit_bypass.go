package scenarios

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	rateLimitBypass = "security/rate-limit-bypass"
	plainFlood      = "as it is"
	bypassRounds    = 2
	bypassWorkers   = 4
	bypassTimes     = 4 // the limit, in each flood
)

func init() {
	register(plumbline.Function{
		ID:    rateLimitBypass,
		Title: "Spoofed headers and variants do not reset the limit",
		Doc: `Method: the operation of a declared limit is flooded, with four times the limit and twice its burst, four requests at a time, as it is, and then in ways that another caller might seem to come by: X-Forwarded-For, X-Real-IP, Forwarded, True-Client-IP, CF-Connecting-IP and X-Client-IP with another address in each request; a parameter of the query that nobody knows, with another value each time; the path with a slash at its end, in capitals, and with a slash twice. All of that is done twice, and it ends with a flood as it is.
Criterion: in no way is more let in than a right limiter lets in within the time that the flood took (the limit and a tenth for each window that it can have touched, and the declared burst).
Guard: each flood as it is must have met the limit: some of it was refused with 429, and no more let in than allowed; or nothing is said of ways around it. A way is accused when both of its floods were let in beyond the bound. A variant of the path counts only where it is answered as the path itself is. Where a flood took so long that all of it may be let in, nothing is proved.`,
		Standard: "RFC 7239 §8.1; OWASP API4:2023; CWE-348",
		Mutants:  []string{"rate-limit-xff-bypass"},
		Order:    35,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perLimit(d, rateLimitBypass, "no header and no variant of the request leads around the limit", bypassExperiment)
		},
		Judge: judgeBypass,
	})
}

// A detour is a way in which a request may seem to be another caller's, or for
// something else.
type detour struct {
	name   string
	path   bool // the request is for another path
	change func(r *plumbline.Request, n int)
}

func detours() []detour {
	header := func(name, form string) detour {
		return detour{name: name, change: func(r *plumbline.Request, n int) {
			r.Header = withHeader(r.Header, name)
			// Addresses for documentation (RFC 5737): nobody has them.
			r.Header[name] = []string{fmt.Sprintf(form, fmt.Sprintf("%s.%d", []string{"192.0.2", "198.51.100", "203.0.113"}[n/250%3], 1+n%250))}
		}}
	}
	path := func(name string, change func(string) string) detour {
		return detour{name: name, path: true, change: func(r *plumbline.Request, _ int) { r.Path = change(r.Path) }}
	}
	return []detour{
		header("X-Forwarded-For", "%s"), header("X-Real-Ip", "%s"), header("Forwarded", "for=%s"),
		header("True-Client-Ip", "%s"), header("Cf-Connecting-Ip", "%s"), header("X-Client-Ip", "%s"),
		{name: "a parameter that nobody knows", change: func(r *plumbline.Request, n int) {
			r.Query = strings.TrimPrefix(fmt.Sprintf("%s&plumbline=%d", r.Query, n), "&")
		}},
		path("a slash at the end", func(p string) string { return p + "/" }),
		path("capitals", strings.ToUpper),
		path("a slash twice", func(p string) string { return "/" + p }),
	}
}

func bypassExperiment(d plumbline.Design, l plumbline.RateLimit) plumbline.Experiment {
	o, _ := d.Operation(l.Operation)
	x := plumbline.Experiment{ID: "security/limit-around/" + l.Name, Title: "ways around the limit " + l.Name, Kind: plumbline.KindContract}
	for round := 1; round <= bypassRounds; round++ {
		x.Phases = append(x.Phases, floodPhase(o, l, round, detour{name: plainFlood}))
		for _, way := range detours() {
			x.Phases = append(x.Phases, floodPhase(o, l, round, way))
		}
	}
	x.Phases = append(x.Phases, floodPhase(o, l, bypassRounds+1, detour{name: plainFlood}))
	return x
}

func floodName(way string, round int) string { return fmt.Sprintf("%s, round %d", way, round) }

// floodSize is how many requests a flood has.
func floodSize(l plumbline.RateLimit) int { return bypassTimes*l.Requests + 2*l.Burst }

// floodPhase sends one kind of request so often that the limit must show.
func floodPhase(o plumbline.Operation, l plumbline.RateLimit, round int, way detour) plumbline.Phase {
	ph := plumbline.Phase{Name: floodName(way.name, round), Role: plumbline.RoleProbe, Workers: bypassWorkers}
	n := floodSize(l)
	if way.change == nil {
		ph.Calls = []plumbline.Call{{Name: plainFlood, Operation: o.ID, Identity: l.Identity, Repeat: n}}
		return ph
	}
	for i := range n {
		own := o.Cases[0]
		own.ID, own.Kind, own.Keyword = o.ID+"/around", plumbline.CaseRobust, "header"
		if way.path {
			own.Keyword = keywordPath
		}
		way.change(&own.Request, i)
		ph.Calls = append(ph.Calls, plumbline.Call{Name: fmt.Sprintf("%s %d", way.name, i+1), Operation: o.ID, Identity: l.Identity, Own: &own})
		if way.path {
			ph.Calls[0].Repeat = n
			break // they are all alike
		}
	}
	return ph
}

func judgeBypass(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	l, ok := limitOf(d, strings.TrimPrefix(c.ID, rateLimitBypass+"/"))
	if !ok {
		return broken("the design has no limit of %s", c.ID)
	}
	x := "security/limit-around/" + l.Name
	known, v := plainFloods(l, e, x)
	if v != nil {
		return *v
	}
	t := turnsOf(l, e, x, known)
	f := figure{float64(len(t.around)), 0, "ways around the limit", t.sent}
	switch {
	case len(t.around) > 0:
		v := fail(f, "the limit of %d in %s is got around by %s: up to %d of %d requests at once were let in, and as it is no more than the limit", l.Requests, readable(l.Window), first(t.around, 3), t.most, floodSize(l))
		v.Cause, v.Wrong = "the limit "+l.Name+" is got around", "service"
		v.Remedy = "count by who is authenticated, or by the address of the connection; believe such headers from your own proxies alone, and only what the last of them has added"
		v.Evidence = exhibits(e, t.shown)
		return v
	case len(t.once) > 0:
		v := inconclusive(plumbline.ReasonNotReproduced, "the limit was got around once, and once not, by %s", first(t.once, 3))
		v.Evidence = exhibits(e, t.shown)
		return v
	case len(t.thin) > 0:
		return inconclusive(plumbline.ReasonTooFewSamples, "requests took so long that all of them may be let in: %s", first(t.thin, 3))
	}
	return pass(f, "%s in %d ways: at most %d at once were let in, and as it is the limit was met before and after", plural(t.sent, "request"), len(detours()), t.most)
}

// turns are what came of the detours.
type turns struct {
	around, once, thin []string                // let in beyond the limit in each round, or in one; too slow to tell
	shown              []plumbline.Observation // the last of what was let in beyond it
	most, sent         int                     // let in at once; sent in all
}

func turnsOf(l plumbline.RateLimit, e *plumbline.Evidence, experiment string, known plumbline.Observation) turns {
	var t turns
	for _, way := range detours() {
		over, thin := 0, false
		for round := 1; round <= bypassRounds; round++ {
			var answer *plumbline.Observation
			if way.path {
				answer = &known
			}
			f := floodOf(l, e, experiment, floodName(way.name, round), answer)
			t.most, t.sent = max(t.most, len(f.admitted)), t.sent+f.sent()
			thin = thin || !f.ample()
			if f.over() {
				over++
				t.shown = append(t.shown, f.admitted[len(f.admitted)-1])
			}
		}
		switch {
		case over == bypassRounds:
			t.around = append(t.around, way.name)
		case over > 0:
			t.once = append(t.once, way.name)
		case thin:
			t.thin = append(t.thin, way.name)
		}
	}
	return t
}

// plainFloods finds the answer that is let in, or why nothing can be said: a
// flood as it is did not meet the limit.
func plainFloods(l plumbline.RateLimit, e *plumbline.Evidence, experiment string) (known plumbline.Observation, v *plumbline.Verdict) {
	is := func(reason plumbline.Reason, statement string, args ...any) (plumbline.Observation, *plumbline.Verdict) {
		v := inconclusive(reason, statement, args...)
		return known, &v
	}
	admitted := 0
	for round := 1; round <= bypassRounds+1; round++ {
		f := floodOf(l, e, experiment, floodName(plainFlood, round), nil)
		switch {
		case f.sent() == 0:
			return is(plumbline.ReasonIncomplete, "the operation was not flooded as it is")
		case f.over():
			return is(plumbline.ReasonNoPositiveControl, "the limit itself is not enforced: see security/rate-limit")
		case !f.ample():
			return is(plumbline.ReasonTooFewSamples, "requests took so long that all of them may be let in")
		case len(f.limited) == 0:
			return is(plumbline.ReasonNoPositiveControl, "nothing was refused with 429: %s", answers(f.other))
		}
		if admitted += len(f.admitted); len(f.admitted) > 0 {
			known = f.admitted[0]
		}
	}
	if admitted == 0 {
		return is(plumbline.ReasonNoPositiveControl, "nothing was let in at all")
	}
	return known, nil
}
