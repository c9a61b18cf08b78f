//go:build !unix

package main

import "os"

// redeployments are none where no signal asks for them.
func redeployments() (asked <-chan os.Signal, stop func()) { return nil, func() {} }
