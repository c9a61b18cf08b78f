package target

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/plumbline-dev/plumbline"
)

// excerpt bounds the body kept in a transcript, in bytes.
const excerpt = 4 << 10

const hidden = "[redacted]"

// A redactor hides secrets when a transcript is made, not when it is shown:
// what was never written down cannot leak.
type redactor struct {
	mu       sync.Mutex
	known    map[string]bool          // secrets that were learnt already
	values   atomic.Pointer[[]string] // the secrets of the identities themselves, the longest first
	names    *regexp.Regexp           // of headers and of query parameters
	property *regexp.Regexp           // of JSON, also one that the end of an excerpt cuts
	pair     *regexp.Regexp           // of a query or a form
	declared *regexp.Regexp           // names that the declaration calls secret; nil for none
	stems    []string                 // without one of these no text names a secret, in lower case
	own      []string                 // names that hold nothing but a secret
}

// harmless is what some names that are none have of the name of a secret: those
// of places in a list, of what is only about authorization, and of what lets a
// page of another origin send credentials. A request without them cannot be made
// again.
var harmless = regexp.MustCompile(`(?i)(authorization|token|session)[-_]?(model|type|endpoint|url|uri|count|limit|status)|(continuation|continue|next|prev|previous|page|start|sync|paging|pagination|resume|scroll)[-_]?(page)?[-_]?token|access-control-allow-credentials`)

func newRedactor(c Config) *redactor {
	words := []string{"authorization", "cookie", "set-cookie", "token", "secret", "password", "passwd", "api[-_]?key", "apikey", "session", "credential", "private[-_]?key"}
	var stems []string
	for _, w := range words {
		stem, _, _ := strings.Cut(w, "[")
		stems = append(stems, stem)
	}
	for _, r := range c.Redact {
		words = append(words, regexp.QuoteMeta(r))
		stems = append(stems, strings.ToLower(r))
	}
	if !ascii(strings.Join(c.Redact, "")) {
		stems = []string{""} // any text may hold it in another case
	}
	alternatives := strings.Join(words, "|")
	var names []string
	for _, cred := range c.Identities {
		names = append(names, cred.names()...)
	}
	slices.Sort(names)
	var own strings.Builder
	for _, name := range names {
		own.WriteString("|^" + regexp.QuoteMeta(name) + "$")
	}
	const text = `"(?:[^"\\]|\\.)*(?:"|\\?\z)`
	r := &redactor{
		known:    map[string]bool{},
		own:      names,
		stems:    stems,
		names:    regexp.MustCompile(`(?i)(` + alternatives + own.String() + `)`),
		property: regexp.MustCompile(`(?i)("[^"]*(?:` + alternatives + `)[^"]*"\s*:\s*)(` + text + `|[0-9.eE+-]+|\[[^\]]*(?:\]|\z))`),
		pair:     regexp.MustCompile(`(?i)((?:^|[?&#;\s]|\\u0026)[^=&?#"'\\\s]*(?:` + alternatives + `)[^=&?#"'\\\s]*=)([^&#"'\\\s]+)`),
	}
	if len(c.Redact) > 0 {
		r.declared = regexp.MustCompile(`(?i)(` + strings.Join(words[len(words)-len(c.Redact):], "|") + `)`)
	}
	r.values.Store(&[]string{})
	for _, cred := range c.Identities {
		r.learn(cred)
	}
	return r
}

// names are the headers, parameters and cookies that hold nothing but a secret.
func (c Credential) names() []string {
	var out []string
	if c.KeyName != "" {
		out = append(out, c.KeyName)
	}
	for _, h := range slices.Concat(c.Headers, c.Cookies) {
		out = append(out, h.Name)
	}
	return out
}

