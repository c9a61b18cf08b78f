package scenarios

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// assemble makes the report of findings that are in reading order. Coverage is
// the caller's.
func assemble(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence, findings []plumbline.Finding) plumbline.Report {
	r := plumbline.Report{
		Schema: plumbline.ReportSchema, Service: d.Service, Target: d.Target, Document: d.Document,
		Run: e.Run, Seed: p.Seed, Seconds: e.Ended.Seconds(), Incomplete: cutOff(e.Run),
		NotRestored: notRestored(d, e, findings), Findings: findings,
		Wires: measuredWires(d, p, e), Matrix: matrixCells(d, p, e), Outages: outages(d, p, e), Timeline: timelines(d, p, e), Quantiles: quantiles(d, e), Flows: flowsTold(d, e),
		Health: e.Health, Requests: requestsOf(e), Capacity: capacityOf(d, p, e), Load: recordingOf(d, p, e), Notes: survivors(e),
		NoBaseline: noBaseline(d, p, e), Account: accountOf(e),
	}
	if !e.Run.Interrupted {
		r.NotRestored = append(r.NotRestored, notVerified(d, e)...)
	}
	t := talliesOf(findings)
	r.Outcome = t.outcome(r)
	r.ExitCode = t.exit(r)
	r.Sentence = t.sentence(r)
	return r
}

// tallies count the findings that gate.
type tallies struct {
	kept, broken, unproven, errors int
	amber                          int      // undecided, and not gating
	mild                           []string // claims that are broken and do not gate by their severity
	first                          map[plumbline.Outcome]plumbline.Finding
}

func talliesOf(findings []plumbline.Finding) tallies {
	t := tallies{first: map[plumbline.Outcome]plumbline.Finding{}}
	for _, f := range findings {
		if f.Outcome == plumbline.Error && f.Function != teardownVerified {
			t.errors++ // whether it gates or not: the harness is broken
		}
		if !f.Gates {
			t.aside(f)
			continue
		}
		if _, ok := t.first[f.Outcome]; !ok {
			t.first[f.Outcome] = f
		}
		switch f.Outcome {
		case plumbline.Pass:
			t.kept++
		case plumbline.Fail:
			t.broken++
		default:
			t.unproven++
		}
	}
	return t
}

// aside counts a finding that does not gate.
func (t *tallies) aside(f plumbline.Finding) {
	switch {
	case f.Outcome == plumbline.Fail && f.Severity != "" && f.Because == "":
		t.mild = append(t.mild, f.Claim)
	case openCode(f.Code):
		t.amber++
	}
}

// outcome judges the run: unfit when a claim is broken, fit when every gating
// claim is kept and there is at least one.
func (t tallies) outcome(r plumbline.Report) plumbline.Overall {
	switch {
	case t.broken > 0:
		return plumbline.Unfit
	case t.unproven > 0 || t.errors > 0 || t.kept == 0 || r.Incomplete:
		return plumbline.NotProven
	}
	return plumbline.Fit
}

// exit is the exit code of the run (DESIGN D2).
func (t tallies) exit(r plumbline.Report) int {
	switch {
	case len(r.NotRestored) > 0:
		return plumbline.ExitNotRestored
	case r.Run.Interrupted:
		return plumbline.ExitInterrupted
	case r.Outcome == plumbline.Unfit:
		return plumbline.ExitUnfit
	case t.errors > 0 || r.Run.Error != "":
		return plumbline.ExitHarness
	case r.Outcome == plumbline.NotProven:
		return plumbline.ExitNotProven
	}
	return plumbline.ExitFit
}

// sentence is the verdict in words, with the reason.
func (t tallies) sentence(r plumbline.Report) string {
	all := t.kept + t.broken + t.unproven
	var s string
	switch {
	case r.Outcome == plumbline.Unfit:
		s = fmt.Sprintf("unfit: %d of %s broken; first: %s", t.broken, plural(all, "claim"), told(t.first[plumbline.Fail]))
	case r.Outcome == plumbline.Fit:
		s = fmt.Sprintf("fit: %d of %s kept", t.kept, plural(all, "claim"))
	case t.unproven > 0:
		first, ok := t.first[plumbline.Error]
		if !ok {
			first = t.first[plumbline.Inconclusive]
		}
		s = fmt.Sprintf("not proven: %d of %s could not be judged; first: %s", t.unproven, plural(all, "claim"), told(first))
	case t.errors > 0:
		s = "not proven: the harness itself failed"
	case r.Incomplete:
		s = fmt.Sprintf("not proven: %d of %s kept so far", t.kept, plural(all, "claim"))
	default:
		s = "not proven: nothing was judged"
	}
	if t.amber > 0 {
		s += fmt.Sprintf("; %s undecided", plural(t.amber, "objective"))
	}
	if n := len(t.mild); n > 0 {
		s += fmt.Sprintf("; broken without failing the run, by severity: %s", first(t.mild, 2))
	}
	return s + t.afterword(r)
}

// told says what a finding is about and why.
func told(f plumbline.Finding) string { return fmt.Sprintf("%s: %s", f.Claim, f.Reason) }

// afterword tells what the reader must know beside the verdict.
func (t tallies) afterword(r plumbline.Report) string {
	var s strings.Builder
	switch {
	case r.Run.Error != "":
		s.WriteString("; the harness gave up: " + r.Run.Error)
	case r.Run.Interrupted:
		s.WriteString("; the run was interrupted")
	case r.Run.Stopped != "":
		s.WriteString("; the run ended itself: " + r.Run.Stopped)
	case !r.Run.Ended:
		s.WriteString("; the journal ends before the run did")
	}
	if len(r.NotRestored) > 0 {
		s.WriteString("; the environment is not restored: " + r.NotRestored[0])
	}
	return s.String()
}

// requestsOf counts what the run cost.
func requestsOf(e *plumbline.Evidence) plumbline.Requests {
	n := plumbline.Requests{OnWires: int64(len(e.Exchanges))}
	for _, o := range e.Observations {
		if o.Error != plumbline.ErrorUnbound && o.Error != plumbline.ErrorPorts {
			n.Sent++
		}
	}
	for _, x := range e.Series {
		if x.Class != string(plumbline.ErrorUnbound) && x.Class != string(plumbline.ErrorPorts) {
			n.Sent += x.Count
		}
	}
	for _, x := range e.Exchanges {
		if x.Fault != "" {
			n.Faulted++
		}
	}
	last := lastOfResources(e)
	n.Created = len(last)
	for _, res := range last {
		if res.Survives {
			n.Survived++
		}
	}
	return n
}

// lastOfResources is the last record of each resource, by its URL.
func lastOfResources(e *plumbline.Evidence) map[string]plumbline.Resource {
	last := map[string]plumbline.Resource{}
	for _, res := range e.Resources {
		last[res.URL] = res
	}
	return last
}

// survivors names what the run created and could not delete.
func survivors(e *plumbline.Evidence) []string {
	last := lastOfResources(e)
	var out []string
	left := 0
	for _, u := range sortedKeys(last) {
		if !last[u].Survives {
			continue
		}
		if left++; left <= exchangeLimit {
			out = append(out, strings.TrimSuffix(fmt.Sprintf("%s was created by %s and survives the run: %s", u, last[u].Operation, last[u].Detail), ": "))
		}
	}
	if left > exchangeLimit {
		out = append(out, fmt.Sprintf("%d more resources survive the run", left-exchangeLimit))
	}
	return out
}
