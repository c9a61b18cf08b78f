package plumbline

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// A Credential says how one identity proves who it is. It holds secrets:
// it goes from the declaration to the runner and is part of no file of a run.
//
// At most one of Bearer, User with Password, Key and Headers is shown, and its
// value is the declared one unless Command, OAuth2 or Login fetch it.
type Credential struct {
	Identity
	Scheme         string // security scheme of the document that says where Value goes; empty when the places below say it
	Value          string // of Scheme
	Bearer         string
	User, Password string
	Key            *Place // of an API key
	KeyValue       string
	Headers        []Header      // fixed ones, shown beside everything else
	Command        []string      // program and arguments whose output, trimmed, is the secret
	Lifetime       time.Duration // of what a command or a login yields; zero means until it is refused, or until exp of a JWT
	OAuth2         *OAuth2
	Login          *Login
	Certificate    *Certificate
}

// A Place is where a request holds a value.
type Place struct {
	In   string // "header", "query", "cookie"
	Name string
}

// A Header is one field of a request.
type Header struct{ Name, Value string }

// An OAuth2 fetches an access token (RFC 6749): by the client credentials
// grant (§4.4) or the resource owner password grant (§4.3).
type OAuth2 struct {
	Grant            string // "client_credentials", "password"
	TokenURL         string // empty: found by Issuer, or taken from the document
	Issuer           string // of OpenID Connect: its metadata name the token endpoint (OpenID Connect Discovery 1.0 §4)
	Discovery        string // URL of the metadata themselves, as openIdConnectUrl of the document gives it
	ClientID, Secret string
	User, Password   string // of the password grant
	Scopes           []string
	Style            string              // how the client authenticates: "basic", "post"; empty tries basic first
	Parameters       map[string][]string // further ones of the token request: "audience"
}

// A Login is a request whose answer holds a token, or sets cookies.
type Login struct {
	URL     string // absolute, or a path of the deployment
	Method  string // empty means POST
	Headers []Header
	Body    []byte
	Token   string // JSON pointer into the answer (RFC 6901); or, with Header, unused
	Header  string // of the answer that holds the token
	Cookies bool   // the cookies of the answer are the credentials
	Send    Place  // empty means the header Authorization
	// Template holds {token} where the token goes; empty means "Bearer {token}"
	// in the header Authorization and "{token}" elsewhere.
	Template string
}

// A Certificate is what an identity shows in TLS, and whom it trusts. All
// three are paths of PEM files.
type Certificate struct {
	Cert, Key string
	CA        string // empty means the roots of the system
}

// Tokens are what JSON Web Tokens for a test are made with. They hold secrets,
// as a Credential does.
type Tokens struct {
	Key    string            // signs: PEM, base64 of DER, or "secret:" and the secret of an HMAC; empty for none
	Public string            // that tokens are checked by: PEM, or base64 of DER; empty: that of Key
	Ready  map[string]string // tokens that must be refused, by one of AuthPast …
}

// Token returns what an identity is known to show that is a JSON Web Token in
// its compact form (RFC 7519 §3); empty when nothing of the kind is known.
func (c Credential) Token() string {
	all := []string{c.Bearer, c.Value, c.KeyValue}
	for _, h := range c.Headers {
		all = append(all, strings.TrimPrefix(h.Value, "Bearer "))
	}
	for _, text := range all {
		if IsJWT(text) {
			return text
		}
	}
	return ""
}

// IsJWT says whether a text is a signed JSON Web Token by its form: three parts,
// the first of which names an algorithm (RFC 7515 §3.1 and §4.1.1).
func IsJWT(text string) bool {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || parts[1] == "" {
		return false
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[0])
	var header struct {
		Alg string `json:"alg"`
	}
	return err == nil && json.Unmarshal(data, &header) == nil && header.Alg != ""
}
