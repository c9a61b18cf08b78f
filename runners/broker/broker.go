// Package broker speaks to a Pact Broker, or to PactFlow, over its HTTP API
// (https://docs.pact.io/pact_broker/api). It knows one address, that of the
// index, and finds all others by following the links of the answers
// (application/hal+json), so that it works behind any prefix and with any
// version that has the relations.
package broker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits of a conversation with a broker.
const (
	largest  = 32 << 20 // bytes of one answer
	attempts = 4
)

// A Client speaks to one broker. Credentials are sent to its host only.
type Client struct {
	URL            string // of the index
	Token          string // bearer token; beats user and password
	User, Password string
	HTTP           *http.Client  // nil: one with a deadline of 30 s
	Backoff        time.Duration // before the first repetition, then doubled; zero: 500 ms
}

// A link of HAL. The address may be a template.
type link struct {
	Href  string `json:"href"`
	Name  string `json:"name"`
	Title string `json:"title"`
}

// links reads a relation that is one link or a list of them.
type links map[string]json.RawMessage

func (l links) first(relations ...string) (link, bool) {
	for _, r := range relations {
		var one link
		var many []link
		switch {
		case json.Unmarshal(l[r], &one) == nil && one.Href != "":
			return one, true
		case json.Unmarshal(l[r], &many) == nil && len(many) > 0:
			return many[0], true
		}
	}
	return link{}, false
}

// ErrNoLink says that the broker does not offer what is asked of it.
var ErrNoLink = errors.New("the broker has no link")

// expand fills a template; the values are escaped.
func expand(href string, values map[string]string) string {
	for name, v := range values {
		href = strings.ReplaceAll(href, "{"+name+"}", url.PathEscape(v))
	}
	return href
}

// index reads the links of the broker's first page.
func (c *Client) index(ctx context.Context) (links, error) {
	var page struct {
		Links links `json:"_links"`
	}
	_, err := c.do(ctx, http.MethodGet, c.URL, nil, &page)
	return page.Links, err
}

// An errand is a request to a relation of the index.
type errand struct {
	method    string
	relations []string          // the first that the broker has
	values    map[string]string // for the template
	body      any
}

// follow carries an errand out and decodes the answer.
func (c *Client) follow(ctx context.Context, e errand, into any) error {
	l, err := c.index(ctx)
	if err != nil {
		return err
	}
	to, ok := l.first(e.relations...)
	if !ok {
		return fmt.Errorf("broker %s: %w %s", c.URL, ErrNoLink, strings.Join(e.relations, " or "))
	}
	_, err = c.do(ctx, e.method, expand(to.Href, e.values), e.body, into)
	return err
}

// do makes a request and decodes its answer. What the broker may answer better
// a moment later is asked again, a bounded number of times. An error shows what
// the broker says.
func (c *Client) do(ctx context.Context, method, address string, body, into any) ([]byte, error) {
	to, err := c.resolve(address)
	if err != nil {
		return nil, err
	}
	var data []byte
	if body != nil {
		if data, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	got, err := c.repeated(ctx, method, to, data)
	if err == nil && into != nil {
		if err := json.Unmarshal(got, into); err != nil {
			return got, fmt.Errorf("broker: %s %s: the answer is not JSON: %w", method, to, err)
		}
	}
	return got, err
}

func (c *Client) repeated(ctx context.Context, method string, to *url.URL, data []byte) ([]byte, error) {
	wait := c.Backoff
	if wait == 0 {
		wait = 500 * time.Millisecond
	}
	for n := 1; ; n++ {
		got, again, err := c.once(ctx, method, to, data)
		if err == nil || !again || n == attempts {
			return got, err
		}
		select {
		case <-time.After(wait):
			wait *= 2
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// resolve makes an address of a link that may be relative to the index.
func (c *Client) resolve(address string) (*url.URL, error) {
	base, err := url.Parse(c.URL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("broker: %q is not the URL of a broker", c.URL)
	}
	to, err := base.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("broker: link %q: %w", address, err)
	}
	return to, nil
}

func (c *Client) once(ctx context.Context, method string, to *url.URL, data []byte) (got []byte, again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(data))
	if err != nil {
		return nil, false, err
	}
	req.Header.Set("Accept", "application/hal+json, application/json;q=0.9")
	if data != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.authorise(req)
	client := c.HTTP
	if client == nil {
		client = &http.Client{Timeout: 30 * time.Second}
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, ctx.Err() == nil, fmt.Errorf("broker: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	got, err = io.ReadAll(io.LimitReader(resp.Body, largest+1))
	switch {
	case err != nil:
		return nil, true, fmt.Errorf("broker: %s %s: %w", method, to, err)
	case len(got) > largest:
		return nil, false, fmt.Errorf("broker: %s %s: the answer is larger than %d bytes", method, to, largest)
	case resp.StatusCode >= 300:
		again = resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests
		return nil, again, fmt.Errorf("broker: %s %s: %s%s", method, to, resp.Status, said(got))
	}
	return got, false, nil
}

// authorise adds the credentials, to requests to the broker's own host alone.
func (c *Client) authorise(req *http.Request) {
	base, err := url.Parse(c.URL)
	if err != nil || base.Host != req.URL.Host || base.Scheme != req.URL.Scheme {
		return
	}
	switch {
	case c.Token != "":
		req.Header.Set("Authorization", "Bearer "+c.Token)
	case c.User != "":
		req.SetBasicAuth(c.User, c.Password)
	}
}

// said is what an answer says of a mistake, in one line.
func said(body []byte) string {
	text := strings.Join(strings.Fields(string(body)), " ")
	var e struct {
		Error  json.RawMessage `json:"error"`
		Errors json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &e) == nil {
		for _, raw := range []json.RawMessage{e.Errors, e.Error} {
			var m struct{ Message string }
			if json.Unmarshal(raw, &m) == nil && m.Message != "" {
				text = m.Message
			} else if len(raw) > 0 {
				text = string(raw)
			}
		}
	}
	if text == "" {
		return ""
	}
	return ": " + text[:min(len(text), 500)]
}
