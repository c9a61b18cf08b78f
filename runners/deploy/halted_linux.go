package deploy

import (
	"bytes"
	"fmt"
	"os"
)

// isHalted tells whether a process stands still: its state in /proc, the field
// after its name in parentheses, is T.
func isHalted(pid int) (bool, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false, err
	}
	_, rest, _ := bytes.Cut(data[max(0, bytes.LastIndexByte(data, ')')):], []byte(" "))
	return len(rest) > 0 && rest[0] == 'T', nil
}
