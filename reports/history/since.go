package history

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// What a report shows of a history.
const (
	nightsShown = 14
	gridMost    = 40
	trendMost   = 12
)

// Since tells what became of the claims of a report. Runs of other services,
// runs that are to be ignored, later runs and the run itself are left out.
func (h *History) Since(report plumbline.Report) *plumbline.Since {
	past := slices.DeleteFunc(slices.Clone(h.Runs), func(r Run) bool {
		return r.Ignored || r.Service != report.Service || r.ID == report.Run.ID || !r.Began.Before(report.Run.Began)
	})
	now := Summary(report)
	s := &plumbline.Since{Runs: len(past)}
	s.Nights, s.Grid = Grid(append(slices.Clone(past), now), nightsShown)
	s.Grid = s.Grid[:min(len(s.Grid), gridMost)]
	s.Trends = Trends(append(slices.Clone(past), now))
	s.Trends = s.Trends[:min(len(s.Trends), trendMost)]
	s.Flaky = Flaky(append(slices.Clone(past), now))
	if len(past) == 0 {
		return s
	}
	at := len(past) - 1
	for i, r := range slices.Backward(past) {
		if r.Good() {
			at, s.Good = i, true
			break
		}
	}
	against := past[at].Past()
	s.Against = &against
	day := report.Run.Began.UTC().Format("2006-01-02")
	for _, f := range report.Findings {
		t := plumbline.Turn{Claim: f.Claim, Title: f.Title, Outcome: f.Outcome, Was: past[at].Of(f.Claim)}
		if f.Outcome == plumbline.Fail {
			this := now.Past()
			t.First = &this
		}
		if f.Waiver != nil && f.Waiver.Until < day {
			t.Waiver = f.Waiver.Until
		}
		sort(s, f, t, past, at)
	}
	s.Changed = differences(past[at], now)
	h.before(s, past[at], report)
	return s
}

// sort puts a claim under what became of it since the run at that place.
func sort(s *plumbline.Since, f plumbline.Finding, t plumbline.Turn, past []Run, at int) {
	switch {
	case f.Outcome == plumbline.Fail && (f.Gates || f.Severity != "" && f.Because == ""):
		if age(&t, past); t.Age > 1 {
			s.Still = append(s.Still, t)
		} else {
			s.New = append(s.New, t)
		}
	case f.Outcome == plumbline.Pass && failedIn(past[at:], f.Claim):
		s.Fixed = append(s.Fixed, t)
	case f.Gates && t.Was == plumbline.Pass && (f.Outcome == plumbline.Inconclusive || f.Outcome == plumbline.Error):
		s.Lost = append(s.Lost, t)
	}
}

// age counts the runs in a row in which a claim fails, this one included. A
// run that could not judge it is not counted and does not end the row.
func age(t *plumbline.Turn, past []Run) {
	t.Age = 1
	for _, r := range slices.Backward(past) {
		switch r.Of(t.Claim) {
		case plumbline.Fail:
			p := r.Past()
			t.Age, t.First = t.Age+1, &p
		case plumbline.Inconclusive, plumbline.Error:
		default:
			p := r.Past()
			t.After, t.Kept = &p, r.Of(t.Claim) == plumbline.Pass
			return
		}
	}
}

func failedIn(past []Run, claim string) bool {
	return slices.ContainsFunc(past, func(r Run) bool {
		o := r.Of(claim)
		return o == plumbline.Fail || o == plumbline.Waived
	})
}

// differences are what else is not as it was, in a fixed order.
func differences(was, is Run) []plumbline.Difference {
	var out []plumbline.Difference
	names := []string{"revision"}
	for _, name := range slices.Sorted(maps.Keys(merged(was.Facts, is.Facts))) {
		if strings.HasPrefix(name, imageFact) {
			names = append(names, name)
		}
	}
	for _, what := range append(names, "document", "configuration", "plumbline", "runner", "target", "seed") {
		if a, b := was.Facts[what], is.Facts[what]; a != b {
			out = append(out, plumbline.Difference{What: what, Was: cmp.Or(a, "none"), Is: cmp.Or(b, "none")})
		}
	}
	return out
}

func merged(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	if out == nil {
		return b
	}
	maps.Copy(out, b)
	return out
}

// Grid lays the claims that were not kept in one of the last runs beside each
// other, those that fail in the last run first.
func Grid(runs []Run, most int) ([]plumbline.Past, []plumbline.GridRow) {
	runs = runs[max(0, len(runs)-most):]
	nights := make([]plumbline.Past, 0, len(runs))
	claims := map[string]bool{}
	for _, r := range runs {
		nights = append(nights, r.Past())
		for claim, o := range r.outcomes {
			if o != plumbline.Pass && o != plumbline.Skipped {
				claims[claim] = true
			}
		}
	}
	rows := make([]plumbline.GridRow, 0, len(claims))
	for claim := range claims {
		row := plumbline.GridRow{Claim: claim}
		for _, r := range runs {
			row.Outcomes = append(row.Outcomes, r.Of(claim))
		}
		rows = append(rows, row)
	}
	last := func(g plumbline.GridRow) plumbline.Outcome { return g.Outcomes[len(g.Outcomes)-1] }
	slices.SortFunc(rows, func(a, b plumbline.GridRow) int {
		return cmp.Or(plumbline.CompareOutcome(last(a), last(b)), cmp.Compare(a.Claim, b.Claim))
	})
	return nights, rows
}
