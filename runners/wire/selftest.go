package wire

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// SelfTest sends requests through a wire of its own to an upstream of its own
// and compares what arrives with what was sent: a proxy that changes anything
// while no fault is in force would falsify every verdict. One check an aspect,
// all of name "proxy-transparent"; the one of subject "overhead" has the added
// time at the 99th percentile as its value, in milliseconds.
func SelfTest(ctx context.Context) []plumbline.Check {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	b, err := newBench(ctx)
	if err != nil {
		return []plumbline.Check{{Name: selfTestName, Detail: err.Error()}}
	}
	defer b.close()
	var out []plumbline.Check
	for _, aspect := range aspects() {
		c := plumbline.Check{Name: selfTestName, Subject: aspect.name, OK: true, Detail: "as sent"}
		if err := aspect.try(ctx, b); err != nil {
			c.OK, c.Detail = false, err.Error()
		}
		out = append(out, c)
	}
	return append(out, b.overhead(ctx))
}

const selfTestName = "proxy-transparent"

// A bench is a wire with an echoing upstream.
type bench struct {
	direct, wired string // URLs
	one, two      *http.Transport
	left          chan struct{} // the upstream saw its caller leave
	stop          context.CancelFunc
	upstream      *http.Server
}

func newBench(ctx context.Context) (*bench, error) {
	ctx, stop := context.WithCancel(ctx)
	b := &bench{one: transport(false, nil), two: transport(true, nil), left: make(chan struct{}, 1), stop: stop}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		stop()
		return nil, err
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	b.upstream = &http.Server{Handler: http.HandlerFunc(b.echo), Protocols: &protocols, MaxHeaderBytes: 1 << 20, ReadHeaderTimeout: time.Minute, ErrorLog: discardLog()}
	go func() { _ = b.upstream.Serve(l) }()
	b.direct = "http://" + l.Addr().String()
	ready := make(chan Addresses, 1)
	failed := make(chan error, 1)
	go func() {
		failed <- Serve(ctx, Config{Control: "127.0.0.1:0", Token: "self-test", Wires: []Wire{{Name: "echo", Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: b.direct}}},
			func(a Addresses) { ready <- a })
	}()
	select {
	case a := <-ready:
		b.wired = "http://" + a.Wires["echo"]
		return b, nil
	case err := <-failed:
		b.close()
		return nil, err
	}
}

func (b *bench) close() {
	b.stop()
	b.one.CloseIdleConnections()
	b.two.CloseIdleConnections()
	_ = b.upstream.Close()
}

// echo is the upstream.
func (b *bench) echo(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/redirect":
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound)
	case "/gzip":
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte{0x1f, 0x8b, 8, 0, 1, 2, 3})
	case "/trailer":
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "body")
		w.Header().Set("X-Sum", "42")
	case "/hints":
		w.Header().Set("Link", "</a>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusNoContent)
	case "/hang":
		<-r.Context().Done()
		select {
		case b.left <- struct{}{}:
		default:
		}
	default:
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("X-Proto", r.Proto)
		w.Header().Set("X-Big", fmt.Sprint(len(r.Header.Get("X-Big"))))
		_, _ = io.Copy(w, r.Body)
	}
}

type aspect struct {
	name string
	try  func(context.Context, *bench) error
}

