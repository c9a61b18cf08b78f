package shop

import (
	"context"
	"errors"
	"net/http"
)

// replaceOrder puts another order in the place of one: product, quantity and
// note are those of the request, all of them. What is owed besides is settled
// with the invoice.
func (s *service) replaceOrder(ctx context.Context, r *http.Request, user string) (int, any, error) {
	defer s.alone(r)()
	o, err := s.owned(ctx, r, user)
	if err = errors.Join(err, s.precondition(r, o)); err != nil {
		return 0, nil, err
	}
	fields, err := readFields(r)
	if err != nil {
		return 0, nil, err
	}
	if s.mutant.is("writes-before-check") {
		if err := s.writeUnchecked(ctx, o, fields); err != nil {
			return 0, nil, err
		}
	}
	wanted := order{}
	if err := s.fill(&wanted, fields); err != nil {
		return 0, nil, err
	}
	o.Product, o.Quantity, o.Note = wanted.Product, wanted.Quantity, wanted.Note
	if s.mutant.is("put-adds-up") {
		o.Quantity = o.Edits + wanted.Quantity
		o.Edits++
	}
	return s.edited(ctx, o)
}

// patchOrder changes the quantity or the note (RFC 7396); null takes the note
// away.
func (s *service) patchOrder(ctx context.Context, r *http.Request, user string) (int, any, error) {
	defer s.alone(r)()
	o, err := s.owned(ctx, r, user)
	if err = errors.Join(err, s.precondition(r, o)); err != nil {
		return 0, nil, err
	}
	fields, err := readFields(r)
	if err != nil {
		return 0, nil, err
	}
	if len(fields) == 0 {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "name something to change")
	}
	paid, set := s.paid(fields)
	all, err := s.mergedInto(o, fields)
	if err != nil {
		return 0, nil, err
	}
	wanted := order{}
	if err := s.fill(&wanted, all); err != nil {
		return 0, nil, err
	}
	o.Quantity, o.Note = wanted.Quantity, wanted.Note
	if set {
		o.Total = paid
		return http.StatusOK, s.shown(o), s.put(ctx, o)
	}
	return s.edited(ctx, o)
}

// mergedInto is what an order is by a merge patch.
func (s *service) mergedInto(o order, fields map[string]any) (map[string]any, error) {
	all := map[string]any{"product_id": o.Product, "quantity": float64(o.Quantity), "note": o.Note}
	if s.mutant.is("patch-clears") {
		delete(all, "note")
	}
	for name, v := range fields {
		switch {
		case v == nil && s.mutant.is("null-is-ignored"):
		case name == "product_id" && s.mutant.is("lenient-unknown-fields"):
		case name == "product_id":
			return nil, refuse(http.StatusUnprocessableEntity, "the product cannot be changed")
		case name == "note" && v == nil:
			delete(all, "note")
		default:
			all[name] = v
		}
	}
	return all, nil
}

// paid is a defect: it takes the total from what the client sends, and passes
// over what else is not the client's to set.
func (s *service) paid(fields map[string]any) (int, bool) {
	if !s.mutant.is("mass-assignment") {
		return 0, false
	}
	total, ok := fields["total"].(float64)
	for _, name := range []string{"total", "status", "created_at"} {
		delete(fields, name)
	}
	return int(total), ok
}

// edited stores an order that was changed.
func (s *service) edited(ctx context.Context, o order) (int, any, error) {
	p, _ := product(o.Product)
	o.Total = p.Price * o.Quantity
	if s.mutant.is("update-is-lost") {
		return http.StatusOK, s.shown(o), nil
	}
	return http.StatusOK, s.shown(o), s.put(ctx, o)
}

// writeUnchecked is a defect: the quantity is stored before it is looked at.
func (s *service) writeUnchecked(ctx context.Context, o order, fields map[string]any) error {
	if n, ok := fields["quantity"].(float64); ok {
		o.Quantity = int(n)
	}
	return s.put(ctx, o)
}
