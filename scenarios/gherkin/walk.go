package gherkin

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// walkWords are the steps that begin flows and their steps.
func walkWords() []Word {
	return []Word{
		{
			Form: `flow "<name>" is walked[, in which "<what>"]`, Example: `flow "orders" is walked, in which "an order is written to and read"`,
			Doc:   "Begins a flow of the phase: its steps follow, and are made once, one after the other. Flows come after the calls.",
			expr:  step(`flow (?P<name>` + quoted + `) is walked(?:, in which (?P<why>` + quoted + `))?`),
			apply: func(b *Builder, g groups, _ Argument) error { return b.addFlow(g) },
		},
		{
			Form: `[<duration> later, ]step "<name>" requests "<operation>"[, case "<id>"][, like "<step>"][, as "<identity>"][, with credentials "<mode>"][, with trace context "<mode>"]` +
				`[, <n> times at once][, once for each answer to "<step>"][, together with its neighbours][, which may be refused][, and has to succeed][, even when the flow has ended]`,
			Example: `5s later, step "again" requests "createOrder", like "first", which may be refused`,
			Doc: "A step of the flow. It sends the seed request of the operation or the case that is named; like an earlier step, it sends what is written there, with a value of its own where that says a new one. " +
				"What has to succeed ends the flow unless it is answered 2xx, or as it has to be. What is sent several times at once is the same, byte for byte. Steps that begin with it or its are about this one.",
			expr:  stepExpr(),
			apply: func(b *Builder, g groups, _ Argument) error { return b.addStep(g) },
		},
	}
}

// The ends of a step that are there or are not.
const (
	together = ", together with its neighbours"
	refused  = ", which may be refused"
	must     = ", and has to succeed"
	cleanup  = ", even when the flow has ended"
)

func stepExpr() *regexp.Regexp {
	return step(`(?:(?P<pause>` + period + `) later, )?step (?P<name>` + quoted + `) requests (?P<operation>` + quoted + `)` + streamCase +
		`(?:, like (?P<like>` + quoted + `))?` + callTail + `(?:, (?P<times>[0-9]+) times at once)?(?:, once for each answer to (?P<each>` + quoted + `))?` +
		`(?P<together>` + together + `)?(?P<refused>` + refused + `)?(?P<must>` + must + `)?(?P<cleanup>` + cleanup + `)?`)
}

func (b *Builder) addFlow(g groups) error {
	return b.inPhase(func(p *plumbline.Phase, err *error) {
		f := plumbline.Flow{Name: g.text("name", err), Why: g.text("why", err)}
		if *err == nil && slices.ContainsFunc(p.Flows, func(o plumbline.Flow) bool { return o.Name == f.Name }) {
			*err = fmt.Errorf("flow %q is described twice", f.Name)
		}
		p.Flows = append(p.Flows, f)
	})
}

func (b *Builder) addStep(g groups) error {
	f, err := b.flow()
	if err != nil {
		return err
	}
	s := plumbline.Step{Call: g.call(&err)}
	s.Pause, s.Copies = g.duration("pause", &err), max(g.integer("times", &err)-1, 0)
	s.Together, s.Must, s.Cleanup = g.at("together") != "", g.at("must") != "", g.at("cleanup") != ""
	s.Each = g.text("each", &err)
	if like := g.text("like", &err); like != "" && err == nil {
		err = b.like(like, &s)
	}
	if _, twice := earlier(*f, s.Name); twice && err == nil {
		err = fmt.Errorf("step %q is described twice", s.Name)
	}
	if s.Each != "" && err == nil {
		err = b.mentions(s.Each)
	}
	f.Steps = append(f.Steps, s)
	if g.at("refused") != "" && err == nil {
		b.own().Kind = plumbline.CaseRobust
	}
	return err
}

// flow returns the flow that is being described.
func (b *Builder) flow() (*plumbline.Flow, error) {
	p, err := b.phase()
	if err != nil {
		return nil, err
	}
	if len(p.Flows) == 0 {
		return nil, fmt.Errorf("say first which flow of phase %q this belongs to", p.Name)
	}
	return &p.Flows[len(p.Flows)-1], nil
}

