package history

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// at gives a night its revision, document and configuration.
func at(r plumbline.Report, revision, document, design string) plumbline.Report {
	r.Run.Revision, r.Document.SHA256, r.Run.Design = revision, document, design
	return r
}

func TestFlaky(t *testing.T) {
	t.Parallel()
	const waived, absent = plumbline.Waived, plumbline.Skipped
	same := func(_ int, r plumbline.Report) plumbline.Report { return at(r, "r", "d", "") }
	for _, c := range []struct {
		name     string
		outcomes []plumbline.Outcome
		change   func(n int, r plumbline.Report) plumbline.Report
		flips    int // zero: it is not named
		broken   int
	}{
		{"steady", []plumbline.Outcome{ok, ok, ok, ok}, nil, 0, 0},
		{"broke once and stays so", []plumbline.Outcome{ok, ok, bad, bad}, nil, 0, 0},
		{"broke once and was mended, it is not known by what", []plumbline.Outcome{ok, bad, ok}, nil, 0, 0},
		{"broke once and came back at the same revision", []plumbline.Outcome{ok, bad, ok}, same, 2, 1},
		{"to and fro", []plumbline.Outcome{ok, bad, ok, bad}, nil, 3, 2},
		{"what could not be judged is not counted", []plumbline.Outcome{ok, unsure, bad, absent, ok}, same, 2, 1},
		{"waived is broken", []plumbline.Outcome{ok, waived, ok}, same, 2, 1},
		{"waived and broken are the same", []plumbline.Outcome{bad, waived, bad}, same, 0, 0},
		{"with another document each time", []plumbline.Outcome{ok, bad, ok, bad}, func(n int, r plumbline.Report) plumbline.Report { return at(r, "", fmt.Sprint("d", n), "") }, 0, 0},
		{"with another configuration each time", []plumbline.Outcome{ok, bad, ok, bad}, func(n int, r plumbline.Report) plumbline.Report { return at(r, "", "d", fmt.Sprint("c", n)) }, 0, 0},
		{"with another revision each time", []plumbline.Outcome{ok, bad, ok, bad}, func(n int, r plumbline.Report) plumbline.Report { return at(r, fmt.Sprint("r", n), "d", "") }, 0, 0},
		{"a revision that some runs do not know", []plumbline.Outcome{ok, bad, ok, bad}, func(n int, r plumbline.Report) plumbline.Report {
			return at(r, map[bool]string{true: "r"}[n == 1], "d", "")
		}, 3, 2},
		{"with another image", []plumbline.Outcome{ok, bad, ok}, func(n int, r plumbline.Report) plumbline.Report {
			r.Run.Images = map[string]string{"shop": fmt.Sprint("sha256:", n)}
			return r
		}, 0, 0},
		{"longer ago than is looked back", append([]plumbline.Outcome{ok, bad, ok, bad, ok}, make([]plumbline.Outcome, nightsShown)...), nil, 0, 0},
	} {
		var runs []Run
		for n, o := range c.outcomes {
			if o == "" {
				o = ok
			}
			r := night(n+1, o, ok)
			if c.change != nil {
				r = c.change(n, r)
			}
			runs = append(runs, Summary(r))
		}
		got := Flaky(runs)
		switch {
		case c.flips == 0 && len(got) > 0:
			t.Errorf("%s: %+v", c.name, got)
		case c.flips > 0 && (len(got) != 1 || got[0].Flips != c.flips || got[0].Broken != c.broken || got[0].Claim != "resilience/breaker-opens/payment"):
			t.Errorf("%s: %+v, want %d flips, %d broken", c.name, got, c.flips, c.broken)
		}
	}
}

func TestFlakyIsTold(t *testing.T) {
	t.Parallel()
	h := filled(t, at(night(1, ok, ok), "r", "d", ""), at(night(2, bad, ok), "r", "d", ""), at(night(3, ok, ok), "r", "d", ""))
	if s := h.Since(at(night(4, bad, ok), "r", "d", "")); len(s.Flaky) != 1 || s.Flaky[0].Flips != 3 || s.Flaky[0].Runs != 4 {
		t.Errorf("%+v", s.Flaky)
	}
	var b strings.Builder
	if err := h.Write(&b, View{}); err != nil || !strings.Contains(b.String(), "resilience/breaker-opens/payment: 2 flips in 3 runs, broken in 1 run") {
		t.Errorf("%v\n%s", err, b.String())
	}
	if l := h.List(View{}); len(l.Flaky) != 1 {
		t.Errorf("%+v", l.Flaky)
	}
}

// Where a claim broke is known by revisions: of the last run that kept it, and
// of the first that did not.
func TestFirstBad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		past         []plumbline.Report
		now          plumbline.Report
		first, after string
		kept         bool
	}{
		{"new", []plumbline.Report{at(night(1, ok, ok), "a", "d", "")}, at(night(2, bad, ok), "b", "d", ""), "b", "a", true},
		{"still", []plumbline.Report{at(night(1, ok, ok), "a", "d", ""), at(night(2, bad, ok), "b", "d", "")}, at(night(3, bad, ok), "c", "d", ""), "b", "a", true},
		{"unknown", []plumbline.Report{night(1, ok, ok)}, night(2, bad, ok), "", "", true},
		{"waived before", []plumbline.Report{at(night(1, plumbline.Waived, ok), "a", "d", "")}, at(night(2, bad, ok), "b", "d", ""), "b", "a", false},
	} {
		s := filled(t, c.past...).Since(c.now)
		turns := append(s.New, s.Still...)
		if len(turns) != 1 || turns[0].First == nil || turns[0].First.Revision != c.first || turns[0].After == nil || turns[0].After.Revision != c.after || turns[0].Kept != c.kept {
			t.Errorf("%s: %+v", c.name, turns)
		}
	}
}

// A broken claim of a lower severity is new, too, and a symptom is not.
func TestALowerSeverityIsNotHidden(t *testing.T) {
	t.Parallel()
	now := night(2, bad, bad)
	for i := range now.Findings {
		now.Findings[i].Gates, now.Findings[i].Severity = false, plumbline.SeverityWarn
	}
	if s := filled(t, night(1, ok, ok)).Since(now); len(s.New) != 2 {
		t.Errorf("%+v", s.New)
	}
	now.Findings[0].Because = now.Findings[1].Claim
	if s := filled(t, night(1, ok, ok)).Since(now); len(s.New) != 1 {
		t.Errorf("%+v", s.New)
	}
}
