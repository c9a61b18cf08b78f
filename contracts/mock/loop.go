package mock

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A Loop sends the cases of a document to the server of the same document, in
// process: generator, server and inspector are three programs about one text,
// and wherever they do not agree, one of them is wrong.
type Loop struct {
	Doc        *openapi.Doc
	Set        *schema.Set
	Inspector  *schema.Inspector
	Operations []plumbline.Operation
	Seed       uint64
	Rot        bool
	Rounds     int // how often a rotten server gets every case; zero means once
	Part       int // send every n-th case only, which ones is the seed's choice; zero means all

	server *Server
	rotten *Rot
	result Result
	fresh  int
	held   map[string]exchange // what cases take values from
}

// A Result is what a loop saw.
type Result struct {
	Sent      int // cases, without the requests that only create what they need
	Valid     int
	Invalid   int
	Robust    int
	Unbound   int // cases that need a value which no answer gave
	Unable    int // answers for which no value was found that their schema accepts
	Unfit     int // valid cases whose live value the parameter's schema refuses
	Missing   int // valid cases that name a thing which is not there
	Drift     int // answers with a property that the document does not declare
	Disagreed []Disagreement
	Broken    map[string]int // answers that were broken, by keyword
	Detected  map[string]int // of these, the ones with a mark
}

// Add adds what another loop saw.
func (r *Result) Add(o Result) {
	r.Sent, r.Valid, r.Invalid, r.Robust = r.Sent+o.Sent, r.Valid+o.Valid, r.Invalid+o.Invalid, r.Robust+o.Robust
	r.Unbound, r.Unable, r.Unfit, r.Missing, r.Drift = r.Unbound+o.Unbound, r.Unable+o.Unable, r.Unfit+o.Unfit, r.Missing+o.Missing, r.Drift+o.Drift
	r.Disagreed = append(r.Disagreed, o.Disagreed...)
	if r.Broken == nil {
		r.Broken, r.Detected = map[string]int{}, map[string]int{}
	}
	for k, n := range o.Broken {
		r.Broken[k] += n
	}
	for k, n := range o.Detected {
		r.Detected[k] += n
	}
}

// A Disagreement is a case on which two of the three do not agree.
type Disagreement struct {
	Case    string
	Status  int
	Message string
	Request plumbline.Request
}

// Run sends every case once. A rotten server gets the valid ones alone.
func (l *Loop) Run(ctx context.Context) Result {
	l.Start()
	for range max(l.Rounds, 1) {
		for _, op := range l.Operations {
			l.operation(ctx, op)
		}
	}
	return l.result
}

// Start makes the server and returns it. Nothing is sent yet.
func (l *Loop) Start() *Server {
	l.result = Result{Broken: map[string]int{}, Detected: map[string]int{}}
	l.held = map[string]exchange{}
	o := Options{Seed: l.Seed, Rot: l.Rot, Rotted: func(r Rot) { l.rotten = &r }}
	if l.Seed%2 == 1 { // a server that answers without what others need is right as well
		o.Needs = Needs(l.Doc, l.Operations)
	}
	l.server = New(l.Doc, l.Set, o)
	return l.server
}

// Value is what stands at a pointer of an answer to an operation's first case,
// which is sent when it was not before, or anew where the value will be used
// up; ok is false when there is none. Start comes first.
func (l *Loop) Value(ctx context.Context, operation, pointer string, anew bool) (v any, ok bool) {
	if anew {
		clear(l.held)
	}
	return l.source(ctx, plumbline.Bind{From: operation, Pointer: pointer}, 0)
}

func (l *Loop) operation(ctx context.Context, op plumbline.Operation) {
	cases := op.Cases
	if !l.Rot {
		cases = slices.Concat(op.Cases, op.Invalid)
	}
	for i, c := range cases {
		if l.Part <= 1 || (uint64(i)+l.Seed)%uint64(l.Part) == 0 { //nolint:gosec // both are positive
			l.one(ctx, op, c)
		}
	}
}

func (l *Loop) one(ctx context.Context, op plumbline.Operation, c plumbline.Case) {
	req, ok := l.bound(ctx, c, 0)
	if !ok {
		l.result.Unbound++
		return
	}
	l.rotten = nil
	resp, err := l.send(ctx, op.ID, req)
	if err != nil {
		l.disagree(c, req, 0, "the request cannot be sent: "+err.Error())
		return
	}
	l.result.Sent++
	if op.Method == http.MethodDelete {
		clear(l.held)
	}
	if resp.Header[Unable] != nil {
		l.result.Unable++
		return
	}
	if l.Rot {
		l.detect(op, req, resp)
		return
	}
	l.judge(op, c, req, resp)
}

