// Package profile writes load experiments down as YAML profiles and reads
// them back: Parse(Render(x)) == x. A profile is made for people to edit; the
// rate of a stream that does not change is one number.
package profile

import (
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/plumbline-dev/plumbline"
)

// file is the wire form of an experiment.
type file struct {
	Experiment string   `yaml:"experiment"`
	Title      string   `yaml:"title,omitempty"`
	Claims     []string `yaml:"claims,omitempty,flow"`
	Phases     []phase  `yaml:"phases"`
}

type phase struct {
	Name     string   `yaml:"name"`
	Role     string   `yaml:"role"`
	Duration string   `yaml:"duration"`
	Streams  []stream `yaml:"streams"`
	Stop     *stop    `yaml:"stop,omitempty"`
}

// stop ends a phase early when too much of it is bad.
type stop struct {
	Share  float64 `yaml:"share"`  // of the answers within the window
	Least  int     `yaml:"least"`  // answers
	Window string  `yaml:"window"` // that ends with each answer
	Within string  `yaml:"within,omitempty"`
}

// patience is how clients give up and try again.
type patience struct {
	Timeout  string `yaml:"timeout,omitempty"`
	Attempts int    `yaml:"attempts,omitempty"`
	Pause    string `yaml:"pause,omitempty"`
}

type stream struct {
	Name      string   `yaml:"name"`
	Operation string   `yaml:"operation"`           // or flow:NAME
	Flow      []string `yaml:"flow,omitempty,flow"` // operations that the steps of that flow call
	Hasty     bool     `yaml:"hasty,omitempty"`     // its users do not think
	Case      string   `yaml:"case,omitempty"`
	Rate      float64  `yaml:"rate,omitempty"` // requests, or flows, a second, all through the phase
	Stages    []stage  `yaml:"stages,omitempty"`
	Arrivals  string   `yaml:"arrivals,omitempty"`
	Detail    bool     `yaml:"detail,omitempty"`

	Patience *patience `yaml:"patience,omitempty"`
}

type stage struct {
	From float64 `yaml:"from"`
	To   float64 `yaml:"to"`
	For  string  `yaml:"for"`
}

// Render writes a load experiment as a profile. It fails when the experiment
// has faults, calls or other things that a profile has no place for.
func Render(w io.Writer, x plumbline.Experiment) error {
	f := file{Experiment: x.ID, Title: x.Title, Claims: x.Claims}
	for _, p := range x.Phases {
		q := phase{Name: p.Name, Role: string(p.Role), Duration: p.Duration.String()}
		for _, s := range p.Streams {
			q.Streams = append(q.Streams, written(s, p))
		}
		q.Stop = stopped(p.Stop)
		f.Phases = append(f.Phases, q)
	}
	out, err := yaml.MarshalWithOptions(f, yaml.IndentSequence(true))
	if err != nil {
		return fmt.Errorf("render %s: %w", x.ID, err)
	}
	back, err := Parse(x.ID, out)
	if err != nil {
		return err
	}
	if len(x.Claims) == 0 { // no claims are not written
		x.Claims = nil
	}
	if !reflect.DeepEqual(back, x) {
		return fmt.Errorf("render %s: the profile does not say all of the experiment", x.ID)
	}
	_, err = fmt.Fprintf(w, "# A load profile of plumbline: rates are requests per second and arrive on their own schedule (open workload).\n%s%s", flows(x), out)
	return err
}

// flows says what the rates of flows are of, where there are any.
func flows(x plumbline.Experiment) string {
	for _, p := range x.Phases {
		for _, s := range p.Streams {
			if len(s.Flow) > 0 {
				return "# A stream of a flow begins so many flows per second, each of which sends one request for each of its steps.\n"
			}
		}
	}
	return ""
}

func written(s plumbline.Stream, p plumbline.Phase) stream {
	q := stream{Name: s.Name, Operation: s.Operation, Flow: s.Flow, Hasty: s.Hasty, Case: s.Case, Arrivals: string(s.Arrivals), Detail: s.Detail, Patience: patient(s.Patience)}
	if len(s.Stages) == 1 && s.Stages[0] == (plumbline.Stage{From: s.Stages[0].From, To: s.Stages[0].From, Duration: p.Duration}) && s.Stages[0].From > 0 {
		q.Rate = s.Stages[0].From
		return q
	}
	for _, g := range s.Stages {
		q.Stages = append(q.Stages, stage{g.From, g.To, g.Duration.String()})
	}
	return q
}

// Parse reads a profile. Errors name the file and, for YAML mistakes and
// unknown keys, show the line.
func Parse(name string, data []byte) (plumbline.Experiment, error) {
	var f file
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		return plumbline.Experiment{}, fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, true))
	}
	x := plumbline.Experiment{ID: f.Experiment, Title: f.Title, Kind: plumbline.KindLoad, Claims: f.Claims}
	if x.ID == "" || len(f.Phases) == 0 {
		return x, fmt.Errorf("%s: a profile needs an experiment name and at least one phase", name)
	}
	for _, p := range f.Phases {
		q, err := p.read()
		if err != nil {
			return x, fmt.Errorf("%s: phase %q: %w", name, p.Name, err)
		}
		x.Phases = append(x.Phases, q)
	}
	return x, nil
}

// right finds what no stream can be.
func (s stream) right() error {
	switch {
	case len(s.Flow) > 0 && !plumbline.IsFlow(s.Operation):
		return fmt.Errorf("stream %q has the steps of a flow, and its operation is none: write operation: flow:NAME", s.Name)
	case s.Rate < 0 || (s.Rate > 0) == (len(s.Stages) > 0):
		return fmt.Errorf("stream %q needs either a rate above zero or stages", s.Name)
	}
	return nil
}

func (p phase) read() (plumbline.Phase, error) {
	d, err := time.ParseDuration(p.Duration)
	if err != nil {
		return plumbline.Phase{}, err
	}
	out := plumbline.Phase{Name: p.Name, Role: plumbline.Role(p.Role), Duration: d}
	for _, s := range p.Streams {
		q := plumbline.Stream{Name: s.Name, Operation: s.Operation, Flow: s.Flow, Hasty: s.Hasty, Case: s.Case, Arrivals: plumbline.Arrivals(s.Arrivals), Detail: s.Detail}
		if err := s.right(); err != nil {
			return out, err
		}
		if s.Rate > 0 {
			q.Stages = []plumbline.Stage{{From: s.Rate, To: s.Rate, Duration: d}}
		}
		for _, g := range s.Stages {
			gd, err := time.ParseDuration(g.For)
			if err != nil || g.From < 0 || g.To < 0 || gd < 0 {
				return out, fmt.Errorf("stream %q: a stage needs from and to of zero or more and a duration", s.Name)
			}
			q.Stages = append(q.Stages, plumbline.Stage{From: g.From, To: g.To, Duration: gd})
		}
		if q.Patience, err = s.Patience.read(); err != nil {
			return out, fmt.Errorf("stream %q: %w", s.Name, err)
		}
		out.Streams = append(out.Streams, q)
	}
	out.Stop, err = p.Stop.read()
	return out, err
}