func aspects() []aspect {
	same := func(method, path string, body []byte, check func(answer) error) func(context.Context, *bench) error {
		return func(ctx context.Context, b *bench) error {
			a, err := b.send(ctx, b.one, method, path, body)
			if err != nil {
				return err
			}
			return check(a)
		}
	}
	large := bytes.Repeat([]byte("plumb\x00line\xff"), 20_000)
	return []aspect{
		{"redirect", same("GET", "/redirect", nil, func(a answer) error {
			return expect(a.status == http.StatusFound, "a redirect became %d", a.status)
		})},
		{"gzip", same("GET", "/gzip", nil, func(a answer) error {
			return expect(len(a.body) == 7 && a.header.Get("Content-Encoding") == "gzip", "a compressed body was changed")
		})},
		{"trailers", same("GET", "/trailer", nil, func(a answer) error {
			return expect(a.trailer.Get("X-Sum") == "42", "the trailer was lost")
		})},
		{"early hints", same("GET", "/hints", nil, func(a answer) error {
			return expect(a.status == http.StatusNoContent, "a 1xx response became %d", a.status)
		})},
		{"body", same("POST", "/", large, func(a answer) error {
			return expect(bytes.Equal(a.body, large), "a body of %d bytes came back as %d", len(large), len(a.body))
		})},
		{"empty body", same("POST", "/", nil, func(a answer) error {
			return expect(a.status == http.StatusOK && len(a.body) == 0, "an empty body came back as %d bytes", len(a.body))
		})},
		{"HEAD", same("HEAD", "/", nil, func(a answer) error {
			return expect(a.status == http.StatusOK && len(a.body) == 0, "HEAD came back with a body")
		})},
		{"h2c", func(ctx context.Context, b *bench) error {
			a, err := b.send(ctx, b.two, "POST", "/", large)
			if err != nil {
				return err
			}
			return expect(a.header.Get("X-Proto") == "HTTP/2.0" && bytes.Equal(a.body, large), "HTTP/2 reached the upstream as %s", a.header.Get("X-Proto"))
		}},
		{"large header", largeHeader},
		{"cancellation", cancellation},
	}
}

func expect(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// An answer is a response that was read to its end.
type answer struct {
	status          int
	header, trailer http.Header
	body            []byte
}

func (b *bench) send(ctx context.Context, t *http.Transport, method, path string, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.wired+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	return exchangeWith(t, req)
}

func exchangeWith(t *http.Transport, req *http.Request) (answer, error) {
	resp, err := t.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body) // the trailer is known only after it
	return answer{resp.StatusCode, resp.Header, resp.Trailer, body}, err
}

func largeHeader(ctx context.Context, b *bench) error {
	const size = 64 << 10
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.wired+"/", nil)
	if err != nil {
		return err
	}
	req.Header.Set("X-Big", strings.Repeat("x", size))
	a, err := exchangeWith(b.one, req)
	if err != nil {
		return err
	}
	return expect(a.header.Get("X-Big") == fmt.Sprint(size), "a header of %d bytes arrived as %s", size, a.header.Get("X-Big"))
}

func cancellation(ctx context.Context, b *bench) error {
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := b.send(short, b.one, http.MethodGet, "/hang", nil); err == nil {
		return fmt.Errorf("a hanging upstream answered")
	}
	select {
	case <-b.left:
		return nil
	case <-time.After(2 * time.Second):
		return fmt.Errorf("the upstream was not told that the caller left")
	}
}

// overhead compares the way through the wire with the direct one, interleaved,
// in three rounds of which the median counts.
func (b *bench) overhead(ctx context.Context) plumbline.Check {
	const rounds, each = 3, 200
	c := plumbline.Check{Name: selfTestName, Subject: "overhead", OK: true, Unit: "ms"}
	var added []float64
	for range rounds {
		var direct, wired []time.Duration
		for range each {
			for _, way := range []struct {
				url string
				to  *[]time.Duration
			}{{b.direct, &direct}, {b.wired, &wired}} {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, way.url+"/", nil)
				if err != nil {
					return plumbline.Check{Name: selfTestName, Subject: "overhead", Detail: err.Error()}
				}
				began := time.Now()
				if _, err := exchangeWith(b.one, req); err != nil {
					return plumbline.Check{Name: selfTestName, Subject: "overhead", Detail: err.Error()}
				}
				*way.to = append(*way.to, time.Since(began))
			}
		}
		slices.Sort(direct)
		slices.Sort(wired)
		at := each * 99 / 100
		added = append(added, (wired[at]-direct[at]).Seconds()*1000)
	}
	slices.Sort(added)
	c.Value = max(0, added[rounds/2])
	c.Detail = fmt.Sprintf("%.2f ms added at the 99th percentile", c.Value)
	return c
}
