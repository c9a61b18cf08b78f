package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A guarded service says nothing of authentication in its document, and
// wants a token of its login.
type guarded struct {
	mu     sync.Mutex
	logins []string
	valid  map[string]bool // tokens
}

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/login" {
		body, _ := io.ReadAll(r.Body)
		who := "ann"
		if strings.Contains(string(body), "ben") {
			who = "ben"
		}
		g.logins = append(g.logins, who)
		token := fmt.Sprintf("t0ken-of-%s-%d", who, len(g.logins))
		g.valid[token] = true
		_, _ = fmt.Fprintf(w, `{"token":{"value":%q}}`, token)
		return
	}
	if !g.valid[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprint(w, `{}`)
		return
	}
	_, _ = fmt.Fprint(w, `{"n":1}`)
}

// revoke makes the tokens of one caller worthless.
func (g *guarded) revoke(who string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for token := range g.valid {
		if strings.Contains(token, who) {
			delete(g.valid, token)
		}
	}
}

// An authentication file of Web Fuzzing Commons is read as it is, for operations
// of which the document does not say that they want credentials; a token that is
// refused is fetched anew, for that identity and no other.
func TestAnAuthenticationFileLogsIn(t *testing.T) {
	g := &guarded{valid: map[string]bool{}}
	s := httptest.NewServer(g)
	defer s.Close()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"openapi.yaml": "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {operationId: getA, responses: {'200': {description: d}}}}}\n",
		"auth.yaml": "auth:\n  - {name: ann, loginEndpointAuth: {payloadRaw: '{\"u\":\"ann\"}'}}\n  - {name: ben, loginEndpointAuth: {payloadRaw: '{\"u\":\"ben\"}'}}\n" +
			"authTemplate:\n  loginEndpointAuth: {endpoint: /login, verb: POST, contentType: application/json, token: {extractFrom: body, extractSelector: /token/value, sendIn: header, sendName: Authorization, sendTemplate: 'Bearer {token}'}}\n",
		"plumbline.yaml": "service: t\nopenapi: openapi.yaml\ntarget: {url: '" + s.URL + "'}\nauth: {applies_to: ['*']}\nwfc: auth.yaml\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := &app{out: io.Discard, err: io.Discard, env: func(string) (string, bool) { return "", false }}
	got, err := a.prepare(options{seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if op, _ := got.design.Operation("getA"); !op.Secured || len(op.Schemes) == 0 || len(got.design.Identities) != 2 {
		t.Errorf("the design: %+v, identities %+v", op, got.design.Identities)
	}
	cfg := target.Config{Base: s.URL, Run: "0123456789ab", Began: time.Now()}
	if err := got.identify(&cfg); err != nil {
		t.Fatal(err)
	}
	client, err := target.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(identity string) target.Answer {
		return client.Do(t.Context(), target.Shot{Operation: "getA", Identity: identity, Request: plumbline.Request{Method: "GET", Path: "/a"}, Transcript: true})
	}
	for _, who := range []string{"", "ben", "ann", "ben"} {
		if x := ask(who); x.Status != 200 || x.Renewed != 0 {
			t.Errorf("%q: %d, %d renewed", who, x.Status, x.Renewed)
		}
	}
	if x := client.Do(t.Context(), target.Shot{Operation: "getA", Auth: plumbline.AuthNone, Request: plumbline.Request{Method: "GET", Path: "/a"}}); x.Status != 401 {
		t.Errorf("anonymous: %d", x.Status)
	}
	g.revoke("ben")
	if logins := strings.Join(g.logins, " "); logins != "ann ben" {
		t.Errorf("logins: %s", logins)
	}
	if x := ask("ann"); x.Status != 200 || x.Renewed != 0 {
		t.Errorf("ann, of whom nothing was revoked: %d, %d renewed", x.Status, x.Renewed)
	}
}
