package token

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHeld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		url, header string
		want        bool
	}{
		"nothing":           {"/", "", false},
		"bearer":            {"/", "Bearer s3cret", true},
		"another bearer":    {"/", "Bearer s3cret2", false},
		"no bearer":         {"/", "Bearer ", false},
		"password":          {"/", "Basic eDpzM2NyZXQ=", true},
		"password, nobody":  {"/", "Basic OnMzY3JldA==", true},
		"another password":  {"/", "Basic eDp4", false},
		"in the URL":        {"/?token=s3cret&access_token=s3cret", "", false},
		"of another scheme": {"/", "Digest s3cret", false},
	} {
		r := httptest.NewRequest(http.MethodGet, c.url, nil)
		r.Header.Set("Authorization", c.header)
		if got := Held(r, "s3cret"); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
		if !Held(r, "") {
			t.Errorf("%s: where no token is wanted all are let in", name)
		}
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	h := Guard("s3cret", Challenge, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	for header, want := range map[string]int{"": http.StatusUnauthorized, "Bearer s3cret": http.StatusNoContent} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want || (w.Header().Get("WWW-Authenticate") == "") != (want == http.StatusNoContent) {
			t.Errorf("%q: %d %v", header, w.Code, w.Header())
		}
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "127.8.0.1:80": true, "[::1]:80": true, "localhost:80": true,
		":80": false, "0.0.0.0:80": false, "[::]:80": false, "10.0.0.1:80": false, "example.org:80": false, "127.0.0.1": false, "localhost.example.org:80": false,
	} {
		if got := OnLoopback(address); got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
	for host, want := range map[string]bool{"127.0.0.1:8320": true, "localhost": true, "[::1]": true, "[::1]:8320": true, "evil.example:8320": false, "127.0.0.1.evil.example": false, "": false} {
		if got := Addressed(&http.Request{Host: host}); got != want {
			t.Errorf("addressed to %q: %t", host, got)
		}
	}
}
