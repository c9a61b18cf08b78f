package slo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// A Binding ties an OpenSLO SLO to operations: OpenSLO names a metric of some
// monitoring system, not the requests that it is made of.
type Binding struct {
	Operations []string `yaml:"operations"`
	Good       string   `yaml:"good"` // "latency <= 300ms"; overrides the threshold
	Unit       string   `yaml:"unit"` // of a threshold without one: "s" or "ms"; "/s" of a throughput
}

// openSLO is the part of an OpenSLO v1 document that decides
// (https://github.com/OpenSLO/OpenSLO).
type openSLO struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Spec struct {
		Service         string    `yaml:"service"`
		Indicator       indicator `yaml:"indicator"`
		IndicatorRef    string    `yaml:"indicatorRef"`
		BudgetingMethod string    `yaml:"budgetingMethod"`
		TimeWindow      []struct {
			Duration string `yaml:"duration"`
		} `yaml:"timeWindow"`
		Objectives []struct {
			DisplayName   string   `yaml:"displayName"`
			Op            string   `yaml:"op"`
			Value         *float64 `yaml:"value"`
			Target        *float64 `yaml:"target"`
			TargetPercent *float64 `yaml:"targetPercent"`
			Indicator     any      `yaml:"indicator"`    // of a composite
			IndicatorRef  string   `yaml:"indicatorRef"` // of a composite
		} `yaml:"objectives"`
		// The spec of a kind: SLI stands here.
		ThresholdMetric *metric `yaml:"thresholdMetric"`
		RatioMetric     any     `yaml:"ratioMetric"`
	} `yaml:"spec"`
}

type indicator struct {
	Spec struct {
		ThresholdMetric *metric `yaml:"thresholdMetric"`
		RatioMetric     any     `yaml:"ratioMetric"`
	} `yaml:"spec"`
}

type metric struct {
	MetricSource struct {
		Type string         `yaml:"type"`
		Spec map[string]any `yaml:"spec"`
	} `yaml:"metricSource"`
}

// An OpenSLO is what one file of OpenSLO documents says.
type OpenSLO struct {
	Objectives []plumbline.Objective
	Unjudged   []plumbline.Unjudged // what was understood and is not judged
	Notices    []string             // what to tell of it: what is not judged and why, and what was taken for granted
}

// ReadOpenSLO reads a file of one or more OpenSLO v1 documents, unmodified.
// Bindings are by the metadata.name of the SLO; an SLO without one covers the
// whole service. All mistakes are reported at once, each a Problem.
func ReadOpenSLO(name string, data []byte, bindings map[string]Binding, ops []plumbline.Operation) (OpenSLO, error) {
	docs, err := decode(name, data)
	if err != nil {
		return OpenSLO{}, mistake.Show(err, name, data)
	}
	r := reader{bindings: bindings, ops: ops, slis: map[string]openSLO{}}
	for _, d := range docs {
		if d.Kind == "SLI" {
			r.slis[d.Metadata.Name] = d.openSLO
		}
	}
	var errs []error
	for _, d := range docs {
		if err := r.add(d); err != nil {
			errs = append(errs, err)
		}
	}
	return r.out, mistake.Show(errors.Join(errs...), name, data)
}

type document struct {
	openSLO
	at plumbline.Source
}

func decode(name string, data []byte) ([]document, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, unreadable(name, "not YAML: ", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var out []document
	for i := 0; ; i++ {
		var d document
		if err := dec.Decode(&d.openSLO); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, unreadable(name, "not OpenSLO: ", err)
		}
		d.at = plumbline.Source{File: name}
		if i < len(file.Docs) {
			d.at.Line, d.at.Column = position(file.Docs[i].Body)
		}
		if d.Kind != "" {
			out = append(out, d)
		}
	}
}

func unreadable(name, what string, err error) error {
	p := &Problem{Code: "SLO105", Source: plumbline.Source{File: name}, Message: what + err.Error(), Help: "OpenSLO v1 is described at https://github.com/OpenSLO/OpenSLO"}
	var y yaml.Error
	if errors.As(err, &y) {
		p.Message = what + y.GetMessage()
		if t := y.GetToken(); t != nil {
			p.Source.Line, p.Source.Column = t.Position.Line, t.Position.Column
		}
	}
	return p
}

func position(n ast.Node) (line, column int) {
	if n == nil || n.GetToken() == nil {
		return 0, 0
	}
	for tok := n.GetToken(); ; tok = tok.Prev {
		if tok.Prev == nil || tok.Prev.Position.Line < tok.Position.Line {
			return tok.Position.Line, tok.Position.Column
		}
	}
}

type reader struct {
	bindings map[string]Binding
	ops      []plumbline.Operation
	slis     map[string]openSLO
	out      OpenSLO
}

