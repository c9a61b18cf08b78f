package load

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// descriptors are those that this process has open, and may have.
func descriptors() (open, limit int) {
	if all, err := os.ReadDir("/proc/self/fd"); err == nil {
		open = len(all)
	}
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err == nil {
		limit = int(min(r.Cur, 1<<31-1)) //nolint:gosec // bounded
	}
	return open, limit
}

// throttled is how long the quota of a container has withheld the processor
// from it, so far (cgroup version 2, or 1).
func throttled() time.Duration {
	for file, word := range map[string]string{"/sys/fs/cgroup/cpu.stat": "throttled_usec", "/sys/fs/cgroup/cpu/cpu.stat": "throttled_time"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			if n, err := strconv.ParseInt(value, 10, 64); err == nil && name == word {
				if word == "throttled_usec" {
					return time.Duration(n) * time.Microsecond
				}
				return time.Duration(n)
			}
		}
	}
	return 0
}
