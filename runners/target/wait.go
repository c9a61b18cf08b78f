package target

import (
	"context"
	"time"
)

// Wait pauses; it is false when ctx ended meanwhile.
func Wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
