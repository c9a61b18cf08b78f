package shop

import (
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What a variant changes is in the documents, and its name is nobody else's.
func TestVariants(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range Mutants() {
		seen[m.Name] = true
	}
	for _, v := range Variants() {
		if seen[v.Name] || v.What == "" || v.Null == (len(v.Judged) > 0) {
			t.Errorf("%s: %+v", v.Name, v)
		}
		seen[v.Name] = true
		for _, c := range v.Declares {
			data, err := fs.ReadFile(Files(), c.File)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := v.Document(c.File, data); err != nil || string(got) == string(data) || strings.Contains(string(got), c.From) && !strings.Contains(c.To, c.From) {
				t.Errorf("%s: %s is not changed: %v", v.Name, c.File, err)
			}
		}
		if _, err := newService(func(name string) string {
			return map[string]string{"SHOP_VARIANT": v.Name, "SHOP_TOKENS": "alice=a"}[name]
		}); err != nil {
			t.Error(err)
		}
	}
	if _, err := Named("no-such"); err == nil {
		t.Error("a variant that is not there was found")
	}
}

// variant is the shop as one, without dependencies.
func variant(t *testing.T, name string) http.Handler {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = serveStore(t.Context(), l, 0) }()
	s, err := newService(func(key string) string {
		return map[string]string{"SHOP_VARIANT": name, "SHOP_TOKENS": "alice=a", "STORE_ADDR": l.Addr().String()}[key]
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.handler()
}

func TestShapesOfAnswers(t *testing.T) {
	t.Parallel()
	const order = `{"product_id": "p-1", "quantity": 1}`
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		header, want             string
	}{
		{"", http.MethodGet, "/me", "", 200, "Content-Encoding", ""},
		{"always-gzip", http.MethodGet, "/me", "", 200, "Content-Encoding", "gzip"},
		{"connection-close", http.MethodGet, "/me", "", 200, "Connection", "close"},
		{"cors-star-public", http.MethodGet, "/me", "", 200, "Access-Control-Allow-Origin", "*"},
		{"validation-400", http.MethodPost, "/orders", `{"product_id": "p-1", "quantity": 0}`, 400, "ETag", ""},
		{"lenient-unknown-fields", http.MethodPost, "/orders", `{"product_id": "p-1", "quantity": 0, "more": 1}`, 422, "ETag", ""},
		{"bola-403", http.MethodGet, "/orders/000000000000000000000000", "", 403, "ETag", ""},
		{"large-openapi", http.MethodGet, "/shelves/shelf-150", "", 200, "Content-Type", "application/json"},
		{"large-openapi", http.MethodGet, "/shelves/shelf-001/8", "", 200, "Content-Type", "application/json"},
		{"large-openapi", http.MethodGet, "/shelves/shelf-001/9", "", 404, "Content-Type", "application/problem+json"},
		{"large-openapi", http.MethodGet, "/shelves/shelf-151", "", 404, "Content-Type", "application/problem+json"},
		{"large-openapi", http.MethodPost, "/shelves/shelf-001", "", 405, "Allow", "GET, HEAD"},
		{"unused-dependency", http.MethodPost, "/orders", order, 201, "Content-Encoding", ""},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body))
		r.Header.Set("Authorization", "Bearer a")
		r.Header.Set("Content-Type", "application/json")
		variant(t, tt.name).ServeHTTP(w, r)
		if got := w.Header().Get(tt.header); w.Code != tt.status || got != tt.want {
			t.Errorf("%s: %d, %s %q", tt.name, w.Code, tt.header, got)
		}
	}
}

