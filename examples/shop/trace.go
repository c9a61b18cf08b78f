package shop

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"regexp"
)

type traceKey struct{}

// A span is the trace context of one inbound request.
type span struct{ trace, flags, state string }

func newID() string { return randomHex(12) }

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// continued takes the trace context of a request over, or begins a new one
// where it is absent or invalid (W3C Trace Context §3).
func continued(ctx context.Context, h http.Header) context.Context {
	valid := regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)
	m := valid.FindStringSubmatch(h.Get("Traceparent"))
	s := span{trace: randomHex(16), flags: "00"}
	if m != nil && m[1] != "00000000000000000000000000000000" && m[2] != "0000000000000000" {
		s = span{m[1], m[3], h.Get("Tracestate")}
	}
	return context.WithValue(ctx, traceKey{}, s)
}

// inject hands the trace context on, with a parent id of its own.
func inject(ctx context.Context, h http.Header) {
	s, ok := ctx.Value(traceKey{}).(span)
	if !ok {
		return
	}
	h.Set("Traceparent", "00-"+s.trace+"-"+randomHex(8)+"-"+s.flags)
	if s.state != "" {
		h.Set("Tracestate", s.state)
	}
}
