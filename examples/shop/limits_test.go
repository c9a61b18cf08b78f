package shop

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, user, mutant string
		addresses          []string
		allowed            int // of 40 at once
	}{
		{"as it is said", "carol", "", []string{""}, 10},
		{"whoever it is forwarded for", "carol", "", []string{"192.0.2.1", "192.0.2.2"}, 10},
		{"forwarded for others", "carol", "rate-limit-xff-bypass", []string{"192.0.2.1", "192.0.2.2, 10.0.0.1"}, 20},
		{"three times as much", "carol", "rate-limit-lax", []string{""}, 30},
		{"nobody limits bob", "bob", "", []string{""}, 40},
	} {
		m, err := newMutant(c.mutant)
		if err != nil {
			t.Fatal(err)
		}
		l, err := newLimits("carol=10/1h", m)
		if err != nil {
			t.Fatal(err)
		}
		allowed := 0
		for i := range 40 {
			r := httptest.NewRequest(http.MethodGet, "/me", nil)
			r.Header.Set("X-Forwarded-For", c.addresses[i%len(c.addresses)])
			if l.allow(r, c.user) {
				allowed++
			}
		}
		if allowed != c.allowed {
			t.Errorf("%s: %d of 40 are let in, want %d", c.name, allowed, c.allowed)
		}
	}
	for _, text := range []string{"carol", "carol=x/1s", "carol=10/x", "=10/1s"} {
		if _, err := newLimits(text, ""); err == nil {
			t.Errorf("%q is taken for a limit", text)
		}
	}
}