func (l *Loop) disagree(c plumbline.Case, req plumbline.Request, status int, message string) {
	l.result.Disagreed = append(l.result.Disagreed, Disagreement{c.ID, status, message, req})
}

// judge compares what the generator says of a case with what the server did,
// and what the server answered with what the inspector says of it.
func (l *Loop) judge(op plumbline.Operation, c plumbline.Case, req plumbline.Request, resp plumbline.Response) {
	why := strings.Join(resp.Header[Reason], "")
	refused := why != ""
	l.owed(c, req, resp, why)
	for _, m := range l.Inspector.Inspect(op.ID, req, resp) {
		switch {
		case m.Kind == plumbline.MarkExtra:
			l.result.Drift++
		case m.Kind == plumbline.MarkUnread, m.Kind == plumbline.MarkStatus && refused:
		default:
			l.disagree(c, req, resp.Status, fmt.Sprintf("a right answer is marked: %s %s %s (%s): %.300s", m.Kind, m.Pointer, m.Message, m.Schema, resp.Body))
		}
	}
}

// owed compares what a right server owes to a case with what came.
func (l *Loop) owed(c plumbline.Case, req plumbline.Request, resp plumbline.Response, why string) {
	refused := why != ""
	switch {
	case c.Kind == plumbline.CaseRobust:
		l.result.Robust++
		if resp.Status >= 500 {
			l.disagree(c, req, resp.Status, "a server error")
		}
	case c.Kind == plumbline.CaseInvalid:
		l.result.Invalid++
		if !refused {
			l.disagree(c, req, resp.Status, "an invalid case is accepted: "+c.Violates)
		}
	case resp.Status == http.StatusNotFound && why != "":
		l.result.Valid++
		l.result.Missing++
	case refused && misfit(c, why):
		l.result.Valid++
		l.result.Unfit++
	default:
		l.result.Valid++
		if refused {
			l.disagree(c, req, resp.Status, "a valid case is refused: "+why)
		}
	}
}

// misfit tells whether a request is refused for a value that an earlier answer
// gave: the document does not say that the two have the same type.
func misfit(c plumbline.Case, why string) bool {
	return slices.ContainsFunc(c.Binds, func(b plumbline.Bind) bool {
		return strings.HasPrefix(why, b.In+"/"+b.Name+" ") || b.In == "body" && strings.HasPrefix(why, "the body is not valid")
	})
}

// detect tells whether a broken promise is seen.
func (l *Loop) detect(op plumbline.Operation, req plumbline.Request, resp plumbline.Response) {
	if l.rotten == nil {
		return
	}
	l.result.Broken[l.rotten.Keyword]++
	for _, m := range l.Inspector.Inspect(op.ID, req, resp) {
		if m.Kind != plumbline.MarkExtra && m.Kind != plumbline.MarkUnread {
			l.result.Detected[l.rotten.Keyword]++
			return
		}
	}
	l.result.Disagreed = append(l.result.Disagreed, Disagreement{op.ID, resp.Status, fmt.Sprintf("not seen: %s at %s: %.300s", l.rotten.Keyword, l.rotten.Pointer, resp.Body), req})
}

// send carries a request to the server.
func (l *Loop) send(ctx context.Context, id string, r plumbline.Request) (plumbline.Response, error) {
	u, err := url.Parse("http://mock.example" + r.Path)
	if err != nil {
		return plumbline.Response{}, fmt.Errorf("read the path: %w", err)
	}
	u.RawQuery = r.Query
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return plumbline.Response{}, fmt.Errorf("make the request: %w", err)
	}
	for k, v := range r.Header {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	l.server.Authorize(id, req)
	w := &recorder{header: http.Header{}}
	l.server.ServeHTTP(w, req)
	return plumbline.Response{Status: w.status, Header: w.header, Body: w.body.Bytes()}, nil
}

// A recorder keeps an answer.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header is the header of the answer.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader keeps the status.
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write keeps a part of the body.
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) } //nolint:wrapcheck // of a buffer

