// Package host describes the machine that figures were measured on.
package host

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Now is the machine and how busy it was in the last minute, which says how far
// figures of time can be trusted: "linux/amd64, 2 processors, load average 0.04
// at the start".
func Now() string {
	return fmt.Sprintf("%s/%s, %d processors, load average %s at the start", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), Load())
}

// Load is the load average of the last minute: "0.04".
func Load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
