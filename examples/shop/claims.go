package shop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// A claim is what is kept of a request with an idempotency key: before its
// effect without a result, and with it afterwards.
type claim struct {
	key   string
	Print string    `json:"print"` // of the request
	At    time.Time `json:"at"`
	Order entity    `json:"order,omitempty"`
}

// claimAge is how long a claim without a result keeps others out: longer than
// any request takes.
const claimAge = 10 * time.Second

// newClaim is the claim of a request. Keys are the caller's own.
func (s *service) newClaim(user, key string, wanted order) claim {
	data, _ := json.Marshal(wanted) // of texts and numbers
	sum := sha256.Sum256(data)
	c := claim{Print: hex.EncodeToString(sum[:8]), At: time.Now().UTC()}
	switch {
	case s.mutant.is("key-not-scoped"):
		user = ""
	case s.mutant.is("key-mismatch-accepted"):
		key += c.Print
	}
	c.key = "replay:" + user + ":" + hexed(key)
	return c
}

// claim takes the key for a request, in one step, or returns what an earlier
// one with the same key has made.
func (s *service) claim(ctx context.Context, c claim) (entity, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if s.mutant.is("idempotency-race") {
		if _, err = s.store.do(ctx, "GET "+c.key); errors.Is(err, errNone) {
			return nil, nil //nolint:nilnil // nothing was made yet
		}
		err = errors.Join(err, errExists)
	} else {
		_, err = s.store.do(ctx, "ADD "+c.key+" "+string(data))
	}
	if !errors.Is(err, errExists) {
		return nil, err
	}
	said, err := s.store.do(ctx, "GET "+c.key)
	var was claim
	if err == nil {
		err = json.Unmarshal([]byte(said), &was)
	}
	switch {
	case errors.Is(err, errNone):
		return nil, refuse(http.StatusConflict, "the request with this key has just failed: try again")
	case err != nil:
		return nil, err
	case was.Print != c.Print:
		return nil, refuse(http.StatusUnprocessableEntity, "the key was used for another request")
	case was.Order == nil && time.Since(was.At) < claimAge:
		return nil, refuse(http.StatusConflict, "a request with this key is under way")
	case s.mutant.is("duplicate-returns-409"):
		return nil, refuse(http.StatusConflict, "the key was used before")
	}
	return was.Order, nil
}

// settle keeps the result of a request with its key, or gives the key up when it
// has failed.
func (s *service) settle(ctx context.Context, c claim, body any, failed error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	if failed != nil {
		_, err := s.store.do(ctx, "DEL "+c.key)
		if errors.Is(err, errNone) {
			return nil
		}
		return err
	}
	c.Order, _ = body.(entity)
	data, err := json.Marshal(c)
	if err == nil {
		_, err = s.store.do(ctx, "SET "+c.key+" "+string(data))
	}
	return err
}
