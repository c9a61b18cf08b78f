package scrape

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// ticks a second, in which /proc tells processor time on every Linux (USER_HZ).
const ticks = 100

// processes reads what the system says of the processes of the target.
func (s *Source) processes() plumbline.Scrape {
	out := plumbline.Scrape{At: max(time.Since(s.Began), 1)}
	if s.PIDs == nil {
		out.Error = "no process of the target is known"
		return out
	}
	var all []plumbline.Scrape
	for _, pid := range s.PIDs() {
		if one, ok := process(pid); ok {
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		out.Error = "no process of the target runs here"
		return out
	}
	at := out.At
	out = sum(all)
	out.At = at
	return out
}

// process reads one process; ok is false when there is none.
func process(pid int) (out plumbline.Scrape, ok bool) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		return out, false
	}
	// The name is in brackets, and may hold any character: what follows counts.
	_, rest, _ := strings.Cut(string(stat[max(0, strings.LastIndexByte(string(stat), ')')):]), " ")
	fields := strings.Fields(rest)
	if len(fields) < 22 {
		return out, false
	}
	number := func(i int) float64 {
		n, _ := strconv.ParseFloat(fields[i], 64) // the system writes numbers
		return n
	}
	out.CPU = (number(11) + number(12)) / ticks
	out.Threads = number(17)
	out.Began = number(19) / ticks // since the machine was started: the same for the same process
	out.Memory = number(21) * float64(os.Getpagesize())
	if open, err := os.ReadDir(dir + "fd"); err == nil {
		out.Descriptors = float64(len(open))
	}
	return out, true
}
