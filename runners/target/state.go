package target

import (
	"context"
	"fmt"

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
// made for the interaction, with "changes" it is one that the run created.
func (p *Pool) SetState(ctx context.Context, name string, params map[string]any) (map[string]any, error) {
	operation, _ := params["operation"].(string)
	pointer, _ := params["pointer"].(string)
	as, _ := params["as"].(string)
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
