package target

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A shop is a small real server: customers with orders below them, products
// that were there before, and notes that nothing deletes.
type shop struct {
	mu       sync.Mutex
	last     int
	things   map[string]bool // paths of what exists
	log      []string        // "DELETE /customers/1 204", of changes only
	products []string
	refuse   func(method, path string) int // a status; zero: as it should be
	slow     func(method, path string) time.Duration
}

func newShop(t *testing.T, mode plumbline.Mode) (*shop, *Pool) {
	t.Helper()
	s := &shop{things: map[string]bool{"/products/p1": true, "/products/p2": true}, products: []string{"p1", "p2"}}
	base := serve(t, s.serve)
	return s, &Pool{Client: newClient(t, base, nil), Operations: shopOperations(), Mode: mode}
}

func (s *shop) serve(w http.ResponseWriter, r *http.Request) {
	if s.slow != nil {
		time.Sleep(s.slow(r.Method, r.URL.Path))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	status, body := s.answer(r.Method, r.URL.Path)
	if r.Method != http.MethodGet {
		s.log = append(s.log, fmt.Sprintf("%s %s %d", r.Method, r.URL.Path, status))
	}
	if status == http.StatusCreated {
		w.Header().Set("Location", fmt.Sprintf("http://%s%s/%d?fresh=1", r.Host, r.URL.Path, s.last))
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (s *shop) answer(method, path string) (int, any) {
	if s.refuse != nil {
		if status := s.refuse(method, path); status != 0 {
			return status, nil
		}
	}
	parent := path[:strings.LastIndex(path, "/")]
	switch {
	case path == "/products" && method == http.MethodGet:
		var items []map[string]string
		for _, p := range s.products {
			items = append(items, map[string]string{"id": p})
		}
		return http.StatusOK, map[string]any{"items": items}
	case method == http.MethodPost && (parent == "" || s.things[parent]):
		s.last++
		s.things[path+"/"+strconv.Itoa(s.last)] = true
		return http.StatusCreated, map[string]any{"id": s.last}
	case !s.things[path]:
		return http.StatusNotFound, nil
	case method == http.MethodDelete:
		for other := range s.things {
			if strings.HasPrefix(other, path+"/") {
				return http.StatusConflict, nil
			}
		}
		delete(s.things, path)
		s.products = slices.DeleteFunc(s.products, func(p string) bool { return "/products/"+p == path })
		return http.StatusNoContent, nil
	}
	return http.StatusOK, map[string]string{"path": path}
}

func (s *shop) changes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// left is what exists of what the shop did not begin with.
func (s *shop) left() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for path := range s.things {
		if !strings.HasPrefix(path, "/products/p") {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

func shopOperations() []plumbline.Operation {
	customer := plumbline.Bind{In: "path", Name: "customer", From: "createCustomer", Pointer: "/id"}
	order := plumbline.Bind{In: "path", Name: "order", From: "createOrder", Pointer: "/id"}
	product := plumbline.Bind{In: "path", Name: "product", From: "listProducts", Pointer: "/items/0/id"}
	note := plumbline.Bind{In: "path", Name: "note", From: "createNote", Pointer: "header:location"}
	op := func(id, method, path, body string, binds ...plumbline.Bind) plumbline.Operation {
		c := plumbline.Case{ID: id + "/seed", Operation: id, Request: plumbline.Request{Method: method, Path: path, Body: []byte(body)}, Binds: binds}
		return plumbline.Operation{ID: id, Method: method, Path: path, Cases: []plumbline.Case{c}}
	}
	creates := func(o plumbline.Operation, deletes string) plumbline.Operation {
		o.Produces, o.Deletes = []string{"id"}, deletes
		return o
	}
	return []plumbline.Operation{
		creates(op("createCustomer", http.MethodPost, "/customers", "{}"), "deleteCustomer"),
		op("getCustomer", http.MethodGet, "/customers/{customer}", "", customer),
		op("putCustomer", http.MethodPut, "/customers/{customer}", "{}", customer),
		op("deleteCustomer", http.MethodDelete, "/customers/{customer}", "", customer),
		creates(op("createOrder", http.MethodPost, "/customers/{customer}/orders", "{}", customer), "deleteOrder"),
		op("getOrder", http.MethodGet, "/customers/{customer}/orders/{order}", "", customer, order),
		op("deleteOrder", http.MethodDelete, "/customers/{customer}/orders/{order}", "", customer, order),
		op("listProducts", http.MethodGet, "/products", ""),
		op("getProduct", http.MethodGet, "/products/{product}", "", product),
		op("putProduct", http.MethodPut, "/products/{product}", "{}", product),
		op("deleteProduct", http.MethodDelete, "/products/{product}", "", product),
		creates(op("createNote", http.MethodPost, "/notes", "{}"), ""),
		op("getNote", http.MethodGet, "/notes/{note}", "", note),
		op("chicken", http.MethodGet, "/chicken/{egg}", "", plumbline.Bind{In: "path", Name: "egg", From: "egg", Pointer: "/id"}),
		op("egg", http.MethodGet, "/egg/{chicken}", "", plumbline.Bind{In: "path", Name: "chicken", From: "chicken", Pointer: "/id"}),
	}
}

// fill fills the seed case of an operation.
func fill(t *testing.T, p *Pool, operation string) (plumbline.Request, error) {
	t.Helper()
	op, ok := p.operation(operation)
	if !ok {
		t.Fatalf("no operation %s", operation)
	}
	return p.Fill(t.Context(), op.Cases[0])
}

// call fills the seed case of an operation, sends it and learns from it.
func call(t *testing.T, p *Pool, operation string) Answer {
	t.Helper()
	req, err := fill(t, p, operation)
	if err != nil {
		t.Fatal(err)
	}
	a := p.Client.Do(t.Context(), Shot{Operation: operation, Case: operation + "/seed", Request: req})
	p.Learn(operation, a)
	return a
}
