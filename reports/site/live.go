package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/progress"
)

// parts are what the page of a run is made of, in its order. Each is a
// template, so that a browser whose scripts are blocked sees what the others
// do, as it was when it asked.
func parts() []string {
	return []string{"status", "tiles", "faults", "objectives", "chart", "found", "phases"}
}

// A follower follows one run.
type follower struct {
	tail  *progress.Tail
	dir   string
	state progress.State
	heard time.Time
}

// A livePage is what the page of a run shows.
type livePage struct {
	*progress.State
	Name     string
	Reported bool          // the report is there
	Silent   time.Duration // how long nothing was heard of a run that has no verdict; zero: it is under way
}

// look reads what is new, and says whether anything is.
func (f *follower) look() (bool, error) {
	more, err := f.tail.Next(&f.state)
	if err != nil {
		return false, err
	}
	if info, err := os.Stat(filepath.Join(f.dir, progress.File)); err == nil {
		f.heard = info.ModTime()
	}
	return more, nil
}

func (f *follower) page() livePage {
	p := livePage{State: &f.state, Name: filepath.Base(f.dir)}
	if since := time.Since(f.heard); f.state.Verdict == nil && since > quiet {
		p.Silent = since
	}
	_, err := os.Stat(filepath.Join(f.dir, "report.json"))
	p.Reported = err == nil && f.state.Verdict != nil
	return p
}

// over says whether there will be nothing new.
func (p livePage) over() bool { return p.Silent > 0 || p.Verdict != nil && p.Reported }

// Now is the phase that goes on; nil between phases.
func (p livePage) Now() *progress.PhaseState {
	if now, ok := p.Phase(); ok {
		return &now
	}
	return nil
}

// Remaining is how long the plan still takes, in words.
func (p livePage) Remaining() string {
	left, known := p.Left()
	switch {
	case p.Verdict != nil || p.Silent > 0:
		return "–"
	case !known:
		return "unknown"
	case left < time.Second:
		return "moments"
	}
	return left.Round(time.Second).String()
}

// Done is the share of the plan's time that is over, in percent.
func (p livePage) Done() float64 {
	all := time.Duration(0)
	for _, x := range p.Run.Steps {
		all += x.Length
	}
	left, known := p.Left()
	if p.Verdict != nil || !known || all == 0 {
		return 100
	}
	return 100 * (1 - min(1, float64(left)/float64(all)))
}

// Place is the experiment's place in the plan, in words.
func (p livePage) Place() string {
	n, of := p.Step()
	switch {
	case n == 0:
		return fmt.Sprintf("%d experiments are planned", of)
	case n > of:
		return "beyond the plan: what it has found is tried again, or followed up"
	}
	return fmt.Sprintf("experiment %d of %d", n, of)
}

// Latest are the phases so far, the latest first, as many as a page bears.
func (p livePage) Latest() []progress.PhaseState {
	const most = 60
	out := slices.Clone(p.Phases[max(0, len(p.Phases)-most):])
	slices.Reverse(out)
	return out
}

// Window is the last two minutes as the charts of a report are drawn.
func (p livePage) Window() plumbline.Timeline {
	t := plumbline.Timeline{Title: "the last two minutes"}
	if len(p.Pulses) < 2 {
		return t
	}
	began := p.Pulses[0].At
	for i, x := range p.Pulses {
		bad := x.Bad
		if i > 0 && x.Bad >= p.Pulses[i-1].Bad && x.Answers >= p.Pulses[i-1].Answers {
			bad -= p.Pulses[i-1].Bad
		}
		t.Points = append(t.Points, plumbline.Point{
			Second: int(x.At / time.Second), Count: int(x.Rate + 0.5), Bad: int(bad),
			P50: float64(x.P50) / float64(time.Millisecond), P99: float64(x.P99) / float64(time.Millisecond),
		})
	}
	t.Promised = p.promised()
	for _, x := range p.Phases {
		m := plumbline.PhaseMark{Phase: x.Name, Role: x.Role, Began: max(x.Began, began), Ended: x.Ended}
		if m.Ended == 0 {
			m.Ended = p.At
		}
		if m.Ended > m.Began {
			t.Phases = append(t.Phases, m)
		}
	}
	return t
}

// promised are the objectives that are held in the phase that goes on.
func (p livePage) promised() []plumbline.Promised {
	now, ok := p.Phase()
	if !ok {
		return nil
	}
	during := now.Role
	if during != plumbline.RoleFault && during != plumbline.RoleRecovery {
		during = ""
	}
	var out []plumbline.Promised
	for _, o := range p.Pulse().Standing {
		out = append(out, plumbline.Promised{Objective: o.Objective, Target: o.Target, Within: float64(o.Within) / float64(time.Millisecond), During: during})
	}
	return out
}

func (s *Site) live(w http.ResponseWriter, r *http.Request) {
	dir, ok := s.directory(r)
	if !ok {
		s.say(w, http.StatusNotFound, "There is no such run, or nothing of it that can be followed.")
		return
	}
	f := follower{tail: progress.NewTail(filepath.Join(dir, progress.File)), dir: dir}
	p, err := s.caughtUp(&f)
	if err != nil {
		s.say(w, http.StatusInternalServerError, "The run cannot be followed: "+err.Error())
		return
	}
	s.page(w, http.StatusOK, "live", p)
}

// caughtUp reads all that there is.
func (s *Site) caughtUp(f *follower) (livePage, error) {
	for {
		if more, err := f.look(); err != nil || !more {
			return f.page(), err
		}
	}
}

// events sends the parts of the page that have changed, until the run is over,
// the browser is gone, or it has taken nothing for a while. What it does not
// take is not kept for it: it gets the state as it is then.
func (s *Site) events(w http.ResponseWriter, r *http.Request) {
	dir, ok := s.directory(r)
	if !ok {
		s.say(w, http.StatusNotFound, "There is no such run.")
		return
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		s.say(w, http.StatusServiceUnavailable, "Too many browsers follow runs.")
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	f := follower{tail: progress.NewTail(filepath.Join(dir, progress.File)), dir: dir}
	shown := map[string]string{}
	out := stream{w: w, control: http.NewResponseController(w), stall: s.stall}
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for waited := time.Duration(0); ; waited += s.every {
		p, err := s.caughtUp(&f)
		if err != nil || s.changed(out, p, shown) != nil {
			return
		}
		if p.Verdict == nil {
			waited = 0
		}
		if p.over() || waited > s.stall { // there will be no report
			_ = out.send("end", "{}")
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// changed sends what is not as it was shown.
func (s *Site) changed(out stream, p livePage, shown map[string]string) error {
	fresh := map[string]string{}
	for _, name := range parts() {
		var b bytes.Buffer
		if err := s.pages.ExecuteTemplate(&b, "part-"+name, p); err != nil {
			return err
		}
		if text := b.String(); shown[name] != text {
			shown[name], fresh[name] = text, text
		}
	}
	if len(fresh) == 0 {
		return out.send("", "") // finds out whether the browser is still there
	}
	data, err := json.Marshal(fresh)
	if err != nil {
		return err
	}
	return out.send("parts", string(data))
}

// A stream sends events to a browser that may take nothing for a while, and no
// longer.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
}

func (s stream) send(event, data string) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.stall)); err != nil {
		return err
	}
	text := ": still here\n\n"
	if event != "" {
		text = "event: " + event + "\ndata: " + data + "\n\n"
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
