package shop

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// An edge is what a mesh puts between the client of a dependency and the
// dependency: it repeats once what has failed, whoever asks.
type edge struct{ out http.RoundTripper }

// edgeGap bounds what it waits before that.
const edgeGap = 50 * time.Millisecond

// RoundTrip sends a request, and sends it again where it has failed.
func (e edge) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	resp, err := e.out.RoundTrip(with(r, body))
	if err == nil && (resp.StatusCode < 500 || resp.Header.Get("Retry-After") != "") || r.Context().Err() != nil {
		return resp, err
	}
	if err == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, largestReply))
		_ = resp.Body.Close()
	}
	select {
	case <-time.After(time.Duration(rand.Float64() * float64(edgeGap))): //nolint:gosec,forbidigo // jitter needs no seed
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return e.out.RoundTrip(with(r, body))
}

// with is a request with a body that was not read yet.
func with(r *http.Request, body []byte) *http.Request {
	out := r.Clone(r.Context())
	out.Body = io.NopCloser(bytes.NewReader(body))
	return out
}
