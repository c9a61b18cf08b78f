package reports

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// anchor is the name of a finding inside the page, stable between runs.
func anchor(f plumbline.Finding) string { return anchorOf(f.Claim) }

func anchorOf(claim string) string {
	sum := sha256.Sum256([]byte(claim))
	return "F-" + strings.ToUpper(hex.EncodeToString(sum[:3]))
}

// A cardGroup is the findings that could not be judged for one reason.
type cardGroup struct {
	Code     plumbline.Reason
	Meaning  string
	Findings []plumbline.Finding
}

// unproven groups what could not be judged by why, the largest group first.
func unproven(r plumbline.Report) []cardGroup {
	var out []cardGroup
	for _, f := range withOutcome(r, plumbline.Error, plumbline.Inconclusive) {
		code := f.Code
		if f.Outcome == plumbline.Error {
			code = "harness-error"
		}
		i := slices.IndexFunc(out, func(g cardGroup) bool { return g.Code == code })
		if i < 0 {
			i = len(out)
			out = append(out, cardGroup{Code: code, Meaning: meaning(code)})
		}
		out[i].Findings = append(out[i].Findings, f)
	}
	slices.SortStableFunc(out, func(a, b cardGroup) int { return cmp.Compare(len(b.Findings), len(a.Findings)) })
	return out
}

// meaning says in one sentence what a reason stands for.
func meaning(r plumbline.Reason) string {
	return map[plumbline.Reason]string{
		plumbline.ReasonBaselineUnhealthy:  "Without any fault the target was not healthy, so what a fault shows says nothing.",
		plumbline.ReasonBaselineDrift:      "The target was not after the run what it was before it.",
		plumbline.ReasonWireDark:           "No traffic was seen on the wire: the deployment does not go through it.",
		plumbline.ReasonWireOpaque:         "The recording proxy changes what it carries.",
		plumbline.ReasonFaultNotDelivered:  "The fault was not seen to hit enough requests.",
		plumbline.ReasonGeneratorSaturated: "The load generator fell behind: what was measured may be its own lateness.",
		plumbline.ReasonTooFewSamples:      "There were too few samples to tell chance from the service.",
		plumbline.ReasonNoPositiveControl:  "What has to work without a fault was not seen to work.",
		plumbline.ReasonUnsupported:        "This deployment does not let it be observed.",
		plumbline.ReasonIncomplete:         "The run ended before the evidence was gathered.",
		plumbline.ReasonNoLibrary:          "The Pact library is not there; `plumbline setup` fetches it.",
		plumbline.ReasonNoTrace:            "Requests could not be told apart on the wires: no trace context arrives there.",
		plumbline.ReasonUndecided:          "The interval of what was measured straddles the target; more requests would decide.",
		plumbline.ReasonLoadTooLow:         "No more was asked of the deployment than it promises to carry, so that it could not show whether it does; a higher rate would tell.",
		plumbline.ReasonThrottled:          "The deployment limits how much this caller may send, so that less was served than was asked for.",
		plumbline.ReasonRestarted:          "Somebody else started the target anew meanwhile, or it ended by itself: what was seen is not of one deployment.",
		plumbline.ReasonNoise:              "The harness itself was disturbed.",
		plumbline.ReasonUncovered:          "The run proved less of the document than a pass is declared to need.",
		plumbline.ReasonNotReproduced:      "It was seen once and did not come again from a clean state.",
		"harness-error":                    "The harness itself failed. This says nothing about the target.",
	}[r]
}

// failures are those of a report that are told on a card, first those
// that gate.
func failures(r plumbline.Report) []plumbline.Finding {
	out := slices.DeleteFunc(withOutcome(r, plumbline.Fail), symptom)
	slices.SortStableFunc(out, func(a, b plumbline.Finding) int {
		return cmp.Compare(map[bool]int{true: 0, false: 1}[a.Gates], map[bool]int{true: 0, false: 1}[b.Gates])
	})
	return out
}

// headers prints headers as they are sent, sorted.
func headers(h map[string][]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	return b.String()
}

// sent prints a transcript's request as a message.
func sent(t plumbline.Transcript) string {
	s := t.Method + " " + t.URL + "\n" + headers(t.RequestHeader)
	if t.RequestBody != "" {
		s += "\n" + t.RequestBody
	}
	return strings.TrimRight(s, "\n")
}

// received prints what came back; nothing when nothing of it was kept.
func received(x plumbline.Exhibit) string {
	var s string
	if x.Observation != nil {
		s = statusOf(x.Observation.Status, string(x.Observation.Error)) + " after " + lasted(x.Observation.Latency) + "\n"
	}
	if x.Request != nil {
		s += headers(x.Request.ResponseHeader)
		if x.Request.ResponseBody != "" {
			s += "\n" + x.Request.ResponseBody
		}
	}
	return strings.TrimRight(s, "\n")
}

// chartOf is the anchor of the timeline that shows a finding; empty when none
// does.
func chartOf(r plumbline.Report, f plumbline.Finding) string {
	for _, t := range r.Timeline {
		if strings.HasPrefix(f.Function, "load/") && strings.HasPrefix(t.Experiment, "load/") || f.Dependency != "" && t.Experiment == "outage/"+f.Dependency {
			return chartAnchor(t)
		}
	}
	return ""
}

func chartAnchor(t plumbline.Timeline) string { return "T-" + anchorOf(t.Experiment)[2:] }
