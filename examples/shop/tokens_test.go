package shop

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestWhoCalls(t *testing.T) {
	t.Parallel()
	ours, err := NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	public, _, err := ours.Keys()
	if err != nil {
		t.Fatal(err)
	}
	token := func(i *Issuer, lasts time.Duration) string {
		t.Helper()
		text, err := i.Token("bob", lasts)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + text
	}
	for _, c := range []struct{ name, shown, mutant, user string }{
		{"a word that is known", "Bearer secret", "", "alice"},
		{"a word that is not", "Bearer secret2", "", ""},
		{"another scheme", "Basic secret", "", ""},
		{"a token", token(ours, time.Minute), "", "bob"},
		{"a token of somebody else", token(theirs, time.Minute), "", ""},
		{"an expired token", token(ours, -time.Minute), "", ""},
		{"an expired token, and nobody looks", token(ours, -time.Minute), "jwt-aud-ignored", "bob"},
		{"a token of somebody else, and claims are not looked at", token(theirs, time.Minute), "jwt-aud-ignored", ""},
		{"unsigned", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.", "", ""},
		{"nothing", "", "", ""},
	} {
		m, err := newMutant(c.mutant)
		if err != nil {
			t.Fatal(err)
		}
		all, err := newTokens("alice=secret", public, m)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/me", nil)
		r.Header.Set("Authorization", c.shown)
		if user, ok := all.caller(r); ok != (c.user != "") || ok && user != c.user {
			t.Errorf("%s: %q %v, want %q", c.name, user, ok, c.user)
		}
	}
	for _, key := range []string{"%", "c2VjcmV0"} {
		if _, err := newTokens("alice=secret", key, ""); err == nil {
			t.Errorf("%q is taken for a key", key)
		}
	}
	if _, err := newTokens("", public, ""); err == nil {
		t.Error("a shop that nobody may call is opened")
	}
}
