package target

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A passing is a request that another engine made, as the ledger sees it.
type passing struct {
	operation string
	request   plumbline.Request
	entry     int
}

// watch looks at a request that another engine made, before it is sent: in
// mode own one that would change what the run did not create is refused, and
// one that creates is written down.
func (c *Client) watch(r *http.Request) (passing, error) {
	x := passing{}
	if c.keeper == nil {
		return x, nil
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), strings.TrimSuffix(c.base.EscapedPath(), "/"))
	x.request = plumbline.Request{Method: r.Method, Path: path, Query: r.URL.RawQuery}
	op, known := c.keeper.documented(r.Method, path)
	if !known && (r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions) {
		return x, nil
	}
	x.operation = op.ID
	if err := c.keeper.permit(plumbline.Case{Operation: op.ID, Request: plumbline.Request{Method: r.Method, Path: op.Path}}, x.request); err != nil {
		return x, err
	}
	if !op.Creates() {
		return x, nil
	}
	if r.Body != nil {
		body, err := io.ReadAll(io.LimitReader(r.Body, c.cfg.MaxBody))
		if err = errors.Join(err, r.Body.Close()); err != nil {
			return x, fmt.Errorf("the body of a request cannot be read: %w", err)
		}
		x.request.Body, r.Body = body, io.NopCloser(bytes.NewReader(body))
	}
	x.entry = c.keeper.sending(op.ID, x.request)
	return x, nil
}

// watched books what the answer to such a request created.
func (c *Client) watched(x passing, resp *http.Response) error {
	if c.keeper == nil || x.operation == "" {
		return nil
	}
	a := Answer{Request: x.request, shot: c.shots.Add(1), entry: x.entry}
	a.Operation, a.Status = x.operation, resp.StatusCode
	a.Response = plumbline.Response{Status: resp.StatusCode, Header: resp.Header}
	if x.entry != 0 || x.request.Body != nil {
		body, err := io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxBody))
		if err != nil {
			return err
		}
		a.Response.Body = body
		resp.Body = &replay{bytes.NewReader(body), resp.Body}
	}
	c.keeper.answered(x.operation, a)
	return nil
}

// A replay is a body that was read once already.
type replay struct {
	io.Reader
	io.Closer
}

// documented is the operation of the document that a request is one of: the
// one whose path has the most fixed segments.
func (p *Pool) documented(method, path string) (plumbline.Operation, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	best, most := plumbline.Operation{}, -1
	for _, o := range p.Operations {
		if o.Method != method || !fits(o.Path, path) {
			continue
		}
		if fixed := strings.Count(o.Path, "/") - strings.Count(o.Path, "{"); fixed > most {
			best, most = o, fixed
		}
	}
	if most < 0 {
		return plumbline.Operation{Method: method, Path: path}, false
	}
	return best, true
}

// fits tells whether a path is one of a template.
func fits(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i, w := range want {
		if !strings.Contains(w, "{") && w != got[i] {
			return false
		}
	}
	return true
}
