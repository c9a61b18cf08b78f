package wire

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A Toxic is a fault in the words of Toxiproxy.
type Toxic struct {
	Kind       string
	Streams    []string // directions: "upstream" are the bytes of the caller
	Attributes map[string]any
}

// ToxicOf says a fault in the words of Toxiproxy; ok is false when it has none.
// Refusing is no toxic there: it is a proxy that is disabled.
func ToxicOf(f plumbline.Fault) (t Toxic, ok bool) {
	ways, answers := []string{"upstream", "downstream"}, []string{"downstream"}
	ms := func(d time.Duration) int64 { return max(d.Milliseconds(), 1) }
	switch f.Kind {
	case plumbline.FaultHang:
		return Toxic{"timeout", ways, map[string]any{"timeout": 0}}, true
	case plumbline.FaultTimeout:
		return Toxic{"timeout", ways, map[string]any{"timeout": ms(f.Latency)}}, true
	case plumbline.FaultResetBefore:
		return Toxic{"reset_peer", ways, map[string]any{"timeout": 0}}, true
	case plumbline.FaultLatency:
		return Toxic{"latency", ways, map[string]any{"latency": f.Latency.Milliseconds(), "jitter": f.Jitter.Milliseconds()}}, true
	case plumbline.FaultBandwidth:
		return Toxic{"bandwidth", ways, map[string]any{"rate": max(f.Bytes/1000, 1)}}, true // KB a second
	case plumbline.FaultSlowClose:
		return Toxic{"slow_close", answers, map[string]any{"delay": ms(f.Latency)}}, true
	case plumbline.FaultSlicer:
		return Toxic{"slicer", answers, map[string]any{"average_size": f.Bytes, "size_variation": f.Bytes / 2, "delay": f.Latency.Microseconds()}}, true
	case plumbline.FaultLimit:
		return Toxic{"limit_data", answers, map[string]any{"bytes": f.Bytes}}, true
	default:
		return Toxic{}, false
	}
}
