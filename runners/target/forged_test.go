package target

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// A forged token goes where the one of the identity goes, and is hidden as that
// is, even where the service repeats it.
func TestForgedTokensAreShownAndHidden(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
	var shown string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown = r.Header.Get("Authorization") + r.Header.Get("X-Token")
		_, _ = w.Write([]byte("not a good token: " + shown))
	}))
	defer srv.Close()
	forge := func(text, way string) (string, error) { return strings.ReplaceAll(way+"."+text, " ", ""), nil }
	for _, c := range []struct {
		name  string
		cred  Credential
		forge func(string, string) (string, error)
		want  string // empty: nothing is sent
	}{
		{"bearer", Credential{Bearer: token}, forge, "Bearer " + plumbline.AuthAlgNone + "." + token},
		{"key", Credential{KeyIn: "header", KeyName: "X-Token", KeyValue: token}, forge, plumbline.AuthAlgNone + "." + token},
		{"header", Credential{Headers: []plumbline.Header{{Name: "Authorization", Value: "Bearer " + token}}}, forge, "Bearer " + plumbline.AuthAlgNone + "." + token},
		{"opaque", Credential{Bearer: "secret"}, forge, ""},
		{"nobody forges", Credential{Bearer: token}, nil, ""},
	} {
		client, err := New(Config{Base: srv.URL, Identities: map[string]Credential{"alice": c.cred}, Default: "alice", Forge: c.forge})
		if err != nil {
			t.Fatal(err)
		}
		shown = ""
		a := client.Do(context.Background(), Shot{Request: plumbline.Request{Method: "GET", Path: "/"}, Auth: plumbline.AuthAlgNone, Transcript: true})
		if shown != c.want {
			t.Errorf("%s: %q was shown, want %q", c.name, shown, c.want)
		}
		if sent := a.Error != plumbline.ErrorUnbound; sent != (c.want != "") {
			t.Errorf("%s: %s", c.name, a.Error)
		}
		if c.want == "" {
			continue
		}
		for _, text := range []string{a.Transcript.ResponseBody, a.Transcript.Curl, strings.Join(a.Transcript.RequestHeader["Authorization"], "")} {
			if strings.Contains(text, "eyJ") {
				t.Errorf("%s: the token is in %q", c.name, text)
			}
		}
		if !strings.Contains(a.Transcript.Curl, "_JWT_ALG_NONE") {
			t.Errorf("%s: the command shows the token itself: %s", c.name, a.Transcript.Curl)
		}
		if cred, err := client.credential(context.Background(), ""); err != nil || cred.token() == nil || strings.Contains(*cred.token(), plumbline.AuthAlgNone) {
			t.Errorf("%s: the identity itself shows %+v, %v", c.name, cred, err)
		}
	}
}
