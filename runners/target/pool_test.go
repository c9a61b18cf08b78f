package target

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

func TestFill(t *testing.T) {
	t.Parallel()
	const made = "/customers/1"
	for name, c := range map[string]struct {
		mode      plumbline.Mode
		before    []string // operations that are called first
		operation string
		path      string // empty: ErrUnbound
		changes   []string
	}{
		"nothing to fill":                {plumbline.ModeObserve, nil, "listProducts", "/products", nil},
		"created for it":                 {plumbline.ModeOwn, nil, "getCustomer", made, []string{"POST /customers 201"}},
		"known from an answer":           {plumbline.ModeOwn, []string{"createCustomer"}, "getCustomer", made, []string{"POST /customers 201"}},
		"two below each other":           {plumbline.ModeOwn, nil, "getOrder", "/customers/1/orders/2", []string{"POST /customers 201", "POST /customers/1/orders 201"}},
		"in turn":                        {plumbline.ModeOwn, []string{"createCustomer", "createCustomer", "getCustomer"}, "getCustomer", "/customers/2", []string{"POST /customers 201", "POST /customers 201"}},
		"from a header":                  {plumbline.ModeOwn, nil, "getNote", "/notes/1", []string{"POST /notes 201"}},
		"from a list":                    {plumbline.ModeObserve, nil, "getProduct", "/products/p1", nil},
		"no creating in observe":         {plumbline.ModeObserve, nil, "getCustomer", "", nil},
		"changes its own":                {plumbline.ModeOwn, []string{"createCustomer"}, "putCustomer", made, []string{"POST /customers 201"}},
		"deletes one made for it":        {plumbline.ModeOwn, []string{"createCustomer"}, "deleteCustomer", "/customers/2", []string{"POST /customers 201", "POST /customers 201"}},
		"changes nothing that was there": {plumbline.ModeOwn, nil, "putProduct", "", nil},
		"nor when it is known":           {plumbline.ModeOwn, []string{"getProduct"}, "putProduct", "", nil},
		"deletes nothing that was there": {plumbline.ModeOwn, nil, "deleteProduct", "", nil},
		"changes all in full":            {plumbline.ModeFull, nil, "putProduct", "/products/p1", nil},
		"deletes all in full":            {plumbline.ModeFull, nil, "deleteProduct", "/products/p1", nil},
		"needs itself":                   {plumbline.ModeFull, nil, "chicken", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := newShop(t, c.mode)
			for _, op := range c.before {
				call(t, p, op)
			}
			req, err := fill(t, p, c.operation)
			if c.path == "" && !errors.Is(err, ErrUnbound) || c.path != "" && (err != nil || req.Path != c.path) {
				t.Errorf("got %q %v, want %q", req.Path, err, c.path)
			}
			if diff := cmp.Diff(c.changes, s.changes()); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// An order is found under the customer that it was made for, whichever of
// many is in turn.
func TestNestedValuesBelongTogether(t *testing.T) {
	t.Parallel()
	_, p := newShop(t, plumbline.ModeOwn)
	for range 3 {
		call(t, p, "createCustomer")
	}
	for range 5 {
		if a := call(t, p, "createOrder"); a.Status != http.StatusCreated {
			t.Fatalf("got %d", a.Status)
		}
	}
	for range 8 {
		if a := call(t, p, "getOrder"); a.Status != http.StatusOK {
			t.Errorf("%s: got %d", a.Request.Path, a.Status)
		}
		if a := call(t, p, "deleteOrder"); a.Status != http.StatusNoContent {
			t.Errorf("%s: got %d", a.Request.Path, a.Status)
		}
	}
}

// What one request deletes must be no other's: a 404 would be held against
// the deployment.
func TestDeletionTakesNothingFromOthers(t *testing.T) {
	t.Parallel()
	_, p := newShop(t, plumbline.ModeOwn)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				for op, want := range map[string]int{"deleteCustomer": http.StatusNoContent, "getCustomer": http.StatusOK} {
					if a := call(t, p, op); a.Status != want {
						t.Errorf("%s %s: got %d", op, a.Request.Path, a.Status)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestDeletionInFullForgetsWhatWasListed(t *testing.T) {
	t.Parallel()
	_, p := newShop(t, plumbline.ModeFull)
	for _, c := range []struct {
		operation, path string
		status          int
	}{
		{"getProduct", "/products/p1", http.StatusOK},
		{"deleteProduct", "/products/p1", http.StatusNoContent},
		{"getProduct", "/products/p2", http.StatusOK},
	} {
		if a := call(t, p, c.operation); a.Request.Path != c.path || a.Status != c.status {
			t.Errorf("%s: got %s %d, want %s %d", c.operation, a.Request.Path, a.Status, c.path, c.status)
		}
	}
}

func TestFillSaysWhatTheSourceAnswered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		want   string
	}{
		"error":    {http.StatusServiceUnavailable, "createCustomer answered 503"},
		"no place": {http.StatusOK, "the answer of createCustomer has nothing at /id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := newShop(t, plumbline.ModeOwn)
			s.refuse = func(string, string) int { return c.status }
			if _, err := fill(t, p, "getCustomer"); !errors.Is(err, ErrUnbound) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestLearnNeedsASuccess(t *testing.T) {
	t.Parallel()
	_, p := newShop(t, plumbline.ModeOwn)
	body := plumbline.Response{Body: []byte(`{"id":"x"}`)}
	for name, c := range map[string]struct {
		operation string
		status    int
		class     plumbline.ErrorClass
		booked    int
	}{
		"success":               {"createCustomer", 201, "", 1},
		"no success":            {"createCustomer", 409, "", 0},
		"no answer":             {"createCustomer", 0, plumbline.ErrorTimeout, 0},
		"broken after success":  {"createCustomer", 201, plumbline.ErrorEOF, 1},
		"creates nothing":       {"getCustomer", 200, "", 0},
		"not in the document":   {"createMystery", 201, "", 0},
		"yields what none asks": {"createNote", 201, "", 1},
	} {
		p.ledger = nil
		p.Learn(c.operation, Answer{Observation: plumbline.Observation{Status: c.status, Error: c.class}, Response: body})
		if len(p.ledger) != c.booked {
			t.Errorf("%s: got %d entries, want %d", name, len(p.ledger), c.booked)
		}
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation string
		n         int
		refuse    func(s *shop) func(string, string) int
		creations int
		unbound   bool
	}{
		"some":          {"getCustomer", 8, nil, 8, false},
		"at most":       {"getCustomer", 1000, nil, mostValues, false},
		"nested":        {"getOrder", 3, nil, 6, false},
		"listed":        {"getProduct", 8, nil, 0, false},
		"none":          {"getCustomer", 3, func(*shop) func(string, string) int { return always(503) }, 1, true},
		"fewer":         {"getCustomer", 8, func(s *shop) func(string, string) int { return s.after(2, 429) }, 3, false},
		"nothing to do": {"listProducts", 8, nil, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := newShop(t, plumbline.ModeOwn)
			if c.refuse != nil {
				s.refuse = c.refuse(s)
			}
			op, _ := p.operation(c.operation)
			if err := p.Prepare(t.Context(), op.Cases[0], c.n); errors.Is(err, ErrUnbound) != c.unbound || err != nil && !c.unbound {
				t.Errorf("got %v", err)
			}
			if got := len(s.changes()); got != c.creations {
				t.Errorf("%d creations, want %d", got, c.creations)
			}
			if err := p.Prepare(t.Context(), op.Cases[0], 1); err != nil != c.unbound || len(s.changes()) > c.creations+1 {
				t.Errorf("again: %v, %d creations", err, len(s.changes()))
			}
		})
	}
}

func always(status int) func(string, string) int { return func(string, string) int { return status } }

// after refuses all but the first n changes.
func (s *shop) after(n, status int) func(string, string) int {
	return func(string, string) int {
		if len(s.log) >= n {
			return status
		}
		return 0
	}
}

// A list and a creation side by side: that one list call is enough says
// nothing about how many must be created.
func TestPrepareCountsEverySourceByItself(t *testing.T) {
	t.Parallel()
	s, p := newShop(t, plumbline.ModeOwn)
	both := plumbline.Case{Operation: "getCustomer", Request: plumbline.Request{Path: "/x/{product}/{customer}"}, Binds: []plumbline.Bind{
		{In: "path", Name: "product", From: "listProducts", Pointer: "/items/0/id"},
		{In: "path", Name: "customer", From: "createCustomer", Pointer: "/id"},
	}}
	if err := p.Prepare(t.Context(), both, 5); err != nil || len(s.changes()) != 5 {
		t.Errorf("got %v and %d creations, want 5", err, len(s.changes()))
	}
}

// A run that has deleted more than the pool keeps must still come to an end
// when it prepares the next phase.
func TestPrepareAfterManyDeletions(t *testing.T) {
	t.Parallel()
	s, p := newShop(t, plumbline.ModeOwn)
	for range mostValues + 6 {
		call(t, p, "deleteCustomer")
	}
	before := len(s.changes())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	op, _ := p.operation("getCustomer")
	if err := p.Prepare(ctx, op.Cases[0], 4); err != nil || len(s.changes())-before != 4 {
		t.Errorf("got %v and %d creations, want 4", err, len(s.changes())-before)
	}
}

func TestSetState(t *testing.T) {
	t.Parallel()
	s, p := newShop(t, plumbline.ModeOwn)
	params := map[string]any{"operation": "createCustomer", "pointer": "/id", "as": "customer"}
	for i, want := range []string{"1", "1", "2", "1"} {
		params["consumed"] = i == 2
		got, err := p.SetState(t.Context(), "a customer", params)
		if diff := cmp.Diff(map[string]any{"customer": want}, got); diff != "" || err != nil {
			t.Errorf("%d: %v (-want +got):\n%s", i, err, diff)
		}
	}
	for _, missing := range []string{"operation", "pointer", "as"} {
		bad := map[string]any{"operation": "createCustomer", "pointer": "/id", "as": "customer", missing: 1}
		if _, err := p.SetState(t.Context(), "odd", bad); !errors.Is(err, ErrUnknownState) {
			t.Errorf("without %s: got %v", missing, err)
		}
	}
	s.refuse = always(500)
	if _, err := p.SetState(t.Context(), "a note", map[string]any{"operation": "createNote", "pointer": "header:Location", "as": "n"}); err == nil || errors.Is(err, ErrUnknownState) {
		t.Errorf("a source that is down: got %v", err)
	}
}

func TestPlaceTracesTheRequestsOfThePool(t *testing.T) {
	t.Parallel()
	var got []string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Traceparent"))
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"id":1}`))
	})
	n := uint64(0)
	p := &Pool{Client: newClient(t, base, nil), Operations: shopOperations(), Mode: plumbline.ModeOwn}
	p.Place = func() string { n++; return Trace(runID, [3]int{0xffff, 0, 0}, n) }
	call(t, p, "createOrder") // the call itself has no trace
	p.Teardown(t.Context())
	if len(got) != 4 || n != 3 {
		t.Fatalf("%d requests, %d traces", len(got), n)
	}
	for i, header := range got {
		if strings.Contains(header, runID+"ffff") != (i != 1) {
			t.Errorf("request %d: %q", i, header)
		}
	}
}

func TestPut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bind          plumbline.Bind
		request, text string
		want          plumbline.Request
		broken        bool
	}{
		"path":          {plumbline.Bind{In: "path", Name: "id"}, "", "a/b c", plumbline.Request{Path: "/x/a%2Fb%20c"}, false},
		"query":         {plumbline.Bind{In: "query", Name: "a b"}, "", "c&d", plumbline.Request{Path: "/x/{id}", Query: "a+b=c%26d"}, false},
		"header":        {plumbline.Bind{In: "header", Name: "X-Id"}, "", "v", plumbline.Request{Path: "/x/{id}", Header: map[string][]string{"X-Id": {"v"}}}, false},
		"body":          {plumbline.Bind{In: "body", Name: "/a/b"}, `{"a":{"b":"old"},"c":1.10}`, "new", plumbline.Request{Path: "/x/{id}", Body: []byte(`{"a":{"b":"new"},"c":1.10}`)}, false},
		"body number":   {plumbline.Bind{In: "body", Name: "/a~1b"}, `{"a/b":1}`, "2", plumbline.Request{Path: "/x/{id}", Body: []byte(`{"a/b":2}`)}, false},
		"body list":     {plumbline.Bind{In: "body", Name: "/0/id"}, `[{"id":"old"}]`, "new", plumbline.Request{Path: "/x/{id}", Body: []byte(`[{"id":"new"}]`)}, false},
		"left out":      {plumbline.Bind{In: "body", Name: "/id"}, `{"a":1}`, "new", plumbline.Request{Path: "/x/{id}", Body: []byte(`{"a":1}`)}, false},
		"not JSON":      {plumbline.Bind{In: "body", Name: "/id"}, `{`, "new", plumbline.Request{Path: "/x/{id}", Body: []byte(`{`)}, false},
		"not a number":  {plumbline.Bind{In: "body", Name: "/id"}, `{"id":1}`, "new", plumbline.Request{Path: "/x/{id}", Body: []byte(`{"id":1}`)}, true},
		"unknown place": {plumbline.Bind{In: "cookie", Name: "id"}, "", "v", plumbline.Request{Path: "/x/{id}"}, true},
	} {
		r := plumbline.Request{Path: "/x/{id}"}
		if c.request != "" {
			r.Body = []byte(c.request)
		}
		err := put(&r, c.bind, c.text)
		if diff := cmp.Diff(c.want, r); diff != "" || (err != nil) != c.broken {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestExtract(t *testing.T) {
	t.Parallel()
	r := plumbline.Response{
		Header: map[string][]string{"Location": {"https://h/orders/a%20b/?x=1"}, "X-Root": {"https://h/"}},
		Body:   []byte(`{"id":12345678901234567890,"s":"","l":[{"a/b":"deep"}],"t":true,"n":null}`),
	}
	for pointer, want := range map[string]string{
		"/id": "12345678901234567890", "/l/0/a~1b": "deep", "header:location": "a b",
		"/s": "", "/t": "", "/n": "", "/l": "", "/l/1/x": "", "/l/-1/x": "", "/l/x": "", "/id/x": "", "/none": "", "header:X-Root": "", "header:None": "",
	} {
		if got, ok := extract(r, pointer); ok != (want != "") || ok && got != want {
			t.Errorf("%s: got %q %t, want %q", pointer, got, ok, want)
		}
	}
	if got, ok := extract(plumbline.Response{Body: []byte(`{"id":"cut`)}, "/id"); ok {
		t.Errorf("of half a body: got %q", got)
	}
}

func FuzzPlaceholders(f *testing.F) {
	f.Add("42", "x y")
	f.Add("a/b", "%41")
	f.Fuzz(func(t *testing.T, a, b string) {
		r := plumbline.Request{Path: "/as/{a}/bs/v-{b}.json"}
		template := r.Path
		if strings.Contains(a, "{b}") {
			return
		}
		if err := errors.Join(put(&r, plumbline.Bind{In: "path", Name: "a"}, a), put(&r, plumbline.Bind{In: "path", Name: "b"}, b)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"a": a, "b": b}, placeholders(template, r.Path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.Path, diff)
		}
	})
}

func TestPlaceholdersOfAnotherShape(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{"/as/1/bs": 0, "/as/1/bs/v-2.json": 2, "/as/1/bs/w-2.json": 1, "/as/%zz/bs/v-2.json": 1} {
		if got := placeholders("/as/{a}/bs/v-{b}.json", path); len(got) != want {
			t.Errorf("%s: got %v", path, got)
		}
	}
}
