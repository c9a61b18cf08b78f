package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/plumbline-dev/plumbline/runners/target"
)

// An oauth fetches access tokens from a token endpoint.
type oauth struct {
	fetcher
	mu       sync.Mutex
	endpoint string // found by discovery
	refresh  string // refresh token of the last answer
}

// fetch asks for an access token: with the refresh token of the last answer,
// if there was one and it is still taken, or by the grant.
func (o *oauth) fetch(ctx context.Context) (target.Credential, time.Time, error) {
	ctx, cancel := o.bounded(ctx)
	defer cancel()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, o.http)
	endpoint, err := o.tokenURL(ctx)
	if err != nil {
		return target.Credential{}, time.Time{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var token *oauth2.Token
	if o.refresh != "" {
		token, err = o.refreshed(ctx, endpoint)
	}
	if token == nil || err != nil {
		if token, err = o.granted(ctx, endpoint); err != nil {
			o.refresh = ""
			return target.Credential{}, time.Time{}, told(endpoint, err)
		}
	}
	if !strings.EqualFold(token.Type(), "Bearer") {
		return target.Credential{}, time.Time{}, fmt.Errorf("%s issues tokens of type %q, and only bearer tokens can be shown", redacted(endpoint), token.Type())
	}
	o.refresh = token.RefreshToken
	out := shown(o.Credential, token.AccessToken)
	out.Secrets = []string{token.AccessToken, token.RefreshToken}
	expires := token.Expiry
	if expires.IsZero() {
		expires = o.until(token.AccessToken)
	}
	return out, expires, nil
}

// granted asks by the grant. The password grant differs from that of client
// credentials in three parameters only (RFC 6749 §4.3.2 and §4.4.2).
func (o *oauth) granted(ctx context.Context, endpoint string) (*oauth2.Token, error) {
	parameters := url.Values{}
	for k, v := range o.OAuth2.Parameters {
		parameters[k] = v
	}
	if o.OAuth2.Grant == "password" {
		parameters.Set("grant_type", "password")
		parameters.Set("username", o.OAuth2.User)
		parameters.Set("password", o.OAuth2.Password)
	}
	c := clientcredentials.Config{
		ClientID: o.OAuth2.ClientID, ClientSecret: o.OAuth2.Secret, TokenURL: endpoint,
		Scopes: o.OAuth2.Scopes, EndpointParams: parameters, AuthStyle: o.style(),
	}
	return c.Token(ctx)
}

// refreshed asks with the refresh token (RFC 6749 §6).
func (o *oauth) refreshed(ctx context.Context, endpoint string) (*oauth2.Token, error) {
	c := oauth2.Config{
		ClientID: o.OAuth2.ClientID, ClientSecret: o.OAuth2.Secret,
		Endpoint: oauth2.Endpoint{TokenURL: endpoint, AuthStyle: o.style()},
	}
	return c.TokenSource(ctx, &oauth2.Token{RefreshToken: o.refresh}).Token()
}

func (o *oauth) style() oauth2.AuthStyle {
	switch o.OAuth2.Style {
	case "basic":
		return oauth2.AuthStyleInHeader
	case "post":
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleAutoDetect
}

// tokenURL is declared, or found in the metadata of the issuer, once.
func (o *oauth) tokenURL(ctx context.Context) (string, error) {
	if o.OAuth2.TokenURL != "" {
		return absolute(o.opt.Base, o.OAuth2.TokenURL)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.endpoint != "" {
		return o.endpoint, nil
	}
	where := o.OAuth2.Discovery
	if where == "" {
		where = strings.TrimSuffix(o.OAuth2.Issuer, "/") + "/.well-known/openid-configuration"
	}
	var err error
	o.endpoint, err = o.discover(ctx, where)
	return o.endpoint, err
}

// discover reads the metadata of an issuer. They have to name the issuer that
// was asked for (OpenID Connect Discovery 1.0 §4.3).
func (o *oauth) discover(ctx context.Context, where string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return "", fmt.Errorf("%q is not the URL of an issuer", where)
	}
	resp, err := o.http.Do(req)
	if err != nil {
		return "", told(where, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answered %d", redacted(where), resp.StatusCode)
	}
	var metadata struct {
		Issuer string `json:"issuer"`
		Token  string `json:"token_endpoint"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, largestSecret)).Decode(&metadata); err != nil {
		return "", fmt.Errorf("%s is not JSON", redacted(where))
	}
	if o.OAuth2.Issuer != "" && strings.TrimSuffix(metadata.Issuer, "/") != strings.TrimSuffix(o.OAuth2.Issuer, "/") {
		return "", fmt.Errorf("%s is about the issuer %q, not %q", redacted(where), metadata.Issuer, o.OAuth2.Issuer)
	}
	if metadata.Token == "" {
		return "", fmt.Errorf("%s names no token endpoint", redacted(where))
	}
	return metadata.Token, nil
}

// told is an error that holds nothing of the request and of the answer but
// the status and the error code (RFC 6749 §5.2).
func told(where string, err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil {
		if refused.ErrorCode != "" && len(refused.ErrorCode) < 64 {
			return fmt.Errorf("%s answered %d %s", redacted(where), refused.Response.StatusCode, refused.ErrorCode)
		}
		return fmt.Errorf("%s answered %d", redacted(where), refused.Response.StatusCode)
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("%s: %w", redacted(where), err)
}

// redacted is a URL without its password and its query.
func redacted(where string) string {
	u, err := url.Parse(where)
	if err != nil {
		return "the address"
	}
	u.RawQuery, u.Fragment = "", ""
	return u.Redacted()
}

// absolute is a URL, or one below that of the deployment.
func absolute(base, where string) (string, error) {
	if strings.Contains(where, "://") {
		return where, nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%q is a path, and nothing says of which host", where)
	}
	path, query, _ := strings.Cut(where, "?")
	u.RawQuery, u.Path = query, strings.TrimSuffix(u.Path, "/")+"/"+strings.TrimPrefix(path, "/")
	u.RawPath = ""
	return u.String(), nil
}
