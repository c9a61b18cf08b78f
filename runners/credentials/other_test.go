package credentials

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func TestLogins(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"user":"me","pw":"p4ssw0rd"}` || r.Header.Get("Content-Type") != "application/json" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("X-Issued", "h3ader-token")
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "c00kie-token", MaxAge: 60})
		http.SetCookie(w, &http.Cookie{Name: "old", Value: "gone", MaxAge: -1})
		_ = json.NewEncoder(w).Encode(map[string]any{"a/b": []any{map[string]any{"token": "b0dy-token", "n": 12}}})
	})
	mux.HandleFunc("GET /plain", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "pla1n-token\n") })
	mux.HandleFunc("GET /form", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "f0rm-token"})
		http.Redirect(w, r, "/home", http.StatusFound)
	})
	mux.HandleFunc("GET /thing", func(w http.ResponseWriter, r *http.Request) {
		sid := ""
		if k, err := r.Cookie("sid"); err == nil {
			sid = k.Value
		}
		_, _ = io.WriteString(w, strings.Join([]string{r.Header.Get("Authorization"), r.Header.Get("X-Auth"), r.URL.Query().Get("t"), sid}, "|"))
	})
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, r)
		if r.URL.Path == "/thing" {
			got = rec.Body.String()
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = rec.Body.WriteTo(w)
	}))
	t.Cleanup(server.Close)
	with := func(change func(*plumbline.Login)) *plumbline.Login {
		l := &plumbline.Login{URL: "/login", Body: []byte(`{"user":"me","pw":"p4ssw0rd"}`), Headers: []plumbline.Header{{Name: "Content-Type", Value: "application/json"}}, Token: "/a~1b/0/token"}
		change(l)
		return l
	}
	for name, c := range map[string]struct {
		login *plumbline.Login
		want  string // empty: an error
		told  string
	}{
		"a token of the body":   {with(func(*plumbline.Login) {}), "Bearer b0dy-token|||", ""},
		"a number":              {with(func(l *plumbline.Login) { l.Token = "/a~1b/0/n" }), "Bearer 12|||", ""},
		"an absolute URL":       {with(func(l *plumbline.Login) { l.URL = server.URL + "/login" }), "Bearer b0dy-token|||", ""},
		"a token of a header":   {with(func(l *plumbline.Login) { l.Header = "X-Issued" }), "Bearer h3ader-token|||", ""},
		"another scheme":        {with(func(l *plumbline.Login) { l.Template = "JWT {token}" }), "JWT b0dy-token|||", ""},
		"another header":        {with(func(l *plumbline.Login) { l.Send = plumbline.Place{In: "header", Name: "X-Auth"} }), "|b0dy-token||", ""},
		"the query":             {with(func(l *plumbline.Login) { l.Send = plumbline.Place{In: "query", Name: "t"} }), "||b0dy-token|", ""},
		"cookies":               {with(func(l *plumbline.Login) { l.Cookies = true }), "|||c00kie-token", ""},
		"a plain body":          {&plumbline.Login{URL: "/plain", Method: "GET"}, "Bearer pla1n-token|||", ""},
		"a redirect":            {&plumbline.Login{URL: "/form", Method: "GET", Cookies: true}, "|||f0rm-token", ""},
		"a wrong password":      {with(func(l *plumbline.Login) { l.Body = []byte(`{"pw":"wr0ng-password"}`) }), "", "answered 403"},
		"nothing there":         {with(func(l *plumbline.Login) { l.Token = "/b" }), "", "has no text at /b"},
		"no such header":        {with(func(l *plumbline.Login) { l.Header = "X-No" }), "", "has no header X-No"},
		"no cookies":            {&plumbline.Login{URL: "/plain", Method: "GET", Cookies: true}, "", "sets no cookie"},
		"no token in an object": {with(func(l *plumbline.Login) { l.Token = "" }), "", "is not a token"},
	} {
		t.Run(name, func(t *testing.T) {
			got = ""
			client := door(t, server.URL, plumbline.Credential{Login: c.login}, Options{})
			a := client.Do(t.Context(), thing())
			text, _ := json.Marshal(a.Observation)
			for _, secret := range []string{"-token", "p4ssw0rd", "wr0ng"} {
				if strings.Contains(string(text), secret) {
					t.Errorf("%q is in %s", secret, text)
				}
			}
			if got != c.want || c.want == "" && (a.Error != plumbline.ErrorUnbound || !strings.Contains(a.Transcript.ResponseBody, c.told)) {
				t.Errorf("shown %q, want %q; %s", got, c.want, text)
			}
		})
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	exp := base64.RawURLEncoding.EncodeToString([]byte(`{"exp":4102444800}`))
	for name, c := range map[string]struct {
		credential plumbline.Credential
		want, told string
		expires    int64
	}{
		"a bearer token":   {plumbline.Credential{Command: []string{"echo", " s3cret "}}, "Bearer s3cret", "", 0},
		"a JWT":            {plumbline.Credential{Command: []string{"echo", "e30." + exp + ".c2ln"}}, "Bearer e30." + exp + ".c2ln", "", 4102444800},
		"a password":       {plumbline.Credential{Command: []string{"echo", "s3cret"}, User: "me"}, "Basic " + base64.StdEncoding.EncodeToString([]byte("me:s3cret")), "", 0},
		"a key":            {plumbline.Credential{Command: []string{"echo", "s3cret"}, Key: &plumbline.Place{In: "header", Name: "Authorization"}}, "s3cret", "", 0},
		"a failure":        {plumbline.Credential{Command: []string{"sh", "-c", "echo s3cret >&2; exit 3"}}, "", "the command sh ended with status 3", 0},
		"nothing":          {plumbline.Credential{Command: []string{"true"}}, "", "printed nothing", 0},
		"two lines":        {plumbline.Credential{Command: []string{"printf", `a\nb`}}, "", "more than one line", 0},
		"one that hangs":   {plumbline.Credential{Command: []string{"sleep", "20"}}, "", "did not end within 200ms", 0},
		"one that is not":  {plumbline.Credential{Command: []string{"no-such-program-here"}}, "", "no-such-program-here", 0},
		"none, but a word": {plumbline.Credential{Bearer: "s3cret"}, "Bearer s3cret", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
			t.Cleanup(server.Close)
			o := Options{Timeout: 5 * time.Second}
			if strings.HasPrefix(c.told, "did not") {
				o.Timeout = 200 * time.Millisecond
			}
			a := door(t, server.URL, c.credential, o).Do(t.Context(), thing())
			text, _ := json.Marshal(a.Observation)
			if strings.Contains(string(text), "s3cret") || got != c.want || c.want == "" && !strings.Contains(string(text), c.told) {
				t.Errorf("shown %q, want %q; %s", got, c.want, text)
			}
			f := fetcher{opt: Options{Now: time.Now}}
			if word, ok := strings.CutPrefix(c.want, "Bearer "); ok && c.expires > 0 && f.until(word).Unix() != c.expires {
				t.Errorf("ends %s", f.until(word))
			}
		})
	}
}

// authority makes certificates in a folder.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.cert, a.key = a.issue(t, "ca", nil)
	return a
}

func (a *authority) issue(t *testing.T, name string, hosts []string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: a.cert == nil, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(h))
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".crt": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "EC PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(a.dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func TestMutualTLS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	a.issue(t, "server", []string{"127.0.0.1"})
	a.issue(t, "me", nil)
	pair, err := tls.LoadX509KeyPair(a.file("server.crt"), a.file("server.key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName+" "+r.Header.Get("Authorization"))
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	c := plumbline.Credential{Certificate: &plumbline.Certificate{Cert: a.file("me.crt"), Key: a.file("me.key"), CA: a.file("ca.crt")}}
	client := door(t, server.URL, c, Options{})
	if got := client.Do(t.Context(), thing()); got.Status != 200 || !strings.HasPrefix(string(got.Response.Body), "me ") {
		t.Errorf("%d %s %s", got.Status, got.Error, got.Response.Body)
	}
	if err := client.Reachable(t.Context()); err != nil {
		t.Error(err)
	}
	shot := thing()
	shot.Auth = plumbline.AuthNone
	if got := client.Do(t.Context(), shot); got.Error != plumbline.ErrorTLS {
		t.Errorf("without the certificate: %d %s", got.Status, got.Error)
	}
	c.Certificate.CA = ""
	if got := door(t, server.URL, c, Options{}).Do(t.Context(), thing()); got.Error != plumbline.ErrorTLS {
		t.Errorf("an authority that is not trusted: %d %s", got.Status, got.Error)
	}
	for _, bad := range []plumbline.Certificate{{Cert: "none.crt", Key: "none.key"}, {CA: "none.crt"}, {CA: a.file("me.key")}} {
		if _, err := Open(plumbline.Credential{Certificate: &bad}, Options{}); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
