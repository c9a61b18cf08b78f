package shop

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// cached is a shop with a cache at an address, and what counts the calls of recs.
func cached(t *testing.T, addr string) (*service, *atomic.Int64) {
	t.Helper()
	calls, recs := new(atomic.Int64), dependency("recs")
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		recs.ServeHTTP(w, r)
	}))
	t.Cleanup(up.Close)
	env := map[string]string{"SHOP_TOKENS": "alice=a", "RECS_URL": up.URL, "CACHE_ADDR": addr}
	s, err := newService(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	return s, calls
}

// server answers each line that comes over a connection; without an answer it
// hangs.
func server(t *testing.T, answer func(line string) string) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				for in := bufio.NewScanner(conn); in.Scan(); {
					if said := answer(in.Text()); said != "" {
						_, _ = fmt.Fprintln(conn, said)
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// What recs has said is told again from the cache.
func TestTheCacheKeepsWhatWasRecommended(t *testing.T) {
	t.Parallel()
	put := make(chan struct{}, 1)
	m := &memory{values: map[string]string{}}
	s, calls := cached(t, server(t, func(line string) string {
		said := m.do(line)
		if strings.HasPrefix(line, "SET") {
			put <- struct{}{}
		}
		return said
	}))
	if items, err := s.recommend(t.Context(), "p-1"); err != nil || len(items) != 2 {
		t.Fatalf("%v, %v", items, err)
	}
	<-put
	if kept, err := s.cache.kept.do(t.Context(), "GET recs:p-1"); err != nil || !strings.Contains(kept, "p-2") {
		t.Errorf("kept is %q, %v", kept, err)
	}
	if calls.Load() != 1 {
		t.Errorf("%d calls of recs", calls.Load())
	}
}

// Without the cache recs is asked, and nobody waits for what is put there.
func TestTheShopDoesWithoutItsCache(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := l.Addr().String()
	_ = l.Close()
	for name, addr := range map[string]string{
		"none":     "",
		"refuses":  refusing,
		"hangs":    server(t, func(string) string { return "" }),
		"rubbish":  server(t, func(string) string { return "$[" }),
		"old news": server(t, func(string) string { return `${"items":["p-9"],"at":"2026-01-01T00:00:00Z"}` }),
	} {
		s, calls := cached(t, addr)
		items, err := s.recommend(context.WithoutCancel(t.Context()), "p-1")
		if err != nil || len(items) != 2 || items[0] != "p-2" || calls.Load() != 1 {
			t.Errorf("%s: %v, %v after %d calls", name, items, err, calls.Load())
		}
	}
}
