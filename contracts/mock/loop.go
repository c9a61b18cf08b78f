package mock

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

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
