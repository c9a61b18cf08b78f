package shop

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An order as it is stored.
type order struct {
	ID        string    `json:"id"`
	Product   string    `json:"product_id"`
	Quantity  int       `json:"quantity"`
	Note      string    `json:"note,omitempty"`
	Total     int       `json:"total"` // cents
	Status    string    `json:"status"`
	CreatedAt time.Time `json:"created_at"`
	Owner     string    `json:"owner"`
	Receipt   string    `json:"receipt"`
	Edits     int       `json:"edits,omitempty"`
}

// shown is the order as its owner sees it.
func (s *service) shown(o order) entity {
	out := entity{"id": o.ID, "product_id": o.Product, "quantity": o.Quantity, "total": o.Total, "status": o.Status, "created_at": o.CreatedAt}
	if s.mutant.is("volatile-fields") {
		out[shownAt] = time.Now().UTC()
	}
	if o.Note != "" && !s.mutant.is("drops-consumer-field") {
		out["note"] = o.Note
	}
	if s.mutant.is("response-type-drift") {
		out["total"] = strconv.Itoa(o.Total)
	}
	return out
}

// createOrder secures stock, charges, and stores. The charge carries a key, so
// that a repeated request is charged once.
func (s *service) createOrder(ctx context.Context, r *http.Request, user string) (int, any, error) {
	wanted, err := s.readOrder(r)
	if err != nil {
		return 0, nil, err
	}
	key := r.Header.Get("Idempotency-Key")
	if _, given := r.Header["Idempotency-Key"]; given && !isKey(key) {
		return 0, nil, refuse(http.StatusBadRequest, "Idempotency-Key: 1 to 64 letters, digits and hyphens")
	}
	if key == "" || s.mutant.is("idempotency-key-ignored") {
		return s.order(ctx, user, newID(), wanted)
	}
	claim := s.newClaim(user, key, wanted)
	earlier, err := s.claim(ctx, claim)
	if err != nil || earlier != nil {
		return s.mutant.replayed(), earlier, err
	}
	if s.mutant.is("gone-client-frees-key") { // who has gone away is served, and the key is free again
		status, body, err := s.order(context.WithoutCancel(ctx), user, key, wanted)
		return status, body, errors.Join(err, s.settle(ctx, claim, body, errors.Join(err, ctx.Err())))
	}
	status, body, err := s.order(ctx, user, key, wanted)
	return status, body, errors.Join(err, s.settle(ctx, claim, body, err))
}

// order makes an order: the charge carries the key.
func (s *service) order(ctx context.Context, user, key string, wanted order) (int, any, error) {
	p, _ := product(wanted.Product)
	o := order{ID: s.orderID(), Product: p.ID, Quantity: wanted.Quantity, Note: wanted.Note, Total: p.Price * wanted.Quantity, Status: "confirmed", CreatedAt: time.Now().UTC(), Owner: user}
	if err := s.secure(ctx, o); err != nil {
		return 0, nil, err
	}
	var charged struct{ Receipt string }
	charge := request{http.MethodPost, "/charge", s.charge(key, o), key}
	if err := s.payment.call(ctx, charge, &charged); err != nil {
		return 0, nil, s.undone(ctx, o, err)
	}
	o.Receipt = charged.Receipt
	s.sales.add(o.Total)
	return http.StatusCreated, s.shown(o), s.undone(ctx, o, s.put(ctx, o))
}

func isKey(s string) bool {
	const most = 64
	outside := func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, outside)
}

// charge is what payment is asked for.
func (s *service) charge(key string, o order) map[string]any {
	if s.mutant.is("bad-outbound-call") {
		return map[string]any{"order": len(key), "amount": o.Total}
	}
	return map[string]any{"order": o.ID, "amount": o.Total}
}

// put stores an order.
func (s *service) put(ctx context.Context, o order) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = s.store.do(ctx, "SET order:"+o.ID+" "+string(data))
	if s.mutant.is("own-copies") {
		s.memory.Store(o.ID, o)
	}
	return err
}

func (s *service) load(ctx context.Context, key string) (order, error) {
	var o order
	data, err := s.store.do(ctx, "GET "+key)
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal([]byte(data), &o)
}

// owned loads the order of the path if the caller owns it. That another's
// order exists is not told.
func (s *service) owned(ctx context.Context, r *http.Request, user string) (order, error) {
	id := r.PathValue("orderId")
	if !isID(id) {
		return order{}, refuse(s.mutant.hiding(), "no such order")
	}
	o, err := s.load(ctx, "order:"+id)
	if errors.Is(err, errNone) || err == nil && o.Owner != user && !s.mutant.is("bola") {
		if err == nil && s.mutant.is("tells-existence") {
			return order{}, refuse(http.StatusForbidden, "not your order")
		}
		return order{}, refuse(s.mutant.hiding(), "no such order")
	}
	return o, err
}

func (s *service) getOrder(ctx context.Context, r *http.Request, user string) (int, any, error) {
	o, err := s.owned(ctx, r, user)
	switch {
	case err == nil && s.mutant.is("stale-reads"):
		o = s.remembered(o)
	case err == nil && s.mutant.is("own-copies"):
		o = s.copied(o)
	}
	return http.StatusOK, s.shown(o), err
}

func (s *service) getInvoice(ctx context.Context, r *http.Request, user string) (int, any, error) {
	o, err := s.owned(ctx, r, user)
	if s.mutant.is("invoice-survives") && isID(r.PathValue("orderId")) && err != nil {
		o, err = s.load(ctx, "deleted:"+r.PathValue("orderId"))
	}
	if err == nil && s.mutant.is("invoice-changes-order") {
		o.Quantity = o.Quantity%10 + 1
		err = s.put(ctx, o)
	}
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{"order_id": o.ID, "receipt": o.Receipt, "amount": o.Total, "currency": "EUR"}, nil
}

func (s *service) deleteOrder(ctx context.Context, r *http.Request, user string) (int, any, error) {
	defer s.alone(r)()
	o, err := s.owned(ctx, r, user)
	if _, gone := s.gone.Load(r.PathValue("orderId")); gone && err != nil && s.mutant.is("delete-twice-500") {
		return 0, nil, refuse(http.StatusInternalServerError, "")
	}
	if err = errors.Join(err, s.precondition(r, o)); err != nil {
		return 0, nil, err
	}
	s.gone.Store(o.ID, true)
	switch {
	case s.mutant.is("delete-forgets"):
		return http.StatusNoContent, nil, nil
	case s.mutant.is("invoice-survives"):
		if err := s.keepDeleted(ctx, o); err != nil {
			return 0, nil, err
		}
	}
	_, err = s.store.do(ctx, "DEL order:"+o.ID)
	s.freed(o.ID, err)
	if errors.Is(err, errNone) {
		return 0, nil, refuse(s.mutant.hiding(), "no such order")
	}
	if err == nil && o.Product == limited {
		s.untilDone(ctx, s.releasing(o))
	}
	return http.StatusNoContent, nil, err
}

// keepDeleted is a defect: what is deleted can still be read elsewhere.
func (s *service) keepDeleted(ctx context.Context, o order) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = s.store.do(ctx, "SET deleted:"+o.ID+" "+string(data))
	return err
}
