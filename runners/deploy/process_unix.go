//go:build unix

package deploy

import (
	"errors"
	"os/exec"
	"syscall"
)

// separate puts the process into a group of its own: an interrupt typed at
// the terminal must reach plumbline first, which then stops in good order.
func separate(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func interrupt(cmd *exec.Cmd) { _ = cmd.Process.Signal(syscall.SIGTERM) }

// killGroup ends a process with all that it has started.
func killGroup(cmd *exec.Cmd) error {
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

func halt(cmd *exec.Cmd) error    { return cmd.Process.Signal(syscall.SIGSTOP) }
func proceed(cmd *exec.Cmd) error { return cmd.Process.Signal(syscall.SIGCONT) }
