package gherkin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A Feature is what one feature file holds.
type Feature struct {
	Name        string
	Comment     []string // lines above it, without the hash
	Experiments []plumbline.Experiment
}

// Render writes a feature. It fails, rather than write something else, when an
// experiment cannot be read back as it is.
func Render(w io.Writer, f Feature) error {
	var out bytes.Buffer
	for _, c := range f.Comment {
		fmt.Fprintf(&out, "# %s\n", c)
	}
	fmt.Fprintf(&out, "Feature: %s\n", f.Name)
	for _, x := range f.Experiments {
		out.WriteByte('\n')
		if err := render(&out, x); err != nil {
			return fmt.Errorf("render %s: %w", x.ID, err)
		}
	}
	if err := readsBack(out.Bytes(), f); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

func readsBack(text []byte, f Feature) error {
	got, err := Parse("generated", bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("render %s: %w", f.Name, err)
	}
	if len(got) != len(f.Experiments) {
		return fmt.Errorf("render %s: %d scenarios became %d", f.Name, len(f.Experiments), len(got))
	}
	for i, x := range f.Experiments {
		if !same(got[i].Experiment, x) {
			return fmt.Errorf("render %s: the scenario does not say all of the experiment", x.ID)
		}
	}
	return nil
}

// same tells whether two values are the same in a plan, which is data: what is
// nil and what is empty are one there, and numbers have no type.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func render(out *bytes.Buffer, x plumbline.Experiment) error {
	fmt.Fprintf(out, "  Scenario: %s\n    Given the experiment %s\n", x.Title, strconv.Quote(x.ID))
	for _, p := range x.Phases {
		out.WriteString("    When the " + string(p.Role) + " phase " + strconv.Quote(p.Name))
		if p.Duration != 0 {
			out.WriteString(" lasts " + p.Duration.String())
		}
		out.WriteByte('\n')
		if err := renderPhase(out, p); err != nil {
			return err
		}
	}
	for i, c := range x.Claims {
		fmt.Fprintf(out, "    %s the claim %s is judged\n", []string{"Then", "And"}[min(i, 1)], strconv.Quote(c))
	}
	return nil
}

func renderPhase(out *bytes.Buffer, p plumbline.Phase) error {
	if s := p.Serial; s != nil {
		fmt.Fprintf(out, "    And the calls are told by time on the wire to %s, idle for %s before each\n", strconv.Quote(s.Wire), s.Idle)
	}
	for _, f := range p.Faults {
		s, err := writeFault(f)
		if err != nil {
			return err
		}
		out.WriteString("    And " + s + "\n")
	}
	for _, c := range p.Calls {
		out.WriteString("    And " + writeCall(c) + "\n")
	}
	for _, f := range p.Flows {
		for _, line := range writeFlow(f) {
			out.WriteString(belowPhase(line))
		}
	}
	for _, s := range p.Streams {
		out.WriteString("    And " + writeStream(s, p) + "\n")
	}
	for _, f := range p.Pacts {
		fmt.Fprintf(out, "    And the pacts %s are verified\n", strconv.Quote(f))
	}
	for _, c := range p.Checks {
		fmt.Fprintf(out, "    And the self-check %s is made\n", strconv.Quote(c))
	}
	return nil
}

func writeCall(c plumbline.Call) string {
	s := fmt.Sprintf("call %s requests %s", strconv.Quote(c.Name), strconv.Quote(c.Operation))
	s += clause(", case ", c.Case)
	if c.Repeat != 0 {
		s += fmt.Sprintf(", %d times", c.Repeat)
	}
	return s + writeCaller(c)
}

// writeCaller says who makes a call.
func writeCaller(c plumbline.Call) string {
	return clause(", as ", c.Identity) + clause(", with credentials ", c.Auth) + clause(", with trace context ", c.Trace)
}

// belowPhase is a line of a flow: a step, or a line of the text below one.
func belowPhase(line string) string {
	switch {
	case line == "":
		return "\n"
	case strings.HasPrefix(line, "  "):
		return "    " + line + "\n"
	}
	return "    And " + line + "\n"
}

func writeStream(s plumbline.Stream, p plumbline.Phase) string {
	tail := ""
	if s.Arrivals != "" {
		tail = ", with " + string(s.Arrivals) + " arrivals"
	}
	if s.Detail {
		tail += ", each recorded"
	}
	if s.Patience != nil { // one that tries again cannot be told, which Render then says
		tail += ", whose clients leave after " + s.Patience.Timeout.String()
	}
	name, op := strconv.Quote(s.Name), strconv.Quote(s.Operation)
	sends, several := "sends %s requests per second of %s", "sends requests of %s"
	if flow, ok := strings.CutPrefix(s.Operation, plumbline.FlowPrefix); ok && len(s.Flow) > 0 {
		op, sends, several = strconv.Quote(flow)+called(s), "begins %s flows per second of %s", "begins flows of %s"
	}
	if len(s.Stages) == 1 && s.Stages[0].From == s.Stages[0].To {
		g := s.Stages[0]
		during := ""
		if g.Duration != p.Duration {
			during = ", for " + g.Duration.String()
		}
		return fmt.Sprintf("stream %s "+sends+"%s%s%s", name, float(g.From), op, clause(", case ", s.Case), during, tail)
	}
	var t strings.Builder
	fmt.Fprintf(&t, "stream %s "+several+"%s%s at these rates:\n      | from | to | for |", name, op, clause(", case ", s.Case), tail)
	for _, g := range s.Stages {
		fmt.Fprintf(&t, "\n      | %s | %s | %s |", float(g.From), float(g.To), g.Duration)
	}
	return t.String()
}

// called says which operations the steps of a flow call, and whether its users
// think.
func called(s plumbline.Stream) string {
	var quoted []string
	for _, id := range s.Flow {
		quoted = append(quoted, strconv.Quote(id))
	}
	text := ", which calls " + strings.Join(quoted, " and ")
	if s.Hasty {
		text += ", by users who do not think"
	}
	return text
}

func clause(word, value string) string {
	if value == "" {
		return ""
	}
	return word + strconv.Quote(value)
}

func float(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
