// Package ports finds ports for servers that are stopped and started again.
package ports

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
)

// Where no system service is expected and, on most systems, no connection takes
// its own port from.
const (
	lowest  = 10000
	highest = 32767
)

// tries is after how many taken ports the kernel is asked for one.
const tries = 100

// Free is an address of the host at which nobody listens. A server that is
// stopped leaves its port, and the kernel gives those of its own range
// (ip_local_port_range on Linux) to the next connection that anybody opens: so
// it is one below that range, if any is free.
func Free(ctx context.Context, host string) (string, error) {
	first, last := lowest, min(highest, firstOfKernel()-1)
	var err error
	for i := range tries + 1 {
		port := "0"
		if i < tries && first <= last {
			port = strconv.Itoa(first + rand.IntN(last-first+1)) //nolint:gosec,forbidigo // no secret, and nothing that a run draws depends on it
		}
		var lc net.ListenConfig
		var l net.Listener
		if l, err = lc.Listen(ctx, "tcp", net.JoinHostPort(host, port)); err == nil {
			return l.Addr().String(), l.Close()
		}
	}
	return "", fmt.Errorf("no port of %s is free: %w", host, err)
}

// firstOfKernel is where the range begins from which the kernel of Linux takes
// the ports of connections; where that is not known, what is usual.
func firstOfKernel() int {
	var first, last int
	data, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return highest + 1
	}
	if n, err := fmt.Sscan(string(data), &first, &last); err != nil || n != 2 {
		return highest + 1
	}
	return first
}
