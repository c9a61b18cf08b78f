package scenarios

import (
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// limitable says why a declared limit cannot be tried; empty when it can.
func limitable(d plumbline.Design, l plumbline.RateLimit) string {
	o, ok := d.Operation(l.Operation)
	own := len(d.Identities) > 0 && l.Identity == d.Identities[0].Name
	switch {
	case !ok || !o.Safe() || !callable(d, o):
		return l.Operation + " is no operation that only reads and can be called"
	case l.Identity != "" && !own && len(o.Cases[0].Binds) > 0:
		return l.Operation + " is about something that another caller has created"
	}
	return ""
}

// perLimit makes a claim for each declared limit that can be tried.
func perLimit(d plumbline.Design, function, statement string, experiment func(plumbline.Design, plumbline.RateLimit) plumbline.Experiment) plumbline.Proposal {
	var p plumbline.Proposal
	if len(d.RateLimits) == 0 {
		p.Skips = append(p.Skips, plumbline.Skip{
			Function: function, Reason: plumbline.ReasonNotDeclared, Detail: "no limit on what a caller may ask for is declared", Unlock: "rate_limits",
		})
	}
	for _, l := range d.RateLimits {
		if why := limitable(d, l); why != "" {
			p.Skips = append(p.Skips, plumbline.Skip{Function: function, Subject: l.Name, Reason: plumbline.ReasonNotApplicable, Detail: why, Unlock: "rate_limits." + l.Name + ".operation"})
			continue
		}
		x := experiment(d, l)
		p.Experiments = append(p.Experiments, x)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: function + "/" + l.Name, Function: function, Operation: l.Operation, Basis: plumbline.BasisDeclared, Source: l.Source,
			Statement: statement, Experiments: []string{x.ID},
		})
	}
	return p
}

// limitOf is the declared limit of a name.
func limitOf(d plumbline.Design, name string) (plumbline.RateLimit, bool) {
	i := slices.IndexFunc(d.RateLimits, func(l plumbline.RateLimit) bool { return l.Name == name })
	if i < 0 {
		return plumbline.RateLimit{}, false
	}
	return d.RateLimits[i], true
}

// A flood is more requests than a limit lets in, and what became of them.
type flood struct {
	limit                    plumbline.RateLimit
	admitted, limited, other []plumbline.Observation
	span                     time.Duration // from the first sending to the last answer
}

// floodOf sorts the requests of one phase. What is let in has to be, where that
// is asked, the answer that is known.
func floodOf(l plumbline.RateLimit, e *plumbline.Evidence, experiment, phase string, known *plumbline.Observation) flood {
	f := flood{limit: l}
	var first, last time.Duration
	for o := range e.Of(experiment, phase) {
		if !sentToTarget(o) {
			continue
		}
		if f.sent() == 0 || o.Sent < first {
			first = o.Sent
		}
		last = max(last, o.Done())
		switch {
		case succeeded(o) && (known == nil || samePage(o, *known)):
			f.admitted = append(f.admitted, o)
		case o.Status == 429:
			f.limited = append(f.limited, o)
		default:
			f.other = append(f.other, o)
		}
	}
	f.span = last - first
	return f
}

func (f flood) sent() int { return len(f.admitted) + len(f.limited) + len(f.other) }

// allowed is the most that a right limiter lets in of it.
func (f flood) allowed() float64 { return f.limit.Allows(f.span) }

// over says whether more was let in than any right limiter would.
func (f flood) over() bool { return float64(len(f.admitted)) > f.allowed() }

// ample says whether so much was sent that no limit at all would show.
func (f flood) ample() bool { return float64(f.sent()) >= 1.2*f.allowed() }
