package site

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports"
	"github.com/plumbline-dev/plumbline/reports/history"
)

// nights are how many runs the grid shows, and shownRuns how many the table
// does before it is asked for more.
const (
	nights    = 14
	shownRuns = 30
	trendRuns = 60
)

// pastPage is what the page of the history shows.
type pastPage struct {
	Service  string
	Services []service
	Runs     []history.Run // the latest first, those that are shown
	All      int
	More     int // runs that ?last= has to ask for to see all; zero when all are shown
	Good     *history.Run
	Trend    []history.Run // the oldest first
	Nights   []plumbline.Past
	Broken   []plumbline.GridRow // not kept in one of the nights
	Kept     []plumbline.GridRow
	Latency  []latency
	Going    []liveRun
}

// A service of a history, and whether it is the one that is shown.
type service struct {
	Name  string
	Shown bool
}

// Last is the latest run; the page has one where it has runs at all.
func (p pastPage) Last() history.Run { return p.Runs[0] }

// open reads the history again as far as it has changed.
func (s *Site) open() (*history.History, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := history.Again(s.History, s.known)
	if err == nil {
		s.known = h
	}
	return h, err
}

func (s *Site) history(w http.ResponseWriter, r *http.Request) {
	h, err := s.open()
	if err != nil {
		s.say(w, http.StatusInternalServerError, "The history cannot be read: "+err.Error())
		return
	}
	last, _ := strconv.Atoi(r.FormValue("last"))
	s.page(w, http.StatusOK, "history", s.past(h, r.FormValue("service"), cmp.Or(max(last, 0), shownRuns)))
}

func (s *Site) past(h *history.History, name string, last int) pastPage {
	runs := h.Shown(name)
	p := pastPage{Service: name, All: len(runs), Going: s.going()}
	if len(runs) == 0 {
		return p
	}
	p.Service = runs[0].Service
	seen := map[string]bool{}
	for _, r := range h.Runs {
		if !seen[r.Service] {
			seen[r.Service] = true
			p.Services = append(p.Services, service{r.Service, r.Service == p.Service})
		}
	}
	slices.SortFunc(p.Services, func(a, b service) int { return cmp.Compare(a.Name, b.Name) })
	for i, r := range slices.Backward(runs) {
		if r.Good() {
			p.Good = &runs[i]
			break
		}
	}
	p.Trend = runs[max(0, len(runs)-trendRuns):]
	p.Latency = latencies(p.Trend)
	compared := slices.DeleteFunc(slices.Clone(runs), func(r history.Run) bool { return r.Ignored })
	p.Nights, p.Broken = history.Grid(compared, nights)
	worstFirst(p.Broken)
	p.Kept = kept(h.Claims(), compared[max(0, len(compared)-nights):], p.Broken)
	p.Runs = slices.Clone(runs[max(0, len(runs)-last):])
	slices.Reverse(p.Runs)
	if len(p.Runs) < p.All {
		p.More = p.All
	}
	return p
}

// worstFirst sorts claims: those that are broken in the last run, those that
// are unproven in it, and then those that were most often either.
func worstFirst(rows []plumbline.GridRow) {
	weight := func(g plumbline.GridRow) (now, ever int) {
		for i, o := range g.Outcomes {
			n := map[plumbline.Outcome]int{plumbline.Fail: 100, plumbline.Error: 100, plumbline.Inconclusive: 1}[o]
			if ever += n; i == len(g.Outcomes)-1 {
				now = n
			}
		}
		return now, ever
	}
	slices.SortStableFunc(rows, func(a, b plumbline.GridRow) int {
		nowA, everA := weight(a)
		nowB, everB := weight(b)
		return cmp.Or(cmp.Compare(nowB, nowA), cmp.Compare(everB, everA), cmp.Compare(a.Claim, b.Claim))
	})
}

// kept are the claims of the nights that the grid of the broken ones leaves
// out.
func kept(claims []string, runs []history.Run, broken []plumbline.GridRow) []plumbline.GridRow {
	shown := map[string]bool{}
	for _, row := range broken {
		shown[row.Claim] = true
	}
	var out []plumbline.GridRow
	for _, claim := range claims {
		row := plumbline.GridRow{Claim: claim}
		some := false
		for _, r := range runs {
			o := r.Of(claim)
			row.Outcomes = append(row.Outcomes, o)
			some = some || o == plumbline.Pass
		}
		if some && !shown[claim] {
			out = append(out, row)
		}
	}
	return out
}

// report shows the report of a run of the history, with what the history tells
// of it.
func (s *Site) report(w http.ResponseWriter, r *http.Request) {
	h, err := s.open()
	if err != nil {
		s.say(w, http.StatusInternalServerError, "The history cannot be read: "+err.Error())
		return
	}
	i := slices.IndexFunc(h.Runs, func(x history.Run) bool { return x.ID == r.PathValue("id") })
	if i < 0 {
		s.say(w, http.StatusNotFound, "The history has no such run.")
		return
	}
	s.rendered(w, filepath.Join(s.History, h.Runs[i].File), h)
}

// rendered renders a report. It brings the policy of its own, which names its
// scripts; what that cannot say is said here.
func (s *Site) rendered(w http.ResponseWriter, name string, h *history.History) {
	f, err := os.Open(name) //nolint:gosec // a file of the history, or of a run directory
	if errors.Is(err, fs.ErrNotExist) {
		s.say(w, http.StatusNotFound, "There is no report of this run yet.")
		return
	}
	if err != nil {
		s.say(w, http.StatusInternalServerError, "The report cannot be read: "+err.Error())
		return
	}
	defer func() { _ = f.Close() }()
	report, err := reports.Read(f)
	if err != nil {
		s.say(w, http.StatusInternalServerError, "The report cannot be read: "+err.Error())
		return
	}
	if h != nil && len(h.Runs) > 0 {
		report.Since = h.Since(report)
	}
	var out bytes.Buffer
	if err := reports.HTML(&out, report); err != nil {
		s.say(w, http.StatusInternalServerError, "The report cannot be rendered: "+err.Error())
		return
	}
	w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes())
}
