package gherkin

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// Complete gives the steps of flows what they leave out: the seed request of
// their operation, or the case that they name, with what they say of it. An
// error tells which step speaks of something that the design does not have.
func Complete(d plumbline.Design, x plumbline.Experiment) error {
	for _, p := range x.Phases {
		for _, f := range p.Flows {
			for i := range f.Steps {
				if err := complete(d, f.Name, &f.Steps[i]); err != nil {
					return fmt.Errorf("flow %q, step %q: %w", f.Name, f.Steps[i].Name, err)
				}
			}
		}
	}
	return nil
}

func complete(d plumbline.Design, flow string, s *plumbline.Step) error {
	op, ok := d.Operation(s.Operation)
	if !ok {
		return fmt.Errorf("no operation is called %q", s.Operation)
	}
	if s.Identity != "" && !slices.ContainsFunc(d.Identities, func(o plumbline.Identity) bool { return o.Name == s.Identity }) {
		return fmt.Errorf("no identity is called %q", s.Identity)
	}
	if s.Own == nil {
		_, err := caseOf(op, s.Case)
		return err
	}
	own := *s.Own
	if own.Request.Method == "" {
		seed, err := caseOf(op, own.ID)
		if err != nil {
			return err
		}
		own = over(op, seed, own)
	}
	if own.ID == "" {
		own.ID = flow + "/" + s.Name
	}
	s.Own = &own
	return nil
}

// caseOf is the case of that name, or the seed request.
func caseOf(op plumbline.Operation, id string) (plumbline.Case, error) {
	for _, c := range slices.Concat(op.Cases, op.Invalid) {
		if c.ID == id || id == "" {
			return c, nil
		}
	}
	if id == "" {
		return plumbline.Case{}, fmt.Errorf("nothing is known that %q could be sent", op.ID)
	}
	return plumbline.Case{}, fmt.Errorf("%q has no case %q", op.ID, id)
}

// over is the seed with what a step says of it: its places are filled from
// where the step says.
func over(op plumbline.Operation, seed, own plumbline.Case) plumbline.Case {
	said := slices.Concat(own.Binds, own.Unique)
	here := func(b plumbline.Bind) bool {
		return slices.ContainsFunc(said, func(o plumbline.Bind) bool {
			return o.In == b.In && (o.Name == b.Name || o.In == "header" && strings.EqualFold(o.Name, b.Name))
		})
	}
	seed.Binds = slices.Concat(slices.DeleteFunc(slices.Clone(seed.Binds), here), own.Binds)
	seed.Unique = slices.Concat(slices.DeleteFunc(slices.Clone(seed.Unique), here), own.Unique)
	seed.Request.Header = maps.Clone(seed.Request.Header)
	for _, b := range said {
		empty(op, &seed.Request, b)
	}
	if own.Kind != plumbline.CaseValid {
		seed.Kind = own.Kind
	}
	return seed
}

// empty makes room in a request for a value: what an example has put there goes.
func empty(op plumbline.Operation, r *plumbline.Request, b plumbline.Bind) {
	switch b.In {
	case "path":
		want, got := strings.Split(op.Path, "/"), strings.Split(r.Path, "/")
		for i, w := range want {
			if len(want) == len(got) && strings.Contains(w, "{"+b.Name+"}") {
				got[i] = w
			}
		}
		r.Path = strings.Join(got, "/")
	case "query":
		if q, err := url.ParseQuery(r.Query); err == nil && q.Has(b.Name) {
			q.Del(b.Name)
			r.Query = q.Encode()
		}
	case "header":
		maps.DeleteFunc(r.Header, func(name string, _ []string) bool { return strings.EqualFold(name, b.Name) })
	}
}
