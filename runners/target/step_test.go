package target

import (
	"errors"
	"net/http"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// A flow creates below a customer of the pool, and reads and deletes what it
// made below the same one, whatever is in turn.
func TestFillStepStaysWithItsThings(t *testing.T) {
	t.Parallel()
	s, p := newShop(t, plumbline.ModeOwn)
	for range 3 {
		call(t, p, "createCustomer")
	}
	steps := map[string]Answer{}
	step := func(name, operation, from string) Answer {
		op, _ := p.operation(operation)
		c := op.Cases[0]
		c.Binds = append([]plumbline.Bind(nil), c.Binds...)
		for i := range c.Binds {
			if from != "" && c.Binds[i].Name == "order" {
				c.Binds[i].From = from
			}
		}
		req, err := p.FillStep(t.Context(), c, steps)
		if err != nil {
			t.Fatal(err)
		}
		a := p.Client.Do(t.Context(), Shot{Operation: operation, Case: c.ID, Request: req})
		p.LearnStep(operation, a)
		steps[name] = a
		return a
	}
	for range 4 {
		clear(steps)
		made := step("create", "createOrder", "")
		if a := step("read", "getOrder", "step:create"); a.Status != http.StatusOK {
			t.Errorf("%s after %s: got %d", a.Request.Path, made.Request.Path, a.Status)
		}
		if a := step("delete", "deleteOrder", "step:create"); a.Status != http.StatusNoContent {
			t.Errorf("%s after %s: got %d", a.Request.Path, made.Request.Path, a.Status)
		}
	}
	p.Teardown(t.Context())
	if left := s.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestFillStepChangesNothingThatWasThere(t *testing.T) {
	t.Parallel()
	_, p := newShop(t, plumbline.ModeOwn)
	listed := call(t, p, "listProducts")
	c := plumbline.Case{
		Operation: "deleteProduct", Request: plumbline.Request{Method: http.MethodDelete, Path: "/products/{product}"},
		Binds: []plumbline.Bind{{In: "path", Name: "product", From: "step:list", Pointer: "/items/0/id"}},
	}
	if _, err := p.FillStep(t.Context(), c, map[string]Answer{"list": listed}); !errors.Is(err, ErrUnbound) {
		t.Errorf("got %v", err)
	}
}

func TestFillFreshSharesNothing(t *testing.T) {
	t.Parallel()
	_, p := newShop(t, plumbline.ModeOwn)
	op, _ := p.operation("getCustomer")
	seen := map[string]bool{}
	for range 3 {
		req, err := p.FillFresh(t.Context(), op.Cases[0])
		if err != nil || seen[req.Path] {
			t.Errorf("%s %v was given before", req.Path, err)
		}
		seen[req.Path] = true
	}
}
