package target

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/plumbline-dev/plumbline"
)

// excerpt bounds the body kept in a transcript, in bytes.
const excerpt = 4 << 10

const hidden = "[redacted]"

// A redactor hides secrets when a transcript is made, not when it is shown:
// what was never written down cannot leak.
type redactor struct {
	values   []string // the secrets of the identities themselves
	names    *regexp.Regexp
	property *regexp.Regexp
}

func newRedactor(c Config) redactor {
	words := []string{"authorization", "cookie", "set-cookie", "token", "secret", "password", "passwd", "api[-_]?key", "apikey", "session", "credential", "private[-_]?key"}
	for _, r := range c.Redact {
		words = append(words, regexp.QuoteMeta(r))
	}
	alternatives := strings.Join(words, "|")
	r := redactor{
		names:    regexp.MustCompile(`(?i)(` + alternatives + `)`),
		property: regexp.MustCompile(`(?i)("[^"]*(?:` + alternatives + `)[^"]*"\s*:\s*)("(?:[^"\\]|\\.)*"|[0-9.eE+-]+)`),
	}
	for _, cred := range c.Identities {
		for _, v := range []string{cred.Bearer, cred.Password, cred.KeyValue} {
			if len(v) >= 4 {
				r.values = append(r.values, v, url.QueryEscape(v))
			}
		}
	}
	return r
}

func (r redactor) text(s string) string {
	for _, v := range r.values {
		s = strings.ReplaceAll(s, v, hidden)
	}
	return r.property.ReplaceAllString(s, `${1}"`+hidden+`"`)
}

func (r redactor) header(h http.Header) map[string][]string {
	out := map[string][]string{}
	for k, v := range h {
		if r.names.MatchString(k) {
			out[k] = []string{hidden}
			continue
		}
		for _, x := range v {
			out[k] = append(out[k], r.text(x))
		}
	}
	return out
}

func (r redactor) query(raw string) string {
	parts := strings.Split(raw, "&")
	for i, p := range parts {
		if k, _, ok := strings.Cut(p, "="); ok && r.names.MatchString(k) {
			parts[i] = k + "=" + hidden
		}
	}
	return r.text(strings.Join(parts, "&"))
}

func (r redactor) body(b []byte) string {
	if len(b) > excerpt {
		b = b[:excerpt]
	}
	if !utf8.Valid(b) {
		return strings.ToValidUTF8(r.text(string(b)), "\uFFFD")
	}
	return r.text(string(b))
}

func (c *Client) transcript(s Shot, req *http.Request, a Answer) *plumbline.Transcript {
	address := c.base.Scheme + ":" + req.URL.Opaque
	if req.URL.RawQuery != "" {
		address += "?" + c.hide.query(req.URL.RawQuery)
	}
	t := &plumbline.Transcript{
		Method: req.Method, URL: c.hide.text(address),
		RequestHeader: c.hide.header(req.Header), RequestBody: c.hide.body(s.Request.Body),
		ResponseHeader: c.hide.header(a.Response.Header), ResponseBody: c.hide.body(a.Response.Body),
	}
	t.Curl = c.curl(t, s)
	return t
}

// curl is a command that makes the request again. The place of a credential
// is taken by an environment variable.
func (c *Client) curl(t *plumbline.Transcript, s Shot) string {
	var b strings.Builder
	b.WriteString("curl -sS -i -X " + t.Method + " " + quote(t.URL))
	name := s.Identity
	if name == "" {
		name = c.cfg.Default
	}
	for _, k := range sortedKeys(t.RequestHeader) {
		for _, v := range t.RequestHeader[k] {
			switch {
			case k == "User-Agent" || k == "Baggage":
			case v == hidden && k == "Authorization":
				b.WriteString(` -H "Authorization: ` + scheme(c.cfg.Identities[name]) + ` $PLUMBLINE_TOKEN_` + variable(name) + `"`)
			case v == hidden:
				b.WriteString(` -H "` + k + `: $PLUMBLINE_TOKEN_` + variable(name) + `"`)
			default:
				b.WriteString(" -H " + quote(k+": "+v))
			}
		}
	}
	if t.RequestBody != "" {
		b.WriteString(" --data-binary " + quote(t.RequestBody))
	}
	return b.String()
}

func scheme(c Credential) string {
	if c.User != "" {
		return "Basic"
	}
	return "Bearer"
}

func variable(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func sortedKeys(m map[string][]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
