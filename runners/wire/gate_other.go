//go:build !linux

package wire

import (
	"errors"
	"net"
)

const usualBacklog = 128

// What happens to connections that a full queue cannot hold is another thing
// on every system.
func backlog(*net.TCPListener, int) error { return errors.ErrUnsupported }

func dropped() (int, error) { return 0, errors.ErrUnsupported }
