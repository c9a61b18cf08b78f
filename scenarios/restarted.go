package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// mostRestarts is how often somebody deploys the target during a run. One that is
// gone more often goes by itself, or was there only in part from the beginning.
const mostRestarts = 3

// A restart is a time in which the target was started anew, and not by this run.
type restart struct {
	from, to time.Duration
	seen     string // how it was noticed
}

// restartsOf are the restarts of a run: what the target tells of itself, and that
// nobody took its connections for a while.
func restartsOf(d plumbline.Design, e *plumbline.Evidence) []restart {
	all := slices.Concat(toldAnew(d, e), unattended(e))
	slices.SortFunc(all, func(a, b restart) int { return int(a.from - b.from) })
	var out []restart
	for _, r := range all {
		switch last := len(out) - 1; {
		case byRun(e, r):
		case last >= 0 && r.from <= out[last].to:
			out[last].to = max(out[last].to, r.to)
		default:
			out = append(out, r)
		}
	}
	if len(out) > mostRestarts {
		return nil
	}
	return out
}

// byRun tells whether an experiment of the run did something to the deployment at
// that time.
func byRun(e *plumbline.Evidence, r restart) bool {
	return slices.ContainsFunc(e.Injections, func(in plumbline.Injection) bool {
		return in.Fault.Kind.OfDeployment() && slices.ContainsFunc(e.Phases, func(m plumbline.PhaseMark) bool {
			return m.Experiment == in.Experiment && r.during(m)
		})
	})
}

func (r restart) during(m plumbline.PhaseMark) bool { return r.from < m.Ended && r.to > m.Began }

// toldAnew are the times at which the target told that it was started after the
// run began, and from then on. An instance that came beside others is none.
func toldAnew(d plumbline.Design, e *plumbline.Evidence) []restart {
	all := scrapesOf(e)
	var out []restart
	youngest := 0.0
	for i := 1; i < len(all); i++ {
		a, b := all[i-1], all[i]
		youngest = max(youngest, a.Began)
		fresh := a.Began > 0 && b.Began > youngest && b.Instances == a.Instances
		if fresh && d.Metrics != nil { // which tell the time of day
			fresh = b.Began > float64(e.Run.Began.Unix())
		}
		if fresh && !slices.ContainsFunc(all[i:], func(s plumbline.Scrape) bool { return s.Began == a.Began }) {
			out = append(out, restart{a.At, b.At, "it says that it was started then"})
		}
	}
	return out
}

// A presence is what became of requests within one second.
type presence struct{ refused, answered time.Duration } // the first of them; zero: none

func (p *presence) add(class string, at time.Duration) {
	switch {
	case class == string(plumbline.ErrorRefused) && (p.refused == 0 || at < p.refused):
		p.refused = at
	case answeredClass(class) && (p.answered == 0 || at < p.answered):
		p.answered = at
	}
}

// presences are those of a run, by the second.
func presences(e *plumbline.Evidence) map[int]*presence {
	out := map[int]*presence{}
	add := func(class string, at time.Duration) {
		if class != string(plumbline.ErrorRefused) && !answeredClass(class) {
			return
		}
		second := int(at / time.Second)
		if out[second] == nil {
			out[second] = &presence{}
		}
		out[second].add(class, max(at, 1))
	}
	for _, o := range e.Observations {
		class := string(o.Error)
		if o.Error == "" && o.Status > 0 {
			class = fmt.Sprintf("%dxx", o.Status/100)
		}
		add(class, o.Done())
	}
	for _, x := range e.Series {
		for _, s := range x.Slices {
			if s.Count > 0 {
				add(x.Class, x.Began+time.Duration(s.Second)*time.Second)
			}
		}
	}
	return out
}

// unattended are the times in which connections to the target were refused and
// requests were answered before and after that, not meanwhile: what is behind an
// entrance of which a part is gone answers all the time.
func unattended(e *plumbline.Evidence) []restart {
	seconds := presences(e)
	var out []restart
	var gone struct {
		from, last time.Duration
		mixed      bool
	}
	var before *presence
	for _, second := range sortedInts(seconds) {
		switch p := seconds[second]; {
		case p.refused > 0 && gone.from == 0:
			gone.from, gone.last, gone.mixed = p.refused, p.refused, false
		case p.refused > 0:
			gone.mixed = gone.mixed || gone.last > gone.from && before.answered > 0
			gone.last = p.refused
		case gone.from > 0:
			if r := (restart{gone.from, p.answered, "connections to it were refused for a while"}); !gone.mixed && !heldBy(e, r) {
				out = append(out, r)
			}
			gone.from = 0
		}
		before = seconds[second]
	}
	return out
}

// heldBy tells whether the target came back only once a phase was over in which
// something was broken, or was to recover: then that may be why it was gone.
func heldBy(e *plumbline.Evidence, r restart) bool {
	return slices.ContainsFunc(e.Phases, func(m plumbline.PhaseMark) bool {
		held := m.Role == plumbline.RoleFault || m.Role == plumbline.RoleRecovery
		return held && r.from >= m.Began && r.from < m.Ended && r.to > m.Ended
	})
}

// restarted says whether the target was started anew by somebody else while the
// claim was put to the test. A failure that is told only when it comes again from a
// clean state needs no such excuse.
func (x *proofs) restarted(f plumbline.Function, c plumbline.Claim, o plumbline.Outcome) (plumbline.Reason, string) {
	if f.Repeats && o == plumbline.Fail {
		return "", ""
	}
	for _, r := range x.restarts {
		for _, m := range x.e.Phases {
			if slices.Contains(c.Experiments, m.Experiment) && r.during(m) {
				return plumbline.ReasonRestarted, fmt.Sprintf("%s, in the phase %s of %s", r.text(), m.Phase, m.Experiment)
			}
		}
	}
	return "", ""
}

func (r restart) text() string {
	return fmt.Sprintf("the target was started anew between %s and %s of the run, and not by the run: %s", readable(r.from), readable(r.to), r.seen)
}

// restartNotes tell of every restart.
func restartNotes(d plumbline.Design, e *plumbline.Evidence) []string {
	var out []string
	for _, r := range restartsOf(d, e) {
		out = append(out, r.text())
	}
	return out
}