// bound fills a case with the values that earlier answers gave.
func (l *Loop) bound(ctx context.Context, c plumbline.Case, depth int) (plumbline.Request, bool) {
	req := c.Request
	for _, b := range c.Binds {
		v, ok := l.source(ctx, b, depth)
		for _, other := range b.Else {
			if !ok {
				v, ok = l.source(ctx, other, depth)
			}
		}
		if !ok {
			return req, false
		}
		switch b.In {
		case "path":
			req.Path = strings.ReplaceAll(req.Path, "{"+b.Name+"}", url.PathEscape(simple(v)))
		case "query":
			if req.Query != "" {
				req.Query += "&"
			}
			req.Query += url.QueryEscape(b.Name) + "=" + url.QueryEscape(simple(v))
		case "header":
			h := http.Header(req.Header).Clone()
			h.Set(b.Name, simple(v))
			req.Header = h
		case "body":
			doc, err := decodeJSON(req.Body)
			if err != nil {
				return req, false
			}
			if req.Body, err = json.Marshal(put(doc, tokens(b.Name), v, false)); err != nil {
				return req, false
			}
		}
	}
	return req, !strings.ContainsAny(req.Path, "{}")
}

// source is the value that a bind takes from an answer. What it needs is asked
// for first.
func (l *Loop) source(ctx context.Context, b plumbline.Bind, depth int) (any, bool) {
	switch b.From {
	case plumbline.FromNew:
		return l.novel(b.Pointer)
	case plumbline.FromGiven:
		return b.Pointer, b.Pointer != ""
	}
	x, held := l.held[b.From]
	if !held {
		var ok bool
		if x, ok = l.ask(ctx, b.From, depth); !ok {
			return nil, false
		}
		l.held[b.From] = x
	}
	return x.value(b.Pointer)
}

// An exchange is a request that was carried out, and its answer.
type exchange struct {
	template string
	request  plumbline.Request
	response plumbline.Response
}

// value is what a bind's pointer leads to: a header, a parameter of the path, a
// member of what was sent, or one of the answer.
func (x exchange) value(pointer string) (any, bool) {
	if name, ok := strings.CutPrefix(pointer, "header:"); ok {
		v := strings.TrimSuffix(http.Header(x.response.Header).Get(name), "/")
		_, id, _ := split(v)
		return id, id != ""
	}
	if name, ok := strings.CutPrefix(pointer, "path:"); ok {
		m := newRoute(x.template)
		found := m.re.FindStringSubmatch(x.request.Path)
		i := slices.Index(m.names, name)
		if found == nil || i < 0 {
			return nil, false
		}
		return unescapePath(found[i+1]), true
	}
	body := x.response.Body
	if rest, ok := strings.CutPrefix(pointer, "request:"); ok {
		pointer, body = rest, x.request.Body
	}
	v, err := decodeJSON(body)
	if err != nil {
		return nil, false
	}
	v, ok := at(v, tokens(pointer))
	switch v.(type) {
	case string, json.Number:
		return v, ok && simple(v) != ""
	}
	return nil, false
}

// ask sends the seed request of an operation, and gets a right answer also of
// a rotten server.
func (l *Loop) ask(ctx context.Context, id string, depth int) (exchange, bool) {
	i := slices.IndexFunc(l.Operations, func(o plumbline.Operation) bool { return o.ID == id })
	if i < 0 || depth > 4 || len(l.Operations[i].Cases) == 0 {
		return exchange{}, false
	}
	req, ok := l.bound(ctx, l.Operations[i].Cases[0], depth+1)
	if !ok {
		return exchange{}, false
	}
	rot := l.server.options.Rot
	l.server.options.Rot = false
	resp, err := l.send(ctx, id, req)
	l.server.options.Rot = rot
	return exchange{l.Operations[i].Path, req, resp}, err == nil && resp.Status < 300
}

// novel makes a value that nothing has had before, of a kind that
// plumbline.FromNew names.
func (l *Loop) novel(kind string) (any, bool) {
	l.fresh++
	n := l.fresh
	what, rest, _ := strings.Cut(kind, ":")
	var least, most int
	_, _ = fmt.Sscanf(rest, "%d-%d", &least, &most)
	switch what {
	case "uuid":
		return fmt.Sprintf("00000000-0000-4000-8000-%012x", n), true
	case "integer":
		return json.Number(strconv.Itoa(least + n%max(most-least, 1))), true
	case "text":
		text := fmt.Sprintf("%0*d", max(least, 1), n)
		return text, len(text) <= most
	case "list":
		var list []string
		err := json.Unmarshal([]byte(rest), &list)
		if err != nil || len(list) == 0 {
			return nil, false
		}
		return list[n%len(list)], true
	}
	return nil, false
}

func tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	var out []string
	for _, t := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		out = append(out, strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~"))
	}
	return out
}

func at(v any, path []string) (any, bool) {
	for _, t := range path {
		switch x := v.(type) {
		case map[string]any:
			e, ok := x[t]
			if !ok {
				return nil, false
			}
			v = e
		case []any:
			i, err := strconv.Atoi(t)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}
