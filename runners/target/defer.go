package target

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Bounds of waiting for a target that asks for patience (RFC 9110 §10.2.3).
const (
	patienceOnce = 5 * time.Second
	patienceAll  = time.Minute // of one client, all waits together
)

// deferred waits for as long as a 429 or 503 asks for, when that is not too
// long, and sends the request once more. The answer counts from the second
// sending. What is refused again is what is told.
func (c *Client) deferred(ctx context.Context, s Shot, cred Credential, first Answer) (*http.Request, Answer, bool) {
	d, ok := patience(first, time.Now())
	if !s.Patient || !ok || time.Duration(c.waited.Add(int64(d))) > patienceAll || !Wait(ctx, d) {
		return nil, first, false
	}
	if c.limit != nil && c.limit.Wait(ctx) != nil {
		return nil, first, false
	}
	req, parent, err := c.build(ctx, s, cred)
	if err != nil {
		return nil, first, false
	}
	o := first.Observation
	o.Due, o.Parent = c.Now(), parent
	a := c.exchange(req, s, o)
	a.Deferred, a.Retries, a.Renewed = 1, a.Retries+first.Retries, first.Renewed
	return req, a, true
}

// patience is how long an answer asks its client to wait.
func patience(a Answer, now time.Time) (time.Duration, bool) {
	if a.Error != "" || a.Status != http.StatusTooManyRequests && a.Status != http.StatusServiceUnavailable {
		return 0, false
	}
	return retryAfter(a, now)
}

// retryAfter is the wait that an answer names, when it is not too long.
func retryAfter(a Answer, now time.Time) (time.Duration, bool) {
	text, ok := headerValue(a.Response.Header, "Retry-After")
	if !ok {
		return 0, false
	}
	text = strings.TrimSpace(text)
	d := time.Duration(-1)
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < 1<<20 {
		d = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		d = max(at.Sub(now), 0)
	}
	return d, d >= 0 && d <= patienceOnce
}

// Gentle tells whether the calls of an experiment wait for a target that asks
// for it. Where faults are injected or load is measured, its refusal is what is
// looked at.
func Gentle(experiment string, role plumbline.Role) bool {
	if role == plumbline.RoleFault {
		return false
	}
	for _, prefix := range []string{"contract/", "auth/", "api/", "repeat/", "shrink/"} {
		if strings.HasPrefix(experiment, prefix) {
			return true
		}
	}
	return false
}