func (r *reader) add(d document) error {
	if strings.Contains(d.APIVersion, "v2alpha") {
		return &Problem{Code: "SLO106", Source: d.at, Message: "OpenSLO v2alpha is a draft", Help: "write apiVersion: openslo/v1"}
	}
	if d.Kind != "SLO" {
		return nil
	}
	name := d.Metadata.Name
	b, bound := r.bindings[name]
	m := r.measured(d.openSLO)
	if own, ok := m.own(); ok && !bound {
		b, bound = own, true
	}
	if why := m.unjudged(d.openSLO, bound); why != "" {
		r.out.Unjudged = append(r.out.Unjudged, plumbline.Unjudged{Name: name, Why: why, Source: d.at})
		r.notice(d, "is not judged: "+why)
		return nil
	}
	selected, err := covered(b.Operations, r.ops, d.at)
	if err != nil {
		return below("$.bindings."+yamlKey(name)+".operations", err)
	}
	if m.ratio && !bound {
		r.notice(d, "is judged as the availability of the whole service, for no binding says which requests its metric is made of")
	}
	return r.objectives(d, m, b, selected)
}

// notice tells of an SLO, with its place.
func (r *reader) notice(d document, what string) {
	r.out.Notices = append(r.out.Notices, fmt.Sprintf("%s:%d: %s %s", d.at.File, d.at.Line, d.Metadata.Name, what))
}

// objectives are those of an SLO that is judged.
func (r *reader) objectives(d document, m measure, b Binding, selected []string) error {
	name := d.Metadata.Name
	for i, obj := range d.Spec.Objectives {
		o := plumbline.Objective{Name: name, Operations: selected, Source: d.at}
		if len(d.Spec.Objectives) > 1 {
			o.Name = fmt.Sprintf("%s/%d", name, i+1)
		}
		var err error
		if !m.ratio && b.Unit == perSecond {
			if o.Throughput, err = carries(obj.Op, obj.Value); err != nil {
				return &Problem{Code: "SLO107", Source: d.at, Message: name + ": " + err.Error(), Help: "op: gte and value: 50, good answers a second"}
			}
			r.out.Objectives = append(r.out.Objectives, o)
			continue
		}
		if o.Target, err = target(obj.Target, obj.TargetPercent); err != nil {
			return &Problem{Code: "SLO106", Source: d.at, Message: name + ": " + err.Error(), Help: "target: 0.99, or targetPercent: 99"}
		}
		if o.Within, err = within(m.ratio, b, obj.Op, obj.Value); err != nil {
			return &Problem{Code: "SLO107", Source: d.at, Message: name + ": " + err.Error(), Help: fmt.Sprintf("in plumbline.yaml, bindings.%s.unit: ms (or s), or good: \"latency <= 300ms\"", name)}
		}
		if len(d.Spec.TimeWindow) > 0 {
			o.Window = window(d.Spec.TimeWindow[0].Duration)
		}
		r.out.Objectives = append(r.out.Objectives, o)
	}
	return nil
}

func target(share, percent *float64) (float64, error) {
	switch {
	case share != nil && percent != nil:
		return 0, errors.New("target and targetPercent exclude each other")
	case share != nil:
		return inside(*share)
	case percent != nil:
		return inside(*percent / 100)
	}
	return 0, errors.New("an objective needs a target")
}

func inside(f float64) (float64, error) {
	if f <= 0 || f >= 1 {
		return 0, fmt.Errorf("target %v is not between 0 and 1, both excluded", f)
	}
	return f, nil
}

func within(ratio bool, b Binding, op string, value *float64) (time.Duration, error) {
	if b.Good != "" {
		left, cmp, right, ok := comparison(b.Good)
		if !ok || left != "latency" || !isUpper(cmp) {
			return 0, fmt.Errorf("good: %q is not of the form latency <= 300ms", b.Good)
		}
		return Latency(right)
	}
	if ratio {
		return 0, nil
	}
	if value == nil || (op != "lte" && op != "lt") {
		return 0, errors.New("a threshold of latency needs op lte or lt and a value")
	}
	switch b.Unit {
	case "s":
		return time.Duration(*value * float64(time.Second)), nil
	case "ms":
		return time.Duration(*value * float64(time.Millisecond)), nil
	}
	return 0, fmt.Errorf("the threshold %v has no unit", *value)
}

// window reads an OpenSLO duration such as 28d or 1w; what it does not know is
// no window.
func window(s string) time.Duration {
	units := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "M": 30 * 24 * time.Hour, "Q": 91 * 24 * time.Hour, "Y": 365 * 24 * time.Hour}
	var n int
	var u string
	if _, err := fmt.Sscanf(s, "%d%s", &n, &u); err != nil {
		return 0
	}
	return time.Duration(n) * units[u]
}
