package declaration

import (
	"errors"
	"os"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/slo"
)

// A resolver turns names of operations into IDs and gathers what went wrong.
type resolver struct {
	ops     []plumbline.Operation
	notices []string
	errs    []error
}

func (r *resolver) err() error { return errors.Join(r.errs...) }

func (r *resolver) keep(err error) {
	if err != nil {
		r.errs = append(r.errs, err)
	}
}

func (r *resolver) operations(refs []string, at plumbline.Source) []string {
	ids, err := slo.Named(refs, r.ops, at)
	r.keep(err)
	return ids
}

func (r *resolver) mix(l plumbline.Load) map[string]float64 {
	if len(l.Mix) == 0 {
		return nil
	}
	out := map[string]float64{}
	for ref, weight := range l.Mix {
		for _, id := range r.operations([]string{ref}, l.Source) {
			out[id] = weight
		}
	}
	return out
}

func (r *resolver) objectives(d *Declaration) []plumbline.Objective {
	var out []plumbline.Objective
	for _, n := range d.slos {
		o, err := n.entry.Objectives(r.ops, n.at)
		r.keep(err)
		out = append(out, o...)
	}
	for _, file := range d.openSLO {
		data, err := os.ReadFile(file)
		if err != nil {
			r.keep(&Problem{Code: "CFG006", Source: plumbline.Source{File: d.File}, Message: err.Error(), Help: "openslo lists files, relative to plumbline.yaml"})
			continue
		}
		got, err := slo.ReadOpenSLO(file, data, d.bindings, r.ops)
		r.keep(err)
		r.notices = append(r.notices, got.Notices...)
		out = append(out, got.Objectives...)
	}
	return out
}
