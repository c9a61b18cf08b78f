package target

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl"

// shown is what of a credential reached the server.
type shown struct{ authorization, header, query, cookie string }

func TestCredentialsAreShown(t *testing.T) {
	t.Parallel()
	creds := map[string]Credential{
		"bearer": {Bearer: "tok en"},
		"jwt":    {Bearer: jwt},
		"basic":  {User: "me", Password: "hunter2"},
		"header": {KeyIn: "header", KeyName: "X-Key", KeyValue: "k&y"},
		"query":  {KeyIn: "query", KeyName: "key", KeyValue: "k&y"},
		"cookie": {KeyIn: "cookie", KeyName: "key", KeyValue: "k-y"},
	}
	basic := base64.StdEncoding.EncodeToString([]byte("me:hunter2"))
	const malformed = "%%%not a token%%%"
	for name, c := range map[string]struct {
		identity, auth string
		want           shown
	}{
		"default":          {"", "", shown{authorization: "Bearer tok en"}},
		"unknown identity": {"nobody", "", shown{}},
		"none":             {"bearer", plumbline.AuthNone, shown{}},
		"bearer empty":     {"bearer", plumbline.AuthEmpty, shown{authorization: "Bearer"}},
		"bearer malformed": {"bearer", plumbline.AuthMalformed, shown{authorization: "Bearer " + malformed}},
		"bearer scheme":    {"bearer", plumbline.AuthScheme, shown{authorization: "Basic tok en"}},
		"bearer place":     {"bearer", plumbline.AuthPlace, shown{query: "tok en"}},
		"basic":            {"basic", "", shown{authorization: "Basic " + basic}},
		"basic scheme":     {"basic", plumbline.AuthScheme, shown{authorization: "Bearer " + basic}},
		"header":           {"header", "", shown{header: "k&y"}},
		"header empty":     {"header", plumbline.AuthEmpty, shown{}},
		"header scheme":    {"header", plumbline.AuthScheme, shown{authorization: "Bearer k&y"}},
		"query":            {"query", "", shown{query: "k&y"}},
		"query place":      {"query", plumbline.AuthPlace, shown{header: "k&y"}},
		"cookie":           {"cookie", "", shown{cookie: "k-y"}},
		"cookie place":     {"cookie", plumbline.AuthPlace, shown{query: "k-y"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got shown
			var other string
			base := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				got = shown{authorization: r.Header.Get("Authorization"), header: r.Header.Get("X-Key") + r.Header.Get("Key"), query: q.Get("key") + q.Get("X-Key") + q.Get("access_token")}
				if k, err := r.Cookie("key"); err == nil {
					got.cookie = k.Value
				}
				other = q.Get("a")
			})
			client := newClient(t, base, func(cfg *Config) { cfg.Identities, cfg.Default = creds, "bearer" })
			s := get("/")
			s.Request.Query, s.Identity, s.Auth = "a=b", c.identity, c.auth
			if a := client.Do(t.Context(), s); a.Status != 200 || other != "b" || got != c.want {
				t.Errorf("got %+v (%d %s), want %+v", got, a.Status, a.Error, c.want)
			}
			if len(s.Request.Header) > 0 {
				t.Errorf("the design's request was changed: %v", s.Request.Header)
			}
		})
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	parts := strings.Split(expired(jwt), ".")
	if len(parts) != 3 {
		t.Fatalf("got %q", parts)
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ Exp int64 }
	if err != nil || json.Unmarshal(data, &claims) != nil || time.Unix(claims.Exp, 0).After(time.Now()) {
		t.Errorf("claims %q %v", data, err)
	}
	opaque := strings.Repeat("s", 40)
	if a, b := expired(opaque), expired(opaque); len(a) != len(opaque) || a == b || a == opaque {
		t.Errorf("got %q and %q", a, b)
	}
}

