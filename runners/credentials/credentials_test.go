package credentials

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// An issuer is an OAuth 2.0 server and the deployment that takes its tokens.
type issuer struct {
	*httptest.Server
	mu       sync.Mutex
	valid    map[string]time.Time // tokens
	fetched  []string             // grants, as they were asked for
	lifetime time.Duration        // of a token as it is told; zero tells nothing
	really   time.Duration        // and as it is
	refresh  bool                 // hands out refresh tokens
	served   atomic.Int64
	broken   atomic.Bool
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	s := &issuer{valid: map[string]time.Time{}, lifetime: time.Hour, really: time.Hour}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": s.URL, "token_endpoint": s.URL + "/token"})
	})
	mux.HandleFunc("GET /other/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": s.URL, "token_endpoint": s.URL + "/token"})
	})
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("POST /moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/token", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("GET /thing", func(w http.ResponseWriter, r *http.Request) {
		s.served.Add(1)
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		s.mu.Lock()
		defer s.mu.Unlock()
		if time.Now().After(s.valid[token]) {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = io.WriteString(w, "you sent "+token)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *issuer) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, secret, basic := r.BasicAuth()
	style := "basic"
	if !basic {
		id, secret, style = r.PostFormValue("client_id"), r.PostFormValue("client_secret"), "post"
	}
	grant := r.PostFormValue("grant_type")
	s.fetched = append(s.fetched, grant+" "+style+" "+r.PostFormValue("scope")+" "+r.PostFormValue("audience"))
	w.Header().Set("Content-Type", "application/json")
	switch {
	case s.broken.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"echo":"cl1ent-secret"}`)
		return
	case id != "cli" || secret != "cl1ent-secret",
		grant == "password" && r.PostFormValue("username")+r.PostFormValue("password") != "mep4ssw0rd",
		grant == "refresh_token" && r.PostFormValue("refresh_token") != fmt.Sprint("r3fresh-", len(s.valid)):
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"invalid_client","error_description":"cl1ent-secret is wrong"}`)
		return
	}
	token := fmt.Sprintf("t0ken-%d", len(s.valid)+1)
	s.valid[token] = time.Now().Add(s.really)
	out := map[string]any{"access_token": token, "token_type": "bearer"}
	if s.lifetime > 0 {
		out["expires_in"] = s.lifetime.Seconds()
	}
	if s.refresh {
		out["refresh_token"] = fmt.Sprint("r3fresh-", len(s.valid))
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (s *issuer) grants() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.fetched, "; ")
}

func (s *issuer) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.valid {
		s.valid[k] = time.Time{}
	}
}

// clock is a time that a test sets.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// door opens an identity and a client that shows it.
func door(t *testing.T, base string, c plumbline.Credential, o Options) *target.Client {
	t.Helper()
	o.Base = base
	c.Name = "me"
	opened, err := Open(c, o)
	if err != nil {
		t.Fatal(err)
	}
	cfg := target.Config{Base: base, Run: "a1b2c3d4e5f6", Began: time.Now(), Default: "me"}
	Fill(&cfg, map[string]Opened{"me": opened})
	client, err := target.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func thing() target.Shot {
	return target.Shot{Request: plumbline.Request{Method: http.MethodGet, Path: "/thing"}, Transcript: true}
}

func byClient(url string) *plumbline.OAuth2 {
	return &plumbline.OAuth2{Grant: "client_credentials", TokenURL: url + "/token", ClientID: "cli", Secret: "cl1ent-secret", Style: "basic"}
}

func TestTokensAreFetched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*plumbline.OAuth2, string)
		want   string // grants; empty: an error
		told   string
	}{
		"client credentials": {nil, "client_credentials basic  ", ""},
		"in the body":        {func(o *plumbline.OAuth2, _ string) { o.Style = "post" }, "client_credentials post  ", ""},
		"either way":         {func(o *plumbline.OAuth2, _ string) { o.Style = "" }, "client_credentials basic  ", ""},
		"scopes and more": {func(o *plumbline.OAuth2, _ string) {
			o.Scopes, o.Parameters = []string{"a", "b"}, map[string][]string{"audience": {"x"}}
		}, "client_credentials basic a b x", ""},
		"password":                 {func(o *plumbline.OAuth2, _ string) { o.Grant, o.User, o.Password = "password", "me", "p4ssw0rd" }, "password basic  ", ""},
		"a path of the deployment": {func(o *plumbline.OAuth2, _ string) { o.TokenURL = "/token" }, "client_credentials basic  ", ""},
		"by the issuer":            {func(o *plumbline.OAuth2, u string) { o.TokenURL, o.Issuer = "", u+"/" }, "client_credentials basic  ", ""},
		"by the metadata": {func(o *plumbline.OAuth2, u string) {
			o.TokenURL, o.Discovery = "", u+"/.well-known/openid-configuration"
		}, "client_credentials basic  ", ""},
		"another issuer":  {func(o *plumbline.OAuth2, u string) { o.TokenURL, o.Issuer = "", u+"/other" }, "", "is about the issuer"},
		"no such issuer":  {func(o *plumbline.OAuth2, u string) { o.TokenURL, o.Issuer = "", u+"/none" }, "", "answered 404"},
		"a wrong secret":  {func(o *plumbline.OAuth2, _ string) { o.Secret = "another-s3cret" }, "", "answered 401 invalid_client"},
		"a redirect":      {func(o *plumbline.OAuth2, u string) { o.TokenURL = u + "/moved" }, "", "answered 307"},
		"nobody is there": {func(o *plumbline.OAuth2, _ string) { o.TokenURL = "http://127.0.0.1:1/token" }, "", "127.0.0.1:1/token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newIssuer(t)
			o := byClient(s.URL)
			if c.change != nil {
				c.change(o, s.URL)
			}
			client := door(t, s.URL, plumbline.Credential{OAuth2: o}, Options{})
			for range 3 {
				a := client.Do(t.Context(), thing())
				text, _ := json.Marshal(a.Observation)
				if strings.Contains(string(text), "t0ken") || strings.Contains(string(text), "cl1ent") || strings.Contains(string(text), "another-s3cret") {
					t.Errorf("a secret is in %s", text)
				}
				switch {
				case c.want != "" && (a.Status != 200 || a.Renewed != 0):
					t.Fatalf("got %d %s %s", a.Status, a.Error, text)
				case c.want == "" && (a.Error != plumbline.ErrorUnbound || !strings.Contains(a.Transcript.ResponseBody, c.told)):
					t.Fatalf("got %d %s %s, want %q", a.Status, a.Error, text, c.told)
				}
			}
			if c.want != "" && s.grants() != c.want {
				t.Errorf("asked for %q, want %q, once", s.grants(), c.want)
			}
		})
	}
}

