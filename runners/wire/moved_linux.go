package wire

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// dropAll attaches a filter to a connection that keeps no segment: the system
// drops it before the connection sees it, so that nothing is acknowledged. A
// filter of this kind asks for no privilege (socket(7), SO_ATTACH_FILTER).
func dropAll(c *net.TCPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		keepNothing := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
		failed = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &keepNothing[0]})
	})
	return errors.Join(err, failed)
}
