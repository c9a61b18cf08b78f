// Package target is the one door to the deployment: every request of a run
// goes through it, and with it credentials, trace context, the allow-list of
// hosts, the ceiling on the rate, classification of what came back, and
// redaction of what is kept.
package target

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/plumbline-dev/plumbline"
)

// Config says how a deployment is reached. Zero values mean what the comments say.
type Config struct {
	Base       string                 // base URL
	Run        string                 // run ID, 12 hex digits
	Began      time.Time              // all offsets count from here
	Identities map[string]Credential  // by name
	Sources    map[string]Source      // of those whose credentials are fetched, by name; they beat Identities
	TLS        map[string]*tls.Config // of those that show a certificate, or trust another authority, by name
	Default    string                 // name of the default identity; empty: anonymous
	Allow      []string               // hosts that requests may go to; empty: that of Base
	Force      bool                   // allow a host whose name looks like production
	Timeout    time.Duration          // for one answer; zero: 10 s
	MaxBody    int64                  // bytes of a response; zero: 8 MiB
	Limit      float64                // requests a second at most; zero: none
	Redact     []string               // further names of headers and properties to hide
	// Forge makes of a JSON Web Token what a way beginning with
	// plumbline.AuthTokens says. Nil: no token is altered.
	Forge func(token, way string) (string, error)
	// Inspect establishes facts about a response when it arrives.
	Inspect func(op string, req plumbline.Request, resp plumbline.Response) []plumbline.Mark
	// Released does the same for the answers to requests that were made from the
	// released document. Nil: nothing.
	Released  func(op string, req plumbline.Request, resp plumbline.Response) []plumbline.Mark
	Transport http.RoundTripper // nil: the lean one, or what Protocol says
	Protocol  Protocol
	Socket    string // path of a Unix domain socket that all requests go to; empty: TCP
	Proxy     bool   // through the proxy that the environment names
}

// A Client makes requests. It is safe for concurrent use.
type Client struct {
	cfg   Config
	base  *url.URL
	limit *rate.Limiter
	hide  *redactor
	// transports are those of identities with TLS of their own: with their
	// certificate, and without.
	transports map[string][2]http.RoundTripper

	keeper *Pool // books what requests create; nil: nobody does
	shots  atomic.Uint64
	waited atomic.Int64 // for targets that ask for patience, in nanoseconds
}

// New checks the configuration: a base URL without a host or of a scheme other
// than HTTP's, a host that is not allowed, and a name that looks like
// production are errors.
func New(c Config) (*Client, error) {
	u, err := c.address()
	if err != nil {
		return nil, err
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.MaxBody == 0 {
		c.MaxBody = 8 << 20
	}
	if c.Transport == nil {
		c.Transport = c.transport(nil)
	}
	cl := &Client{cfg: c, base: u, hide: newRedactor(c), transports: c.transports()}
	if c.Limit > 0 {
		cl.limit = rate.NewLimiter(rate.Limit(c.Limit), max(int(c.Limit/10), 1))
	}
	return cl, nil
}

// address is the base URL, when requests may go there.
func (c Config) address() (*url.URL, error) {
	u, err := url.Parse(c.Base)
	switch {
	case err != nil || u.Host == "":
		return nil, fmt.Errorf("%q is not the URL of a deployment", c.Base)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%s is not the URL of a deployment: its scheme is not http or https", u.Redacted())
	case c.Protocol != "" && !slices.Contains(Protocols(), c.Protocol):
		return nil, fmt.Errorf("%q is not an HTTP client: lean, net/http or h2 is", c.Protocol)
	case len(c.Allow) > 0 && !slices.Contains(c.Allow, u.Hostname()) && !slices.Contains(c.Allow, u.Host):
		return nil, fmt.Errorf("host %s is not among the allowed ones (%s)", u.Host, strings.Join(c.Allow, ", "))
	case !c.Force && production(u.Hostname()):
		return nil, fmt.Errorf("the host %s looks like production: plumbline sends invalid input, load and faults; --force runs all the same", u.Hostname())
	}
	return u, nil
}

func production(host string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(host), func(r rune) bool { return r == '.' || r == '-' || r == '_' }),
		func(label string) bool { return slices.Contains([]string{"prod", "production", "prd", "live"}, label) })
}

