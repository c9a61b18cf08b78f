package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const loadSoak = "load/soak"

// How a soak is judged.
const (
	soakMemory      = "memory"
	soakDescriptors = "descriptors"
	soakLatency     = "latency"

	soakSettles  = 1.0 / 3         // of the time, in which caches fill
	soakLeast    = 5 * time.Minute // judged, below which nothing is kept
	soakShortest = 20              // values, below which nothing is broken
	soakMaterial = 0.05            // of the level: growth that was seen, whatever it would be in an hour
)

// A soaked figure is one that must not grow.
type soaked struct {
	subject, statement string
	unit               string
	hourly             float64 // by which it may grow in an hour, as a share
	least              float64 // growth below which it is none
}

func soakedFigures() []soaked {
	return []soaked{
		{soakMemory, "the memory of the target does not grow with time", "bytes", 0.10, 8 << 20},
		{soakDescriptors, "the target does not open more and more descriptors", "descriptors", 0.10, 8},
		{soakLatency, "answers do not take longer with time", "ms", 0.05, 1},
	}
}

func init() {
	register(plumbline.Function{
		ID:    loadSoak,
		Title: "Nothing grows with time under a load that does not change",
		Doc: `Method: the profile soak (plumbline load --profile soak) sends the declared load for half an hour, or as long as --duration says. Once a second the target is asked for its memory and its open descriptors: its metrics (process_resident_memory_bytes, process_open_fds) or, of a process that the run started, the system. Of latency the median of each second is taken. The first third is left out, for caches fill. The rest is parted into at most 30 stretches, of each the median is taken, and through these goes the line of Theil and Sen, with its interval (Sen 1968), widened by what neighbouring stretches have in common.
Criterion: with 95 % confidence memory and descriptors grow by less than 10 % in an hour, and latency by less than 5 % (pass, from five minutes of judged time on). It fails when growth is beyond that and no chance (a score of 3.3, one in two thousand).
Guard: growth that fails was seen and not only reckoned: by 5 % of the level in the judged time, and by 8 MiB, 8 descriptors, or 1 ms. What grows ever more slowly – the second half by less than half of the first – is on its way to a level and is inconclusive. Neither is judged what a target told that was started anew in between, nor a load that ended early.`,
		Standard: "Theil 1950; Sen 1968; Kendall 1975",
		Mutants:  []string{"leaks-memory", "leaks-descriptors"},
		Order:    46,
		Plan:     planSoak,
		Judge:    judgeSoak,
	})
}

func planSoak(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	if d.Load.Profile != profileSoak {
		return plumbline.Proposal{Skips: []plumbline.Skip{{Function: loadSoak, Reason: plumbline.ReasonNotSelected, Detail: "the load is not one for a long time", Unlock: "plumbline load --profile soak"}}}
	}
	x, skips := targetLoad(d)
	if len(x.Phases) == 0 {
		for i := range skips {
			skips[i].Function = loadSoak
		}
		return plumbline.Proposal{Skips: skips}
	}
	p.Experiments = []plumbline.Experiment{x}
	basis, source := plumbline.BasisDefault, d.Load.Source
	for _, s := range soakedFigures() {
		if s.subject != soakLatency && d.Metrics == nil && !d.Environment.Watched {
			p.Skips = append(p.Skips, plumbline.Skip{Function: loadSoak, Subject: s.subject, Reason: plumbline.ReasonNotDeclared, Detail: "where the target tells its " + s.subject + " is not declared", Unlock: "metrics.url, or target.command"})
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: loadSoak + "/" + s.subject, Function: loadSoak, Basis: basis, Source: source, Statement: s.statement, Experiments: []string{loadTarget},
		})
	}
	return p
}

// judgedSoak is the phase that is judged, without the time in which all settles.
func judgedSoak(e *plumbline.Evidence) (from, to time.Duration, ok bool) {
	for _, m := range e.Phases {
		if m.Experiment == loadTarget && m.Phase != warmUp && m.Complete {
			return m.Began + time.Duration(soakSettles*float64(m.Ended-m.Began)), m.Ended, true
		}
	}
	return 0, 0, false
}

