package plumbline

import (
	"testing"
	"time"
)

func TestServiceCountsFromSending(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		seen Observation
		want time.Duration
	}{
		"on time":    {Observation{Due: 10 * ms, Sent: 10 * ms, Latency: 5 * ms}, 5 * ms},
		"late":       {Observation{Due: 10 * ms, Sent: 13 * ms, Latency: 5 * ms}, 2 * ms},
		"never sent": {Observation{Due: 10 * ms, Latency: 5 * ms}, 5 * ms},
		"given up":   {Observation{Due: 10 * ms, Sent: 20 * ms, Latency: 5 * ms}, 0},
	} {
		if got := c.seen.Service(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
