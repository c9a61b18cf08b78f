package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/arazzo"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// hits fills in the flows that the mix of the load, or an objective, names.
func (s *session) hits() error {
	l := &s.design.Load
	named := slices.DeleteFunc(slices.Sorted(maps.Keys(l.Mix)), func(id string) bool { return !plumbline.IsFlow(id) })
	promised := slices.ContainsFunc(s.design.Objectives, ofFlows)
	if len(named) == 0 && !promised {
		return nil
	}
	known := s.flowsKnown()
	var errs []error
	for _, key := range named {
		f, err := flowNamed(known, key)
		if err == nil && len(f.After) > 0 {
			err = fmt.Errorf("%s waits for %s, and a hit of the load is a flow by itself", key, strings.Join(f.After, ", "))
		}
		if err != nil {
			errs = append(errs, s.declared.Wrong("CFG004", declaration.Named("$.load.mix", key), "a flow is a workflow of an Arazzo file of flows:, or the life of a resource as plumbline generate writes it", err))
			continue
		}
		l.Flows = append(l.Flows, thoughtful(f, l.Think))
	}
	for _, o := range s.design.Objectives {
		if ofFlows(o) {
			errs = append(errs, aboutFlows(o, known))
		}
	}
	return errors.Join(errs...)
}

func ofFlows(o plumbline.Objective) bool { return slices.ContainsFunc(o.Operations, plumbline.IsFlow) }

// aboutFlows finds what no objective on flows can be.
func aboutFlows(o plumbline.Objective, known []plumbline.Flow) error {
	wrong := func(help, format string, args ...any) error {
		return &mistake.Problem{Code: "SLO102", Source: o.Source, Message: o.Name + ": " + fmt.Sprintf(format, args...), Help: help}
	}
	for _, key := range o.Operations {
		if _, err := flowNamed(known, key); err != nil {
			return wrong("an objective names a flow of load.mix as it stands there", "%v", err)
		}
	}
	if o.Throughput > 0 {
		return wrong("promise a throughput of its operations, or availability and percentiles of the flow", "a throughput is of requests, and not of flows")
	}
	return nil
}

// flowsKnown are the flows that are stated and, where those have not taken their
// names, the lives of resources.
func (s *session) flowsKnown() []plumbline.Flow {
	known := slices.Clone(s.design.Flows)
	for _, f := range arazzo.Lives(s.design) {
		if !slices.ContainsFunc(known, func(x plumbline.Flow) bool { return x.Name == f.Name }) {
			known = append(known, f)
		}
	}
	return known
}

func flowNamed(known []plumbline.Flow, key string) (plumbline.Flow, error) {
	var names []string
	for _, f := range known {
		if names = append(names, plumbline.FlowPrefix+f.Name); names[len(names)-1] == key {
			return f, nil
		}
	}
	if hint := mistake.DidYouMean(key, names); hint != "" {
		return plumbline.Flow{}, fmt.Errorf("there is no %s: %s", key, hint)
	}
	return plumbline.Flow{}, fmt.Errorf("there is no %s; there are %s", key, strings.Join(names, ", "))
}

// thoughtful is a flow with the think time of the load where its steps do not
// say.
func thoughtful(f plumbline.Flow, usual plumbline.Think) plumbline.Flow {
	f.Steps = slices.Clone(f.Steps)
	for i := range f.Steps {
		think := &f.Steps[i].Think
		if i > 0 && *think == (plumbline.Think{}) {
			*think = usual
		}
		think.Least = max(think.Least, 0)
	}
	return f
}

// flowing completes a stream of a flow in an edited file. Its steps stand there
// to be read: they are changed where the flow is.
func (s *session) flowing(st *plumbline.Stream) error {
	f, err := flowNamed(s.design.Load.Flows, st.Operation)
	switch {
	case err != nil:
		return fmt.Errorf("%w: a flow is sent when load.mix names it", err)
	case len(st.Flow) == 0:
		st.Flow = f.Operations()
	case !slices.Equal(st.Flow, f.Operations()):
		return fmt.Errorf("%s calls %s: its steps are changed where they are stated, and not here", st.Operation, strings.Join(f.Operations(), ", "))
	}
	return nil
}
