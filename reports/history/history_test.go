package history

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// night is a run of the n-th night with the outcomes of two claims.
func night(n int, breaker, bola plumbline.Outcome) plumbline.Report {
	r := plumbline.Report{
		Schema: plumbline.ReportSchema, Service: "shop", Outcome: plumbline.Fit, Document: plumbline.Document{Version: "1.0.0", SHA256: "f4eed46188"},
		Run:       plumbline.Run{ID: fmt.Sprintf("%012x", n), Began: time.Date(2026, 11, 1, 2, 0, 0, 0, time.UTC).AddDate(0, 0, n), Tool: "0.1.0"},
		Quantiles: []plumbline.Quantile{{Operation: "createOrder", Q: 0.99, Value: float64(10 + n)}},
	}
	for claim, o := range map[string]plumbline.Outcome{"resilience/breaker-opens/payment": breaker, "auth/bola/getOrder": bola} {
		f := plumbline.Finding{Claim: claim, Title: "title of " + claim, Outcome: o, Gates: o != plumbline.Waived, Evidence: []plumbline.Exhibit{}}
		switch {
		case o == plumbline.Fail:
			r.Outcome = plumbline.Unfit
		case o == plumbline.Inconclusive && r.Outcome == plumbline.Fit:
			r.Outcome = plumbline.NotProven
		}
		r.Findings = append(r.Findings, f)
	}
	return r
}

