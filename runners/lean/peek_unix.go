//go:build unix

package lean

import (
	"errors"
	"io"
	"syscall"
)

var errUnasked = errors.New("an answer that nobody asked for")

// peek looks at a socket without taking anything from it. Over TLS there may
// be records that are no answer.
func peek(fd uintptr, secure bool) error {
	var b [1]byte
	n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT) //nolint:gosec // a descriptor is small
	switch {
	case n > 0 && secure:
		return nil
	case n > 0:
		return errUnasked
	case err == nil:
		return io.EOF
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
		return nil
	}
	return err
}
