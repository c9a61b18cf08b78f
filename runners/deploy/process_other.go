//go:build !unix

package deploy

import (
	"errors"
	"os/exec"
)

func separate(*exec.Cmd) {}

func interrupt(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func killGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }

func halt(*exec.Cmd) error    { return errors.ErrUnsupported }
func proceed(*exec.Cmd) error { return errors.ErrUnsupported }