// A Shot is one request to be made.
type Shot struct {
	Experiment, Phase, Stream string
	Operation                 string
	Case                      string
	Request                   plumbline.Request // binds filled in
	Identity                  string            // empty: the default one
	Auth                      string            // one of plumbline.Auth…
	TraceMode                 string            // one of plumbline.Trace…
	Trace                     string            // 32 hex digits
	Due                       time.Duration     // since the run began; zero: now
	Transcript                bool              // keep what was sent and received
	Patient                   bool              // a 429 or 503 with a short Retry-After is waited for, and the request sent once more
	Released                  bool              // made from the released document
	Timeout                   time.Duration     // longest wait for the answer; zero, or more than the client's: the client's
	Unbound                   error             // why the request cannot be made; it is not sent then
	// Ready is the request with everything but the trace context, made ahead
	// by Client.Ready. Nil: it is made now.
	Ready *Ready
	// Unchecked leaves the answer uninspected, and, of a Ready shot, unread.
	Unchecked bool
}

// An Answer is an observation with the request as it was filled in and the
// response itself, which are not kept.
type Answer struct {
	plumbline.Observation
	Request  plumbline.Request
	Response plumbline.Response

	shot  uint64 // number of the request
	entry int    // number in the ledger on disk
}

// Do makes one request and reads the response to its end. It does not follow
// redirects. It repeats a request for one reason only, and once: a 401 to
// credentials that were fetched and can be fetched anew, which is counted in
// Renewed. What the HTTP client repeats, when a connection that was kept open turns
// out to be dead, is counted in Retries. Latency counts from Due, also of what
// was never sent.
func (c *Client) Do(ctx context.Context, s Shot) Answer {
	o := plumbline.Observation{
		Experiment: s.Experiment, Phase: s.Phase, Stream: s.Stream, Operation: s.Operation,
		Case: s.Case, Trace: s.Trace, Due: s.Due,
	}
	if o.Due == 0 {
		o.Due = c.Now()
	}
	if s.Unbound != nil {
		o.Transcript = &plumbline.Transcript{ResponseBody: s.Unbound.Error()}
		return c.unsent(s, o, plumbline.ErrorUnbound)
	}
	if c.limit != nil {
		if err := c.limit.Wait(ctx); err != nil {
			return c.unsent(s, o, plumbline.ErrorCanceled)
		}
	}
	if s.Ready != nil {
		return c.swift(ctx, s, o)
	}
	return c.sent(ctx, s, o)
}

// sent sends a request and inspects what comes back.
func (c *Client) sent(ctx context.Context, s Shot, o plumbline.Observation) Answer {
	cred, err := c.shown(ctx, s)
	if err != nil {
		o.Transcript = &plumbline.Transcript{Method: s.Request.Method, URL: s.Request.Path, ResponseBody: c.hide.text(err.Error())}
		return c.unsent(s, o, plumbline.ErrorUnbound)
	}
	req, parent, err := c.build(ctx, s, cred)
	if err != nil {
		o.Transcript = &plumbline.Transcript{Method: s.Request.Method, URL: s.Request.Path, ResponseBody: err.Error()}
		return c.unsent(s, o, plumbline.ErrorOther)
	}
	o.Parent = parent
	entry := 0
	if c.keeper != nil {
		entry = c.keeper.sending(s.Operation, s.Request)
	}
	a := c.exchange(req, s, o)
	if newer, ok := c.renewed(ctx, s, cred, a.Status); ok {
		if next, _, err := c.build(ctx, s, newer); err == nil {
			req, cred, a = next, newer, c.again(next, s, a)
		}
	}
	if next, later, ok := c.deferred(ctx, s, cred, a); ok {
		req, a = next, later
	}
	a.Request, a.shot, a.entry = s.Request, c.shots.Add(1), entry
	if c.keeper != nil {
		c.keeper.answered(s.Operation, a)
	}
	c.inspect(s, &a)
	if s.Transcript || len(a.Marks) > 0 && breaks(a.Marks) {
		a.Transcript = c.transcript(s, req, cred, a)
	}
	return a
}

