package reports

import (
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	register("text", "", func(w io.Writer, r plumbline.Report) error { return Terminal{}.Write(w, r) })
}

// Terminal writes the report for a person at a terminal. The zero value writes
// plain text of 100 columns, fit for the log of a CI job.
type Terminal struct {
	Width   int  // columns; zero means 100
	Colour  bool // ANSI colours
	Verbose bool // every kept and skipped claim, not only their functions
}

// Write writes the report, without the control characters in its texts.
func (t Terminal) Write(w io.Writer, r plumbline.Report) error {
	r, err := harmless(r)
	if err != nil {
		return err
	}
	p := &page{colour: t.Colour, verbose: t.Verbose, width: t.Width}
	if p.width < 40 {
		p.width = 100
	}
	p.verdict(r)
	p.since(r)
	if r.NoBaseline != "" {
		p.wrap("  ", r.NoBaseline)
		p.WriteByte('\n')
	}
	for _, f := range withOutcome(r, plumbline.Fail, plumbline.Error, plumbline.Inconclusive, plumbline.Waived) {
		if !symptom(f) {
			p.finding(f)
		}
	}
	p.kept(r)
	p.capacity(r)
	p.measured(r)
	p.notJudged(r)
	for _, n := range r.Notes {
		p.wrap("  note      ", n)
	}
	_, err = io.WriteString(w, p.String())
	return err
}

type page struct {
	colour, verbose bool
	strings.Builder
	width int
}

// line appends formatted text.
func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.Builder, format, args...) }

func (p *page) paint(shade, s string) string {
	if !p.colour {
		return s
	}
	return lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Color(shade)).Render(s)
}

func shade(o plumbline.Outcome) string {
	switch o {
	case plumbline.Pass:
		return "2"
	case plumbline.Fail, plumbline.Error:
		return "1"
	case plumbline.Skipped:
		return "8"
	default:
		return "3"
	}
}

func (p *page) verdict(r plumbline.Report) {
	c := map[plumbline.Overall]string{plumbline.Fit: "2", plumbline.Unfit: "1"}[r.Outcome]
	if c == "" {
		c = "3"
	}
	p.line("\n  %s  %s at %s\n", p.paint(c, strings.ToUpper(string(r.Outcome))), r.Service, r.Target)
	p.wrap("  ", r.Sentence)
	n := count(r)
	p.wrap("  ", fmt.Sprintf("%d kept · %d broken · %d unproven · %d skipped%s", n[plumbline.Pass], n[plumbline.Fail], n[plumbline.Inconclusive], n[plumbline.Skipped], warnings(n)))
	p.wrap("  ", fmt.Sprintf("%s, %s requests, %s exchanges on the wires (%s with a fault), seed %d",
		seconds(r.Seconds), grouped(r.Requests.Sent), grouped(r.Requests.OnWires), grouped(r.Requests.Faulted), r.Seed))
	p.WriteByte('\n')
	if r.Incomplete {
		p.wrap("  ", "INCOMPLETE: the run ended before its plan; what it did not get to is unproven.")
	}
	for _, n := range r.NotRestored {
		p.wrap("  NOT RESTORED  ", n)
	}
}

// since tells what became of the claims since the last good run.
func (p *page) since(r plumbline.Report) {
	s := r.Since
	switch {
	case s == nil:
		return
	case s.Against == nil:
		p.line("  First run: there is nothing yet to compare with.\n\n")
		return
	}
	p.wrap("  ", fmt.Sprintf("%s (%s, %s): %s", sinceWhat(*s), s.Against.Began.UTC().Format("Mon 2 Jan 15:04"), s.Against.Outcome, sinceCounts(*s)))
	for _, k := range turnKinds(*s) {
		for _, t := range k.turns[:min(len(k.turns), turnMost)] {
			age := turnAge(t)
			if age != "" {
				age = " (" + age + ")"
			}
			p.wrap(fmt.Sprintf("    %-20s ", k.word), t.Claim+age)
		}
	}
	p.wrap("  what changed: ", changed(*s))
	for _, line := range shifted(*s) {
		p.wrap("  shifted: ", line)
	}
	for _, line := range flaky(*s) {
		p.wrap("  flaky: ", line)
	}
	p.WriteByte('\n')
}

