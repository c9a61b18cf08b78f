package target

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// forged says whether the way to spoil credentials makes another token.
func forged(auth string) bool { return strings.HasPrefix(auth, plumbline.AuthTokens) }

// shown is what the identity of a shot shows, or what is made of that.
func (c *Client) shown(ctx context.Context, s Shot) (Credential, error) {
	cred, err := c.credential(ctx, s.Identity)
	if err != nil || !forged(s.Auth) {
		return cred, err
	}
	return c.forge(cred, s.Auth)
}

// forge puts another token in the place of the one that is shown. What is made
// is hidden as the token itself: who takes it takes it from anybody.
func (c *Client) forge(cred Credential, way string) (Credential, error) {
	if c.cfg.Forge == nil {
		return cred, errors.New("this run alters no tokens")
	}
	at := cred.token()
	if at == nil {
		return cred, errors.New("what the identity shows is no JWT")
	}
	shown, bearer := strings.CutPrefix(*at, "Bearer ")
	made, err := c.cfg.Forge(shown, way)
	if err != nil {
		return cred, err
	}
	c.hide.learn(Credential{Bearer: made})
	if bearer {
		made = "Bearer " + made
	}
	// The lists are those of the identity: what is changed is a copy.
	cred.Headers, cred.Cookies = slices.Clone(cred.Headers), slices.Clone(cred.Cookies)
	*cred.token() = made
	return cred, nil
}

// token is where a JWT is shown; nil where none is.
func (c *Credential) token() *string {
	all := []*string{&c.Bearer, &c.KeyValue}
	for i := range c.Headers {
		all = append(all, &c.Headers[i].Value)
	}
	for i := range c.Cookies {
		all = append(all, &c.Cookies[i].Value)
	}
	for _, v := range all {
		if plumbline.IsJWT(strings.TrimPrefix(*v, "Bearer ")) {
			return v
		}
	}
	return nil
}
