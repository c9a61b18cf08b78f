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
func (s *service) shown(o order) map[string]any {
	out := map[string]any{"id": o.ID, "product_id": o.Product, "quantity": o.Quantity, "total": o.Total, "status": o.Status, "created_at": o.CreatedAt}
	if o.Note != "" && !s.mutant.is("drops-consumer-field") {
		out["note"] = o.Note
	}
	if s.mutant.is("response-type-drift") {
		out["total"] = strconv.Itoa(o.Total)
	}
	return out
}

// createOrder asks for stock, charges, and stores. The charge carries a key, so
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
	if key == "" {
		key = newID()
	} else if o, err := s.load(ctx, replayKey(user, key)); err == nil {
		return http.StatusCreated, s.shown(o), nil
	} else if !errors.Is(err, errNone) {
		return 0, nil, err
	}
	p, _ := product(wanted.Product)
	o := order{ID: newOrderID(time.Now()), Product: p.ID, Quantity: wanted.Quantity, Note: wanted.Note, Total: p.Price * wanted.Quantity, Status: "confirmed", CreatedAt: time.Now().UTC(), Owner: user}
	var stock struct{ Stock int }
	if err := s.inventory.call(ctx, request{method: http.MethodGet, path: "/stock/" + p.ID}, &stock); err != nil {
		return 0, nil, err
	}
	if stock.Stock < o.Quantity {
		return 0, nil, refuse(http.StatusConflict, "out of stock")
	}
	var charged struct{ Receipt string }
	charge := request{http.MethodPost, "/charge", s.charge(key, o), key}
	if err := s.payment.call(ctx, charge, &charged); err != nil {
		return 0, nil, err
	}
	o.Receipt = charged.Receipt
	s.sales.add(o.Total)
	return http.StatusCreated, s.shown(o), s.save(ctx, o, replayKey(user, key))
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

func replayKey(user, key string) string { return "replay:" + user + ":" + hexed(key) }

// save stores an order under its ID and under the key of its request.
func (s *service) save(ctx context.Context, o order, replay string) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if _, err := s.store.do(ctx, "SET "+replay+" "+string(data)); err != nil {
		return err
	}
	return s.put(ctx, o)
}

// put stores an order.
func (s *service) put(ctx context.Context, o order) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = s.store.do(ctx, "SET order:"+o.ID+" "+string(data))
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
		return order{}, refuse(http.StatusNotFound, "no such order")
	}
	o, err := s.load(ctx, "order:"+id)
	if errors.Is(err, errNone) || err == nil && o.Owner != user && !s.mutant.is("bola") {
		return order{}, refuse(http.StatusNotFound, "no such order")
	}
	return o, err
}

func (s *service) getOrder(ctx context.Context, r *http.Request, user string) (int, any, error) {
	o, err := s.owned(ctx, r, user)
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
	o, err := s.owned(ctx, r, user)
	if err != nil {
		return 0, nil, err
	}
	switch {
	case s.mutant.is("delete-forgets"):
		return http.StatusNoContent, nil, nil
	case s.mutant.is("invoice-survives"):
		if err := s.keepDeleted(ctx, o); err != nil {
			return 0, nil, err
		}
	}
	_, err = s.store.do(ctx, "DEL order:"+o.ID)
	if errors.Is(err, errNone) {
		return 0, nil, refuse(http.StatusNotFound, "no such order")
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
