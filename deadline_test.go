package plumbline_test

import (
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func TestTimeLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header, value string
		want          time.Duration
	}{
		{"X-Request-Timeout-Ms", "800", 800 * time.Millisecond},
		{"X-Envoy-Expected-Rq-Timeout-Ms", " 15 ", 15 * time.Millisecond},
		{"Grpc-Timeout", "2S", 2 * time.Second},
		{"Grpc-Timeout", "1500m", 1500 * time.Millisecond},
		{"Grpc-Timeout", "", 0},
		{"Grpc-Timeout", "5x", 0},
		{"X-Request-Timeout-Ms", "soon", 0},
		{"X-Request-Timeout-Ms", "-5", 0},
		{"X-Request-Timeout-Ms", "", 0},
	} {
		if got := plumbline.TimeLeft(c.header, c.value); got != c.want {
			t.Errorf("%s: %q is %s, want %s", c.header, c.value, got, c.want)
		}
	}
	for _, header := range plumbline.DeadlineHeaders() {
		if got := plumbline.TimeLeft(header, plumbline.Deadline{Header: header}.Text(1234*time.Millisecond)); got != 1234*time.Millisecond {
			t.Errorf("%s: read back as %s", header, got)
		}
	}
}
