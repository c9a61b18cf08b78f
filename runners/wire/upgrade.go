package wire

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/plumbline-dev/plumbline"
)

// raised is the caller's side of an exchange that became a stream of another
// protocol, such as WebSocket: it counts what goes through.
type raised struct {
	net.Conn
	in, out atomic.Int64
	torn    atomic.Bool // the caller's side was reset, not closed
}

// Hijack hands the connection over, to whoever speaks another protocol on it.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil || w.exchange.Upstream != http.StatusSwitchingProtocols {
		return conn, buffered, err
	}
	w.exchange.Status, w.exchange.Answered = http.StatusSwitchingProtocols, w.journal.now()
	w.exchange.raised = &raised{Conn: conn}
	return w.exchange.raised, buffered, nil
}

// Read counts what the caller sends.
func (r *raised) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.in.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		r.torn.Store(true)
	}
	return n, err
}

// Write counts what the upstream sends.
func (r *raised) Write(p []byte) (int, error) {
	n, err := r.Conn.Write(p)
	r.out.Add(int64(n))
	return n, err
}

// CloseWrite tells the caller that the upstream has said all.
func (r *raised) CloseWrite() error {
	if c, ok := r.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// tell notes what was counted. An end that was not torn is the proper end.
func (r *raised) tell(x *plumbline.Exchange) {
	x.In, x.Out = r.in.Load(), r.out.Load()
	if r.torn.Load() {
		x.Closed = plumbline.ClosedByCaller
	}
}