// Many who ask at once are served by one fetch, before and after a revocation,
// and each request is repeated once at most.
func TestOneFetchServesAll(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	k := &clock{}
	client := door(t, s.URL, plumbline.Credential{OAuth2: byClient(s.URL)}, Options{Now: k.now})
	volley := func() (renewed, good int) {
		var wg sync.WaitGroup
		answers := make([]target.Answer, 32)
		for i := range answers {
			wg.Go(func() { answers[i] = client.Do(t.Context(), thing()) })
		}
		wg.Wait()
		for _, a := range answers {
			renewed += a.Renewed
			if a.Status == 200 {
				good++
			}
		}
		return renewed, good
	}
	if renewed, good := volley(); renewed != 0 || good != 32 || strings.Count(s.grants(), "client") != 1 {
		t.Errorf("%d renewed, %d good, %s", renewed, good, s.grants())
	}
	s.revoke()
	k.ahead.Store(int64(time.Minute))
	before := s.served.Load()
	renewed, good := volley()
	if good != 32 || renewed < 1 || strings.Count(s.grants(), "client") != 2 || s.served.Load()-before != int64(32+renewed) {
		t.Errorf("%d renewed, %d good, %d served, %s", renewed, good, s.served.Load()-before, s.grants())
	}
}

func TestTokensAreReplacedBeforeTheyExpire(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refresh bool
		want    string
	}{
		"by the grant":           {false, "client_credentials basic  ; client_credentials basic  "},
		"with the refresh token": {true, "client_credentials basic  ; refresh_token basic  "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newIssuer(t)
			s.lifetime, s.refresh = time.Minute, c.refresh
			k := &clock{}
			client := door(t, s.URL, plumbline.Credential{OAuth2: byClient(s.URL)}, Options{Now: k.now})
			for _, ahead := range []time.Duration{0, 45 * time.Second, 51 * time.Second} {
				k.ahead.Store(int64(ahead))
				if a := client.Do(t.Context(), thing()); a.Status != 200 || a.Renewed != 0 {
					t.Errorf("after %s: %d, %d renewed", ahead, a.Status, a.Renewed)
				}
			}
			if s.grants() != c.want {
				t.Errorf("asked for %q", s.grants())
			}
		})
	}
}

// A deployment that refuses everything is not answered with a stream of token
// requests, and a token endpoint that fails is not asked at every request.
func TestTokenRequestsAreFew(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	s.really = -time.Second
	client := door(t, s.URL, plumbline.Credential{OAuth2: byClient(s.URL)}, Options{})
	for range 20 {
		if a := client.Do(t.Context(), thing()); a.Status != 401 || a.Renewed != 0 {
			t.Fatalf("%d, %d renewed", a.Status, a.Renewed)
		}
	}
	if n := strings.Count(s.grants(), "client"); n != 1 {
		t.Errorf("%d token requests", n)
	}
	s.broken.Store(true)
	other := door(t, s.URL, plumbline.Credential{OAuth2: byClient(s.URL)}, Options{})
	for range 20 {
		if a := other.Do(t.Context(), thing()); a.Error != plumbline.ErrorUnbound || strings.Contains(a.Transcript.ResponseBody, "cl1ent") {
			t.Fatalf("%s %s", a.Error, a.Transcript.ResponseBody)
		}
	}
	if n := strings.Count(s.grants(), "client"); n != 2 {
		t.Errorf("%d token requests", n)
	}
}

func TestSpoiltCredentialsAreNotRenewed(t *testing.T) {
	t.Parallel()
	s := newIssuer(t)
	k := &clock{}
	client := door(t, s.URL, plumbline.Credential{OAuth2: byClient(s.URL)}, Options{Now: k.now})
	client.Do(t.Context(), thing())
	k.ahead.Store(int64(time.Minute))
	for _, auth := range []string{plumbline.AuthNone, plumbline.AuthMalformed, plumbline.AuthExpired} {
		shot := thing()
		shot.Auth = auth
		if a := client.Do(t.Context(), shot); a.Status != 401 || a.Renewed != 0 {
			t.Errorf("%s: %d, %d renewed", auth, a.Status, a.Renewed)
		}
	}
	if n := strings.Count(s.grants(), "client"); n != 1 {
		t.Errorf("%d token requests", n)
	}
}
