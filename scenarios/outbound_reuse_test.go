package scenarios

import (
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[outboundReuse] = specimen{
		kept:     spoil(outboundReuse+"/payment", called(400, 4)),
		broken:   spoil(outboundReuse+"/payment", called(400, 400)),
		unproven: spoil(outboundReuse+"/payment", func(e *plumbline.Evidence) { e.Phases = nil }),
	}
}

// called lets the judged phase of the target load make calls to payment, spread
// over so many connections.
func called(calls, conns int) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		m, _ := e.Phase(loadTarget, "steady")
		for i := range calls {
			at := m.Began + (m.Ended-m.Began)*time.Duration(i)/time.Duration(calls)
			opened := m.Began + (m.Ended-m.Began)*time.Duration(i%conns)/time.Duration(calls)
			e.Exchanges = append(e.Exchanges, plumbline.Exchange{
				Wire: "payment", Trace: runID + "00000000000000000000", Conn: uint64(1000 + i%conns), Opened: opened, Method: "POST", Path: "/charge", Status: 200,
				Began: at, Ended: at + time.Millisecond,
			})
		}
	}
}

func TestReuse(t *testing.T) {
	crowd := func(e *plumbline.Evidence) {
		called(400, 4)(e)
		for i := range e.Exchanges {
			if x := &e.Exchanges[i]; x.Conn >= 1000 {
				x.Ended = x.Began + time.Second
			}
		}
	}
	bounded := func(d *plumbline.Design) { d.Dependencies[0].Connects = 3 }
	for name, c := range map[string]struct {
		change func(*plumbline.Evidence)
		design func(*plumbline.Design)
		want   plumbline.Outcome
	}{
		"few of many":       {called(400, 40), nil, plumbline.Pass},
		"too many":          {called(400, 41), nil, plumbline.Fail},
		"few calls":         {called(49, 49), nil, plumbline.Skipped},
		"no call":           {nil, nil, plumbline.Skipped},
		"more than allowed": {crowd, bounded, plumbline.Fail},
		"within the bound":  {called(400, 4), bounded, plumbline.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			design := c.design
			if design == nil {
				design = func(*plumbline.Design) {}
			}
			d, claim, e := spoil(outboundReuse+"/payment", c.change, design)(t)
			if v := judgeReuse(d, claim, e); v.Outcome != c.want {
				t.Errorf("%s: %s", v.Outcome, v.Statement)
			}
		})
	}
}
