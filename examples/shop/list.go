package shop

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// A page is a part of the list of orders.
type page struct {
	limit int
	after string // key of the last order of the page before; empty at the start
	pass  int    // of the caller's orders that are not shown, in a shop with pages by offset
	skip  int    // used by a defect alone
}

// freed lets the ID of an order that was deleted be given again, in a shop that
// does so.
func (s *service) freed(id string, err error) {
	if err == nil && s.mutant.is("id-reuse-after-delete") {
		s.free.Store(&id)
	}
}

// orderID is that of a new order.
func (s *service) orderID() string {
	if id := s.free.Swap(nil); id != nil {
		return *id
	}
	return newOrderID(time.Now())
}

// newOrderID begins with the time, so that the newest order has the greatest ID.
func newOrderID(now time.Time) string {
	return fmt.Sprintf("%016x", now.UnixNano()) + randomHex(4)
}

// listOrders shows the caller's orders, the newest first, a page at a time. The
// cursor names the last order that was shown, so that what is added or deleted
// meanwhile moves nothing.
func (s *service) listOrders(ctx context.Context, r *http.Request, user string) (int, any, error) {
	p, err := s.readPage(r)
	if err != nil {
		return 0, nil, err
	}
	shown, last, err := s.ordersOf(ctx, user, p)
	if err != nil {
		return 0, nil, err
	}
	if s.mutant.is("page-drops-one") && p.after != "" && len(shown) > 0 {
		shown = shown[1:]
	}
	s.decorated(ctx, shown)
	answer := map[string]any{"items": shown}
	if last != "" && !s.mutant.is("offset-paging") {
		answer["next"] = s.cursor(p, last, len(shown))
	}
	return http.StatusOK, answer, nil
}

// ordersOf gathers a page of orders of one user, and the key of the last one
// when there may be more.
func (s *service) ordersOf(ctx context.Context, user string, p page) (shown []any, last string, err error) {
	shown = []any{}
	most := p.limit + p.skip
	for after := p.after; ; after, most = last, p.skip+500 {
		data, err := s.store.do(ctx, fmt.Sprintf("LAST order: %d %s", most, after))
		if err != nil {
			return nil, "", err
		}
		var all []order
		if err := json.Unmarshal([]byte(data), &all); err != nil {
			return nil, "", err
		}
		for _, o := range all[min(p.skip, len(all)):] {
			if o.Owner != user {
				continue
			}
			if p.pass > 0 {
				p.pass--
				continue
			}
			shown = append(shown, s.shown(o))
			if len(shown) == p.limit {
				return shown, "order:" + o.ID, nil
			}
		}
		if len(all) < most {
			return shown, "", nil
		}
		last = "order:" + all[len(all)-1].ID
	}
}

func (s *service) readPage(r *http.Request) (page, error) {
	p := page{limit: 20}
	q := r.URL.Query()
	if q.Has("limit") {
		n, err := strconv.Atoi(q.Get("limit"))
		if err != nil || n < 1 || n > 100 && !s.mutant.is("limit-ignored") {
			return p, refuse(http.StatusBadRequest, "limit: a number from 1 to 100")
		}
		p.limit = n
	}
	if s.mutant.is("offset-paging") {
		return p.from(q)
	}
	if q.Has("cursor") {
		data, err := base64.RawURLEncoding.DecodeString(q.Get("cursor"))
		if err != nil {
			return p, refuse(http.StatusBadRequest, "cursor: not one of ours")
		}
		return s.startAt(p, string(data))
	}
	return p, nil
}

// mostPassed bounds an offset.
const mostPassed = 100_000

// from begins a page after as many orders as the query says.
func (p page) from(q url.Values) (page, error) {
	if !q.Has("offset") {
		return p, nil
	}
	n, err := strconv.Atoi(q.Get("offset"))
	if err != nil || n < 0 || n > mostPassed {
		return p, refuse(http.StatusBadRequest, "offset: a number from 0 to 100000")
	}
	p.pass = n
	return p, nil
}

func (s *service) startAt(p page, cursor string) (page, error) {
	if s.mutant.is("cursor-is-offset") {
		n, err := strconv.Atoi(cursor)
		if err != nil {
			return p, refuse(http.StatusBadRequest, "cursor: not one of ours")
		}
		p.skip = n
		return p, nil
	}
	if len(cursor) != 24 || !isID(cursor) {
		return p, refuse(http.StatusBadRequest, "cursor: not one of ours")
	}
	p.after = "order:" + cursor
	if s.mutant.is("cursor-pagination-skips") {
		p.after = p.after[:14] // orders of the same few seconds are one to it
	}
	return p, nil
}

func (s *service) cursor(p page, last string, shown int) string {
	place := last[len("order:"):]
	if s.mutant.is("cursor-is-offset") {
		place = strconv.Itoa(p.skip + shown)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(place))
}
