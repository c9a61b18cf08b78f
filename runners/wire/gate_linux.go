package wire

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// usualBacklog is the length of the queue that net.Listen asks for where the
// system allows it; what it does not allow it cuts itself.
const usualBacklog = 4096

// backlog sets the length of the queue of connections that nobody has taken yet.
func backlog(l *net.TCPListener, n int) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = syscall.Listen(int(fd), n) })
	return errors.Join(err, failed)
}

// dropped counts the attempts to connect that the system has dropped because a
// queue was full, in this network namespace since it began. A client that is not
// answered tries again by itself, after a second and then ever later.
func dropped() (int, error) {
	data, err := os.ReadFile("/proc/self/net/netstat")
	if err != nil {
		return 0, err
	}
	names, values, found := strings.Cut(string(data), "\n")
	if !found {
		return 0, errors.ErrUnsupported
	}
	values, _, _ = strings.Cut(values, "\n")
	of := strings.Fields(values)
	for i, name := range strings.Fields(names) {
		if name == "ListenOverflows" && i < len(of) {
			return strconv.Atoi(of[i])
		}
	}
	return 0, errors.ErrUnsupported
}
