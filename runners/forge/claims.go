package forge

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/plumbline-dev/plumbline"
)

// How far from now a token is that is no longer good, or not yet. Clocks that
// differ by less, and the leeway of services for them, do not matter.
const (
	late   = 5 * time.Minute
	early  = 10 * time.Minute
	leeway = 2 * time.Minute
)

// A claiming alters a token that is then signed as it should be, and tells
// whether a ready one is what it is declared to be. Errors say why not.
type claiming struct {
	alter func(token) (header, claims object, err error)
	holds func(ready, shown token) error
}

// claimed are the ways to make a token that is signed as it should be.
func claimed() map[string]claiming {
	return map[string]claiming{
		plumbline.AuthSigned: {alter: func(t token) (object, object, error) { return t.header, t.claims, nil }},
		plumbline.AuthPast: {
			alter: func(t token) (object, object, error) { return t.header, t.claims.past(), nil },
			holds: func(r, _ token) error {
				if at, ok := r.claims.moment("exp"); !ok || time.Until(at) > -leeway {
					return errors.New("the token that is declared to be expired is not, or only just")
				}
				return nil
			},
		},
		plumbline.AuthFuture: {
			alter: func(t token) (object, object, error) {
				return t.header, t.claims.with("nbf", time.Now().Add(early).Unix()).with("exp", time.Now().Add(2*early).Unix()), nil
			},
			holds: func(r, _ token) error {
				if at, ok := r.claims.moment("nbf"); !ok || time.Until(at) < leeway {
					return errors.New("the token that is declared not to be good yet is, or almost")
				}
				return nil
			},
		},
		plumbline.AuthAudience: {alter: otherwise("aud"), holds: differs("aud")},
		plumbline.AuthIssuer:   {alter: otherwise("iss"), holds: differs("iss")},
		plumbline.AuthType: {
			alter: func(t token) (object, object, error) {
				if !accessType(t.header) {
					return nil, nil, errors.New("the token does not say that it is an access token (typ at+jwt of RFC 9068)")
				}
				return t.header.with("typ", "JWT"), t.claims, nil
			},
			holds: func(r, shown token) error {
				if !accessType(shown.header) || accessType(r.header) {
					return errors.New("typ of the two tokens does not tell an access token from another one")
				}
				return nil
			},
		},
	}
}

// past ends five minutes ago, and began before that.
func (o object) past() object {
	out := o.with("exp", time.Now().Add(-late).Unix())
	for _, name := range []string{"nbf", "iat", "auth_time"} {
		if at, ok := out.moment(name); ok && time.Since(at) < 2*late {
			out[name] = time.Now().Add(-2 * late).Unix()
		}
	}
	return out
}

// otherwise puts something else in the place of a claim that the token has.
func otherwise(name string) func(token) (object, object, error) {
	return func(t token) (object, object, error) {
		if t.claims[name] == nil {
			return nil, nil, fmt.Errorf("the token has no %s", name)
		}
		return t.header, t.claims.with(name, "https://plumbline-stranger.example"), nil
	}
}

// differs says whether a claim of a ready token is another one altogether.
func differs(name string) func(ready, shown token) error {
	return func(r, shown token) error {
		have, other := values(shown.claims[name]), values(r.claims[name])
		if len(have) == 0 || len(other) == 0 || slices.ContainsFunc(other, func(v string) bool { return slices.Contains(have, v) }) {
			return fmt.Errorf("the token that is declared to have another %s has not", name)
		}
		return nil
	}
}

// values are those of a claim that is a text or a list of them (RFC 7519 §4.1.3).
func values(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		out = append(out, v)
	case []any:
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// accessType says whether a header names an access token (RFC 9068 §2.1).
func accessType(header object) bool {
	typ, _ := header["typ"].(string)
	return strings.EqualFold(strings.TrimPrefix(strings.ToLower(typ), "application/"), "at+jwt")
}

// moment reads a NumericDate (RFC 7519 §2).
func (o object) moment(name string) (time.Time, bool) {
	var f float64
	switch v := o[name].(type) {
	case json.Number:
		got, err := v.Float64()
		if err != nil {
			return time.Time{}, false
		}
		f = got
	case int64:
		f = float64(v)
	default:
		return time.Time{}, false
	}
	return time.Unix(int64(f), 0), f > 0 && f < 1e11
}

// claiming makes a token by the declared key, or takes a ready one.
func (m *Mint) claiming(t token, way string, c claiming) (string, error) {
	if text := m.ready[way]; text != "" && c.holds != nil {
		r, err := read(text)
		if err != nil {
			return "", errors.New("the declared token is no JWT")
		}
		if err := c.holds(r, t); err != nil {
			return "", err
		}
		return text, m.genuine(r)
	}
	if m.key == nil {
		return "", errors.New("no key for tests is declared")
	}
	header, claims, err := c.alter(t)
	if err != nil {
		return "", err
	}
	return sign(header, claims.text(), t.alg(), m.key)
}

// genuine says whether a ready token is signed as it should be, where the key
// is known: one that is not would be refused for that.
func (m *Mint) genuine(r token) error {
	method, key := jwt.GetSigningMethod(r.alg()), any(m.public)
	if secret, ok := m.key.([]byte); ok {
		key = secret
	}
	if key == nil || method == nil {
		return nil
	}
	if err := method.Verify(r.signing(), r.signature, key); err != nil {
		return errors.New("the declared token is not signed with the declared key")
	}
	return nil
}
