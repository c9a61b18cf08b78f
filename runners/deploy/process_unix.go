//go:build unix

package deploy

import (
	"os/exec"
	"syscall"
)

// separate puts the process into a group of its own: an interrupt typed at
// the terminal must reach plumbline first, which then stops in good order.
func separate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func interrupt(cmd *exec.Cmd) { _ = cmd.Process.Signal(syscall.SIGTERM) }
