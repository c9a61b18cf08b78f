package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"charm.land/lipgloss/v2"

	"github.com/plumbline-dev/plumbline/runners/progress"
)

// A picture is what a terminal shows of a run while it goes on.
type picture struct {
	run         *progress.State
	now         time.Duration // since the run began
	width       int           // columns
	height      int           // lines of the terminal; zero when it is not known
	interrupted bool
}

// How many lines of one kind a picture has at most, and the colours of the
// terminal that it uses.
const (
	pictureMost = 3
	pictureHigh = 16 // lines
	red         = "1"
	green       = "2"
	yellow      = "3"
	grey        = "8"
)

// String draws it. It is always equally high, as what grows at the foot of a
// terminal leaves its head behind; no line is longer than the terminal is wide.
func (p picture) String() string {
	var lines []string
	row := func(label string, texts ...string) {
		for i, t := range texts {
			if i > 0 {
				label = ""
			}
			lines = append(lines, "  "+paint(grey, fmt.Sprintf("%-11s", label))+t)
		}
	}
	lines = append(lines, "", "  "+p.title(), "  "+p.bar())
	row("phase", p.phase()...)
	row("requests", p.requests())
	row("objectives", p.objectives()...)
	row("faults", p.faults()...)
	row("so far", p.found()...)
	high := pictureHigh
	if p.height > 0 {
		high = min(high, max(p.height-1, 4))
	}
	lines = append(lines, make([]string, high)...)[:high-2]
	lines = append(lines, "", "  "+p.hint())
	return lipgloss.NewStyle().MaxWidth(max(p.width, 20)).Render(strings.Join(lines, "\n"))
}

func paint(shade, s string) string {
	return lipgloss.NewStyle().Foreground(lipgloss.Color(shade)).Render(s)
}

// shown is text of the target, without what a terminal takes for commands.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}

func (p picture) title() string {
	name := shown(p.run.Run.Service)
	return lipgloss.NewStyle().Bold(true).Render(name) + paint(grey, " at ") + shown(p.run.Run.Target)
}

// bar shows how much of the plan is done, by time.
func (p picture) bar() string {
	times := clock(p.now)
	left, known := p.run.Left()
	switch n, of := p.run.Step(); {
	case p.interrupted:
		return paint(yellow, "interrupted after "+times)
	case known:
		left = max(0, left-max(0, p.now-p.run.At)) // since the last event
		times += ", about " + clock(left) + " left"
	case n > of && of > 0:
		times += ", beyond the plan: what was found is made sure of"
	}
	const columns = 30
	share := 1.0
	if known {
		share = p.now.Seconds() / max(1, (p.now+left).Seconds())
	}
	done := min(columns, int(share*columns))
	return paint(green, strings.Repeat("━", done)) + paint(grey, strings.Repeat("─", columns-done)) + "  " + times
}

func (p picture) phase() []string {
	n, of := p.run.Step()
	at, goes := p.run.Phase()
	switch {
	case p.interrupted && !goes:
		return []string{"clearing up"}
	case len(p.run.Phases) == 0:
		return []string{"getting ready"}
	case !goes:
		return []string{"between two phases"}
	case n <= of:
		return []string{fmt.Sprintf("%s · %s %s", shown(at.Experiment), shown(at.Name), paint(grey, fmt.Sprintf("(experiment %d of %d)", n, of))), shown(at.Text)}
	}
	return []string{fmt.Sprintf("%s · %s", shown(at.Experiment), shown(at.Name)), shown(at.Text)}
}

func (p picture) requests() string {
	pulse := p.run.Pulse()
	at, _ := p.run.Phase()
	text := fmt.Sprintf("%.4g/s", pulse.Rate)
	if at.Rate > 0 {
		text += fmt.Sprintf(" of %.4g/s", at.Rate)
	}
	if pulse.P99 > 0 {
		text += fmt.Sprintf("   p50 %s  p99 %s", brief(pulse.P50), brief(pulse.P99))
	}
	if pulse.Answers > 0 {
		bad := fmt.Sprintf("%d of %d bad", pulse.Bad, pulse.Answers)
		if pulse.Bad > 0 {
			bad = paint(yellow, bad)
		}
		text += "   " + bad
	}
	return text
}

// objectives are those that the phase is about, the worst first.
func (p picture) objectives() []string {
	all := slices.Clone(p.run.Pulse().Standing)
	slices.SortStableFunc(all, func(a, b progress.Standing) int {
		switch {
		case a.Kept() == b.Kept():
			return 0
		case b.Kept():
			return -1
		}
		return 1
	})
	all, n := all[:min(len(all), pictureMost)], len(all)
	wide := 0
	for _, s := range all {
		wide = max(wide, lipgloss.Width(shown(s.Objective)))
	}
	var out []string
	for _, s := range all {
		out = append(out, standing(s, wide))
	}
	return append(out, more(n)...)
}

// standing is how one objective does so far, its name in so many columns. No sample is weighed here: it is
// no verdict.
func standing(s progress.Standing, wide int) string {
	mark := paint(green, "✓")
	if !s.Kept() {
		mark = paint(yellow, "!")
	}
	text := mark + " " + lipgloss.NewStyle().Width(wide).Render(shown(s.Objective))
	if s.Within == 0 {
		return fmt.Sprintf("%s  %.4g %% good of %.4g %%", text, 100*s.Good, 100*s.Target)
	}
	latency := brief(s.Latency)
	if s.Failed {
		latency = "never"
	}
	return fmt.Sprintf("%s  p%.4g %s of %s", text, 100*s.Target, latency, brief(s.Within))
}

func (p picture) faults() []string {
	var out []string
	for _, f := range p.run.Faults[:min(len(p.run.Faults), pictureMost)] {
		text := shown(f.Text)
		if p.interrupted {
			text += " – being healed"
		}
		out = append(out, paint(red, "⚡")+" "+text)
	}
	return append(out, more(len(p.run.Faults))...)
}

// more says how many there are beyond those that are shown.
func more(n int) []string {
	if n <= pictureMost {
		return nil
	}
	return []string{paint(grey, fmt.Sprintf("and %d more", n-pictureMost))}
}

func (p picture) found() []string {
	j := p.run.Judged
	if j.Kept+j.Broken+j.Unproven == 0 {
		return nil
	}
	out := []string{fmt.Sprintf("%d kept · %d broken · %d unproven, of %d claims", j.Kept, j.Broken, j.Unproven, p.run.Run.Claims)}
	all := p.run.Found()
	for _, f := range all[:min(len(all), pictureMost)] {
		out = append(out, paint(red, "✗")+" "+shown(f.Claim)+paint(grey, "  "+shown(f.Reason)))
	}
	return append(out, more(len(all))...)
}

func (p picture) hint() string {
	if p.interrupted {
		return paint(grey, "ctrl+c once more leaves at once, and clears nothing up")
	}
	return paint(grey, "ctrl+c heals every fault, and writes the report of what was seen")
}

// clock is a time as minutes and seconds.
func clock(d time.Duration) string { return d.Round(time.Second).String() }

// brief is a latency with no more digits than say something.
func brief(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}
