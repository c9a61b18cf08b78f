package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A Client calls the control port of a process of wires. It is safe for
// concurrent use.
type Client struct {
	Addr  string // host:port
	Token string
	HTTP  *http.Client // nil: one with a deadline of 10 s
	// Inspect establishes facts about a request that is watched, on arrival:
	// which operation of the dependency's own document it is, or which
	// interaction of the pact with it, and how it breaks them. Nil inspects
	// nothing.
	Inspect func(x *plumbline.Exchange, s Sight)

	// Parts are the clients of processes that serve one wire each, by the name
	// of the wire; this client is all of them, and needs no address. They have
	// one token.
	Parts map[string]*Client

	mu     sync.Mutex
	held   map[string]*Client // by lease, of the parts
	after  uint64
	synced bool
	shift  time.Duration // to add to the process' offsets to get those of the run
}

// Status asks what is served and what is in force.
func (c *Client) Status(ctx context.Context) (Status, error) {
	if c.Parts != nil {
		return c.statuses(ctx)
	}
	var s Status
	return s, c.call(ctx, http.MethodGet, "/v1/status", nil, &s)
}

// Order puts a fault into force; it holds when Order returns. Errors wrap
// errors.ErrUnsupported where the wire cannot be broken so.
func (c *Client) Order(ctx context.Context, o Order) error {
	at, err := c.keep(o)
	if err != nil {
		return err
	}
	return at.call(ctx, http.MethodPut, "/v1/faults/"+o.ID, o, nil)
}

// Renew gives a lease its time anew.
func (c *Client) Renew(ctx context.Context, id string) error {
	return c.keeper(id).call(ctx, http.MethodPost, "/v1/faults/"+id+"/renew", nil, nil)
}

// Hits tells how many exchanges a lease that is in force has hit.
func (c *Client) Hits(ctx context.Context, id string) (int, error) {
	var h Hits
	err := c.keeper(id).call(ctx, http.MethodGet, "/v1/faults/"+id, nil, &h)
	return h.Hits, err
}

// Heal ends a lease and tells what it has hit. Healing again is no error.
func (c *Client) Heal(ctx context.Context, id string) (int, error) {
	var h Hits
	err := c.keeper(id).call(ctx, http.MethodDelete, "/v1/faults/"+id, nil, &h)
	return h.Hits, err
}

// HealAll ends every lease.
func (c *Client) HealAll(ctx context.Context) error {
	if c.Parts != nil {
		return c.every(func(p *Client) error { return p.HealAll(ctx) })
	}
	return c.call(ctx, http.MethodPost, "/v1/heal", nil, nil)
}

// Sync passes over what is in the journal already, and sets the clocks
// together: times of exchanges are offsets from began. The clock of another
// machine is corrected by half a round trip where it is off by more than one.
func (c *Client) Sync(ctx context.Context, began time.Time) error {
	if c.Parts != nil {
		return c.every(func(p *Client) error { return p.Sync(ctx, began) })
	}
	sent := time.Now()
	s, err := c.Status(ctx)
	if err != nil {
		return err
	}
	trip := time.Since(sent)
	ours := sent.Add(trip / 2).UnixNano()
	skew := time.Duration(s.Now - ours)
	if skew.Abs() <= max(trip, time.Millisecond) {
		skew = 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after, c.synced = s.Last, true
	c.shift = time.Unix(0, s.Epoch).Add(-skew).Sub(began.Round(0))
	return nil
}

// Exchanges returns what was journalled since the last call, and an error that
// names the number of lost entries when the journal was overrun.
func (c *Client) Exchanges(ctx context.Context) ([]plumbline.Exchange, error) {
	if c.Parts != nil {
		return c.gathered(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.synced {
		return nil, errors.New("the wires' clock has not been set")
	}
	var p Page
	if err := c.call(ctx, http.MethodGet, "/v1/journal?after="+strconv.FormatUint(c.after, 10), nil, &p); err != nil {
		return nil, err
	}
	var out []plumbline.Exchange
	for _, e := range p.Entries {
		x := e.Exchange
		x.Began += c.shift
		x.Opened += c.shift
		x.Ended += c.shift
		if x.Answered != 0 {
			x.Answered += c.shift
		}
		if e.Sight != nil && c.Inspect != nil {
			c.Inspect(&x, *e.Sight)
		}
		c.after = e.Sequence
		out = append(out, x)
	}
	if p.Lost > 0 {
		return out, fmt.Errorf("%d exchanges were overwritten in the journal before they were read", p.Lost)
	}
	return out, nil
}

func (c *Client) call(ctx context.Context, method, path string, in, into any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.Addr+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	resp, err := c.client().Do(req)
	if err != nil {
		return fmt.Errorf("control port of the wires: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return refused(resp)
	}
	if into == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

func refused(resp *http.Response) error {
	var e struct {
		Error string `json:"error"`
	}
	_ = json.NewDecoder(io.LimitReader(resp.Body, orderLimit)).Decode(&e)
	err := fmt.Errorf("control port of the wires: %s: %s", resp.Status, e.Error)
	if resp.StatusCode == http.StatusNotImplemented {
		return fmt.Errorf("%w: %w", err, errors.ErrUnsupported)
	}
	return err
}

func (c *Client) client() *http.Client {
	if c.HTTP != nil {
		return c.HTTP
	}
	return &http.Client{Timeout: 10 * time.Second}
}

// TokenHeader takes the token of the control port where Authorization is for
// somebody on the way, such as the API server of a cluster.
const TokenHeader = "X-Plumbline-Token" //nolint:gosec // the name of a header

// Bearer is the token of a request that a Client has made.
func Bearer(h http.Header) string { return strings.TrimPrefix(h.Get("Authorization"), "Bearer ") }
