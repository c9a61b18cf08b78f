// Package forge makes of a JSON Web Token (RFC 7519) ones that no service
// should take: unsigned, signed by somebody else, altered after they were
// signed (RFC 8725 §2 and §3); and, where a key for tests or ready tokens are
// declared, ones that are signed as they should be and hold what must be
// refused.
package forge

import (
	"crypto"
	"errors"
	"fmt"
	"sync"

	"github.com/golang-jwt/jwt/v5"

	"github.com/plumbline-dev/plumbline"
)

// A Mint makes tokens. It is safe for concurrent use.
type Mint struct {
	key    any              // that signs tokens for tests: crypto.Signer, or []byte for HMAC; nil for none
	public crypto.PublicKey // that tokens are checked by; nil where it is not known
	ready  map[string]string

	mu     sync.Mutex
	forged map[[2]string]string // by token and way: the same is always made, so that few secrets are to be hidden
	own    map[string]any       // keys that the deployment has never seen, by algorithm
}

// New reads the keys. An error says which of them cannot be read, and shows
// none.
func New(t plumbline.Tokens) (*Mint, error) {
	m := &Mint{ready: t.Ready, forged: map[[2]string]string{}, own: map[string]any{}}
	var err error
	if m.key, err = signingKey(t.Key); err != nil {
		return nil, fmt.Errorf("jwt.key: %w", err)
	}
	if m.public, err = publicKey(t.Public); err != nil {
		return nil, fmt.Errorf("jwt.public_key: %w", err)
	}
	if s, ok := m.key.(crypto.Signer); ok && m.public == nil {
		m.public = s.Public()
	}
	return m, nil
}

// Make alters a token in one of the ways plumbline.Auth…. An error says that
// the token, or what is declared, does not allow it; it never shows a token.
func (m *Mint) Make(token, way string) (string, error) {
	t, err := read(token)
	if err != nil {
		return "", err
	}
	if c, ok := claimed()[way]; ok {
		return m.claiming(t, way, c) // of a moment: never kept
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	at := [2]string{token, way}
	if made, ok := m.forged[at]; ok {
		return made, nil
	}
	forge, ok := forgeries()[way]
	if !ok {
		return "", fmt.Errorf("%q is no way to forge a token", way)
	}
	made, err := forge(m, t)
	if err == nil {
		m.forged[at] = made
	}
	return made, err
}

// forgeries are the ways to make a token that nobody with the right key has
// signed.
func forgeries() map[string]func(*Mint, token) (string, error) {
	return map[string]func(*Mint, token) (string, error){
		plumbline.AuthAlgNone:  func(_ *Mint, t token) (string, error) { return t.unsigned("none"), nil },
		plumbline.AuthAlgMixed: func(_ *Mint, t token) (string, error) { return t.unsigned("nOnE"), nil },
		plumbline.AuthAlgUpper: func(_ *Mint, t token) (string, error) { return t.unsigned("NONE"), nil },
		plumbline.AuthUnsigned: func(_ *Mint, t token) (string, error) { return t.signing() + ".", nil },
		plumbline.AuthSignature: func(_ *Mint, t token) (string, error) {
			if len(t.signature) == 0 {
				return "", errors.New("the token has no signature")
			}
			spoilt := append([]byte{}, t.signature...)
			spoilt[len(spoilt)/2] ^= 0x10 // in the middle: the last digits of base64url hold bits that nobody reads
			return t.signing() + "." + encode(spoilt), nil
		},
		plumbline.AuthPayload: func(_ *Mint, t token) (string, error) {
			claims := t.claims.with("plumbline", "altered after it was signed")
			return t.head + "." + claims.text() + "." + encode(t.signature), nil
		},
		plumbline.AuthConfused: (*Mint).confused,
		plumbline.AuthStranger: func(m *Mint, t token) (string, error) { return m.signed(t.header, t.body, t.alg(), m.stranger) },
		plumbline.AuthEmbedded: (*Mint).embedded,
		plumbline.AuthBlank: func(_ *Mint, t token) (string, error) {
			return sign(t.header.with("alg", "HS256"), t.body, "HS256", []byte{})
		},
		plumbline.AuthNullKey: func(_ *Mint, t token) (string, error) {
			return sign(t.header.with("alg", "HS256").with("kid", "../../../../../../../../dev/null"), t.body, "HS256", []byte{})
		},
	}
}

// confused is signed with the public key as if it were the secret of an HMAC
// (RFC 8725 §2.1): whoever takes the algorithm from the token takes it.
func (m *Mint) confused(t token) (string, error) {
	if t.symmetric() {
		return "", errors.New("the token is signed with a secret: there is no public key to confuse with it")
	}
	if m.public == nil {
		return "", errors.New("the public key is not known")
	}
	secret, err := armoured(m.public)
	if err != nil {
		return "", err
	}
	return sign(t.header.with("alg", "HS256"), t.body, "HS256", secret)
}

// embedded is signed with a key that the token brings along (RFC 8725 §3.10).
func (m *Mint) embedded(t token) (string, error) {
	if t.symmetric() {
		return "", errors.New("the token is signed with a secret, which is no key to bring along")
	}
	key, err := m.stranger(t.alg())
	if err != nil {
		return "", err
	}
	shown, err := jwk(key)
	if err != nil {
		return "", err
	}
	return sign(t.header.with("jwk", shown), t.body, t.alg(), key)
}

// signed signs with the key that is had for the algorithm.
func (m *Mint) signed(header object, body, alg string, keyFor func(alg string) (any, error)) (string, error) {
	key, err := keyFor(alg)
	if err != nil {
		return "", err
	}
	return sign(header, body, alg, key)
}

// sign makes a token of header and body.
func sign(header object, body, alg string, key any) (string, error) {
	method := jwt.GetSigningMethod(alg)
	if method == nil {
		return "", fmt.Errorf("the algorithm %q is not known", alg)
	}
	text := header.text() + "." + body
	signature, err := method.Sign(text, key)
	if err != nil {
		return "", fmt.Errorf("nothing can be signed by %s with this key: %w", alg, err)
	}
	return text + "." + encode(signature), nil
}
