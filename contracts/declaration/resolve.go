package declaration

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/contracts/slo"
	"github.com/plumbline-dev/plumbline/contracts/workload"
)

// A resolver turns names of operations into IDs and gathers what went wrong.
type resolver struct {
	ops     []plumbline.Operation
	text    *source
	notices []string
	aside   []plumbline.Unjudged
	errs    []error
}

func (r *resolver) err() error {
	err := errors.Join(r.errs...)
	if r.text == nil {
		return err
	}
	return mistake.Show(err, r.text.name, r.text.data)
}

// keep books what is wrong at a YAML path of plumbline.yaml.
func (r *resolver) keep(err error, path string) {
	if err == nil {
		return
	}
	if r.text != nil {
		err = r.text.place(err, path)
	}
	r.errs = append(r.errs, err)
}

// operations resolves the names that stand in a list at a YAML path.
func (r *resolver) operations(refs []string, path string) []string {
	ids, err := slo.Named(refs, r.ops, plumbline.Source{})
	r.keep(err, path)
	return ids
}

// one resolves the name that stands at a YAML path; empty where it is none of
// one operation.
func (r *resolver) one(ref, path string) string {
	ids, err := slo.Named([]string{ref}, r.ops, plumbline.Source{})
	for _, p := range mistake.All(err) {
		p.Path = ""
	}
	if err == nil && len(ids) != 1 {
		err = &Problem{Code: "CFG004", Message: fmt.Sprintf("%q is %d operations", ref, len(ids)), Help: "name one"}
	}
	if r.keep(err, path); err != nil {
		return ""
	}
	return ids[0]
}

// named resolves a name that is itself a key below a YAML path.
func (r *resolver) named(ref, path string) []string {
	ids, err := slo.Named([]string{ref}, r.ops, plumbline.Source{})
	for _, p := range mistake.All(err) {
		p.Path = ""
		if r.text != nil {
			p.Source = r.text.atKey(path, ref)
		}
	}
	r.keep(err, path)
	return ids
}

func (r *resolver) mix(l plumbline.Load) map[string]float64 {
	if len(l.Mix) == 0 {
		return nil
	}
	out := map[string]float64{}
	for ref, weight := range l.Mix {
		if plumbline.IsFlow(ref) { // which flows there are is told by files of their own
			out[ref] = weight
			continue
		}
		for _, id := range r.named(ref, "$.load.mix") {
			out[id] = weight
		}
	}
	return out
}

// logged is the mix of an access log.
func (r *resolver) logged(file string) map[string]float64 {
	const at = "$.load.access_log"
	data, err := os.ReadFile(file)
	if err != nil {
		r.keep(&Problem{Code: "CFG006", Message: err.Error(), Help: "the path is relative to plumbline.yaml"}, at)
		return nil
	}
	m, err := workload.Mix(data, r.ops)
	if err != nil {
		r.keep(&Problem{Code: "CFG004", Message: fmt.Sprintf("%s: %v", file, err), Help: "an access log in the common or combined format, of the API that the document describes"}, at)
		return nil
	}
	r.notices = append(r.notices, fmt.Sprintf("access log %s: the mix is that of %d requests to %d operations; %d of %d lines are none for an operation of the document", filepath.Base(file), m.Lines-m.Foreign, len(m.Counts), m.Foreign, m.Lines))
	return m.Counts
}

func (r *resolver) objectives(d *Declaration) []plumbline.Objective {
	var out []plumbline.Objective
	for _, n := range d.slos {
		o, err := n.entry.Objectives(r.ops, n.at)
		r.keep(err, n.path)
		out = append(out, o...)
	}
	for i, file := range d.openSLO {
		data, err := os.ReadFile(file)
		if err != nil {
			r.keep(&Problem{Code: "CFG006", Path: fmt.Sprintf("[%d]", i), Message: err.Error(), Help: "openslo lists files, relative to plumbline.yaml"}, "$.openslo")
			continue
		}
		got, err := slo.ReadOpenSLO(file, data, d.bindings, r.ops)
		r.keep(err, "$.openslo")
		r.notices, r.aside = append(r.notices, got.Notices...), append(r.aside, got.Unjudged...)
		out = append(out, got.Objectives...)
	}
	return out
}

// faults finds objectives that are about the loss of what nobody has declared.
func (r *resolver) faults(d plumbline.Design) {
	for _, o := range d.Objectives {
		for _, name := range o.Faults {
			if _, ok := d.Dependency(name); !ok {
				r.errs = append(r.errs, &Problem{Code: "SLO102", Source: o.Source, Message: fmt.Sprintf("%s: no dependency is called %q", o.Name, name), Help: "during: {fault: {dependencies: [...]}} has names of dependencies:"})
			}
		}
	}
}

// Objectives are those of the declaration for a service that has these
// operations. Mistakes are Problems, all of them at once.
func (d *Declaration) Objectives(ops []plumbline.Operation) (objectives []plumbline.Objective, notices []string, err error) {
	r := &resolver{ops: ops, text: d.text}
	objectives = r.objectives(d)
	return objectives, r.notices, r.err()
}
