package crew_test

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/crew"
)

func TestEveryNumberIsHandedOutOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 1000} {
		done := make([]atomic.Int64, n)
		var equipped atomic.Int64
		crew.Each(n, func() func(int) {
			equipped.Add(1)
			return func(i int) { done[i].Add(1) }
		})
		for i := range done {
			if got := done[i].Load(); got != 1 {
				t.Errorf("%d of %d was done %d times, want once", i, n, got)
			}
		}
		if got, most := equipped.Load(), int64(min(n, runtime.GOMAXPROCS(0))); got != most {
			t.Errorf("%d workers were equipped for %d numbers, want %d", got, n, most)
		}
	}
}

func TestThingsBesideEachOtherAreAllDone(t *testing.T) {
	t.Parallel()
	a, b := make(chan int), make(chan int)
	// Each waits for the other: one after the other they would never end.
	crew.Beside(func() { a <- 1; <-b }, func() { <-a; b <- 1 })
}
