package forge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// signingKey reads a private key – PEM, or the base64 of its DER form, which
// fits into an environment variable – or takes the text for the secret of an
// HMAC where it begins with "secret:".
func signingKey(text string) (any, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // none is declared
	}
	if secret, ok := strings.CutPrefix(text, "secret:"); ok {
		return []byte(secret), nil
	}
	der, err := unarmoured(text)
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	return nil, errors.New("it is no private key (PKCS #8, PKCS #1 or SEC 1)")
}

// publicKey reads a public key, or that of a certificate, in the same forms.
func publicKey(text string) (crypto.PublicKey, error) {
	if text == "" {
		return nil, nil
	}
	der, err := unarmoured(text)
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	if cert, err := x509.ParseCertificate(der); err == nil {
		return cert.PublicKey, nil
	}
	return nil, errors.New("it is no public key (PKIX or PKCS #1) and no certificate")
}

func unarmoured(text string) ([]byte, error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return block.Bytes, nil
	}
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("it is neither PEM nor base64 of DER")
	}
	return der, nil
}

// armoured is a public key as its file holds it.
func armoured(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// stranger is a key for the algorithm that nobody knows.
func (m *Mint) stranger(alg string) (any, error) {
	if key, ok := m.own[alg]; ok {
		return key, nil
	}
	key, err := fresh(alg)
	if err == nil {
		m.own[alg] = key
	}
	return key, err
}

// rsaBits is the least that RFC 7518 §3.3 allows: it is quick to make.
const rsaBits = 2048

func fresh(alg string) (any, error) {
	switch {
	case strings.HasPrefix(alg, "HS"):
		secret := make([]byte, 64)
		_, _ = rand.Read(secret) // never fails
		return secret, nil
	case strings.HasPrefix(alg, "RS"), strings.HasPrefix(alg, "PS"):
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case alg == "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case alg == "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case alg == "ES512":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case alg == "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("the algorithm %q is not known", alg)
}

// jwk is the public half of a key as a token shows it (RFC 7517; RFC 7518 §6;
// RFC 8037 §2).
func jwk(key any) (map[string]any, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return map[string]any{"kty": "RSA", "n": encode(k.N.Bytes()), "e": encode(big.NewInt(int64(k.E)).Bytes())}, nil
	case *ecdsa.PrivateKey:
		point, err := k.PublicKey.Bytes() // 4, and x and y of the same length (SEC 1 §2.3.3)
		if err != nil {
			return nil, err
		}
		half := (len(point) - 1) / 2
		return map[string]any{"kty": "EC", "crv": k.Params().Name, "x": encode(point[1 : 1+half]), "y": encode(point[1+half:])}, nil
	case ed25519.PrivateKey:
		public, _ := k.Public().(ed25519.PublicKey)
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": encode(public)}, nil
	}
	return nil, errors.New("the key has no public half")
}