// inspect holds an answer against the document.
func (c *Client) inspect(s Shot, a *Answer) {
	switch {
	case c.cfg.Inspect == nil || a.Status == 0 || a.Error != "":
	case s.Unchecked:
		a.Unchecked = true
	default:
		a.Marks = c.cfg.Inspect(s.Operation, s.Request, a.Response)
		if s.Released && c.cfg.Released != nil {
			a.Marks = append(a.Marks, c.cfg.Released(s.Operation, s.Request, a.Response)...)
		}
	}
}

// unsent is the answer to a request that was not sent after all.
func (c *Client) unsent(s Shot, o plumbline.Observation, class plumbline.ErrorClass) Answer {
	o.Error, o.Sent = class, c.Now()
	o.Latency = o.Sent - o.Due
	return Answer{Observation: o, Request: s.Request}
}

func breaks(marks []plumbline.Mark) bool {
	return slices.ContainsFunc(marks, func(m plumbline.Mark) bool { return m.Kind != plumbline.MarkExtra && m.Kind != plumbline.MarkLess })
}

// Now is the offset of this moment.
func (c *Client) Now() time.Duration { return time.Since(c.cfg.Began) }

// wait is the longest wait for the answer to a shot.
func (c *Client) wait(s Shot) time.Duration {
	if s.Timeout > 0 {
		return min(s.Timeout, c.cfg.Timeout)
	}
	return c.cfg.Timeout
}

// Timeout is the longest wait for one answer.
func (c *Client) Timeout() time.Duration { return c.cfg.Timeout }

// Run is the ID of the run that requests are made for.
func (c *Client) Run() string { return c.cfg.Run }

// Base is the URL of the deployment.
func (c *Client) Base() string { return c.cfg.Base }

// Reachable tells whether anything answers at the base URL at all.
func (c *Client) Reachable(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.cfg.Base, nil)
	if err != nil {
		return err
	}
	resp, err := c.transport("", "").RoundTrip(req)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("no answer from %s within 5s", c.base.Redacted())
		}
		return fmt.Errorf("nothing answers at %s: %w", c.base.Redacted(), err)
	}
	return resp.Body.Close()
}

// Send sends a request that another engine made, with the credentials of the
// default identity and under the ceiling of the rate. It goes to the
// deployment or nowhere.
func (c *Client) Send(r *http.Request) (*http.Response, error) {
	if r.URL.Host != c.base.Host {
		return nil, fmt.Errorf("the host %s is not that of the deployment", r.URL.Host)
	}
	if c.limit != nil {
		if err := c.limit.Wait(r.Context()); err != nil {
			return nil, err
		}
	}
	cred, err := c.credential(r.Context(), "")
	if err != nil {
		return nil, err
	}
	passing, err := c.watch(r)
	if err != nil {
		return nil, err
	}
	if c.cfg.Run != "" {
		r.Header.Set(RunHeader, c.cfg.Run)
	}
	authenticate(r, cred, "")
	ctx, cancel := context.WithTimeout(r.Context(), c.cfg.Timeout)
	resp, err := c.transport("", "").RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &bounded{resp.Body, cancel}
	if err := c.watched(passing, resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// bounded ends the time limit of a response when its body is closed.
type bounded struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close closes the body.
func (b *bounded) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
