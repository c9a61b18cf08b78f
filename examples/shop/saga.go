package shop

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// limited is the product of which there is only so much. An order of it is a
// saga: its stock is reserved, the charge is made, the order is stored; and
// when that comes to nothing, each step is undone. Each undo can be repeated
// without harm, and is repeated until it is done, as long as the process lives.
// An order that is changed later keeps what it has reserved.
const limited = "p-4"

// Waits between two attempts at an undo.
const (
	firstUndo   = 100 * time.Millisecond
	longestUndo = time.Second
)

// secure makes sure that there is enough of the product; of the limited one it
// takes it away from everybody else.
func (s *service) secure(ctx context.Context, o order) error {
	if o.Product == limited && !s.mutant.is("oversell") {
		var held struct{ Held int }
		in := map[string]any{"product": o.Product, "quantity": o.Quantity}
		err := s.inventory.call(ctx, request{method: http.MethodPut, path: "/reservations/" + o.ID, in: in}, &held)
		if errors.Is(err, errWrong) {
			return refuse(http.StatusConflict, "out of stock")
		}
		return s.undone(ctx, o, err)
	}
	var stock struct{ Stock int }
	if err := s.inventory.call(ctx, request{method: http.MethodGet, path: "/stock/" + o.Product}, &stock); err != nil {
		return err
	}
	if stock.Stock < o.Quantity {
		return refuse(http.StatusConflict, "out of stock")
	}
	if o.Product == limited { // a defect: what was read meanwhile is written over
		in := map[string]any{"stock": stock.Stock - o.Quantity}
		return s.inventory.call(ctx, request{method: http.MethodPut, path: "/stock/" + o.Product, in: in}, &stock)
	}
	return nil
}

// undone begins to undo an order of the limited product that has failed. The
// client is told why it failed, and does not wait for that.
func (s *service) undone(ctx context.Context, o order, failed error) error {
	switch {
	case failed == nil || o.Product != limited, s.mutant.is("saga-no-compensation"):
	case s.mutant.is("saga-ignores-timeout") && !strings.Contains(failed.Error(), "status 5"):
	default:
		s.untilDone(ctx, s.forgetting(o))
		s.untilDone(ctx, s.releasing(o))
		s.untilDone(ctx, request{method: http.MethodDelete, path: "/charge/" + o.ID}.of(s.payment))
	}
	return failed
}

// forgetting takes an order out of the store, where storing it may have worked.
func (s *service) forgetting(o order) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := s.store.do(ctx, "DEL order:"+o.ID)
		if errors.Is(err, errNone) {
			return nil
		}
		return err
	}
}

// releasing gives the stock of an order back.
func (s *service) releasing(o order) func(context.Context) error {
	return request{method: http.MethodDelete, path: "/reservations/" + o.ID}.of(s.inventory)
}

// of is the call of a dependency of which the answer does not matter.
func (q request) of(c *dependencyClient) func(context.Context) error {
	return func(ctx context.Context) error {
		var out map[string]any
		return c.call(ctx, q, &out)
	}
}

// untilDone repeats an undo until it is done, whatever becomes of the request
// that it is for.
func (s *service) untilDone(ctx context.Context, undo func(context.Context) error) {
	ctx = context.WithoutCancel(ctx)
	go func() {
		time.Sleep(s.mutant.later())
		for wait := firstUndo; undo(ctx) != nil && !s.mutant.is("undo-given-up"); wait = min(2*wait, longestUndo) {
			time.Sleep(wait)
		}
	}()
}
