package shop

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A dependency is late by some part of what it may be late by, and by nothing
// where it may not.
func TestDependenciesAreLate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		most time.Duration
		ok   bool
	}{{"", 0, true}, {"5ms", 5 * time.Millisecond, true}, {"5", 0, false}} {
		got, err := lateOf(c.text)
		if time.Duration(got) != c.most || (err == nil) != c.ok {
			t.Errorf("%q: %s, %v", c.text, time.Duration(got), err)
		}
	}
	took := func(l late) time.Duration {
		h, began := l.answers(http.NotFoundHandler()), time.Now()
		for range 20 {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		}
		return time.Since(began)
	}
	if all := took(late(10 * time.Millisecond)); all < 20*time.Millisecond { // 100 ms on average
		t.Errorf("twenty answers were late by %s in all", all)
	}
	if err := Main(t.Context(), []string{"recs"}, func(name string) string { return map[string]string{"SHOP_JITTER": "x"}[name] }, io.Discard); err == nil {
		t.Error("it is late by x")
	}
}
