package har

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// secrets tell what is not taken out of an archive.
type secrets struct {
	named map[string]bool // parameters that carry credentials, in small letters
}

// secretsOf knows the parameters of the document's security schemes.
func secretsOf(d *openapi.Doc) secrets {
	s := secrets{named: map[string]bool{}}
	if d.T.Components == nil {
		return s
	}
	for _, ref := range d.T.Components.SecuritySchemes {
		if ref != nil && ref.Value != nil && ref.Value.Name != "" {
			s.named[strings.ToLower(ref.Value.Name)] = true
		}
	}
	return s
}

// is tells whether a value is a secret: by the name of its place, or because it
// looks like a token – a JSON Web Token (RFC 7519), a key in PEM, credentials
// with their scheme.
func (s secrets) is(name string, v any) bool {
	name = strings.ToLower(name)
	if s.named[name] || regexp.MustCompile(`authorization|cookie|token|secret|passw|passphrase|api[-_]?key|apikey|session|credential|private[-_]?key|signature|\bpin\b|\bcvv\b|\bcvc\b|card[-_]?number|\biban\b|\bssn\b`).MatchString(name) {
		return true
	}
	text, ok := v.(string)
	if !ok {
		return false
	}
	return regexp.MustCompile(`^eyJ[\w-]+\.[\w-]+\.[\w-]*$|-----BEGIN |^(?i:bearer|basic) \S`).MatchString(strings.TrimSpace(text))
}

// canonical is the canonical name of a header; empty for what no header is
// called, such as the pseudo-headers of HTTP/2, and for those that carry
// credentials.
func canonical(name string) string {
	if strings.HasPrefix(name, ":") {
		return ""
	}
	switch n := http.CanonicalHeaderKey(name); n {
	case "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie":
		return ""
	default:
		return n
	}
}
