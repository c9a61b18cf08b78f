package target

import (
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

// authenticate shows the identity's credentials, or what the shot makes of
// them.
func (c *Client) authenticate(req *http.Request, s Shot) {
	name := s.Identity
	if name == "" {
		name = c.cfg.Default
	}
	cred, ok := c.cfg.Identities[name]
	if !ok || s.Auth == plumbline.AuthNone {
		return
	}
	switch {
	case cred.KeyName != "":
		c.key(req, cred, s.Auth)
	case cred.User != "" || cred.Password != "":
		basic := base64.StdEncoding.EncodeToString([]byte(cred.User + ":" + cred.Password))
		authorize(req, "Basic", basic, s.Auth)
	default:
		authorize(req, "Bearer", cred.Bearer, s.Auth)
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

func (c *Client) key(req *http.Request, cred Credential, auth string) {
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
