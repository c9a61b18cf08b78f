package shop

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// A throttle is what a client may have in the place of a breaker: it refuses
// calls by itself, the more of them the fewer the dependency has taken of late
// (Beyer et al., Site Reliability Engineering, ch. 21: client-side throttling).
type throttle struct {
	mu    sync.Mutex
	slots [throttleSlots]tally
}

// A tally is what came of the calls of one slot of time.
type tally struct {
	at              int64 // number of the slot
	requests, taken int
}

// How a client throttles itself.
const (
	throttleSlots = 8
	throttleSlot  = 250 * time.Millisecond
	throttleTimes = 2  // as many calls as were taken are let through
	throttleLeast = 20 // calls in the window; fewer say nothing
)

// errThrottled is a call that was not made.
var errThrottled = errors.New("the client throttles itself")

// do makes a call, unless it is refused here. A call that is refused counts as
// one that the dependency has not taken.
func (t *throttle) do(send func() ([]byte, error), well func(error) bool) ([]byte, error) {
	if rand.Float64() < t.refusing(time.Now()) { //nolint:gosec,forbidigo // a share needs no seed
		t.book(time.Now(), false)
		return nil, errThrottled
	}
	data, err := send()
	t.book(time.Now(), well(err))
	return data, err
}

// refusing is the share of calls that are refused.
func (t *throttle) refusing(now time.Time) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	requests, taken := 0, 0
	for _, s := range t.slots {
		if slotOf(now)-s.at < throttleSlots {
			requests, taken = requests+s.requests, taken+s.taken
		}
	}
	if requests < throttleLeast {
		return 0
	}
	return max(0, float64(requests-throttleTimes*taken)/float64(requests+1))
}

func (t *throttle) book(now time.Time, taken bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.slots[slotOf(now)%throttleSlots]
	if s.at != slotOf(now) {
		*s = tally{at: slotOf(now)}
	}
	s.requests++
	if taken {
		s.taken++
	}
}

func slotOf(now time.Time) int64 { return now.UnixNano() / int64(throttleSlot) }
