// Package mock is a server that an OpenAPI document describes: it answers
// random data that the document's schemas accept, refuses every request that
// breaks the document, and keeps what was created. It exists so that Plumbline
// can be tested against servers that are right, and against ones that break
// exactly one promise; it decodes requests by its own code and shares none
// with the generator of cases.
package mock

import (
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Options say how the server behaves. The zero value is a right server.
type Options struct {
	Seed uint64 // the same seed and the same requests give the same answers
	Open bool   // credentials are not asked for
	// Needs are values that answers hold, and that fit where they are put into
	// requests, as far as the answers' own schemas allow.
	Needs []Need
	// Rot makes every answer to a valid request break one promise, where there
	// is one to break.
	Rot bool
	// Rotted is told of every promise that is broken. It must not block.
	Rotted func(Rot)
}

// A Rot is one promise that an answer breaks.
type Rot struct {
	Operation string
	Keyword   string // of the schema, or "status", "media-type", "header", "body-empty", "body-syntax"
	Pointer   string // JSON pointer into the body, or "header/Name"
}

// A Server answers as its document says. It is safe for concurrent use.
type Server struct {
	doc     *openapi.Doc
	set     *schema.Set
	options Options
	routes  []*route
	reader  reader

	mu      sync.Mutex
	things  map[string][]*thing // by the path of their collection
	gone    map[string]bool     // paths of what was deleted without having been created
	seeded  map[string]bool     // collections that were listed
	granted map[string][]string // things that are there without having been created, by the template that names them
	cursors map[string]int      // places in lists that were handed out, by what stands for them
	keys    map[string]*kept    // by operation, caller and idempotency key
	made    uint64
	broken  map[string]int // how often each keyword was broken
}

// A route is a path of the document with its operations by method.
type route struct {
	template string
	re       *regexp.Regexp
	names    []string
	literals int // characters of the template outside of parameters
	ops      map[string]openapi.Op
}

// A call is one request on its way through the server.
type call struct {
	req      *http.Request
	op       openapi.Op
	route    *route
	captures map[string]string // path parameters, as on the wire
	body     []byte
	value    any // decoded body
	rng      *rand.Rand
}

// New makes a server of a document and its schemas.
func New(d *openapi.Doc, s *schema.Set, o Options) *Server {
	out := &Server{doc: d, set: s, options: o, reader: reader{s}, things: map[string][]*thing{}, gone: map[string]bool{}, seeded: map[string]bool{}, granted: map[string][]string{}, cursors: map[string]int{}, keys: map[string]*kept{}, broken: map[string]int{}}
	by := map[string]*route{}
	for _, op := range d.Operations {
		r := by[op.Path]
		if r == nil {
			r = newRoute(op.Path)
			by[op.Path] = r
			out.routes = append(out.routes, r)
		}
		r.ops[op.Method] = op
	}
	slices.SortStableFunc(out.routes, func(a, b *route) int {
		if d := len(a.names) - len(b.names); d != 0 {
			return d
		}
		return b.literals - a.literals
	})
	return out
}

func newRoute(template string) *route {
	r := &route{template: template, ops: map[string]openapi.Op{}}
	var expr strings.Builder
	expr.WriteString("^")
	for rest := template; rest != ""; {
		literal, after, found := strings.Cut(rest, "{")
		expr.WriteString(regexp.QuoteMeta(literal))
		r.literals += len(literal)
		if !found {
			break
		}
		name, more, _ := strings.Cut(after, "}")
		r.names = append(r.names, name)
		expr.WriteString("([^/]+?)")
		rest = more
	}
	expr.WriteString("/?$")
	r.re = regexp.MustCompile(expr.String())
	return r
}

// has tells whether a route has a method; HEAD comes with GET.
func (r *route) has(method string) bool {
	_, has := r.ops[method]
	_, get := r.ops[http.MethodGet]
	return has || get && method == http.MethodHead
}

// find is the route of a path that has the method, and the methods of all that
// match: the most concrete route first (OpenAPI 3.1 §4.8.8.2).
func (s *Server) find(method, path string) (*route, map[string]string, []string) {
	var allow []string
	for _, r := range s.routes {
		m := r.re.FindStringSubmatch(path)
		if m == nil {
			continue
		}
		allow = append(allow, slices.Sorted(maps.Keys(r.ops))...)
		if !r.has(method) {
			continue
		}
		captures := map[string]string{}
		for i, name := range r.names {
			captures[name] = m[i+1]
		}
		return r, captures, allow
	}
	return nil, nil, allow
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(req.Body, mostBody))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	route, captures, allow := s.find(req.Method, req.URL.EscapedPath())
	if route == nil {
		s.noRoute(w, req, allow)
		return
	}
	op, ok := route.ops[req.Method]
	if !ok {
		op = route.ops[http.MethodGet]
	}
	c := &call{req: req, op: op, route: route, captures: captures, body: body, rng: s.random(op.ID + " " + req.URL.EscapedPath() + "?" + req.URL.RawQuery)}
	if req.Header.Get(keyHeader) != "" && keyed(op) {
		s.once(w, c)
		return
	}
	s.answer(w, c)
}

