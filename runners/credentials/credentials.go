// Package credentials fetches what identities show, where that is not known
// beforehand: from a command, from a token endpoint (OAuth 2.0, RFC 6749), or
// from a login. What is fetched is kept until shortly before it expires, and
// fetched anew, once for all who ask, when the deployment refuses it.
//
// No redirect is followed: a secret goes to the address that was declared and
// to no other. No error tells a secret, nor the answer to one.
package credentials

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// Options say how credentials are fetched. Zero values mean what the comments
// say.
type Options struct {
	Base    string           // URL of the deployment, for logins at one of its paths
	Timeout time.Duration    // for one fetch; zero: 30 s
	Now     func() time.Time // nil: the clock
}

// An Opened is an identity that is ready to be shown: Static when it is known
// beforehand, else by Source.
type Opened struct {
	Static target.Credential
	Source target.Source // nil: Static
	TLS    *tls.Config   // nil: as everybody
}

// Open makes an identity ready. Nothing is fetched yet; files of certificates
// are read, and their errors are those of the user.
func Open(c plumbline.Credential, o Options) (Opened, error) {
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	var out Opened
	var err error
	if c.Certificate != nil {
		if out.TLS, err = secure(*c.Certificate); err != nil {
			return out, fmt.Errorf("the certificate of %s: %w", c.Name, err)
		}
	}
	f := fetcher{Credential: c, opt: o, http: client(out.TLS)}
	switch {
	case c.OAuth2 != nil:
		out.Source = newCache((&oauth{fetcher: f}).fetch, o)
	case c.Login != nil:
		out.Source = newCache(f.login, o)
	case len(c.Command) > 0:
		out.Source = newCache(f.command, o)
	default:
		out.Static = shown(c, declared(c))
	}
	return out, nil
}

// A fetcher fetches the credentials of one identity.
type fetcher struct {
	plumbline.Credential
	opt  Options
	http *http.Client
}

// client follows no redirect: the answer to a request with a secret is what
// was asked for or nothing.
func client(t *tls.Config) *http.Client {
	transport := &http.Transport{TLSClientConfig: t, TLSHandshakeTimeout: 10 * time.Second, DisableKeepAlives: true}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// declared is the secret that the declaration holds.
func declared(c plumbline.Credential) string {
	switch {
	case c.Key != nil:
		return c.KeyValue
	case c.User != "" || c.Password != "":
		return c.Password
	}
	return c.Bearer
}

// shown puts a secret where the identity shows it.
func shown(c plumbline.Credential, secret string) target.Credential {
	out := target.Credential{Headers: slices.Clone(c.Headers)}
	switch {
	case c.Key == nil && secret == "" && c.User == "":
		out.Headers, out.Bearer = unheaded(c.Headers)
	case c.Key != nil:
		out.KeyIn, out.KeyName, out.KeyValue = c.Key.In, c.Key.Name, secret
	case c.User != "" || c.Password != "":
		out.User, out.Password = c.User, secret
	default:
		out.Bearer = secret
	}
	return out
}

// unheaded takes a bearer token out of fixed headers: there it is known for
// what it is.
func unheaded(headers []plumbline.Header) (rest []plumbline.Header, bearer string) {
	for _, h := range headers {
		if token, ok := strings.CutPrefix(h.Value, "Bearer "); ok && strings.EqualFold(h.Name, "Authorization") {
			bearer = token
			continue
		}
		rest = append(rest, h)
	}
	return rest, bearer
}

// sent puts a token where a login says.
func sent(c plumbline.Credential, token string) target.Credential {
	place, template := c.Login.Send, c.Login.Template
	if place.Name == "" {
		place = plumbline.Place{In: "header", Name: "Authorization"}
	}
	isAuthorization := place.In == "header" && strings.EqualFold(place.Name, "Authorization")
	if template == "" {
		template = "{token}"
		if isAuthorization {
			template = "Bearer {token}"
		}
	}
	value := strings.ReplaceAll(template, "{token}", token)
	out := target.Credential{Headers: slices.Clone(c.Headers), Secrets: []string{token}}
	if bearer, ok := strings.CutPrefix(value, "Bearer "); ok && isAuthorization {
		out.Bearer = bearer
		return out
	}
	out.KeyIn, out.KeyName, out.KeyValue = place.In, place.Name, value
	return out
}

// secure reads the files of a certificate.
func secure(c plumbline.Certificate) (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, err
		}
		out.Certificates = []tls.Certificate{pair}
	}
	if c.CA == "" {
		return out, nil
	}
	data, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, err
	}
	out.RootCAs = x509.NewCertPool()
	if !out.RootCAs.AppendCertsFromPEM(data) {
		return nil, errors.New(c.CA + " holds no certificate in PEM")
	}
	return out, nil
}

// bounded limits the time of one fetch.
func (f *fetcher) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, f.opt.Timeout)
}

// Fill gives the configuration of a client the identities that are ready, by
// name.
func Fill(cfg *target.Config, identities map[string]Opened) {
	cfg.Identities, cfg.Sources, cfg.TLS = map[string]target.Credential{}, map[string]target.Source{}, map[string]*tls.Config{}
	for name, o := range identities {
		if o.Source != nil {
			cfg.Sources[name] = o.Source
		} else {
			cfg.Identities[name] = o.Static
		}
		if o.TLS != nil {
			cfg.TLS[name] = o.TLS
		}
	}
}
