package wire

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// An authority signs the certificates of wires that end TLS: a deployment that
// is to be shown them has to trust it.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	mu   sync.Mutex
	made map[string]*tls.Certificate // by name
}

// The files of an authority in its folder. Deployments are given the first.
const (
	AuthorityFile    = "plumbline-ca.pem"
	authorityKeyFile = "plumbline-ca-key.pem"
)

const (
	authorityAge = 365 * 24 * time.Hour
	leafAge      = 7 * 24 * time.Hour
	mostLeaves   = 1000
)

// openAuthority reads the authority of a folder, or makes one there. Without a
// folder it lives in memory alone.
func openAuthority(dir string) (*authority, error) {
	if dir != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, AuthorityFile), filepath.Join(dir, authorityKeyFile))
		switch {
		case err == nil:
			return existing(pair)
		case !errors.Is(err, os.ErrNotExist):
			return nil, fmt.Errorf("authority of the wires: %w", err)
		}
	}
	a, err := newAuthority()
	if err != nil || dir == "" {
		return a, err
	}
	return a, a.store(dir)
}

func existing(pair tls.Certificate) (*authority, error) {
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return nil, errors.New("authority of the wires: not an authority with an ECDSA key")
	}
	if time.Now().Add(leafAge).After(pair.Leaf.NotAfter) {
		return nil, fmt.Errorf("authority of the wires: it ends on %s; delete its files to have a new one made", pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	return &authority{cert: pair.Leaf, key: key, made: map[string]*tls.Certificate{}}, nil
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := template("Plumbline wires", authorityAge)
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert: cert, key: key, made: map[string]*tls.Certificate{}}, err
}

func template(name string, age time.Duration) *x509.Certificate {
	var serial [15]byte
	_, _ = rand.Read(serial[:]) // never fails
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:]), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(age),
	}
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a *authority) store(dir string) error {
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("authority of the wires: %w", err)
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, authorityKeyFile), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600),
		os.WriteFile(filepath.Join(dir, AuthorityFile), a.pem(), 0o644), //nolint:gosec // it is there to be read
	)
	if err != nil {
		return fmt.Errorf("authority of the wires: %w", err)
	}
	return nil
}

// leaf is the certificate for a name, made when it is asked for first.
func (a *authority) leaf(name string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.made[name]; c != nil && time.Now().Before(c.Leaf.NotAfter.Add(-time.Hour)) {
		return c, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := template(name, leafAge)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if ip := net.ParseIP(name); ip != nil {
		t.IPAddresses = []net.IP{ip}
	} else {
		t.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if len(a.made) >= mostLeaves {
		clear(a.made)
	}
	c := &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: parsed}
	a.made[name] = c
	return c, nil
}

// terminate is how a wire ends TLS: with a certificate for the name that the
// caller asks for, and with the protocols that the upstream speaks.
func (h *httpWire) terminate() *tls.Config {
	base := &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			local, _, _ := net.SplitHostPort(hello.Conn.LocalAddr().String())
			return h.authority.leaf(cmp.Or(hello.ServerName, local))
		},
	}
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		c := base.Clone()
		c.GetConfigForClient = nil
		c.NextProtos = h.spoken(hello.Context())
		return c, nil
	}
	return base
}

// spoken are the protocols that the upstream negotiates: a caller must not be
// promised HTTP/2 to an upstream that speaks none. Without TLS to it, or when
// it cannot be reached now, both are offered.
func (h *httpWire) spoken(ctx context.Context) []string {
	all := []string{"h2", "http/1.1"}
	if h.upstream.Scheme != "https" {
		return all
	}
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: &tls.Config{RootCAs: h.trust, NextProtos: all, MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(ctx, "tcp", hostPort(h.upstream))
	if err != nil {
		return all
	}
	defer func() { _ = conn.Close() }()
	if conn.(*tls.Conn).ConnectionState().NegotiatedProtocol == "h2" {
		return all
	}
	return all[1:]
}