// Who speaks HTTP/2 alone is reached by prior knowledge, and by nothing else.
func TestHTTP2Alone(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := serverOf(variant(t, "h2-only"))
	srv.Protocols = mutant(",h2-only,").spoken()
	go func() { _ = serve(t.Context(), l, srv, true) }()
	for _, c := range []struct{ old, served bool }{{false, true}, {true, false}} {
		p := &http.Protocols{}
		p.SetHTTP1(c.old)
		p.SetUnencryptedHTTP2(!c.old)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+"/livez", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Transport{Protocols: p}).RoundTrip(r)
		if served := err == nil && resp.StatusCode == http.StatusOK && resp.ProtoMajor == 2; served != c.served {
			t.Errorf("by HTTP/1.1 %v: %v, %v", c.old, resp, err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
	}
}

// Pages by offset hold every order once, and a key is good for one order in the
// shop that says so.
func TestOrdersOfShapes(t *testing.T) {
	t.Parallel()
	s := startedAs(t, "", "offset-paging")
	for range 5 {
		s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1}`)
		s.ask(t, "b", `POST /orders {"product_id":"p-1","quantity":1}`)
	}
	_, all := s.ask(t, "a", "GET /orders")
	seen := map[string]bool{}
	for _, at := range []struct {
		query string
		items int
	}{{"limit=2", 2}, {"limit=2&offset=2", 2}, {"limit=2&offset=4", 1}, {"limit=2&offset=5", 0}} {
		_, body := s.ask(t, "a", "GET /orders?"+at.query)
		ids := regexp.MustCompile(`"id":"[0-9a-f]*"`).FindAllString(body, -1)
		for _, id := range ids {
			if seen[id] || !strings.Contains(all, id) {
				t.Errorf("%s: %s comes twice, or is not ours", at.query, id)
			}
			seen[id] = true
		}
		if len(ids) != at.items || strings.Contains(body, "next") {
			t.Errorf("%s: %s", at.query, body)
		}
	}
	if status, _ := s.ask(t, "a", "GET /orders?offset=-1"); status != http.StatusBadRequest {
		t.Errorf("an offset below zero: %d", status)
	}
	s = startedAs(t, "", "duplicate-returns-409")
	for i, want := range []int{http.StatusCreated, http.StatusConflict, http.StatusConflict} {
		if status, body := s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1}`, "Idempotency-Key", "k-1"); status != want || s.charges.Load() != 1 {
			t.Errorf("request %d: %d, %d charges: %s", i+1, status, s.charges.Load(), body)
		}
	}
}

func TestETagsOfShapes(t *testing.T) {
	t.Parallel()
	for name, prefix := range map[string]string{"weak-etags-only": `W/"`, "no-etags": "", "volatile-fields": `"`} {
		m := mutant("," + name + ",")
		w := httptest.NewRecorder()
		d := &dressing{w, m}
		e := entity{"id": "1", shownAt: time.Now()}
		answer(d, http.StatusOK, e)
		if got := w.Header().Get("ETag"); !strings.HasPrefix(got, prefix) || prefix == "" && got != "" {
			t.Errorf("%s: ETag %q", name, got)
		}
		if e.etag() != (entity{"id": "1"}).etag() {
			t.Error("when it is shown counts")
		}
	}
}

func TestRetryAfterAsADate(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	refuse(http.StatusServiceUnavailable, "").write(&dressing{w, ",retry-after-http-date,"})
	at, err := http.ParseTime(w.Header().Get("Retry-After"))
	if wait := time.Until(at); err != nil || wait <= 0 {
		t.Errorf("in %s, %v", wait, err)
	}
}

func TestWaitsOfShapes(t *testing.T) {
	t.Parallel()
	d := &decorrelated{}
	var gaps []time.Duration
	for range 200 {
		gaps = append(gaps, d.NextBackOff())
		d.Reset()
	}
	if least, most := slices.Min(gaps), slices.Max(gaps); least < leastGap || most > 3*leastGap || most-least < leastGap {
		t.Errorf("gaps from %s to %s", least, most)
	}
}

// What stands in the place of the shop answers everything alike.
func TestEmpty(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"always-200": "200 {}", "always-200-empty": "200 ", "always-404": "404 ", "always-503": "503 ", "echo": "200 said", "redirect-everything": "302 ",
	} {
		w := httptest.NewRecorder()
		empty(name).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader("said")))
		if got := http.StatusText(w.Code); got == "" || !strings.HasPrefix(strings.Join([]string{strconv.Itoa(w.Code), w.Body.String()}, " "), strings.TrimSuffix(want, " ")) {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	empty("spec-example-mock").ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/me", http.NoBody))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" || strings.TrimSpace(w.Body.String()) != `{"name":"alice"}` {
		t.Errorf("the mock: %d %q", w.Code, w.Body)
	}
	if empty("breaker-consecutive-5") != nil {
		t.Error("a shop is taken for something empty")
	}
}

func TestFromCache(t *testing.T) {
	t.Parallel()
	n := 0
	h := fromCache(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { n++; w.WriteHeader(http.StatusOK) }))
	for range 3 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/me", http.NoBody))
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/orders", http.NoBody))
	if n != 2 {
		t.Errorf("asked %d times, want once for what is read and once for what is written", n)
	}
}