// noRoute answers what the document does not have (RFC 9110 §15.5.5, §15.5.6,
// §9.3.7).
func (s *Server) noRoute(w http.ResponseWriter, req *http.Request, allow []string) {
	if len(allow) == 0 {
		problem(w, http.StatusNotFound, "there is nothing here")
		return
	}
	w.Header().Set("Allow", allowed(allow))
	if req.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	problem(w, http.StatusMethodNotAllowed, "the method is not allowed")
}

// allowed is the value of Allow for a path with these methods of the document.
func allowed(methods []string) string {
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	methods = append(methods, http.MethodOptions)
	slices.Sort(methods)
	return strings.Join(slices.Compact(methods), ", ")
}

// oblige sets what a status must not be sent without, also where the document
// uses it in a sense of its own (RFC 9110 §15.5.2, §15.5.6, §15.5.8, §15.5.22).
func (c *call) oblige(h http.Header, status int) {
	name, value := "", ""
	switch status {
	case http.StatusUnauthorized:
		name, value = "WWW-Authenticate", `Bearer realm="mock"`
	case http.StatusProxyAuthRequired:
		name, value = "Proxy-Authenticate", `Basic realm="mock"`
	case http.StatusMethodNotAllowed:
		name, value = "Allow", allowed(slices.Sorted(maps.Keys(c.route.ops)))
	case http.StatusUpgradeRequired:
		name, value = "Upgrade", "HTTP/2.0"
	}
	if name != "" && h.Get(name) == "" {
		h.Set(name, value)
	}
}

func problem(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"title":"`+title+`"}`)
}

// random is a source that depends on the seed and on what is asked for, so
// that the same question has the same answer.
func (s *Server) random(what string) *rand.Rand {
	h := fnv.New64a()
	_, _ = io.WriteString(h, what)
	return rand.New(rand.NewPCG(s.options.Seed, h.Sum64())) //nolint:gosec // test data
}

// answer checks a request and answers it.
func (s *Server) answer(w http.ResponseWriter, c *call) {
	if !s.options.Open && !s.allowed(c) {
		s.refuse(w, c, http.StatusUnauthorized, "credentials are missing")
		return
	}
	reply := s.success(c)
	if !reply.choose(c.req.Header.Values("Accept")) {
		s.refuse(w, c, http.StatusNotAcceptable, "no representation is acceptable")
		return
	}
	if status, why := s.checkBody(c); status != 0 {
		s.refuse(w, c, status, why)
		return
	}
	if why := s.checkParameters(c); why != "" {
		s.refuse(w, c, http.StatusBadRequest, why)
		return
	}
	if !s.carry(c, reply) {
		s.refuse(w, c, http.StatusNotFound, "there is no such thing")
		return
	}
	if s.options.Rot {
		s.rot(c, reply)
	}
	reply.write(w, c)
}
