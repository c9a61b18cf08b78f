package shop

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits say how often some callers may ask, each by itself; the others as often
// as they like.
type limits struct {
	mutant mutant
	of     map[string]limit // by user

	mu      sync.Mutex
	buckets map[string]*rate.Limiter // by who is counted
}

// A limit is so many requests in a window.
type limit struct {
	requests int
	window   time.Duration
}

// newLimits reads "carol=10/1s,dave=100/10s".
func newLimits(text string, m mutant) (*limits, error) {
	l := &limits{mutant: m, of: map[string]limit{}, buckets: map[string]*rate.Limiter{}}
	if text == "" {
		return l, nil
	}
	for one := range strings.SplitSeq(text, ",") {
		user, allowed, _ := strings.Cut(one, "=")
		count, window, _ := strings.Cut(allowed, "/")
		n, err := strconv.Atoi(count)
		w, err2 := time.ParseDuration(window)
		if err != nil || err2 != nil || user == "" || n < 1 || w <= 0 {
			return nil, fmt.Errorf("SHOP_LIMITS=%s: users, and how many requests in which time, such as carol=10/1s", text)
		}
		l.of[user] = limit{n, w}
	}
	return l, nil
}

// allow takes one request from what the caller may still ask for.
func (l *limits) allow(r *http.Request, user string) bool {
	of, limited := l.of[user]
	if !limited {
		return true
	}
	if from, _, _ := strings.Cut(r.Header.Get("X-Forwarded-For"), ","); from != "" && l.mutant.is("rate-limit-xff-bypass") {
		user = strings.TrimSpace(from)
	}
	most := of.requests
	if l.mutant.is("rate-limit-lax") {
		most *= 3
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.buckets[user]
	if bucket == nil {
		bucket = rate.NewLimiter(rate.Limit(float64(most)/of.window.Seconds()), most)
		l.buckets[user] = bucket
	}
	return bucket.Allow()
}
