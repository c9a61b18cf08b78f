package gherkin

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A Builder takes the steps of one scenario, in order, and yields the
// experiment that they describe. It does not run anything.
type Builder struct {
	x     plumbline.Experiment
	vocab []Word
}

// NewBuilder returns a builder of an empty experiment.
func NewBuilder() *Builder {
	return &Builder{x: plumbline.Experiment{Kind: plumbline.KindScenario}, vocab: Vocabulary()}
}

// Step takes one step, without its keyword, and what stands below it. An
// unknown step is an error that quotes it.
func (b *Builder) Step(text string, below Argument) error {
	for _, w := range b.vocab {
		m := w.expr.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		err := w.check(text, below)
		if err == nil {
			err = w.apply(b, groups{w.expr.SubexpNames(), m}, below)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		return nil
	}
	return fmt.Errorf("unknown step %q", text)
}

// Experiment returns what was built. The title is the scenario's name; it
// serves as ID when no step gave one.
func (b *Builder) Experiment(title string) (plumbline.Experiment, error) {
	x := b.x
	x.Title = title
	if x.ID == "" {
		x.ID = strings.Join(strings.Fields(strings.ToLower(title)), "-")
	}
	if len(x.Phases) == 0 {
		return x, errors.New("the scenario has no phase")
	}
	return x, nil
}

// phase returns the phase that is being described.
func (b *Builder) phase() (*plumbline.Phase, error) {
	if len(b.x.Phases) == 0 {
		return nil, errors.New("say first which phase this belongs to")
	}
	return &b.x.Phases[len(b.x.Phases)-1], nil
}

func (b *Builder) addPhase(g groups) error {
	p := plumbline.Phase{Role: plumbline.Role(g.at("role"))}
	var err error
	p.Name = g.text("name", &err)
	p.Duration = g.duration("for", &err)
	if err != nil {
		return err
	}
	if _, dup := b.x.Phase(p.Name); dup {
		return fmt.Errorf("phase %q is described twice", p.Name)
	}
	b.x.Phases = append(b.x.Phases, p)
	return nil
}

func (b *Builder) addStream(g groups, table [][]string) error {
	p, err := b.phase()
	if err != nil {
		return err
	}
	s := plumbline.Stream{Arrivals: plumbline.Arrivals(g.at("arrivals")), Detail: g.at("detail") != ""}
	s.Name = g.text("name", &err)
	s.Operation = g.text("operation", &err)
	s.Case = g.text("case", &err)
	if g.at("leave") != "" {
		s.Patience = &plumbline.Patience{Timeout: g.duration("leave", &err)}
	}
	if g.at("flow") != "" {
		s.Operation, s.Flow, s.Hasty = plumbline.FlowPrefix+g.text("flow", &err), g.texts("calls", &err), g.at("hasty") != ""
	}
	if table != nil {
		s.Stages, err = stages(table, err)
	} else {
		rate := g.number("rate", &err)
		d := p.Duration
		if g.at("for") != "" {
			d = g.duration("for", &err)
		}
		s.Stages = []plumbline.Stage{{From: rate, To: rate, Duration: d}}
	}
	if err == nil && slices.ContainsFunc(p.Streams, func(o plumbline.Stream) bool { return o.Name == s.Name }) {
		err = fmt.Errorf("stream %q is described twice", s.Name)
	}
	p.Streams = append(p.Streams, s)
	return err
}

func stages(table [][]string, err error) ([]plumbline.Stage, error) {
	if err != nil {
		return nil, err
	}
	if len(table) < 2 || !slices.Equal(table[0], []string{"from", "to", "for"}) {
		return nil, errors.New("the table needs the columns from, to and for, and a row at least")
	}
	var out []plumbline.Stage
	for _, r := range table[1:] {
		from, err1 := strconv.ParseFloat(r[0], 64)
		to, err2 := strconv.ParseFloat(r[1], 64)
		d, err3 := time.ParseDuration(r[2])
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		if from < 0 || to < 0 || d < 0 {
			return nil, errors.New("rates and durations are not negative")
		}
		out = append(out, plumbline.Stage{From: from, To: to, Duration: d})
	}
	return out, nil
}

func (b *Builder) addCall(g groups) error {
	p, err := b.phase()
	if err != nil {
		return err
	}
	c := g.call(&err)
	c.Repeat = g.integer("times", &err)
	p.Calls = append(p.Calls, c)
	return err
}

func (g groups) call(err *error) plumbline.Call {
	return plumbline.Call{
		Name: g.text("name", err), Operation: g.text("operation", err), Case: g.text("case", err),
		Identity: g.text("identity", err), Auth: g.text("auth", err), Trace: g.text("trace", err),
	}
}

// texts are the quoted texts of a group that has several.
func (g groups) texts(name string, err *error) []string {
	var out []string
	for _, q := range quotedExpr().FindAllString(g.at(name), -1) {
		s, uerr := strconv.Unquote(q)
		*err = errors.Join(*err, uerr)
		out = append(out, s)
	}
	return out
}

func (b *Builder) addFault(kind plumbline.FaultKind, g groups) error {
	p, err := b.phase()
	if err != nil {
		return err
	}
	f := plumbline.Fault{Kind: kind}
	f.Dependency = g.text("dependency", &err)
	f.Status = g.integer("status", &err)
	f.RetryAfter = g.duration("after", &err)
	f.Latency = g.duration("latency", &err)
	f.Jitter = g.duration("jitter", &err)
	f.Bytes = int64(g.integer("bytes", &err))
	f.CPUs = g.number("cpus", &err)
	f.Instances = g.integer("instances", &err)
	f.After = g.duration("later", &err)
	f.Toxicity = g.number("toxicity", &err)
	f.First = g.integer("first", &err)
	f.Method = g.at("method")
	f.Path = g.text("path", &err)
	if g.at("all") != "" {
		f.Scope = plumbline.ScopeAll
	} else if g.at("run") != "" {
		f.Scope = plumbline.ScopeRun
	}
	f.Streams = g.texts("streams", &err)
	p.Faults = append(p.Faults, f)
	return err
}