// values are what is known of a figure, by time.
func (s soaked) values(e *plumbline.Evidence, from, to time.Duration) (out []moment, v plumbline.Verdict, ok bool) {
	if s.subject == soakLatency {
		return slices.DeleteFunc(medianMoments(e), func(m moment) bool { return m.at < from || m.at >= to }), v, true
	}
	var last plumbline.Scrape
	for i, x := range scrapesOf(e) {
		if x.At < from || x.At > to {
			last = x
			continue
		}
		if i > 0 && len(out) > 0 && !continues(last, x) {
			return nil, inconclusive(plumbline.ReasonBaselineDrift, "the target was started anew, or other instances answered, after %s", readable(x.At)), false
		}
		last = x
		if y := s.of(x); y > 0 {
			out = append(out, moment{x.At, y})
		}
	}
	if len(out) == 0 {
		return nil, inconclusive(plumbline.ReasonUnsupported, "the target does not tell its %s: %s", s.subject, unreadProcess(e)), false
	}
	return out, v, true
}

// of is the figure in a scrape.
func (s soaked) of(x plumbline.Scrape) float64 {
	if s.subject == soakMemory {
		return x.Memory
	}
	return x.Descriptors
}

func unreadProcess(e *plumbline.Evidence) string {
	for _, x := range e.Scrapes {
		if x.Error != "" {
			return x.Error
		}
	}
	return "it is found as process_resident_memory_bytes and process_open_fds"
}

func judgeSoak(_ plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	var s soaked
	for _, one := range soakedFigures() {
		if loadSoak+"/"+one.subject == c.ID {
			s = one
		}
	}
	from, to, ok := judgedSoak(e)
	if !ok {
		return inconclusive(plumbline.ReasonIncomplete, "the load did not run to its end")
	}
	for _, h := range e.Health {
		if h.Experiment == loadTarget && h.Phase != warmUp && h.Stopped != "" {
			return inconclusive(plumbline.ReasonIncomplete, "the load ended early: %s", h.Stopped)
		}
	}
	values, v, ok := s.values(e, from, to)
	if !ok {
		return v
	}
	return s.verdict(driftOf(values), to-from)
}

// verdict judges the drift of a figure over so long.
func (s soaked) verdict(t drift, lasted time.Duration) plumbline.Verdict {
	if t.n < soakShortest || t.level <= 0 {
		return inconclusive(plumbline.ReasonTooFewSamples, "%d values of %s are too few", t.n, s.subject)
	}
	hour := func(slope float64) float64 { return slope * 3600 / t.level }
	grown := t.slope * lasted.Seconds()
	f := figure{rate(hour(t.slope)), s.hourly, "per hour", t.n}
	says := fmt.Sprintf("%s went from %s to %s within %s: %s in an hour [%s … %s]", s.subject, s.amount(t.first), s.amount(t.last), readable(lasted),
		withSign(hour(t.slope)), withSign(hour(t.low)), withSign(hour(t.high)))
	grows := hour(t.surely) > s.hourly
	switch {
	case grows && grown >= max(s.least, soakMaterial*t.level) && !t.flattens:
		v := fail(f, "%s", says)
		v.Remedy = "compare two profiles of the heap, or two lists of open descriptors, taken some minutes apart under load"
		if s.subject == soakLatency {
			v.Remedy = "look for what grows with the number of requests: a table, a list that is walked, a lock, the collection of garbage"
		}
		return v
	case hour(t.high) >= s.hourly:
		v := inconclusive(plumbline.ReasonUndecided, "%s%s", says, map[bool]string{true: "; it grows ever more slowly", false: ""}[t.flattens])
		v.Remedy = "soak it longer (--duration)"
		return v
	case lasted < soakLeast:
		v := inconclusive(plumbline.ReasonTooFewSamples, "%s; %s of judged time are needed to say that it does not grow", says, readable(soakLeast))
		v.Remedy = "soak it longer (--duration)"
		return v
	}
	return pass(f, "%s", says)
}

func (s soaked) amount(x float64) string {
	switch s.unit {
	case "bytes":
		return fmt.Sprintf("%.1f MiB", x/(1<<20))
	case "ms":
		return fmt.Sprintf("%.2f ms", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// withSign writes a share with its sign.
func withSign(share float64) string { return fmt.Sprintf("%+.1f %%", 100*share) }
