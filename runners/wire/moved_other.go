//go:build !linux

package wire

import (
	"errors"
	"net"
)

// Other systems have no filter for a single connection.
func dropAll(*net.TCPConn) error { return errors.ErrUnsupported }
