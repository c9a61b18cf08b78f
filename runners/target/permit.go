package target

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// permit says why a request must not be sent: in mode observe it changes
// data, in mode own it would change what the run did not create. It looks at
// the request as it goes out, wherever its values come from; it is the last
// gate. Errors wrap ErrUnbound.
func (p *Pool) permit(c plumbline.Case, req plumbline.Request) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	op, ok := p.op(c.Operation)
	if !ok {
		op = plumbline.Operation{ID: c.Operation, Path: c.Request.Path}
	}
	own := op
	own.Method = req.Method
	switch {
	case p.Mode == plumbline.ModeFull || own.Safe():
		return nil
	case p.Mode == plumbline.ModeObserve:
		return fmt.Errorf("%w: %s %s changes data, and the mode is observe", ErrUnbound, req.Method, op.Path)
	case op.Creates() && req.Method == http.MethodPost && op.Method == http.MethodPost:
		return nil
	case lastPlace(op.Path) == "":
		return p.permitWhole(op, req)
	}
	return p.permitPlace(op, c, req)
}

// permitPlace is for paths that name a thing: one that the run created, or
// nothing at all.
func (p *Pool) permitPlace(op plumbline.Operation, c plumbline.Case, req plumbline.Request) error {
	place := lastPlace(op.Path)
	text := placeholders(op.Path, req.Path)[place]
	nothing := c.Kind == plumbline.CaseInvalid && c.Pointer == "path/"+place && slices.Contains([]string{"type", "format", "pattern"}, c.Keyword)
	if nothing || op.Creates() && p.made[text] || p.owns(op, place, text) {
		return nil
	}
	return fmt.Errorf("%w: %s %s would change what the run did not create", ErrUnbound, req.Method, req.Path)
}

// permitWhole is for paths without parameters: a thing that is there once, or
// a whole collection. Only a POST that is not called something destructive is
// let through.
func (p *Pool) permitWhole(op plumbline.Operation, req plumbline.Request) error {
	last := strings.ToLower(op.Path[strings.LastIndex(op.Path, "/")+1:])
	destructive := slices.ContainsFunc(destructions(), func(w string) bool { return strings.Contains(last, w) })
	if req.Method == http.MethodPost && !destructive {
		return nil
	}
	return fmt.Errorf("%w: %s %s changes what is there for all, and the mode is own", ErrUnbound, req.Method, op.Path)
}

func destructions() []string {
	return []string{"reset", "purge", "clear", "delete", "remove", "logout", "signout", "shutdown", "restart", "truncate", "drop", "flush", "revoke", "destroy", "wipe"}
}

// owns tells whether a value at a place of an operation's path names what the
// run created: something that a creating operation yielded, at the very place
// of its answer from which the document, or the graph, takes it.
func (p *Pool) owns(op plumbline.Operation, place, text string) bool {
	if text == "" {
		return false
	}
	for _, b := range p.bindsOf(op, place) {
		if p.mine[owning{source{b.From, b.Pointer}, text}] != nil {
			return true
		}
	}
	return false
}

// bindsOf are the sources of a place: those of the operation's own cases, and
// of the other operations on the same path.
func (p *Pool) bindsOf(op plumbline.Operation, place string) []plumbline.Bind {
	var out []plumbline.Bind
	for _, o := range p.Operations {
		if o.Path != op.Path {
			continue
		}
		for _, c := range o.Cases[:min(len(o.Cases), 1)] {
			for _, b := range c.Binds {
				if b.In == "path" && b.Name == place {
					out = append(out, b)
					out = append(out, b.Else...)
				}
			}
		}
	}
	if op.Creates() && op.Method == http.MethodPut {
		out = append(out, plumbline.Bind{From: op.ID, Pointer: "path:" + place})
	}
	return out
}

// lastPlace is the innermost parameter of a path.
func lastPlace(path string) string {
	i := strings.LastIndex(path, "{")
	if i < 0 {
		return ""
	}
	name, _, ok := strings.Cut(path[i+1:], "}")
	if !ok {
		return ""
	}
	return name
}

// vacant makes sure that nothing is there yet under a name that a client
// chooses, where chance alone does not say so: a PUT would replace it.
func (p *Pool) vacant(ctx context.Context, c plumbline.Case, req plumbline.Request) (plumbline.Request, error) {
	if p.Mode == plumbline.ModeFull || c.Request.Method != http.MethodPut {
		return req, nil
	}
	if !slices.ContainsFunc(c.Binds, guessable) {
		return req, nil
	}
	i := slices.IndexFunc(p.Operations, func(o plumbline.Operation) bool { return o.Method == http.MethodGet && o.Path == c.Request.Path })
	if i < 0 {
		return req, fmt.Errorf("%w: nothing tells whether %s is there already", ErrUnbound, req.Path)
	}
	for range mostFailures {
		a := p.Client.Do(ctx, Shot{Operation: p.Operations[i].ID, Request: plumbline.Request{Method: http.MethodGet, Path: req.Path}, Trace: p.trace()})
		if a.Error == "" && (a.Status == http.StatusNotFound || a.Status == http.StatusGone) {
			return req, nil
		}
		var err error
		if req, err = p.fillOne(ctx, c, filling{}); err != nil {
			return req, err
		}
	}
	return req, fmt.Errorf("%w: %s is there already", ErrUnbound, req.Path)
}

// guessable tells whether a new name in a path may have been given before.
func guessable(b plumbline.Bind) bool {
	return b.In == "path" && b.From == plumbline.FromNew && (strings.HasPrefix(b.Pointer, "list:") || strings.HasPrefix(b.Pointer, "integer:"))
}
