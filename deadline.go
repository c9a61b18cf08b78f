package plumbline

import (
	"strconv"
	"strings"
	"time"
)

// A Deadline is the declared way in which the time that is left for a request is
// handed down: each caller says it in a header, and the service says what is left
// of it to what it calls.
type Deadline struct {
	Header       string   `json:"header"`                 // one of DeadlineHeaders
	Dependencies []string `json:"dependencies,omitempty"` // to which it is handed; empty: to all behind HTTP wires
	Source       Source   `json:"source"`
}

const grpcTimeout = "Grpc-Timeout"

// DeadlineHeaders are the headers that are known to say how much time is left:
// as a whole number of milliseconds, and that of gRPC with its unit (gRPC over
// HTTP2, Requests).
func DeadlineHeaders() []string {
	return []string{"X-Request-Timeout-Ms", "X-Envoy-Expected-Rq-Timeout-Ms", grpcTimeout}
}

// Text writes what is left in the way of the header.
func (d Deadline) Text(left time.Duration) string {
	text := strconv.FormatInt(left.Milliseconds(), 10)
	if d.Header == grpcTimeout {
		return text + "m"
	}
	return text
}

// TimeLeft reads what one of DeadlineHeaders says. It is zero for what cannot be
// read, and for no time at all.
func TimeLeft(header, value string) time.Duration {
	if value == "" { // as in most calls: a number that cannot be read costs an error
		return 0
	}
	unit := time.Millisecond
	if header == grpcTimeout {
		units := map[string]time.Duration{
			"H": time.Hour, "M": time.Minute, "S": time.Second, "m": time.Millisecond, "u": time.Microsecond, "n": time.Nanosecond,
		}
		last := len(value) - 1
		unit, value = units[value[last:]], value[:last]
	}
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * unit
}
