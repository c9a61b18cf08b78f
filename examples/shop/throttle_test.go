package shop

import (
	"errors"
	"testing"
	"time"
)

func TestThrottle(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	for name, c := range map[string]struct {
		taken, lost int
		after       time.Duration
		least, most float64
	}{
		"all are taken":           {100, 0, 0, 0, 0},
		"half of them are lost":   {50, 50, 0, 0, 0},
		"too few to tell":         {0, throttleLeast - 1, 0, 0, 0},
		"three of four are lost":  {25, 75, 0, 0.49, 0.51},
		"all are lost":            {0, 100, 0, 0.98, 0.999},
		"lost in the last window": {0, 100, throttleSlots * throttleSlot, 0, 0},
	} {
		l := &throttle{}
		for range c.taken {
			l.book(now, true)
		}
		for range c.lost {
			l.book(now, false)
		}
		if got := l.refusing(now.Add(c.after)); got < c.least || got > c.most {
			t.Errorf("%s: %.3f are refused, want %.2f to %.2f", name, got, c.least, c.most)
		}
	}
	l, calls, down := &throttle{}, 0, errors.New("down")
	for range 1000 {
		_, err := l.do(func() ([]byte, error) { calls++; return nil, down }, mutant("").well)
		if !errors.Is(err, down) && !errors.Is(err, errThrottled) {
			t.Fatal(err)
		}
	}
	if calls < throttleLeast || calls > 100 {
		t.Errorf("%d of 1000 calls were made of a dependency that fails", calls)
	}
}
