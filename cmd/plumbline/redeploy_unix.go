//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// redeployments are the times that somebody asks for the sample system to be
// deployed anew, until that is stopped.
func redeployments() (asked <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	return c, func() { signal.Stop(c) }
}