// learn hides the secrets of a credential from now on. What was fetched for a
// run is hidden as what was declared.
func (r *redactor) learn(cred Credential) {
	basic := base64.StdEncoding.EncodeToString([]byte(cred.User + ":" + cred.Password))
	secrets := append([]string{cred.Bearer, cred.Password, cred.KeyValue, basic}, cred.Secrets...)
	for _, h := range slices.Concat(cred.Headers, cred.Cookies) {
		secrets = append(secrets, h.Value)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	values := slices.Clone(*r.values.Load())
	before := len(values)
	for _, v := range secrets {
		if len(v) < shortest || v == "Og==" || r.known[v] { // "Og==" is neither user nor password
			continue
		}
		r.known[v] = true
		values = append(values, spellings(v)...)
	}
	if len(values) == before {
		return
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	values = slices.Compact(values)
	r.values.Store(&values)
}

// shortest is the length from which a secret is looked for wherever it may
// stand. A shorter one would tear texts apart that have nothing to do with it.
const shortest = 4

// spellings are the ways in which a secret may stand in a text.
func spellings(v string) []string {
	quoted, _ := json.Marshal(v) // a string always has a JSON form
	return []string{v, url.QueryEscape(v), url.PathEscape(v), strings.Trim(string(quoted), `"`)}
}

func (r *redactor) text(s string) string {
	for _, v := range *r.values.Load() {
		s = strings.ReplaceAll(s, v, hidden)
	}
	if !r.mentions(s) {
		return s
	}
	s = r.hide(r.property, s, `"`+hidden+`"`)
	return r.hide(r.pair, s, hidden)
}

// mentions tells whether a text may name a secret. The patterns say it for
// certain, at a price that every header and body of a run would pay.
func (r *redactor) mentions(s string) bool {
	if !ascii(s) {
		return true // letters beyond ASCII fold into some of it
	}
	lower := strings.ToLower(s)
	return slices.ContainsFunc(r.stems, func(stem string) bool { return strings.Contains(lower, stem) })
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// hide puts something else in the place of what the second group of a pattern
// matches, where the first one names a secret.
func (r *redactor) hide(pattern *regexp.Regexp, s, instead string) string {
	var b strings.Builder
	at := 0
	for _, m := range pattern.FindAllStringSubmatchIndex(s, -1) {
		if !r.secret(s[m[2]:m[3]]) {
			continue
		}
		b.WriteString(s[at:m[3]])
		b.WriteString(instead)
		at = m[1]
	}
	return b.String() + s[at:]
}

// secret tells whether a name is that of a secret.
func (r *redactor) secret(name string) bool {
	if r.declared != nil && r.declared.MatchString(name) {
		return true
	}
	if !r.mentions(name) && !slices.ContainsFunc(r.own, func(own string) bool { return strings.EqualFold(own, name) }) {
		return false
	}
	return r.names.MatchString(harmless.ReplaceAllString(name, ""))
}

func (r *redactor) header(h http.Header) map[string][]string {
	out := map[string][]string{}
	for k, v := range h {
		if r.secret(k) {
			out[k] = []string{hidden}
			continue
		}
		for _, x := range v {
			out[k] = append(out[k], r.text(x))
		}
	}
	return out
}

func (r *redactor) query(raw string) string {
	parts := strings.Split(raw, "&")
	for i, p := range parts {
		if k, _, ok := strings.Cut(p, "="); ok && r.secret(k) {
			parts[i] = k + "=" + hidden
		}
	}
	return r.text(strings.Join(parts, "&"))
}

// body is an excerpt. A secret that its end cuts is hidden as well.
func (r *redactor) body(b []byte) string {
	s := string(b[:min(len(b), excerpt)])
	if len(b) > excerpt {
		s = r.whole(s)
	}
	return strings.ToValidUTF8(r.text(s), "\uFFFD")
}

// whole cuts what may be the beginning of a secret off the end of a text.
func (r *redactor) whole(s string) string {
	for _, v := range *r.values.Load() {
		for n := min(len(v), len(s)); n >= shortest; n-- {
			if strings.HasSuffix(s, v[:n]) {
				return s[:len(s)-n] + hidden
			}
		}
	}
	return s
}

func (c *Client) transcript(s Shot, req *http.Request, cred Credential, a Answer) *plumbline.Transcript {
	address := req.URL.Scheme + "://" + req.URL.Host + cmp.Or(req.URL.Opaque, req.URL.EscapedPath())
	if req.URL.RawQuery != "" {
		address += "?" + c.hide.query(req.URL.RawQuery)
	}
	t := &plumbline.Transcript{
		Method: req.Method, URL: c.hide.text(address),
		RequestHeader: c.hide.header(req.Header), RequestBody: c.hide.body(s.Request.Body),
		ResponseHeader: c.hide.header(a.Response.Header), ResponseBody: c.hide.body(a.Response.Body),
	}
	t.Curl = c.curl(t, s, req, cred)
	return t
}

// curl is a command that makes the request again. The place of a credential
// is taken by an environment variable.
func (c *Client) curl(t *plumbline.Transcript, s Shot, req *http.Request, cred Credential) string {
	var b strings.Builder
	name := c.name(s.Identity)
	secret := "$PLUMBLINE_TOKEN_" + variable(name)
	if forged(s.Auth) {
		secret += "_" + variable(s.Auth) // another one than the identity shows
	}
	b.WriteString("curl -sS -i " + options(t))
	// What closes the quotes and opens them again lets the shell fill it in.
	b.WriteString(strings.ReplaceAll(quote(t.URL), hidden, `'"`+secret+`"'`))
	for _, k := range sortedKeys(t.RequestHeader) {
		for _, v := range t.RequestHeader[k] {
			switch {
			case k == "User-Agent" || k == "Baggage" || k == RunHeader:
			case v != hidden:
				b.WriteString(" -H " + quote(k+": "+v))
			case cred.spoilt(k, s.Auth):
				b.WriteString(" -H " + quote(k+": "+c.hide.text(req.Header.Get(k))))
			case k == "Authorization":
				scheme, _, ok := strings.Cut(req.Header.Get(k), " ")
				if ok {
					scheme += " "
				} else {
					scheme = "" // the whole of it is the secret
				}
				b.WriteString(` -H "Authorization: ` + scheme + secret + `"`)
			default:
				b.WriteString(` -H "` + k + `: ` + secret + `"`)
			}
		}
	}
	return b.String() + content(t)
}

// content is the content of a request for curl. That there is none is said as
// we say it: curl says nothing, and servers make a difference.
func content(t *plumbline.Transcript) string {
	switch {
	case t.RequestBody != "":
		return " --data-raw " + quote(t.RequestBody)
	case slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, t.Method):
		return " -H 'Content-Length: 0'"
	}
	return ""
}

// options are the method, and what keeps curl from changing the URL.
func options(t *plumbline.Transcript) string {
	out := "-X " + t.Method + " "
	if t.Method == http.MethodHead {
		out = "--head " // with -X it would wait for a body
	}
	if strings.ContainsAny(strings.ReplaceAll(t.URL, hidden, ""), "{}[]") {
		out += "--globoff "
	}
	if strings.Contains(t.URL, "/.") {
		out += "--path-as-is "
	}
	return out
}

// spoilt tells whether a header holds what was made up in the place of a
// credential: it is no secret, and the request is not the same without it.
func (c Credential) spoilt(header, auth string) bool {
	made := auth == plumbline.AuthEmpty || auth == plumbline.AuthMalformed || auth == plumbline.AuthExpired
	if !made || c.empty() || header == "Cookie" {
		return false
	}
	own := slices.ContainsFunc(c.Headers, func(h plumbline.Header) bool { return strings.EqualFold(header, h.Name) })
	return own || header == "Authorization" && c.KeyName == "" || strings.EqualFold(header, c.KeyName)
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
