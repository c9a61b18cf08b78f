//go:build !linux

package load

import "time"

// descriptors cannot be counted here.
func descriptors() (open, limit int) { return 0, 0 }

// throttled cannot be known here.
func throttled() time.Duration { return 0 }
