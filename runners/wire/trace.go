package wire

import (
	"net/http"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// traced reads the trace context of a request into the exchange (W3C Trace
// Context §3.2). A header that is not valid is no trace context.
func traced(x *plumbline.Exchange, h http.Header) {
	version, trace, parent, flags, ok := traceparent(h.Get("Traceparent"))
	if !ok || version == "ff" {
		return
	}
	x.Trace, x.Parent, x.Flags = trace, parent, flags
	x.State = h.Get("Tracestate")
}

// timeLeft is what a request says is left for it.
func timeLeft(h http.Header) time.Duration {
	for _, name := range plumbline.DeadlineHeaders() {
		if d := plumbline.TimeLeft(name, h.Get(name)); d > 0 {
			return d
		}
	}
	return 0
}

func traceparent(s string) (version, trace, parent, flags string, ok bool) {
	parts := strings.Split(strings.TrimSpace(s), "-")
	if len(parts) < 4 || len(parts[0]) != 2 || len(parts[1]) != 32 || len(parts[2]) != 16 || len(parts[3]) != 2 {
		return "", "", "", "", false
	}
	if parts[0] == "00" && len(parts) != 4 {
		return "", "", "", "", false
	}
	for _, p := range parts[:4] {
		if strings.Trim(p, "0123456789abcdef") != "" {
			return "", "", "", "", false
		}
	}
	if strings.Trim(parts[1], "0") == "" || strings.Trim(parts[2], "0") == "" {
		return "", "", "", "", false
	}
	return parts[0], parts[1], parts[2], parts[3], true
}
