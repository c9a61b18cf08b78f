package shop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// late is by how much at most a dependency answers late, each time by another
// part of it, as behind a network that is not always as fast.
type late time.Duration

// lateOf reads SHOP_JITTER: "5ms".
func lateOf(text string) (late, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("SHOP_JITTER: %w", err)
	}
	return late(d), nil
}

// wait lets a part of it pass.
func (l late) wait(ctx context.Context) {
	if l <= 0 {
		return
	}
	t := time.NewTimer(time.Duration(rand.Float64() * float64(l))) //nolint:gosec,forbidigo // jitter needs no seed
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (l late) answers(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.wait(r.Context())
		h.ServeHTTP(w, r)
	})
}