func (p *page) finding(f plumbline.Finding) {
	colour := shade(f.Outcome)
	if told(f) != word(f.Outcome) {
		colour = "3"
	}
	p.line("  %s %s\n", p.paint(colour, glyph(f.Outcome)+" "+told(f)), p.paint(colour, f.Claim))
	p.wrap("      claimed   ", f.Statement)
	p.wrap("      observed  ", f.Reason)
	if f.Unit != "" {
		p.wrap("      measured  ", fmt.Sprintf("%s, %s %s, of %s samples", amount(f.Measured, f.Unit), bound(f), amount(f.Allowed, f.Unit), grouped(int64(f.Samples))))
	}
	if f.Repeated != "" {
		p.wrap("      repeated  ", "from a clean state it failed again, "+f.Repeated)
	}
	if f.Source.File != "" {
		p.wrap("      declared  ", place(f.Source))
	}
	if mildly(f) {
		p.wrap("      severity  ", mildness(f))
	}
	for _, x := range f.Evidence[:min(2, len(f.Evidence))] {
		p.wrap("      evidence  ", x.Summary)
		if x.Request != nil && x.Request.Curl != "" {
			p.line("      again     %s\n", x.Request.Curl) // one line, to be copied
		}
	}
	if f.Remedy != "" {
		p.wrap("      remedy    ", f.Remedy)
	}
	p.aftermath(f)
	p.WriteByte('\n')
}

// aftermath tells what else the cause broke, who has to change, and how to see
// it again.
func (p *page) aftermath(f plumbline.Finding) {
	if f.Outcome != plumbline.Fail {
		return
	}
	if n := len(f.Symptoms); n > 0 {
		p.wrap("      also      ", fmt.Sprintf("%s for the same cause: %s", plural(n, "claim"), shortList(f.Symptoms)))
	}
	if f.Wrong != "" {
		p.wrap("      to change ", "likelier the "+f.Wrong)
	}
	if f.Patch != "" {
		p.wrap("      patch     ", "overlay.yaml of the run directory makes the document say so")
	}
	if f.Repeated != "" {
		p.line("      replay    %s\n", f.Replay)
	}
}

// shortList names the first few.
func shortList(s []string) string {
	const most = 4
	text := strings.Join(s[:min(len(s), most)], ", ")
	if len(s) > most {
		text += fmt.Sprintf(" and %d more", len(s)-most)
	}
	return text
}

func (p *page) kept(r plumbline.Report) {
	for _, c := range r.Coverage.Functions {
		if c.Outcome != plumbline.Pass {
			continue
		}
		p.line("  %s %-34s %s\n", p.paint("2", "✓"), c.Function, plural(c.Claims, "claim"))
		if !p.verbose {
			continue
		}
		for _, f := range withOutcome(r, plumbline.Pass) {
			if f.Function == c.Function {
				p.wrap("      ", f.Claim+": "+f.Reason)
			}
		}
	}
	p.WriteByte('\n')
}

func (p *page) measured(r plumbline.Report) {
	for _, q := range r.Quantiles {
		if q.Q != 0.99 && q.Q != 0.5 {
			continue
		}
		between := amount(q.Low, "ms") + " to " + amount(q.High, "ms")
		if q.High == 0 {
			between = "at least " + amount(q.Low, "ms")
		}
		p.wrap(fmt.Sprintf("  p%g %-*s ", q.Q*100, min(28, p.width/3), q.Operation), fmt.Sprintf("%s (%s), n=%s", amount(q.Value, "ms"), between, grouped(q.Samples)))
	}
	p.flows(r)
	covered := fmt.Sprintf("%d of %d operations answered 2xx", r.Coverage.Exercised, r.Coverage.Declared)
	if held, tried := constraints(r.Coverage.Operations...); tried > 0 {
		covered += fmt.Sprintf("; breaking %d of %d constraints on their input was refused", held, tried)
	}
	seen, fields := 0, 0
	for _, o := range r.Coverage.Operations {
		seen, fields = seen+o.FieldsSeen, fields+o.Fields
	}
	if fields > 0 {
		covered += fmt.Sprintf("; %d of %d documented fields were seen", seen, fields)
	}
	p.wrap("  ", covered)
	p.WriteByte('\n')
}

func (p *page) notJudged(r plumbline.Report) {
	functions := map[string][]string{} // by why not
	var order []string
	for _, c := range r.Coverage.Functions {
		if c.Outcome != plumbline.Skipped {
			continue
		}
		why := c.Reason
		if c.Unlock != "" {
			why += " — unlock with " + c.Unlock
		}
		if functions[why] == nil {
			order = append(order, why)
		}
		functions[why] = append(functions[why], c.Function)
	}
	if len(order) > 0 {
		p.line("  Not judged:\n")
	}
	for _, why := range order {
		p.wrap("  · ", strings.Join(functions[why], ", ")+": "+why)
	}
}

// wrap writes text behind a label and folds it at the width, its further
// lines aligned with the first.
func (p *page) wrap(label, text string) {
	indent := strings.Repeat(" ", len([]rune(label)))
	line := label
	empty := true
	for _, w := range strings.Fields(text) {
		if !empty && len([]rune(line))+1+len([]rune(w)) > p.width {
			p.WriteString(line + "\n")
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += w
		empty = false
	}
	p.WriteString(strings.TrimRight(line, " ") + "\n")
}
