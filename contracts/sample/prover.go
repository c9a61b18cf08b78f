package sample

import (
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A Prover tells whether the proof of a case still holds for another request,
// by the rules that proved the case. It is safe for concurrent use.
type Prover struct {
	mu     sync.Mutex // a generator is not
	makers map[string]*maker
}

// NewProver returns a prover for cases of the operations.
func NewProver(d *openapi.Doc, s *schema.Set, ops []plumbline.Operation) *Prover {
	p := &Prover{makers: map[string]*maker{}}
	gen := newGenerator(s, nil)
	schemes := map[string][]plumbline.Scheme{}
	for _, o := range ops {
		schemes[o.ID] = o.Schemes
	}
	for _, op := range d.Operations {
		p.makers[op.ID] = newMaker(gen, op, schemes[op.ID], Options{})
	}
	return p
}

// Holds reports whether a request is what the case is proved to be: each of its
// places valid or, of an invalid case, all but the one that is broken. What was
// proved in another way – no JSON, no known operation – is never said to hold.
func (p *Prover) Holds(c plumbline.Case, req plumbline.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.makers[c.Operation]
	if m == nil || c.Kind != plumbline.CaseValid && c.Kind != plumbline.CaseInvalid {
		return false
	}
	broken := 0
	places, ok := m.sent(req)
	if !ok {
		return false
	}
	for _, at := range places {
		if inPath(at) || at.param != nil && bindsParam(c, at.param) {
			continue // filled by the resource graph
		}
		prove := m.proveValid
		if breaks(c, at) {
			broken++
			prove = m.proveInvalid
		}
		if !prove(at, req).holds {
			return false
		}
	}
	return c.Kind == plumbline.CaseValid || broken == 1
}

// breaks tells whether a case is invalid in a place.
func breaks(c plumbline.Case, at place) bool {
	return c.Kind == plumbline.CaseInvalid && (c.Pointer == at.name() || strings.HasPrefix(c.Pointer, at.name()+"/"))
}

func bindsParam(c plumbline.Case, p *openapi3.Parameter) bool {
	for _, b := range c.Binds {
		if b.In == p.In && b.Name == p.Name {
			return true
		}
	}
	return false
}

// sent are the places of a request: the parameters, and the body in the media
// type that it is sent in; ok is false when the document has no such body.
func (m *maker) sent(req plumbline.Request) (out []place, ok bool) {
	for _, p := range m.op.Params {
		out = append(out, place{param: p})
	}
	b := m.op.Op.RequestBody
	if b == nil || b.Value == nil {
		return out, len(req.Body) == 0
	}
	if len(req.Body) == 0 {
		_, mt := preferred(b.Value.Content)
		return append(out, place{mt: mt}), true
	}
	for _, name := range mediaTypes(b.Value.Content) {
		if ct := req.Header["Content-Type"]; len(ct) == 1 && baseMedia(ct[0]) == baseMedia(name) {
			return append(out, place{mt: b.Value.Content[name]}), true
		}
	}
	return nil, false
}
