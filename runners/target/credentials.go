package target

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A Credential is what an identity shows.
type Credential struct {
	Bearer            string
	User, Password    string
	KeyIn             string // "header", "query", "cookie"
	KeyName, KeyValue string
	Headers           []plumbline.Header // beside the others
	Cookies           []plumbline.Header // of a session, beside the others
	Secrets           []string           // what is inside of the values above and is to be hidden by itself
	// Serial numbers what a Source fetched, from 1. Zero: it was declared.
	Serial int
}

// A Source fetches what an identity shows. It is safe for concurrent use.
type Source interface {
	// Credential returns what to show, fetched anew when it is about to expire.
	Credential(ctx context.Context) (Credential, error)
	// Renew returns what to show after the deployment refused what has the
	// serial number. The number is the same when nothing newer can be had.
	Renew(ctx context.Context, serial int) (Credential, error)
}

// empty tells whether nothing of a request is changed by the credentials.
func (c Credential) empty() bool {
	return c.Bearer == "" && c.User == "" && c.Password == "" && c.KeyName == "" && len(c.Headers) == 0 && len(c.Cookies) == 0
}

// name is that of the identity, or of the default one.
func (c *Client) name(identity string) string { return cmp.Or(identity, c.cfg.Default) }

// credential is what the identity shows now. An error says that it cannot be
// had, and nothing about the deployment.
func (c *Client) credential(ctx context.Context, identity string) (Credential, error) {
	name := c.name(identity)
	src, ok := c.cfg.Sources[name]
	if !ok {
		return c.cfg.Identities[name], nil
	}
	cred, err := src.Credential(ctx)
	if err != nil {
		return Credential{}, fmt.Errorf("the credentials of %s cannot be had: %w", name, err)
	}
	c.hide.learn(cred)
	return cred, nil
}

// renewed returns newer credentials when the deployment refused fetched ones
// as they are: with 401, which alone is about credentials (RFC 9110 §15.5.2).
func (c *Client) renewed(ctx context.Context, s Shot, used Credential, status int) (Credential, bool) {
	src, ok := c.cfg.Sources[c.name(s.Identity)]
	if !ok || status != http.StatusUnauthorized || s.Auth != "" {
		return Credential{}, false
	}
	cred, err := src.Renew(ctx, used.Serial)
	if err != nil || cred.Serial == used.Serial {
		return Credential{}, false
	}
	c.hide.learn(cred)
	return cred, true
}

// again sends a request that was refused with newer credentials. The answer
// counts from when the first one was due and sent.
func (c *Client) again(req *http.Request, s Shot, first Answer) Answer {
	if c.limit != nil && c.limit.Wait(req.Context()) != nil {
		return first
	}
	a := c.exchange(req, s, first.Observation)
	a.Sent, a.Retries, a.Renewed = first.Sent, a.Retries+first.Retries, 1
	return a
}

// transport is that of the identity, without its certificate when its
// credentials are spoilt.
func (c *Client) transport(identity, auth string) http.RoundTripper {
	own, ok := c.transports[c.name(identity)]
	switch {
	case !ok:
		return c.cfg.Transport
	case auth != "" && !forged(auth): // a forged token is refused for what it is
		return own[1]
	}
	return own[0]
}

// transports are those of the identities that have TLS of their own.
func (c Config) transports() map[string][2]http.RoundTripper {
	out := map[string][2]http.RoundTripper{}
	for name, t := range c.TLS {
		bare := t.Clone()
		bare.Certificates, bare.GetClientCertificate = nil, nil
		out[name] = [2]http.RoundTripper{c.transport(t), c.transport(bare)}
	}
	return out
}

