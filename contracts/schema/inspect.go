package schema

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// An Inspector tells how responses break the document. What can be known of an
// operation and a status is made when the inspector is; a schema is compiled
// when it is first met. It is safe for concurrent use.
type Inspector struct {
	set *Set
	ops map[string]*operation
}

// An operation holds what is documented for its responses.
type operation struct {
	pointer string
	open    bool // no responses are documented at all
	exact   map[int]*answer
	class   [6]*answer // by first digit
	rest    *answer    // default
}

// An answer is a documented response.
type answer struct {
	status  string
	at      string // JSON pointer into the document
	headers []*headerRule
	medias  []*media
}

// A lazy is a schema that is compiled when it is first asked for.
type lazy struct {
	set   *Set
	ref   *openapi3.SchemaRef
	entry atomic.Pointer[entry]
}

func (l *lazy) get() *entry {
	if l == nil {
		return nil
	}
	if e := l.entry.Load(); e != nil {
		return e
	}
	e := l.set.entry(l.ref, Response)
	if e == nil {
		e = &entry{}
	}
	l.entry.Store(e)
	return e
}

// NewInspector prepares the inspection of responses to the operations of a
// document.
func NewInspector(d *openapi.Doc, s *Set) *Inspector {
	i := &Inspector{set: s, ops: map[string]*operation{}}
	for _, o := range d.Operations {
		i.ops[o.ID] = i.operation(o)
	}
	return i
}

func (i *Inspector) operation(o openapi.Op) *operation {
	out := &operation{pointer: o.Source.Pointer, open: o.Op.Responses == nil || o.Op.Responses.Len() == 0, exact: map[int]*answer{}}
	if out.open {
		return out
	}
	for status, r := range o.Op.Responses.Map() {
		if r == nil || r.Value == nil {
			continue
		}
		a := &answer{status: status, at: placeOf(r.Ref, o.Source.Pointer+"/responses/"+status), medias: i.medias(r.Value.Content)}
		a.headers = i.headerRules(r.Value.Headers, a.at)
		code, err := strconv.Atoi(status)
		switch {
		case err == nil:
			out.exact[code] = a
		case len(status) == 3 && strings.EqualFold(status[1:], "XX") && status[0] >= '1' && status[0] <= '5':
			out.class[status[0]-'0'] = a
		case status == "default":
			out.rest = a
		}
	}
	return out
}

// placeOf is where something stands in the document: where a reference leads,
// if it stays in it.
func placeOf(ref, here string) string {
	if at, ok := strings.CutPrefix(ref, "#/"); ok {
		return "/" + at
	}
	return here
}

// answer finds the response of a status: the status itself, its class, or the
// default.
func (o *operation) answer(status int) *answer {
	if a := o.exact[status]; a != nil {
		return a
	}
	if status >= 100 && status < 600 && o.class[status/100] != nil {
		return o.class[status/100]
	}
	return o.rest
}

// Inspect establishes what of a response does not match the document: status,
// media type, headers, body. Undeclared properties are marks of kind
// MarkExtra, and what could not be checked is one of kind MarkUnread: neither
// is a breach. The response to an operation that is not known has no marks.
func (i *Inspector) Inspect(op string, req plumbline.Request, resp plumbline.Response) []plumbline.Mark {
	o, ok := i.ops[op]
	if !ok || o.open {
		return nil
	}
	a := o.answer(resp.Status)
	if a == nil {
		return []plumbline.Mark{{Kind: plumbline.MarkStatus, Message: fmt.Sprintf("status %d is not documented", resp.Status), Schema: o.pointer + "/responses"}}
	}
	var marks []plumbline.Mark
	for _, h := range a.headers {
		marks = append(marks, h.inspect(resp)...)
	}
	if why := bodiless(req, resp); why != "" {
		if len(resp.Body) > 0 {
			marks = append(marks, plumbline.Mark{Kind: plumbline.MarkBody, Schema: a.at, Message: why + " has no body, and this one has " + strconv.Itoa(len(resp.Body)) + " bytes"})
		}
		return marks
	}
	if len(a.medias) == 0 {
		return marks
	}
	return append(marks, a.content(resp)...)
}

// bodiless tells why a response cannot have a body (RFC 9110 §6.4.1, §15.3.6);
// empty when it can.
func bodiless(req plumbline.Request, resp plumbline.Response) string {
	switch {
	case req.Method == http.MethodHead:
		return "the answer to HEAD"
	case resp.Status == http.StatusNoContent || resp.Status == http.StatusResetContent || resp.Status == http.StatusNotModified || resp.Status < 200:
		return "status " + strconv.Itoa(resp.Status)
	}
	return ""
}

// content inspects the body against the media type that is documented for it.
// An empty body without a media type is a breach for a success only: what is
// documented for errors is a potential payload (OpenAPI 3.1 §4.8.17).
func (a *answer) content(resp plumbline.Response) []plumbline.Mark {
	got := header(resp, "Content-Type")
	if len(resp.Body) == 0 && got == "" {
		if resp.Status >= 300 || slices.ContainsFunc(a.medias, (*media).mayBeEmpty) {
			return nil
		}
		return []plumbline.Mark{{Kind: plumbline.MarkBody, Schema: a.at + "/content", Message: "the body is empty; " + a.medias[0].name + " is documented"}}
	}
	m := find(a.medias, got)
	if m == nil {
		return []plumbline.Mark{{
			Kind: plumbline.MarkMedia, Schema: a.at + "/content",
			Message: fmt.Sprintf("media type %q is not documented for status %d", got, resp.Status),
		}}
	}
	if e := header(resp, "Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return unread("content encoding " + e + " is not decoded")
	}
	return m.inspect(resp.Body, got)
}

// mayBeEmpty tells whether no bytes at all may be a body of the media type.
func (m *media) mayBeEmpty() bool {
	return m.body == nil || m.form != formJSON && m.form != formXML && m.texts
}

func unread(message string) []plumbline.Mark {
	return []plumbline.Mark{{Kind: plumbline.MarkUnread, Message: message}}
}

// header is the first value of a header.
func header(r plumbline.Response, name string) string {
	v := headerValues(r, name)
	if len(v) == 0 {
		return ""
	}
	return v[0]
}

// headerValues looks for the usual spelling first.
func headerValues(r plumbline.Response, name string) []string {
	if v, ok := r.Header[name]; ok {
		return v
	}
	for k, v := range r.Header {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
