package wire

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A kept connection is dead for the first request that comes over it again, and
// a new one works. What is read from the socket is what counts: net/http would
// try again by itself.
func TestAKeptConnectionIsStale(t *testing.T) {
	t.Parallel()
	r := newRig(t, plumbline.WireHTTP)
	conn := r.dial(t)
	if got := ask(t, conn); got != http.StatusOK {
		t.Fatalf("before the fault %d", got)
	}
	r.order(t, plumbline.Fault{Kind: plumbline.FaultStale}, time.Minute)
	if got := ask(t, conn); got != 0 {
		t.Errorf("over the kept connection %d", got)
	}
	if got := ask(t, r.dial(t)); got != http.StatusOK {
		t.Errorf("over a new connection %d", got)
	}
	if hits, err := r.client.Heal(t.Context(), "lease"); hits != 1 || err != nil {
		t.Errorf("%d hits, %v", hits, err)
	}
	seen := journalled(t, r.client, 3)
	slices.SortFunc(seen, func(a, b plumbline.Exchange) int { return cmp.Compare(a.Began, b.Began) })
	for i, want := range []plumbline.FaultKind{"", plumbline.FaultStale, ""} {
		if seen[i].FaultKind != want {
			t.Errorf("journal %+v", seen)
		}
	}
}

// What is open is cut once, and what is opened after that is left alone.
func TestOpenConnectionsAreCutOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, plumbline.WireTCP)
	conn := r.dial(t)
	if got := ask(t, conn); got != http.StatusOK {
		t.Fatalf("before the fault %d", got)
	}
	r.order(t, plumbline.Fault{Kind: plumbline.FaultCut, Scope: plumbline.ScopeAll}, time.Minute)
	if got := ask(t, conn); got != 0 {
		t.Errorf("over the open connection %d", got)
	}
	if got := ask(t, r.dial(t)); got != http.StatusOK {
		t.Errorf("over a new connection %d", got)
	}
	if hits, err := r.client.Heal(t.Context(), "lease"); hits != 1 || err != nil {
		t.Errorf("%d hits, %v", hits, err)
	}
}

// Who connects where nobody is waits; a client that is still there when the gate
// opens is served, and the attempts are counted.
func TestNobodyAnswersWhoConnects(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the queue of connections is that of Linux")
	}
	r := newRig(t, plumbline.WireTCP)
	open := r.dial(t)
	if got := ask(t, open); got != http.StatusOK {
		t.Fatalf("before the fault %d", got)
	}
	r.order(t, plumbline.Fault{Kind: plumbline.FaultUnreachable, Scope: plumbline.ScopeAll}, time.Minute)
	if got := ask(t, open); got != 0 {
		t.Errorf("over the open connection %d", got)
	}
	d := net.Dialer{Timeout: 300 * time.Millisecond}
	if conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://")); err == nil {
		t.Errorf("connected to %s", conn.RemoteAddr())
	}
	waiting := make(chan int, 1)
	go func() {
		var d net.Dialer
		conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
		if err != nil {
			waiting <- -1
			return
		}
		waiting <- ask(t, conn)
		_ = conn.Close()
	}()
	for hits := 0; hits < 2; { // of both
		var err error
		if hits, err = r.client.Hits(t.Context(), "lease"); err != nil {
			t.Fatal(err)
		}
	}
	if hits, err := r.client.Heal(t.Context(), "lease"); hits < 2 || err != nil {
		t.Errorf("%d hits, %v", hits, err)
	}
	if got := <-waiting; got != http.StatusOK {
		t.Errorf("who waited was answered %d", got)
	}
	if got := ask(t, r.dial(t)); got != http.StatusOK {
		t.Errorf("after the fault %d", got)
	}
}

// Where a wire listens at all addresses, as in a container, it knocks at loopback.
func TestDoorOfAGate(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{"127.0.0.1:0": "127.0.0.1", "0.0.0.0:0": "127.0.0.1", ":0": "127.0.0.1"} {
		var lc net.ListenConfig
		l, err := lc.Listen(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		g, err := newGate(l)
		if err != nil {
			t.Fatal(err)
		}
		if host, _, err := net.SplitHostPort(g.door()); err != nil || host != want {
			t.Errorf("%s: the door is %s, %v", at, g.door(), err)
		}
	}
}

func (r *rig) dial(t *testing.T) net.Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// ask sends one request over a connection and returns the status, or nothing
// where the connection is dead.
func ask(t *testing.T, conn net.Conn) int {
	t.Helper()
	if _, err := io.WriteString(conn, "GET /stock HTTP/1.1\r\nHost: dep\r\nTraceparent: 00-"+trace+"-00f067aa0ba902b7-01\r\n\r\n"); err != nil {
		return 0
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("no reset: %v", err)
		}
		return 0
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode
}
