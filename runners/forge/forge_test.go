package forge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/plumbline-dev/plumbline"
)

// issued is a token by a key for the algorithm, and how it is checked.
func issued(t *testing.T, alg string) (text string, key any, check func(string, ...jwt.ParserOption) error) {
	t.Helper()
	key, err := fresh(alg)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	made := jwt.NewWithClaims(jwt.GetSigningMethod(alg), jwt.MapClaims{
		"sub": "alice", "iss": "us", "aud": []string{"shop"}, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
	made.Header["kid"] = "k1"
	if text, err = made.SignedString(key); err != nil {
		t.Fatal(err)
	}
	by := key
	if s, ok := key.(crypto.Signer); ok {
		by = s.Public()
	}
	return text, key, func(text string, more ...jwt.ParserOption) error {
		_, err := jwt.Parse(text, func(*jwt.Token) (any, error) { return by, nil }, append(more, jwt.WithValidMethods([]string{alg}))...)
		return err
	}
}

// declared is a key as plumbline.yaml has it.
func declared(t *testing.T, key any) string {
	t.Helper()
	if secret, ok := key.([]byte); ok {
		return "secret:" + string(secret)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func TestNothingForgedIsTakenByWhoChecks(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"HS256", "RS256", "PS384", "ES256", "ES512", "EdDSA"} {
		text, key, check := issued(t, alg)
		m, err := New(plumbline.Tokens{Key: declared(t, key)})
		if err != nil {
			t.Fatal(err)
		}
		if err := check(text); err != nil {
			t.Fatalf("%s: the token itself: %v", alg, err)
		}
		for way := range forgeries() {
			made, err := m.Make(text, way)
			if err != nil {
				if alg != "HS256" || way != plumbline.AuthConfused && way != plumbline.AuthEmbedded {
					t.Errorf("%s %s: %v", alg, way, err)
				}
				continue
			}
			if made == text || check(made) == nil {
				t.Errorf("%s %s is no forgery", alg, way)
			}
			if again, err := m.Make(text, way); err != nil || again != made {
				t.Errorf("%s %s is made anew each time", alg, way)
			}
		}
	}
}

// What is made is what its name says: whoever makes that mistake takes it.
func TestForgeriesAreTakenByWhoDoesNotCheck(t *testing.T) {
	t.Parallel()
	text, key, _ := issued(t, "ES256")
	m, err := New(plumbline.Tokens{Key: declared(t, key)})
	if err != nil {
		t.Fatal(err)
	}
	signer, _ := key.(crypto.Signer)
	secret, err := armoured(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	for way, careless := range map[string]jwt.Keyfunc{
		plumbline.AuthAlgNone:  func(*jwt.Token) (any, error) { return jwt.UnsafeAllowNoneSignatureType, nil },
		plumbline.AuthConfused: func(*jwt.Token) (any, error) { return secret, nil },
		plumbline.AuthBlank:    func(*jwt.Token) (any, error) { return []byte{}, nil },
		plumbline.AuthNullKey:  func(*jwt.Token) (any, error) { return []byte{}, nil },
		plumbline.AuthEmbedded: func(t *jwt.Token) (any, error) { return brought(t.Header["jwk"]) },
	} {
		made, err := m.Make(text, way)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jwt.Parse(made, careless)
		if err != nil {
			t.Errorf("%s: %v", way, err)
			continue
		}
		if sub, _ := got.Claims.GetSubject(); sub != "alice" {
			t.Errorf("%s: the claims are not those of the token: %v", way, got.Claims)
		}
	}
}

// brought is the key of a jwk of an elliptic curve.
func brought(shown any) (any, error) {
	var k struct{ X, Y string }
	data, err := json.Marshal(shown)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &k); err != nil {
		return nil, err
	}
	x, err := base64.RawURLEncoding.DecodeString(k.X)
	if err != nil {
		return nil, err
	}
	y, err := base64.RawURLEncoding.DecodeString(k.Y)
	if err != nil {
		return nil, err
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
}

func TestShownKeysAreThoseThatSign(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"RS256", "EdDSA"} {
		key, err := fresh(alg)
		if err != nil {
			t.Fatal(err)
		}
		shown, err := jwk(key)
		if err != nil {
			t.Fatal(err)
		}
		data := func(name string) []byte {
			text, _ := shown[name].(string)
			b, _ := base64.RawURLEncoding.DecodeString(text)
			return b
		}
		switch k := key.(type) {
		case *rsa.PrivateKey:
			if new(big.Int).SetBytes(data("n")).Cmp(k.N) != 0 || new(big.Int).SetBytes(data("e")).Int64() != int64(k.E) {
				t.Error("the RSA key is another one")
			}
		case ed25519.PrivateKey:
			if !k.Public().(ed25519.PublicKey).Equal(ed25519.PublicKey(data("x"))) { //nolint:forcetypeassert // it is
				t.Error("the Ed25519 key is another one")
			}
		}
	}
	if _, err := jwk([]byte("secret")); err == nil {
		t.Error("a secret is shown as a key")
	}
}

func TestOtherClaimsAreSignedAsTheyShouldBe(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"HS256", "ES256"} {
		text, key, check := issued(t, alg)
		m, err := New(plumbline.Tokens{Key: declared(t, key)})
		if err != nil {
			t.Fatal(err)
		}
		strict := []jwt.ParserOption{jwt.WithAudience("shop"), jwt.WithIssuer("us"), jwt.WithLeeway(2 * time.Minute)}
		lax := []jwt.ParserOption{jwt.WithoutClaimsValidation()}
		for way, want := range map[string]string{
			plumbline.AuthSigned: "", plumbline.AuthPast: "expired", plumbline.AuthFuture: "not valid yet",
			plumbline.AuthAudience: "audience", plumbline.AuthIssuer: "issuer",
		} {
			made, err := m.Make(text, way)
			if err != nil {
				t.Fatalf("%s: %v", way, err)
			}
			if err := check(made, lax...); err != nil {
				t.Errorf("%s %s is not signed: %v", alg, way, err)
			}
			switch err := check(made, strict...); {
			case want == "" && err != nil:
				t.Errorf("%s %s: %v", alg, way, err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("%s %s: %v, want %s", alg, way, err, want)
			}
		}
		if _, err := m.Make(text, plumbline.AuthType); err == nil || !strings.Contains(err.Error(), "at+jwt") {
			t.Errorf("another typ of a token without one: %v", err)
		}
	}
}

func TestReadyTokensAreWhatTheyAreSaidToBe(t *testing.T) {
	t.Parallel()
	text, key, _ := issued(t, "ES256")
	other, _, _ := issued(t, "ES256")
	maker, err := New(plumbline.Tokens{Key: declared(t, key)})
	if err != nil {
		t.Fatal(err)
	}
	made := func(from, way string) string {
		t.Helper()
		out, err := maker.Make(from, way)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	signer, _ := key.(crypto.Signer)
	public, err := armoured(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, way, ready, wrong string }{
		{"expired", plumbline.AuthPast, made(text, plumbline.AuthPast), ""},
		{"not expired", plumbline.AuthPast, text, "is not"},
		{"not yet", plumbline.AuthFuture, made(text, plumbline.AuthFuture), ""},
		{"good already", plumbline.AuthFuture, text, "good"},
		{"for another", plumbline.AuthAudience, made(text, plumbline.AuthAudience), ""},
		{"for the same", plumbline.AuthAudience, text, "has not"},
		{"of another", plumbline.AuthIssuer, made(text, plumbline.AuthIssuer), ""},
		{"not signed by the key", plumbline.AuthIssuer, strings.Join(strings.Split(made(text, plumbline.AuthIssuer), ".")[:2], ".") + "." + strings.Split(other, ".")[2], "not signed"},
		{"no token", plumbline.AuthIssuer, "opaque", "no JWT"},
		{"no kinds", plumbline.AuthType, text, "typ"},
	} {
		m, err := New(plumbline.Tokens{Public: string(public), Ready: map[string]string{c.way: c.ready}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Make(text, c.way)
		switch {
		case c.wrong == "" && (err != nil || got != c.ready):
			t.Errorf("%s: %v", c.name, err)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: %v, want %q", c.name, err, c.wrong)
		}
	}
	m, err := New(plumbline.Tokens{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Make(text, plumbline.AuthPast); err == nil {
		t.Error("a token is signed without a key")
	}
}

func TestTypeOfAccessTokens(t *testing.T) {
	t.Parallel()
	key, err := fresh("ES256")
	if err != nil {
		t.Fatal(err)
	}
	text, err := sign(object{"alg": "ES256", "typ": "at+jwt"}, object{"sub": "alice"}.text(), "ES256", key)
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(plumbline.Tokens{Key: declared(t, key)})
	if err != nil {
		t.Fatal(err)
	}
	made, err := m.Make(text, plumbline.AuthType)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(made); err != nil || accessType(got.header) {
		t.Errorf("typ is %v, %v", got.header["typ"], err)
	}
	if _, err := m.Make(text, plumbline.AuthAudience); err == nil {
		t.Error("a token without an audience is given another")
	}
}

func TestWhatIsNoTokenOrNoKey(t *testing.T) {
	t.Parallel()
	m, err := New(plumbline.Tokens{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "opaque", "a.b.c", "e30.bnVsbA.", "e30.e30.%"} {
		if _, err := m.Make(text, plumbline.AuthAlgNone); err == nil {
			t.Errorf("%q is taken for a token", text)
		}
	}
	good, _, _ := issued(t, "HS256")
	if _, err := m.Make(good, "jwt-unheard-of"); err == nil {
		t.Error("an unknown way is gone")
	}
	if _, err := m.Make(good, plumbline.AuthConfused); err == nil {
		t.Error("a secret is confused with a public key")
	}
	for _, bad := range []plumbline.Tokens{{Key: "%"}, {Key: "c2VjcmV0"}, {Public: "%"}, {Public: "c2VjcmV0"}} {
		if _, err := New(bad); err == nil || strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
