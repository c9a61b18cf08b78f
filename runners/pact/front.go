package pact

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Limits of what reaches the core: it has none of its own.
const (
	largestBody   = 8 << 20
	largestHeader = 256 << 10
	noAnswer      = 599 // stands for a transport error, whose cause is kept
)

// ErrWithheld says that a request was not sent, because the run may not send it.
var ErrWithheld = errors.New("withheld")

// A front stands between the core and the target: it adds credentials, bounds
// bodies, remembers why there was no answer, and answers provider states.
type front struct {
	job      Job
	timeout  time.Duration // of one request
	base     *url.URL
	port     uint16
	stateURL string
	messages string              // path at which messages are made
	makers   map[string][]string // keys of message interactions, by description
	server   *http.Server
	mu       sync.Mutex
	failed   map[string]string // by interaction: why there was no answer yet, or none at all
	withheld map[string]bool   // by interaction: it was not sent, for the reason in failed
	unset    []string          // states that could not be set
}

func newFront(ctx context.Context, j Job, timeout time.Duration) (*front, error) {
	base, err := url.Parse(j.Base)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	states, messages := "/plumbline-state-"+j.secret, "/plumbline-message-"+j.secret
	f := &front{job: j, timeout: timeout, base: base, messages: messages, makers: map[string][]string{}, failed: map[string]string{}, withheld: map[string]bool{}}
	f.port = uint16(l.Addr().(*net.TCPAddr).Port) //nolint:forcetypeassert,gosec // a TCP port
	f.stateURL = "http://" + l.Addr().String() + states
	f.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == states {
			f.state(w, r)
			return
		}
		if r.URL.Path == messages {
			f.message(w, r)
			return
		}
		f.forward(w, r)
	})}
	go func() { _ = f.server.Serve(l) }()
	return f, nil
}

func (f *front) close() { _ = f.server.Close() }

// newSecret makes the word by which a front knows its core. Any process of the
// machine can reach the front, and would send with the run's credentials.
func newSecret() string {
	var token [16]byte
	_, _ = rand.Read(token[:]) // never fails
	return hex.EncodeToString(token[:])
}

// forward sends an interaction's request to the target. Requests without the
// secret in the correlation header are not the core's. It is no part of the
// path, because the proxy of pact-go would put that before anybody's request.
func (f *front) forward(w http.ResponseWriter, r *http.Request) {
	secret, key, _ := strings.Cut(r.Header.Get(correlation), " ")
	if subtle.ConstantTimeCompare([]byte(secret), []byte(f.job.secret)) == 0 || key == "" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	f.fail(key, "the target did not answer in time") // until it has answered
	u := *f.base
	u.Path = strings.TrimSuffix(u.Path, "/") + r.URL.Path
	u.RawQuery = r.URL.RawQuery
	ctx, cancel := context.WithTimeout(r.Context(), f.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), r.Body)
	if err == nil {
		req.ContentLength, req.Header = r.ContentLength, r.Header.Clone()
		req.Header.Del(correlation)
		err = f.answer(w, req, key)
	}
	if err != nil {
		f.fail(key, f.cause(err))
		f.withhold(key, errors.Is(err, ErrWithheld))
		w.WriteHeader(noAnswer)
	}
}

// cause says why there was no answer.
func (f *front) cause(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no whole answer came within %s", f.timeout)
	}
	return err.Error()
}

func (f *front) fail(key, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed[key] = why
}

func (f *front) withhold(key string, is bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.withheld[key] = is
}

func (f *front) answered(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.failed, key)
}

// answer hands the target's answer on. It is an answer from when it is whole,
// before the core sees any of it.
func (f *front) answer(w http.ResponseWriter, req *http.Request, key string) error {
	resp, err := f.job.Send(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if size(resp.Header) > largestHeader {
		return fmt.Errorf("the response header is larger than %d bytes", largestHeader)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, largestBody+1))
	if err != nil {
		return err
	}
	if len(body) > largestBody {
		return fmt.Errorf("the response body is larger than %d bytes", largestBody)
	}
	f.answered(key)
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(body)
	return nil
}

// size is about what a header takes on the wire.
func size(h http.Header) int {
	n := 0
	for k, values := range h {
		for _, v := range values {
			n += len(k) + len(v) + 4
		}
	}
	return n
}

// state answers a provider state. It never answers 5xx: the core would repeat
// that for two minutes.
func (f *front) state(w http.ResponseWriter, r *http.Request) {
	var s struct {
		Action string         `json:"action"`
		State  string         `json:"state"`
		Params map[string]any `json:"params"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&s); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	values := map[string]any{}
	if s.Action != "teardown" && s.State != "" {
		var err error
		if values, err = f.set(r.Context(), s.State, s.Params); err != nil {
			f.mu.Lock()
			f.unset = append(f.unset, s.State+": "+err.Error())
			f.mu.Unlock()
			w.WriteHeader(http.StatusFailedDependency)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(values)
}

func (f *front) set(ctx context.Context, name string, params map[string]any) (map[string]any, error) {
	if f.job.States == nil {
		return nil, fmt.Errorf("nobody answers provider states")
	}
	return f.job.States(ctx, name, params)
}

// unsetSoFar counts the states that could not be set.
func (f *front) unsetSoFar() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.unset)
}

// whyUnset says why the given states could not be set.
func (f *front) whyUnset(states []string) []string {
	var out []string
	for _, why := range f.unset {
		known := slices.ContainsFunc(states, func(s string) bool { return strings.HasPrefix(why, s+": ") })
		if known && !slices.Contains(out, why) {
			out = append(out, why)
		}
	}
	return out
}

// decide turns the core's word on one interaction into a result. An engine
// that does not say why verifies one interaction at a time: a state that could
// not be set since then, more than unset, was this one's.
func (f *front) decide(p *plumbline.PactResult, ok bool, mismatch string, unset int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch cause, failed := f.failed[p.Key]; {
	case ok:
		p.Result = plumbline.PactOK
	case failed && f.withheld[p.Key]:
		p.Result, p.Detail = plumbline.PactWithheld, []string{cause}
	case failed:
		p.Result, p.Detail = plumbline.PactError, []string{cause}
	case len(p.States) > 0 && (strings.Contains(mismatch, "state change handlers") || len(f.unset) > unset):
		p.Result, p.Detail = plumbline.PactStateUnset, f.whyUnset(p.States)
	default:
		p.Result, p.Detail = plumbline.PactMismatch, readable(mismatch)
	}
}