// echo is a server that shows all it got, in its headers and its body.
func echo(w http.ResponseWriter, r *http.Request) {
	for k, v := range r.Header {
		w.Header()["Echo-"+k] = v
	}
	w.Header().Set("Location", "/next?access_token="+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	body, _ := json.Marshal(map[string]any{"headers": r.Header, "url": r.URL.String(), "token": "issued", "tokens": []string{"issued"}, "pin_token": 90125, "kept": "plain"})
	_, _ = w.Write(append([]byte("got "+r.URL.RawQuery+" "+r.Header.Get("Authorization")+" "), body...))
}

// No secret may stand in what is written down, however the server gives it
// back and in whatever way it was spoilt.
func TestCredentialsAreNeverInEvidence(t *testing.T) {
	t.Parallel()
	creds := map[string]Credential{
		"bearer": {Bearer: `s3cr"t/+ and more`},
		"longer": {Bearer: `s3cr"t/+ and more of it`},
		"basic":  {User: "me", Password: "hunter2&"},
		"header": {KeyIn: "header", KeyName: "X-Pass-Phrase", KeyValue: "k0-value"},
		"query":  {KeyIn: "query", KeyName: "k", KeyValue: "q-value&"},
		"cookie": {KeyIn: "cookie", KeyName: "k", KeyValue: "c-value"},
	}
	secrets := []string{"s3cr", "of it", "hunter2", "k0-value", "q-value", "c-value", "issued", "90125", "ZTpodW50ZXIyJg", "conf1dential"}
	base := serve(t, echo)
	client := newClient(t, base, func(cfg *Config) { cfg.Identities, cfg.Default, cfg.Redact = creds, "bearer", []string{"X-Mine"} })
	for name := range creds {
		for _, auth := range []string{"", plumbline.AuthNone, plumbline.AuthEmpty, plumbline.AuthMalformed, plumbline.AuthScheme, plumbline.AuthExpired, plumbline.AuthPlace} {
			s := get("/x")
			s.Identity, s.Auth = name, auth
			s.Request.Method, s.Request.Query = http.MethodPost, "client_secret=conf1dential&page=2"
			s.Request.Header = map[string][]string{"X-Mine": {"conf1dential"}, "Content-Type": {"application/x-www-form-urlencoded"}}
			s.Request.Body = []byte("user=me&password=conf1dential&amount=7")
			a := client.Do(t.Context(), s)
			if a.Status != 200 || len(a.Response.Body) > excerpt {
				t.Fatalf("%d %s, %d bytes", a.Status, a.Error, len(a.Response.Body))
			}
			data, err := json.Marshal(a.Observation)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range secrets {
				if strings.Contains(string(data), secret) {
					t.Errorf("%s, %q: %q is in %s", name, auth, secret, data)
				}
			}
			for _, kept := range []string{"page=2", "amount=7", `\"kept\":\"plain\"`} {
				if !strings.Contains(string(data), kept) {
					t.Errorf("%s, %q: %q is not in %s", name, auth, kept, data)
				}
			}
		}
	}
}

// One that is too short to be looked for in texts is hidden by its name.
func TestShortCredentials(t *testing.T) {
	t.Parallel()
	base := serve(t, func(http.ResponseWriter, *http.Request) {})
	for in, cred := range map[string]Credential{
		"basic": {User: "me", Password: "pw"}, "header": {KeyIn: "header", KeyName: "X-Phrase", KeyValue: "~k~"},
		"query": {KeyIn: "query", KeyName: "k", KeyValue: "~k~"}, "cookie": {KeyIn: "cookie", KeyName: "k", KeyValue: "~k~"},
	} {
		client := newClient(t, base, func(cfg *Config) { cfg.Identities, cfg.Default = map[string]Credential{"me": cred}, "me" })
		for _, auth := range []string{"", plumbline.AuthScheme, plumbline.AuthPlace} {
			s := get("/x")
			s.Auth = auth
			data, err := json.Marshal(client.Do(t.Context(), s).Observation)
			if text := string(data); err != nil || strings.Contains(text, "~k~") || strings.Contains(text, "bWU6cHc") {
				t.Errorf("%s, %q: %v %s", in, auth, err, text)
			}
		}
	}
}

func TestSecretsAtTheEndOfAnExcerpt(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{Identities: map[string]Credential{"me": {Bearer: "0123456789abcdef"}}})
	for name, c := range map[string]struct{ tail, kept, lost string }{
		"value":            {"see 0123456789abcdef", "see ", "0123"},
		"property":         {`"api_key": "short-and-long"`, `"api_key": `, "short"},
		"escaped property": {`"api_key": "sh\"ort-and-long"`, `"api_key": `, `sh\`},
		"list":             {`"secrets": ["alpha", "beta"]`, `"secrets": `, "alp"},
		"form":             {"&password=alphabeta", "&password=", "alph"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for cut := len(c.kept) + 4; cut <= len(c.tail); cut++ {
				body := strings.Repeat("x", excerpt-cut) + c.tail + strings.Repeat("y", 10)
				if got := r.body([]byte(body)); strings.Contains(got, c.lost) || !strings.Contains(got, c.kept) {
					t.Errorf("cut after %q: got %q", c.tail[:cut], got[excerpt-cut-10:])
				}
			}
		})
	}
	if got := r.body([]byte("a\xff\xfez")); got != "a\uFFFDz" {
		t.Errorf("got %q", got)
	}
}

func TestCurlMakesTheRequestAgain(t *testing.T) {
	t.Parallel()
	base := serve(t, func(http.ResponseWriter, *http.Request) {})
	client := newClient(t, base, func(cfg *Config) {
		cfg.Identities = map[string]Credential{
			"a-1": {Bearer: "s3cret"}, "basic": {User: "me", Password: "hunter2"},
			"key": {KeyIn: "header", KeyName: "X-Key", KeyValue: "s3cret"}, "query": {KeyIn: "query", KeyName: "k", KeyValue: "s3cret"},
		}
	})
	for name, c := range map[string]struct {
		shot Shot
		want string
	}{
		"bearer":    {Shot{Identity: "a-1"}, `-X GET 'BASE/x' -H "Authorization: Bearer $PLUMBLINE_TOKEN_A_1"`},
		"basic":     {Shot{Identity: "basic"}, `-X GET 'BASE/x' -H "Authorization: Basic $PLUMBLINE_TOKEN_BASIC"`},
		"scheme":    {Shot{Identity: "a-1", Auth: plumbline.AuthScheme}, `-X GET 'BASE/x' -H "Authorization: Basic $PLUMBLINE_TOKEN_A_1"`},
		"empty":     {Shot{Identity: "a-1", Auth: plumbline.AuthEmpty}, `-X GET 'BASE/x' -H 'Authorization: Bearer'`},
		"malformed": {Shot{Identity: "key", Auth: plumbline.AuthMalformed}, `-X GET 'BASE/x' -H 'X-Key: %%%not a key%%%'`},
		"key":       {Shot{Identity: "key"}, `-X GET 'BASE/x' -H "X-Key: $PLUMBLINE_TOKEN_KEY"`},
		"query":     {Shot{Identity: "query"}, `-X GET 'BASE/x?k='"$PLUMBLINE_TOKEN_QUERY"''`},
		"head":      {Shot{Request: plumbline.Request{Method: http.MethodHead}}, `--head 'BASE/x'`},
		"braces":    {Shot{Request: plumbline.Request{Query: "a[]=1"}}, `-X GET --globoff 'BASE/x?a[]=1'`},
		"dots":      {Shot{Request: plumbline.Request{Path: "/../x"}}, `-X GET --path-as-is 'BASE/../x'`},
		"body":      {Shot{Request: plumbline.Request{Method: http.MethodPost, Body: []byte(`@it's`), Header: map[string][]string{"Content-Type": {"text/plain"}}}}, `-X POST 'BASE/x' -H 'Content-Type: text/plain' --data-raw '@it'\''s'`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.shot
			s.Transcript = true
			if s.Request.Method == "" {
				s.Request.Method = http.MethodGet
			}
			if s.Request.Path == "" {
				s.Request.Path = "/x"
			}
			want := "curl -sS -i " + strings.ReplaceAll(c.want, "BASE", base)
			if got := client.Do(t.Context(), s).Transcript.Curl; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestTraceContext(t *testing.T) {
	t.Parallel()
	id := Trace(runID, [3]int{0x1a2b, 3, 4}, 0xabcdef)
	if want := runID + "1a2b" + "03" + "04" + "000000abcdef"; id != want {
		t.Fatalf("got %s, want %s", id, want)
	}
	if !strings.HasPrefix(id, Prefix(runID, 0x1a2b, 3, 4)) || plumbline.TraceRun(id) != runID {
		t.Errorf("%s does not say where it is from", id)
	}
	if long := Trace(runID+"ff", [3]int{1 << 20, 1 << 10, 1 << 10}, 1<<63|5); !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(long) {
		t.Errorf("got %q", long)
	}
	var got http.Header
	base := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() })
	client := newClient(t, base, nil)
	parent := id[16:]
	for name, c := range map[string]struct {
		trace, mode, parent, want, state string
	}{
		"valid":       {id, "", parent, "00-" + id + "-" + parent + "-01", ""},
		"state":       {id, plumbline.TraceState, parent, "00-" + id + "-" + parent + "-01", "plumbline=" + parent},
		"version":     {id, plumbline.TraceBadVer, parent, "ff-" + id + "-" + parent + "-01", ""},
		"zero":        {id, plumbline.TraceZero, parent, "00-" + strings.Repeat("0", 32) + "-" + parent + "-01", ""},
		"absent":      {id, plumbline.TraceAbsent, "", "", ""},
		"none":        {"", "", "", "", ""},
		"zero parent": {runID + strings.Repeat("0", 20), "", "0000000000000001", "00-" + runID + strings.Repeat("0", 20) + "-0000000000000001-01", ""},
	} {
		s := get("/")
		s.Trace, s.TraceMode = c.trace, c.mode
		a := client.Do(t.Context(), s)
		if a.Parent != c.parent || a.Trace != c.trace || got.Get("Traceparent") != c.want || got.Get("Tracestate") != c.state {
			t.Errorf("%s: got parent %q, %q, %q", name, a.Parent, got.Get("Traceparent"), got.Get("Tracestate"))
		}
		if baggage := got.Get("Baggage"); (baggage == "plumbline.run="+runID) != (c.want != "") {
			t.Errorf("%s: baggage %q", name, baggage)
		}
	}
}