func filled(t *testing.T, nights ...plumbline.Report) *History {
	t.Helper()
	h, err := Open(filepath.Join(t.TempDir(), "history"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range nights {
		if err := h.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func claims(turns []plumbline.Turn) []string {
	var out []string
	for _, t := range turns {
		out = append(out, fmt.Sprintf("%s %d", t.Claim, t.Age))
	}
	return out
}

const ok, bad, unsure = plumbline.Pass, plumbline.Fail, plumbline.Inconclusive

func TestSince(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                     string
		past                     []plumbline.Report
		now                      plumbline.Report
		against                  int
		news, still, fixed, lost []string
	}{
		{"the first run", nil, night(1, bad, ok), -1, nil, nil, nil, nil},
		{"one new failure", []plumbline.Report{night(1, ok, ok)}, night(2, bad, ok), 1, []string{"resilience/breaker-opens/payment 1"}, nil, nil, nil},
		{"still failing, with its age", []plumbline.Report{night(1, ok, ok), night(2, bad, ok), night(3, unsure, ok)}, night(4, bad, ok), 1, nil, []string{"resilience/breaker-opens/payment 2"}, nil, nil},
		{"one fixed", []plumbline.Report{night(1, ok, ok), night(2, bad, ok)}, night(3, ok, ok), 1, nil, nil, []string{"resilience/breaker-opens/payment 0"}, nil},
		{"no longer proved", []plumbline.Report{night(1, ok, ok)}, night(2, ok, unsure), 1, nil, nil, nil, []string{"auth/bola/getOrder 0"}},
		{"a waiver has run out", []plumbline.Report{night(1, plumbline.Waived, ok)}, night(2, bad, ok), 1, []string{"resilience/breaker-opens/payment 1"}, nil, nil, nil},
		{"none was good", []plumbline.Report{night(1, bad, bad), night(2, bad, ok)}, night(3, bad, ok), 2, nil, []string{"resilience/breaker-opens/payment 3"}, nil, nil},
	} {
		s := filled(t, c.past...).Since(c.now)
		for what, d := range map[string]string{
			"new": cmp.Diff(c.news, claims(s.New)), "still": cmp.Diff(c.still, claims(s.Still)), "fixed": cmp.Diff(c.fixed, claims(s.Fixed)), "lost": cmp.Diff(c.lost, claims(s.Lost)),
		} {
			if c.against >= 0 && d != "" {
				t.Errorf("%s: %s\n%s", c.name, what, d)
			}
		}
		if (s.Against == nil) != (c.against < 0) || s.Against != nil && s.Against.Run != fmt.Sprintf("%012x", c.against) {
			t.Errorf("%s: compared with %+v, want run %d", c.name, s.Against, c.against)
		}
		if len(s.Nights) != len(c.past)+1 {
			t.Errorf("%s: %d nights", c.name, len(s.Nights))
		}
	}
}

func TestWaiverThatRanOutIsTold(t *testing.T) {
	t.Parallel()
	now := night(20, bad, ok)
	for i := range now.Findings {
		if now.Findings[i].Outcome == bad {
			now.Findings[i].Waiver = &plumbline.Waiver{Claim: now.Findings[i].Claim, Until: "2026-11-20"}
		}
	}
	s := filled(t, night(1, ok, ok), night(19, plumbline.Waived, ok)).Since(now)
	if len(s.New) != 1 || s.New[0].Waiver != "2026-11-20" || s.New[0].Age != 1 {
		t.Errorf("%+v", s.New)
	}
}

func TestNotesDecideWhatIsGood(t *testing.T) {
	t.Parallel()
	h := filled(t, night(1, ok, ok), night(2, bad, ok), night(3, ok, ok))
	against := func() string { return h.Since(night(4, ok, ok)).Against.Run }
	if got := against(); got != "000000000003" {
		t.Errorf("against %s", got)
	}
	say := func(id string, change func(*Note)) {
		t.Helper()
		if err := h.Say(id, change); err != nil {
			t.Fatal(err)
		}
	}
	say("000000000003", func(n *Note) { n.Ignored = true })
	if got := against(); got != "000000000001" {
		t.Errorf("with the third ignored against %s", got)
	}
	say("000000000002", func(n *Note) { n.Promoted, n.Text = true, "known and accepted" })
	s := h.Since(night(4, ok, ok))
	if s.Against.Run != "000000000002" || !s.Good || s.Against.Note != "known and accepted" || len(s.Fixed) != 1 {
		t.Errorf("with the second promoted %+v", s)
	}
	again, err := Open(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(h.Since(night(4, ok, ok)), again.Since(night(4, ok, ok))); d != "" {
		t.Errorf("the folder tells another story than what wrote it:\n%s", d)
	}
}

func TestTheReportsAreTheTruth(t *testing.T) {
	t.Parallel()
	h := filled(t, night(1, ok, ok), night(2, bad, ok))
	want := h.Since(night(3, bad, ok))
	for name, spoil := range map[string]func() error{
		"without an index":     func() error { return os.Remove(filepath.Join(h.dir, indexFile)) },
		"with a broken index":  func() error { return os.WriteFile(filepath.Join(h.dir, indexFile), []byte("{"), 0o600) },
		"with foreign files":   func() error { return os.WriteFile(filepath.Join(h.dir, "package.json"), []byte(`{"a":1}`), 0o600) },
		"with a run directory": func() error { return os.MkdirAll(filepath.Join(h.dir, "empty"), 0o750) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		again, err := Open(h.dir)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if d := cmp.Diff(want, again.Since(night(3, bad, ok))); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

func TestDifferencesAndFind(t *testing.T) {
	t.Parallel()
	h := filled(t, night(1, ok, ok))
	now := night(2, ok, ok)
	now.Document.Version, now.Run.Tool, now.Run.Revision = "1.1.0", "0.2.0", "abc"
	got := h.Since(now).Changed
	want := []plumbline.Difference{{What: "revision", Was: "none", Is: "abc"}, {What: "document", Was: "1.0.0 f4eed461", Is: "1.1.0 f4eed461"}, {What: "plumbline", Was: "0.1.0", Is: "0.2.0"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if r, err := h.Find("last"); err != nil || r.ID != "000000000001" {
		t.Errorf("%v %v", r.ID, err)
	}
	if _, err := h.Find("ff"); err == nil {
		t.Error("found what is not there")
	}
}

// What is deployed is among what may have changed, and the last good run is
// behind the charts, at the seconds of this run.
func TestImagesAndLoadAreComparedWithTheLastGoodRun(t *testing.T) {
	t.Parallel()
	loaded := func(n int, digest string, began time.Duration, p99 float64) plumbline.Report {
		r := night(n, ok, ok)
		r.Run.Images, r.Run.Revision = map[string]string{"shop": "sha256:" + digest, "store": "sha256:0011223344"}, digest[:4]
		at := int(began / time.Second)
		r.Timeline = []plumbline.Timeline{{
			Experiment: "load/target", Phases: []plumbline.PhaseMark{{Phase: "steady", Began: began, Ended: began + 3*time.Second}},
			Points: []plumbline.Point{{Second: at, Count: 10, P99: p99}, {Second: at + 1, Count: 10, P99: p99}, {Second: at + 2, Count: 10, P99: p99}, {Second: at + 9, Count: 1, P99: 1}},
		}}
		return r
	}
	good, now := loaded(1, "aaaa111122223333", 50*time.Second, 20), loaded(2, "bbbb111122223333", 20*time.Second, 30)
	s := filled(t, good).Since(now)
	want := []plumbline.Difference{{What: "revision", Was: "aaaa", Is: "bbbb"}, {What: "image shop", Was: "aaaa1111", Is: "bbbb1111"}}
	if d := cmp.Diff(want, s.Changed); d != "" {
		t.Error(d)
	}
	if len(s.Before) != 1 || len(s.Before[0].Points) != 3 || s.Before[0].Points[0].Second != 20 || s.Before[0].Points[2].P99 != 20 {
		t.Errorf("%+v", s.Before)
	}
}

func TestShiftsAreToldWithWhatChanged(t *testing.T) {
	t.Parallel()
	var past []plumbline.Report
	for n := range 24 {
		r := night(n, ok, ok)
		r.Quantiles[0].Value = 10 + float64(n%3)/10
		if n >= 12 {
			r.Quantiles[0].Value, r.Run.Revision = 14+float64(n%3)/10, "e5f6"
		}
		past = append(past, r)
	}
	h := filled(t, past...)
	var out strings.Builder
	if err := h.Write(&out, View{}); err != nil {
		t.Fatal(err)
	}
	if want := "p99 of createOrder: 10.1 → 14.1 ms (+40 %) since 13 Nov: revision none → e5f6"; !strings.Contains(out.String(), want) {
		t.Errorf("the history lacks %q:\n%s", want, out.String())
	}
	if l := h.List(View{}); len(l.Trends) != 1 || len(l.Trends[0].Shifts) != 1 || l.Trends[0].Shifts[0].At != 12 {
		t.Errorf("%+v", l.Trends)
	}
	if s := h.Since(night(24, ok, ok)); len(s.Trends) != 1 || len(s.Trends[0].Values) != 25 {
		t.Errorf("%+v", s.Trends)
	}
}
