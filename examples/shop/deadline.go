package shop

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// timeLeft is the header in which a client says how many milliseconds it has.
const timeLeft = "X-Request-Timeout-Ms"

type limitKey struct{}

// within ends what is done for a request when the time of its client is up.
func within(ctx context.Context, h http.Header) (context.Context, context.CancelFunc) {
	n, err := strconv.Atoi(h.Get(timeLeft))
	if err != nil || n <= 0 {
		return ctx, func() {}
	}
	ctx = context.WithValue(ctx, limitKey{}, h.Get(timeLeft))
	return context.WithTimeout(ctx, time.Duration(n)*time.Millisecond)
}

// handDown says to a dependency what is left of the time of the client who said
// that it has only so much.
func (m mutant) handDown(ctx context.Context, h http.Header) {
	said, ok := ctx.Value(limitKey{}).(string)
	end, bound := ctx.Deadline()
	switch {
	case !ok:
	case m.is("deadline-handed-on-unchanged"):
		h.Set(timeLeft, said)
	case bound:
		h.Set(timeLeft, strconv.FormatInt(max(1, time.Until(end).Milliseconds()), 10))
	}
}
