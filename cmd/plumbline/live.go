package main

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/progress"
)

// A screen shows how a run goes. Those who call it are not the run: they may
// wait for the terminal.
type screen interface {
	event(e progress.Event, s *progress.State)
	interrupted(s *progress.State)
	close()
}

// screen is that of standard error: a picture that moves where it is a
// terminal, and lines everywhere else.
func (a *app) screen(o options) screen {
	ci, _ := a.env("CI")
	kind, _ := a.env("TERM")
	switch {
	case o.quiet:
		return silence{}
	case a.live && !o.plain && (ci == "" || ci == "false") && kind != "dumb":
		return a.moving()
	}
	return &lines{app: a}
}

// follow shows what a watcher sees, until there is no more or nobody can see
// it: a terminal that its user has stopped holds up nothing but itself.
func (a *app) follow(ctx context.Context, o options, w *progress.Watcher) (end func()) {
	done := make(chan struct{})
	on := a.screen(o)
	go func() {
		defer close(done)
		defer on.close()
		var s progress.State
		interrupted := ctx.Done()
		for {
			select {
			case e, open := <-w.Events:
				if !open {
					return
				}
				s.Add(e)
				on.event(e, &s)
			case <-interrupted:
				interrupted = nil
				on.interrupted(&s)
			}
		}
	}()
	return func() {
		select {
		case <-done:
		case <-time.After(2 * time.Second):
		}
	}
}

// silence shows nothing.
type silence struct{}

func (silence) event(progress.Event, *progress.State) {}
func (silence) interrupted(*progress.State)           {}
func (silence) close()                                {}

// lines write one line a phase and, after an interrupt, one for each fault.
type lines struct {
	*app
	ending bool
}

func (l *lines) event(e progress.Event, _ *progress.State) {
	switch {
	case e.Phase != nil:
		l.note("%7.1fs  %s · %s  %s\n", e.At.Seconds(), e.Phase.Experiment, e.Phase.Name, e.Phase.Text)
	case e.Fault != nil && l.ending:
		l.note("%s\n", mended(*e.Fault))
	}
}

func (l *lines) interrupted(s *progress.State) {
	l.ending = true
	l.note("%s\n", breaking(s))
}

func (l *lines) close() {}

// breaking says what an interrupt brings about.
func breaking(s *progress.State) string {
	var faults []string
	for _, f := range s.Faults {
		faults = append(faults, shown(f.Text))
	}
	if len(faults) == 0 {
		return "interrupted: no fault is in force; what the run created is deleted, and the report written"
	}
	return "interrupted: healing " + strings.Join(faults, ", ") + "; then what the run created is deleted, and the report written"
}

// mended says what became of a fault after an interrupt.
func mended(f progress.Fault) string {
	if f.State == progress.FaultFailed {
		return "not healed: " + shown(f.Text) + ": " + shown(f.Detail)
	}
	return string(f.State) + ": " + shown(f.Text)
}

// moving is a picture that is drawn anew twenty times a second at most, when it
// has changed. It reads nothing of the terminal and leaves it as it is, but for
// the cursor; what others write to standard error meanwhile appears above it.
func (a *app) moving() screen {
	before := a.err
	m := &movie{app: a, before: before, began: time.Now(), done: make(chan struct{}), said: make(chan string, 256)}
	m.program = tea.NewProgram(frame{}, tea.WithOutput(before), tea.WithInput(nil), tea.WithoutSignalHandler(), tea.WithFPS(20))
	a.err, a.release = m, m.program.Kill
	go func() {
		defer close(m.done)
		_, _ = m.program.Run()
	}()
	go m.above()
	return m
}

// A movie is a picture that moves.
type movie struct {
	app     *app
	before  io.Writer // what standard error was
	program *tea.Program
	began   time.Time
	ending  bool
	said    chan string // what others write, to appear above
	done    chan struct{}
}

// Write takes what others write to standard error. What there is no room for,
// because the terminal has been stopped, is lost.
func (m *movie) Write(p []byte) (int, error) {
	select {
	case m.said <- strings.TrimSuffix(string(p), "\n"):
	default:
	}
	return len(p), nil
}

func (m *movie) above() {
	for {
		select {
		case text := <-m.said:
			m.program.Println(text)
		case <-m.done:
			return
		}
	}
}

func (m *movie) event(e progress.Event, s *progress.State) {
	if e.Fault != nil && m.ending {
		m.program.Println("  " + mended(*e.Fault))
	}
	now := s.Clone()
	m.program.Send(&now)
}

func (m *movie) interrupted(s *progress.State) {
	m.ending = true
	m.program.Println("  " + breaking(s))
	m.program.Send(interruption{})
}

// close takes the picture away: the report follows.
func (m *movie) close() {
	m.program.Send(curtain{})
	<-m.done
	m.app.err, m.app.release = m.before, nil
	for {
		select {
		case text := <-m.said:
			m.app.note("%s\n", text)
		default:
			return
		}
	}
}

// interruption is the message that the run was interrupted.
type interruption struct{}

// curtain is the message that there is nothing more to see.
type curtain struct{}

// tick is the message that it is time to look at the clock.
type tick struct{}

func ticking() tea.Cmd { return tea.Tick(time.Second, func(time.Time) tea.Msg { return tick{} }) }

// A frame is a picture as the program that draws it wants it.
type frame struct {
	run         *progress.State // nil before the first event
	width       int
	height      int
	interrupted bool
	over        bool
}

// Init begins to look at the clock.
func (f frame) Init() tea.Cmd { return ticking() }

// Update takes in what has happened.
func (f frame) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	switch m := m.(type) {
	case *progress.State:
		f.run = m
	case interruption:
		f.interrupted = true
	case tea.WindowSizeMsg:
		f.width, f.height = m.Width, m.Height
	case tick:
		return f, ticking()
	case curtain:
		f.over = true
		return f, tea.Quit
	}
	return f, nil
}

// View draws the picture. At the end there is none.
func (f frame) View() tea.View {
	if f.run == nil || f.over || f.run.Verdict != nil {
		return tea.NewView("")
	}
	return tea.NewView(picture{run: f.run, now: max(f.run.At, time.Since(f.run.Run.Began)), width: f.width, height: f.height, interrupted: f.interrupted}.String())
}

// abandon is the way out at the second interrupt: the terminal is given back,
// and it is said what may be left.
func (a *app) abandon() int {
	if a.release != nil {
		a.release()
	}
	_, _ = io.WriteString(os.Stderr, "\x1b[?25h\nstopped at once: faults on wires end by themselves within their leases; `plumbline clean RUN` deletes what is left of the run\n")
	return plumbline.ExitInterrupted
}