// authenticate shows the credentials, or what auth, one of plumbline.Auth…,
// makes of them.
func authenticate(req *http.Request, cred Credential, auth string) {
	if auth == plumbline.AuthNone {
		return
	}
	for _, h := range cred.Headers {
		// One that is the only thing shown is spoilt as a key is.
		key(req, Credential{KeyIn: "header", KeyName: h.Name, KeyValue: h.Value}, auth)
	}
	for _, k := range cred.Cookies {
		key(req, Credential{KeyIn: "cookie", KeyName: k.Name, KeyValue: k.Value}, auth)
	}
	switch {
	case cred.KeyName != "":
		key(req, cred, auth)
	case cred.User != "" || cred.Password != "":
		basic := base64.StdEncoding.EncodeToString([]byte(cred.User + ":" + cred.Password))
		authorize(req, "Basic", basic, auth)
	case cred.Bearer != "":
		authorize(req, "Bearer", cred.Bearer, auth)
	}
}

// authorize sets the Authorization header, spoilt as asked.
func authorize(req *http.Request, scheme, secret, auth string) {
	switch auth {
	case plumbline.AuthEmpty:
		secret = ""
	case plumbline.AuthMalformed:
		secret = "%%%not a token%%%"
	case plumbline.AuthExpired:
		secret = expired(secret)
	case plumbline.AuthScheme:
		scheme = map[string]string{"Bearer": "Basic", "Basic": "Bearer"}[scheme]
	case plumbline.AuthPlace:
		addQuery(req, "access_token", secret)
		return
	}
	req.Header.Set("Authorization", strings.TrimSpace(scheme+" "+secret))
}

func key(req *http.Request, cred Credential, auth string) {
	in, value := cred.KeyIn, cred.KeyValue
	switch auth {
	case plumbline.AuthEmpty:
		value = ""
	case plumbline.AuthMalformed:
		value = "%%%not a key%%%"
	case plumbline.AuthExpired:
		value = expired(value)
	case plumbline.AuthScheme:
		req.Header.Set("Authorization", "Bearer "+value)
		return
	case plumbline.AuthPlace:
		in = map[string]string{"header": "query", "query": "header", "cookie": "query"}[in]
	}
	switch in {
	case "query":
		addQuery(req, cred.KeyName, value)
	case "cookie":
		req.AddCookie(&http.Cookie{Name: cred.KeyName, Value: value})
	default:
		req.Header.Set(cred.KeyName, value)
	}
}

func addQuery(req *http.Request, name, value string) {
	if req.URL.RawQuery != "" {
		req.URL.RawQuery += "&"
	}
	req.URL.RawQuery += url.QueryEscape(name) + "=" + url.QueryEscape(value)
}

// expired makes something of the same kind that cannot be valid any more: a
// JWT whose exp lies a year back, signed by nobody, or an opaque value of the
// same length.
func expired(secret string) string {
	if strings.Count(secret, ".") == 2 {
		enc := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
		claims := fmt.Sprintf(`{"sub":"plumbline","exp":%d}`, time.Now().AddDate(-1, 0, 0).Unix())
		return enc(`{"alg":"RS256","typ":"JWT"}`) + "." + enc(claims) + "." + enc("expired")
	}
	b := make([]byte, max(len(secret)/2, 8))
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// context sets the trace context of the request (W3C Trace Context §3) and
// returns the parent id that was sent.
func (c *Client) context(req *http.Request, s Shot) string {
	if s.Trace == "" || s.TraceMode == plumbline.TraceAbsent {
		return ""
	}
	parent := s.Trace[len(s.Trace)-16:]
	version, trace := "00", s.Trace
	switch s.TraceMode {
	case plumbline.TraceBadVer:
		version = "ff"
	case plumbline.TraceZero:
		trace = strings.Repeat("0", 32)
	case plumbline.TraceState:
		req.Header.Set("Tracestate", "plumbline="+parent)
	}
	if parent == strings.Repeat("0", 16) {
		parent = "0000000000000001"
	}
	req.Header.Set("Traceparent", version+"-"+trace+"-"+parent+"-01")
	req.Header.Set("Baggage", "plumbline.run="+c.cfg.Run)
	return parent
}
