package credentials

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/plumbline-dev/plumbline/runners/target"
)

const (
	// earliest is how long before its end a credential is replaced, at most; a
	// fifth of its life otherwise.
	earliest = 10 * time.Second
	// renewGap keeps a deployment that refuses everything from being answered
	// with a stream of token requests.
	renewGap = time.Second
)

// A fetched is what one fetch yielded.
type fetched struct {
	target.Credential
	at      time.Time
	expires time.Time // zero: nothing says when
}

func (f fetched) margin() time.Duration { return min(earliest, f.expires.Sub(f.at)/5) }

// A cache keeps what was fetched. One fetch at a time serves all who wait.
type cache struct {
	fetch func(context.Context) (target.Credential, time.Time, error)
	now   func() time.Time
	one   chan struct{} // held while fetching
	have  atomic.Pointer[fetched]

	failed error // of the last fetch, with
	when   time.Time
}

func newCache(fetch func(context.Context) (target.Credential, time.Time, error), o Options) *cache {
	return &cache{fetch: fetch, now: o.Now, one: make(chan struct{}, 1)}
}

// Credential returns what is kept, or fetches.
func (c *cache) Credential(ctx context.Context) (target.Credential, error) {
	if have := c.have.Load(); have != nil && c.fresh(have) {
		return have.Credential, nil
	}
	return c.alone(ctx, func() (target.Credential, error) {
		have := c.have.Load()
		if have != nil && c.fresh(have) {
			return have.Credential, nil
		}
		got, err := c.refetch(ctx)
		if err != nil && have != nil && (have.expires.IsZero() || c.now().Before(have.expires)) {
			return have.Credential, nil // not yet at its end
		}
		return got, err
	})
}

// Renew fetches anew, unless that was done since the credential of the serial
// number was had, or a moment ago.
func (c *cache) Renew(ctx context.Context, serial int) (target.Credential, error) {
	return c.alone(ctx, func() (target.Credential, error) {
		have := c.have.Load()
		if have != nil && (have.Serial != serial || c.now().Sub(have.at) < renewGap) {
			return have.Credential, nil
		}
		return c.refetch(ctx)
	})
}

func (c *cache) fresh(f *fetched) bool {
	return f.expires.IsZero() || c.now().Before(f.expires.Add(-f.margin()))
}

// alone runs f while nobody else does.
func (c *cache) alone(ctx context.Context, f func() (target.Credential, error)) (target.Credential, error) {
	select {
	case c.one <- struct{}{}:
		defer func() { <-c.one }()
		return f()
	case <-ctx.Done():
		return target.Credential{}, ctx.Err()
	}
}

// refetch fetches and keeps. A failure is told again for a moment without
// asking again. The serial number stays when the same was fetched again.
func (c *cache) refetch(ctx context.Context) (target.Credential, error) {
	if c.failed != nil && c.now().Sub(c.when) < renewGap {
		return target.Credential{}, c.failed
	}
	cred, expires, err := c.fetch(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.failed, c.when = err, c.now()
		}
		return target.Credential{}, err
	}
	c.failed = nil
	cred.Serial = 1
	if have := c.have.Load(); have != nil {
		cred.Serial = have.Serial
		if !reflect.DeepEqual(cred, have.Credential) {
			cred.Serial++
		}
	}
	c.have.Store(&fetched{Credential: cred, at: c.now(), expires: expires})
	return cred, nil
}

// until is when a secret ends: after its declared lifetime, or at the exp of a
// JWT (RFC 7519 §4.1.4), whose signature is not our affair. Zero: nothing says.
func (f *fetcher) until(secret string) time.Time {
	if f.Lifetime > 0 {
		return f.opt.Now().Add(f.Lifetime)
	}
	parts := strings.Split(secret, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Exp float64 `json:"exp"`
	}
	if json.Unmarshal(data, &claims) != nil || claims.Exp <= 0 || claims.Exp > 1e11 {
		return time.Time{}
	}
	return time.Unix(int64(claims.Exp), 0)
}
