package slo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// A Native is one entry of slos in plumbline.yaml, or x-slo on an operation.
// Every percentile and the availability become an objective of their own.
type Native struct {
	Name       string
	Operations []string
	Goals      Goals               // "p99": "300ms", "availability": "99.9%"
	During     map[string]Goals    // "fault", "recovery": degraded objectives
	Faults     map[string][]string // of During: dependencies whose loss they are about; none: each
	Decision   string
	Severity   string
	Regression map[string]any // tolerance, floor, confirm
	Confidence string
	Window     string
}

// Goals are percentiles with durations, availability and errors with shares,
// and throughput with a rate.
type Goals map[string]string

// FromMap reads an entry from decoded YAML or JSON. The error names the key
// that is wrong, as a path below the entry.
func FromMap(m map[string]any) (n Native, key string, err error) {
	n.Goals = Goals{}
	for k, v := range m {
		if text := n.text(k); text != nil {
			*text = fmt.Sprint(v)
			continue
		}
		switch k {
		case "operations":
			n.Operations, err = words(k, v, "operation")
		case "during":
			n.During, n.Faults, err = during(v)
		case "regression":
			n.Regression, err = mapping(k, v, "{tolerance: 20%, floor: 5ms}")
		default:
			err = n.Goals.add(k, v)
		}
		if err != nil {
			return n, k, err
		}
	}
	return n, "", nil
}

// text is where the text of a key goes; nil for a key that is none.
func (n *Native) text(key string) *string {
	return map[string]*string{"name": &n.Name, "decision": &n.Decision, "severity": &n.Severity, "confidence": &n.Confidence, "window": &n.Window}[key]
}

func (g Goals) add(k string, v any) error {
	if _, ok := Percentile(k); !ok && k != "availability" && k != "errors" && k != "throughput" {
		return fmt.Errorf("unknown key %q: known are name, operations, p50 … p99.9, availability, errors, throughput, during, decision, severity, regression, confidence, window", k)
	}
	g[k] = fmt.Sprint(v)
	return nil
}

func mapping(key string, v any, example string) (map[string]any, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is a mapping such as %s", key, example)
	}
	return m, nil
}

func words(key string, v any, what string) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is a list of %s names", key, what)
	}
	var out []string
	for _, x := range list {
		out = append(out, fmt.Sprint(x))
	}
	return out, nil
}

// during reads the goals of phases, and which dependencies they are about.
func during(v any) (goals map[string]Goals, faults map[string][]string, err error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, nil, errors.New("during maps fault or recovery to goals")
	}
	goals, faults = map[string]Goals{}, map[string][]string{}
	for role, entry := range m {
		g, ok := entry.(map[string]any)
		if !ok || (role != string(plumbline.RoleFault) && role != string(plumbline.RoleRecovery)) {
			return nil, nil, errors.New("during maps fault or recovery to goals such as availability: 99%")
		}
		goals[role] = Goals{}
		for k, x := range g {
			if k == "dependencies" {
				faults[role], err = words(k, x, "dependency")
			} else {
				err = goals[role].add(k, x)
			}
			if err != nil {
				return nil, nil, err
			}
		}
	}
	return goals, faults, nil
}

// Objectives turns the entry into objectives. All mistakes are Problems of
// code SLO101, at the given position.
func (n Native) Objectives(ops []plumbline.Operation, at plumbline.Source) ([]plumbline.Objective, error) {
	sel, err := covered(n.Operations, ops, at)
	if err != nil {
		return nil, below("operations", err)
	}
	base := plumbline.Objective{Name: n.Name, Operations: sel, Source: at, Decision: plumbline.Decision(n.Decision), Severity: plumbline.Severity(n.Severity), Window: window(n.Window)}
	if !slices.Contains([]string{"", string(plumbline.DecisionProve), string(plumbline.DecisionNotDisproved)}, n.Decision) {
		return nil, &Problem{Code: "SLO101", Source: at, Path: "decision", Message: fmt.Sprintf("decision %q is neither prove nor not-disproved", n.Decision), Help: "not-disproved: only a demonstrated breach fails; prove: what is not proved gates too"}
	}
	if !slices.Contains([]plumbline.Severity{"", plumbline.SeverityGate, plumbline.SeverityWarn, plumbline.SeverityInfo}, base.Severity) {
		return nil, &Problem{Code: "SLO101", Source: at, Path: "severity", Message: fmt.Sprintf("severity %q is none of gate, warn and info", n.Severity), Help: "gate: a breach fails the run; warn, info: it is told as broken, and the run does not fail"}
	}
	if n.Confidence != "" {
		if base.Confidence, err = Share(n.Confidence); err != nil {
			return nil, &Problem{Code: "SLO101", Source: at, Path: "confidence", Message: "confidence: " + err.Error(), Help: "write 95%"}
		}
	}
	if base.Regression, err = regression(n.Regression, at); err != nil {
		return nil, err
	}
	out, err := goals(n.Goals, base)
	errs := []error{err}
	for role, g := range n.During {
		b := base
		b.Name, b.During, b.Faults = base.Name+" during "+role, role, n.Faults[role]
		more, err := goals(g, b)
		out, errs = append(out, more...), append(errs, below("during."+role+".", err))
	}
	slices.SortFunc(out, func(a, b plumbline.Objective) int { return strings.Compare(a.Name, b.Name) })
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, &Problem{Code: "SLO101", Source: at, Message: fmt.Sprintf("%q says nothing that can be judged", n.Name), Help: "add p99: 300ms, availability: 99.9% or throughput: 50/s"}
	}
	return out, nil
}

// below says of problems that their places are below a path.
func below(path string, err error) error {
	for _, p := range mistake.All(err) {
		p.Path = path + p.Path
	}
	return err
}

// yamlKey is a key as YAML paths want it: p99.9 has a dot.
func yamlKey(key string) string { return "'" + key + "'" }

func goals(g Goals, base plumbline.Objective) ([]plumbline.Objective, error) {
	var out []plumbline.Objective
	var errs []error
	for key, value := range g {
		o := base
		if len(g) > 1 {
			o.Name += " " + key
		}
		op := "<="
		if key == "availability" || key == "throughput" {
			op = ">="
		}
		if err := Fill(&o, key, op, value); err != nil {
			errs = append(errs, &Problem{Code: "SLO101", Source: base.Source, Path: yamlKey(key), Message: fmt.Sprintf("%s: %s: %v", base.Name, key, err), Help: Known})
			continue
		}
		out = append(out, o)
	}
	return out, errors.Join(errs...)
}

// Thresholds lists the distinct latency thresholds of objectives, ascending.
func Thresholds(objectives []plumbline.Objective) []time.Duration {
	var out []time.Duration
	for _, o := range objectives {
		if o.Within > 0 {
			out = append(out, o.Within)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
