package scenarios

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// What one call is reckoned to take when nobody has measured it: a quick
// answer, or the wait for a dependency that hangs and declares no timeout.
const (
	callTime = 20 * time.Millisecond
	hangTime = 2 * time.Second
)

// A CostLine says what one experiment of a plan will cost.
type CostLine struct {
	Experiment string        `json:"experiment"`
	Title      string        `json:"title"`
	Requests   int           `json:"requests"` // to the target; the interactions of pacts are not counted
	Faults     int           `json:"faults"`
	Pacts      int           `json:"pacts,omitempty"` // files to verify
	Time       time.Duration `json:"time"`            // streams by the plan, calls by a rough guess
}

// Cost says what each experiment of the plan will cost, in the order in which
// they run.
func Cost(d plumbline.Design, p plumbline.Plan) []CostLine {
	out := make([]CostLine, 0, len(p.Experiments))
	for _, x := range p.Experiments {
		line := CostLine{Experiment: x.ID, Title: x.Title}
		for _, ph := range x.Phases {
			line.Faults += len(ph.Faults)
			line.Pacts += len(ph.Pacts)
			line.Time += ph.Duration
			sent := 0.0
			for _, s := range ph.Streams {
				sent += s.Expected()
			}
			calls := 0
			for _, c := range ph.Calls {
				calls += max(1, c.Repeat)
			}
			line.Requests += int(math.Round(sent)) + calls
			line.Time += time.Duration(calls) * perCall(d, ph)
		}
		out = append(out, line)
	}
	return out
}

// perCall guesses how long a call takes while the faults of the phase hold.
func perCall(d plumbline.Design, ph plumbline.Phase) time.Duration {
	longest := callTime
	for _, f := range ph.Faults {
		wait := f.Latency
		if f.Kind == plumbline.FaultHang || f.Kind == plumbline.FaultDrip {
			wait = hangTime
			if dep, _ := d.Dependency(f.Dependency); dep.Timeout > 0 {
				wait = dep.Timeout
			}
		}
		longest = max(longest, wait)
	}
	return longest
}

// A PowerLine says whether the load of a plan can decide one objective.
type PowerLine struct {
	Claim      string             `json:"claim"`
	Objective  string             `json:"objective"`
	Operations []string           `json:"operations"`           // that the load reaches
	Target     float64            `json:"target"`               // of a throughput: its share of what is asked for
	Throughput float64            `json:"throughput,omitempty"` // good answers a second that are promised
	Offered    float64            `json:"offered,omitempty"`    // requests a second that the plan asks for, where a throughput is promised
	Planned    int                `json:"planned"`              // judged requests that the plan sends
	Prove      int                `json:"prove"`                // requests, all of them good, that would prove the target
	Power      int                `json:"power"`                // requests that prove it with 92 % power when half of the error budget is spent
	Decidable  bool               `json:"decidable"`
	Decision   plumbline.Decision `json:"decision,omitempty"`
	Source     plumbline.Source   `json:"source"`
}

// Power says for every objective that the plan claims whether its load can
// prove it at all, before any load is sent (SLO104 when it cannot).
func Power(d plumbline.Design, p plumbline.Plan) []PowerLine {
	var out []PowerLine
	x, _ := p.Experiment(loadTarget)
	for _, c := range p.Claims {
		x := x
		o, phase, ok := objectiveOf(d, c)
		if u, during := lossOf(d, c); during {
			o, phase, ok = u.Objective, u.phase(), true
			x, _ = p.Experiment(u.id())
		}
		if !ok {
			continue
		}
		line := PowerLine{
			Claim: c.ID, Objective: o.Name, Target: o.Target, Decision: o.Decision, Source: o.Source,
			Prove: zeroErrorNeeded(o.Target, confidenceOf(o)), Power: powerNeeded(o.Target),
		}
		if o.Throughput > 0 {
			line.Throughput, line.Offered = o.Throughput, offeredTo(x, o, phase)
			line.Target = min(1, o.Throughput/max(line.Offered, 1e-9))
			line.Prove, line.Power = zeroErrorNeeded(line.Target, confidenceOf(o)), 0
			if line.Target < 1 {
				line.Power = powerNeeded(line.Target)
			}
		}
		planned := 0.0
		for _, s := range judgedStreams(x, phase) {
			if n := s.Counted(o); n > 0 {
				planned += s.Hits() * float64(n)
				line.Operations = append(line.Operations, unlisted(s.Covered(o), line.Operations)...)
			}
		}
		line.Planned = int(math.Round(planned))
		line.Decidable = line.Planned >= line.Prove && line.Target < 1
		out = append(out, line)
	}
	return out
}

// unlisted are words that are not among others yet, each once.
func unlisted(words, others []string) []string {
	var out []string
	for _, w := range words {
		if !slices.Contains(others, w) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// judgedStreams are the streams of a load experiment after its warm-up, or of
// one of its phases.
func judgedStreams(x plumbline.Experiment, phase string) []plumbline.Stream {
	var out []plumbline.Stream
	for _, ph := range x.Phases {
		if ph.Name != warmUp && (phase == "" || ph.Name == phase) {
			out = append(out, ph.Streams...)
		}
	}
	return out
}

// confidenceOf is the one-sided confidence at which the objective is decided.
func confidenceOf(o plumbline.Objective) float64 {
	if o.Confidence > 0 {
		return o.Confidence
	}
	return confident
}

// percent writes a share as a percentage with three digits of it, or of what it
// lacks to the whole, whichever is less, and without needless zeros: "99.95 %".
func percent(share float64) string {
	const most = 4
	p := share * 100
	decimals := most
	if less := min(p, 100-p); less > 0 {
		decimals = min(most, max(0, 2-int(math.Floor(math.Log10(less)))))
	}
	s := strconv.FormatFloat(p, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s + " %"
}
