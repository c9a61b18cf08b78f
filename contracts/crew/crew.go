// Package crew does the same thing to many things with all processors. What
// comes out must not show who did what: the workers share nothing that they
// change.
package crew

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Each hands out the numbers from 0 to n-1, each once and in order, and returns
// when all are done. Every worker calls equip once, and what that returns for
// each of its numbers; so it can have tools of its own.
func Each(n int, equip func() (work func(i int))) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			work := equip()
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				work(int(i))
			}
		})
	}
	all.Wait()
}

// Beside does things at the same time, and returns when all are done.
func Beside(things ...func()) {
	var all sync.WaitGroup
	for _, do := range things {
		all.Go(do)
	}
	all.Wait()
}
