package target

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A state is the thing that the provider states of one operation speak of, and
// which of its places were asked for. Several states of one interaction so
// speak of the same thing.
type state struct {
	t     *thing
	use   use
	asked map[string]bool
}

// SetState answers a provider state of a generated pact: the parameters name
// an operation and a place in its answer, and the result holds the live value
// under the name that the interaction asks for. With "consumed" the thing is
// made for the interaction, with "changes" it is one that the run created. Where
// they name an operation that the state is for, the value is one that its path
// may have. Errors wrap ErrUnknownState or ErrUnbound, or are of the source.
func (p *Pool) SetState(ctx context.Context, name string, params map[string]any) (map[string]any, error) {
	operation, _ := params["operation"].(string)
	pointer, _ := params["pointer"].(string)
	as, _ := params["as"].(string)
	if of, _ := params["for"].(string); of != "" && as != "" {
		return p.present(ctx, of, as)
	}
	if operation == "" || pointer == "" || as == "" {
		return nil, fmt.Errorf("%w: the state %q does not say which operation yields what", ErrUnknownState, name)
	}
	switch operation {
	case plumbline.FromNew:
		return map[string]any{as: p.novel(pointer)}, nil
	case plumbline.FromGiven:
		return map[string]any{as: pointer}, nil
	}
	u := shared
	if changes, _ := params["changes"].(bool); changes {
		u = owned
	}
	if deletes, _ := params["consumed"].(bool); deletes {
		u = consumed
	}
	t, err := p.spoken(ctx, source{operation, pointer}, u)
	if err != nil {
		return nil, err
	}
	return map[string]any{as: t.values[pointer]}, nil
}

// spoken is the thing that a state speaks of: the one of the state before, when
// that did not ask for the same place.
func (p *Pool) spoken(ctx context.Context, src source, u use) (*thing, error) {
	p.mu.Lock()
	p.start()
	if !slices.Contains(p.places[src.operation], src.pointer) {
		p.places[src.operation] = append(p.places[src.operation], src.pointer) // no case has asked for it
	}
	s := p.states[src.operation]
	if s != nil && s.use == u && !s.asked[src.pointer] && s.t.values[src.pointer] != "" {
		s.asked[src.pointer] = true
		p.mu.Unlock()
		return s.t, nil
	}
	p.mu.Unlock()
	t, err := p.take(ctx, src, u, nil)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.states[src.operation] = &state{t, u, map[string]bool{src.pointer: true}}
	return t, nil
}

// mostProbed is how many valid requests are tried in search of a thing.
const mostProbed = 8

// present finds a value of a path for which there is a thing although nothing
// yields one: of a valid request that reads it, and that is answered. Of what
// the run did not create it finds only what will be read.
func (p *Pool) present(ctx context.Context, operation, as string) (map[string]any, error) {
	op, ok := p.operation(operation)
	place := "{" + as + "}"
	if !ok || !strings.Contains(op.Path, place) {
		return nil, fmt.Errorf("%w: %s has no %s in its path", ErrUnknownState, operation, as)
	}
	if !op.Safe() && p.Mode != plumbline.ModeFull {
		return nil, fmt.Errorf("%w: %s changes what %s names, and nothing that the run created is known by it", ErrUnbound, operation, as)
	}
	p.mu.Lock()
	found := p.there[operation]
	p.mu.Unlock()
	if found[as] == "" {
		found = p.probe(ctx, op, place)
	}
	if found[as] == "" {
		return nil, fmt.Errorf("%w for %s of %s: no valid request found a thing by it", ErrUnbound, as, operation)
	}
	p.mu.Lock()
	p.there[operation] = found
	p.mu.Unlock()
	return map[string]any{as: found[as]}, nil
}

// probe reads by the valid requests of an operation, and of those that read the
// same thing or what lies below it, until one is answered. It returns what the
// path of that one named.
func (p *Pool) probe(ctx context.Context, op plumbline.Operation, place string) map[string]string {
	upto := op.Path[:strings.Index(op.Path, place)+len(place)]
	all := slices.DeleteFunc(slices.Clone(p.Operations), func(o plumbline.Operation) bool {
		return !o.Safe() || o.Method != http.MethodGet || !strings.HasPrefix(o.Path+"/", upto+"/")
	})
	slices.SortStableFunc(all, func(a, b plumbline.Operation) int { return near(a, op) - near(b, op) })
	tried := 0
	for _, o := range all {
		for _, c := range o.Cases {
			if tried++; tried > mostProbed || ctx.Err() != nil {
				return nil
			}
			req, err := p.fillWith(ctx, c, filling{})
			if err != nil {
				continue
			}
			a := p.Client.Do(ctx, Shot{Operation: o.ID, Case: c.ID, Request: req, Trace: p.trace()})
			if a.Error == "" && a.Status/100 == 2 {
				return placeholders(o.Path, req.Path)
			}
		}
	}
	return nil
}

// near puts an operation before those on its path, and these before others.
func near(o, of plumbline.Operation) int {
	switch {
	case o.ID == of.ID:
		return 0
	case o.Path == of.Path:
		return 1
	}
	return 2
}