// inStep changes the step that is being described.
func (b *Builder) inStep(f func(*plumbline.Step, *error)) error {
	flow, err := b.flow()
	if err == nil && len(flow.Steps) == 0 {
		err = fmt.Errorf("say first which step of flow %q this belongs to", flow.Name)
	}
	if err == nil {
		f(&flow.Steps[len(flow.Steps)-1], &err)
	}
	return err
}

// own is the request of the step that is being described, which it has of its
// own from now on: one without a method is that of the case it is named after.
func (b *Builder) own() *plumbline.Case {
	var own *plumbline.Case
	_ = b.inStep(func(s *plumbline.Step, _ *error) {
		if s.Own == nil {
			s.Own = &plumbline.Case{ID: s.Case, Operation: s.Operation}
			s.Case = ""
		}
		own = s.Own
	})
	return own
}

// like gives a step the request of an earlier one.
func (b *Builder) like(name string, s *plumbline.Step) error {
	f, err := b.flow()
	if err != nil {
		return err
	}
	o, ok := earlier(*f, name)
	switch {
	case !ok:
		return fmt.Errorf("no earlier step is called %q", name)
	case o.Operation != s.Operation:
		return fmt.Errorf("step %q requests %q", name, o.Operation)
	case o.Own == nil:
		s.Case = o.Case
		return nil
	}
	own := *o.Own
	own.Kind, own.Binds, own.Unique = plumbline.CaseValid, slices.Clone(own.Binds), slices.Clone(own.Unique)
	s.Own = &own
	return nil
}

// mentions tells what is wrong with the name of an earlier step.
func (b *Builder) mentions(name string) error {
	f, err := b.flow()
	if err != nil {
		return err
	}
	if _, ok := earlier(*f, name); !ok {
		return fmt.Errorf("no earlier step is called %q", name)
	}
	return nil
}

func earlier(f plumbline.Flow, name string) (plumbline.Step, bool) {
	i := slices.IndexFunc(f.Steps, func(s plumbline.Step) bool { return s.Name == name })
	if i < 0 {
		return plumbline.Step{}, false
	}
	return f.Steps[i], true
}

// writeFlow says a flow, line by line. What it has no word for is missing,
// which Render then says.
func writeFlow(f plumbline.Flow) []string {
	out := []string{"flow " + strconv.Quote(f.Name) + " is walked" + clause(", in which ", f.Why)}
	for i, s := range f.Steps {
		like, said := alike(f.Steps[:i], s)
		out = append(out, writeStep(s, like))
		if !said && s.Own != nil {
			out = append(out, writeOwn(*s.Own)...)
		}
		out = append(out, writeAnswer(s)...)
	}
	return out
}

// alike is the first step that sends what this one does, whatever may become of
// it.
func alike(before []plumbline.Step, s plumbline.Step) (string, bool) {
	if s.Own == nil {
		return "", false
	}
	own := *s.Own
	for _, o := range before {
		if o.Own == nil || o.Operation != s.Operation {
			continue
		}
		own.Kind = o.Own.Kind
		if same(own, *o.Own) {
			return o.Name, true
		}
	}
	return "", false
}

func writeStep(s plumbline.Step, like string) string {
	var out strings.Builder
	if s.Pause != 0 {
		out.WriteString(s.Pause.String() + " later, ")
	}
	kase := s.Case
	if s.Own != nil && like == "" {
		kase = s.Own.ID
	}
	fmt.Fprintf(&out, "step %s requests %s", strconv.Quote(s.Name), strconv.Quote(s.Operation))
	out.WriteString(clause(", case ", kase) + clause(", like ", like) + writeCaller(s.Call))
	if s.Copies != 0 {
		fmt.Fprintf(&out, ", %d times at once", s.Copies+1)
	}
	out.WriteString(clause(", once for each answer to ", s.Each))
	for _, end := range []struct {
		is   bool
		said string
	}{{s.Together, together}, {s.Own != nil && s.Own.Kind == plumbline.CaseRobust, refused}, {s.Must, must}, {s.Cleanup, cleanup}} {
		if end.is {
			out.WriteString(end.said)
		}
	}
	return out.String()
}
