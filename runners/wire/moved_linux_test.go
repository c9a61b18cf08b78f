package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/plumbline-dev/plumbline"
)

// Who is connected to what has moved gets neither an answer nor an end, and not
// even an acknowledgement: a system that waits for one gives up. Who connects
// anew is served, and what was left ends with the fault.
func TestWhatHasMovedDoesNotEvenEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, plumbline.WireTCP)
	waits, gives := r.dial(t), r.dial(t)
	for _, conn := range []net.Conn{waits, gives} {
		if got := ask(t, conn); got != 200 {
			t.Fatalf("before the fault %d", got)
		}
	}
	userTimeout(t, gives, 200*time.Millisecond)
	r.order(t, plumbline.Fault{Kind: plumbline.FaultMoved, Scope: plumbline.ScopeAll}, time.Minute)
	if err := silence(waits, 300*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("who waits sees %v", err)
	}
	if err := silence(gives, time.Minute); !errors.Is(err, syscall.ETIMEDOUT) {
		t.Errorf("whose system gives up sees %v", err)
	}
	if got := ask(t, r.dial(t)); got != 200 {
		t.Errorf("over a new connection %d", got)
	}
	if hits, err := r.client.Heal(t.Context(), "lease"); hits != 2 || err != nil {
		t.Errorf("%d hits, %v", hits, err)
	}
	if err := silence(waits, time.Minute); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("after the fault %v", err)
	}
	if got := ask(t, r.dial(t)); got != 200 {
		t.Errorf("after the fault %d", got)
	}
}

// An upstream that ends its side meanwhile is not heard of.
func TestWhoIsLeftDoesNotHearOfAnEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, plumbline.WireTCP)
	conn := r.dial(t)
	if got := ask(t, conn); got != 200 {
		t.Fatalf("before the fault %d", got)
	}
	r.order(t, plumbline.Fault{Kind: plumbline.FaultMoved, Scope: plumbline.ScopeAll}, time.Minute)
	r.upstream.CloseClientConnections()
	if err := silence(conn, 300*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("who is left sees %v", err)
	}
}

// silence is how a request ends that is not answered.
func silence(conn net.Conn, patience time.Duration) error {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "GET /stock HTTP/1.1\r\nHost: dep\r\n\r\n"); err != nil {
		return err
	}
	_, err := conn.Read(make([]byte, 1))
	return err
}

// userTimeout bounds how long the system waits for an acknowledgement.
func userTimeout(t *testing.T, conn net.Conn, d time.Duration) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn() //nolint:forcetypeassert // it was dialled so
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
	})
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
}
