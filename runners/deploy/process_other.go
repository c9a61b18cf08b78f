//go:build !unix

package deploy

import "os/exec"

func separate(*exec.Cmd) {}

func interrupt(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
