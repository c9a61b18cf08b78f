package load

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestCalibrate(t *testing.T) {
	t.Parallel()
	c, err := Calibrate(t.Context(), 200*ms)
	if err != nil || c.Ceiling < 10 || c.Floor <= 0 || c.Floor > 10*time.Second {
		t.Errorf("got %+v, %v", c, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Calibrate(ended, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What was calibrated is told beside how the generator did.
func TestHealthTellsTheCeiling(t *testing.T) {
	t.Parallel()
	e, _ := bench(t, nil, nil)
	e.Own = Calibration{Ceiling: 1234, Floor: 5 * ms}
	l := &log{}
	if err := e.Run(t.Context(), session(), l.record); err != nil {
		t.Fatal(err)
	}
	if h := l.health[0]; h.Ceiling != 1234 || h.Floor != 5*ms || h.Lateness != lateness {
		t.Errorf("got %+v", h)
	}
}
