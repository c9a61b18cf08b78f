package shop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Who issues the tokens of the shop's callers, and for whom.
const (
	issuer   = "https://issuer.shop.example"
	audience = "shop"
	// accessToken is what the header of an access token says that it is (RFC
	// 9068 §2.1): no other token of the issuer lets anybody in.
	accessToken = "at+jwt"
)

// tokens tell who calls: by a word that is known, or by a JSON Web Token that
// the issuer has signed.
type tokens struct {
	known  map[string]string // word to user
	key    *ecdsa.PublicKey  // of the issuer; nil where JWTs are not taken
	parser *jwt.Parser
	mutant mutant
}

// newTokens reads "alice=secret,bob=secret", and the issuer's public key, the
// base64 of its DER form.
func newTokens(words, key string, m mutant) (*tokens, error) {
	t := &tokens{known: map[string]string{}, mutant: m}
	for pair := range strings.SplitSeq(words, ",") {
		if user, token, ok := strings.Cut(pair, "="); ok {
			t.known[token] = user
		}
	}
	if len(t.known) == 0 {
		return nil, errors.New(`SHOP_TOKENS="alice=secret,bob=secret" names the callers`)
	}
	if key == "" {
		return t, nil
	}
	der, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, fmt.Errorf("SHOP_JWT_KEY: %w", err)
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("SHOP_JWT_KEY: %w", err)
	}
	var ok bool
	if t.key, ok = public.(*ecdsa.PublicKey); !ok {
		return nil, errors.New("SHOP_JWT_KEY: the key is not of ES256")
	}
	t.parser = t.strict()
	return t, nil
}

// strict takes what is signed by ES256, by the issuer and for the shop, and is
// good now, within half a minute.
func (t *tokens) strict() *jwt.Parser {
	by := []jwt.ParserOption{jwt.WithIssuer(issuer), jwt.WithExpirationRequired(), jwt.WithLeeway(30 * time.Second)}
	if !t.mutant.is("jwt-alg-none-accepted") {
		by = append(by, jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}))
	}
	if t.mutant.is("jwt-aud-ignored") {
		return jwt.NewParser(append(by, jwt.WithLeeway(10*365*24*time.Hour))...)
	}
	return jwt.NewParser(append(by, jwt.WithAudience(audience))...)
}

// caller is who shows the credentials of a request.
func (t *tokens) caller(r *http.Request) (user string, ok bool) {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return "", false
	}
	for token, user := range t.known {
		if subtle.ConstantTimeCompare([]byte(token), []byte(given)) == 1 {
			return user, true
		}
	}
	if t.key == nil {
		return "", false
	}
	var claims jwt.RegisteredClaims
	_, err := t.parser.ParseWithClaims(given, &claims, t.checkedBy)
	return claims.Subject, err == nil && claims.Subject != ""
}

// checkedBy is the key that a token is checked by. The defect is that the token
// says by which algorithm.
func (t *tokens) checkedBy(token *jwt.Token) (any, error) {
	if t.mutant.is("jwt-alg-none-accepted") {
		switch token.Method.Alg() {
		case "none":
			return jwt.UnsafeAllowNoneSignatureType, nil
		case "HS256":
			der, err := x509.MarshalPKIXPublicKey(t.key)
			return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
		}
	}
	if typ, _ := token.Header["typ"].(string); typ != accessToken {
		return nil, errors.New("not an access token")
	}
	return t.key, nil
}

// An Issuer issues tokens for the callers of the shop.
type Issuer struct{ key *ecdsa.PrivateKey }

// NewIssuer makes one with a key of its own.
func NewIssuer() (*Issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &Issuer{key}, err
}

// Keys are the base64 of the DER form of its keys: the public one is for
// SHOP_JWT_KEY.
func (i *Issuer) Keys() (public, private string, err error) {
	shown, err := x509.MarshalPKIXPublicKey(&i.key.PublicKey)
	if err != nil {
		return "", "", err
	}
	held, err := x509.MarshalPKCS8PrivateKey(i.key)
	return base64.StdEncoding.EncodeToString(shown), base64.StdEncoding.EncodeToString(held), err
}

// Token is one that says who calls, and is good for so long.
func (i *Issuer) Token(user string, lasts time.Duration) (string, error) {
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.RegisteredClaims{
		Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: user,
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(lasts)),
	})
	token.Header["typ"] = accessToken
	return token.SignedString(i.key)
}
