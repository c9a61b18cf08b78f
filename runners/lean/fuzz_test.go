package lean

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// replay is a connection that has sent something and is closed.
func replay(data []byte) *conn {
	c := &conn{t: &Transport{}}
	c.in = bufio.NewReaderSize(bytes.NewReader(data), 4096)
	return c
}

// FuzzResponse holds the reading of responses against that of net/http.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
		"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 200\nX: a\n b\n\nrest", "HTTP/1.1 304 x\r\npragma: no-cache\r\nx_y:\x80\r\n\r\n",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, get bool) {
		method := http.MethodGet
		if !get {
			method = http.MethodHead
		}
		req := &http.Request{Method: method}
		want, bad := http.ReadResponse(bufio.NewReaderSize(bytes.NewReader(data), 4096), req) //nolint:bodyclose // read from memory
		c := replay(data)
		r := &Request{Bodied: get, Keep: true}
		h, err := c.readHead(r, mostHeader)
		if bad != nil || err != nil {
			// A head without its end is told as an end, whatever is in it.
			if (bad == nil) != (err == nil) {
				t.Fatalf("net/http: %v, ours: %v", bad, err)
			}
			return
		}
		got := c.response(h, req) //nolint:bodyclose // read from memory
		for _, v := range [][2]any{{want.Status, got.Status}, {want.Proto, got.Proto}, {want.Header, got.Header}, {want.ContentLength, got.ContentLength}, {want.Close, got.Close}} {
			if diff := cmp.Diff(v[0], v[1]); diff != "" {
				t.Fatalf("net/http (-) and ours (+):\n%s", diff)
			}
		}
		body, bad := io.ReadAll(want.Body)
		var out Reply
		err = c.drain(h, r, &out)
		if !bytes.Equal(body, out.Body) || (bad == nil) != (err == nil) {
			t.Fatalf("net/http: %q %v, ours: %q %v", body, bad, out.Body, err)
		}
		again := replay(data)
		if h, err = again.readHead(r, mostHeader); err != nil {
			t.Fatal(err)
		}
		var dropped Reply
		if bad := again.drain(h, &Request{Bodied: get}, &dropped); (bad == nil) != (err == nil) && dropped.Length != out.Length {
			t.Fatalf("dropped %d of %d bytes", dropped.Length, out.Length)
		}
	})
}
