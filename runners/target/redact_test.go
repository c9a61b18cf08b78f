package target

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPlacesInAListAreNoSecrets(t *testing.T) {
	t.Parallel()
	r := newRedactor(Config{})
	for in, want := range map[string]string{
		"page_size=2&continuation_token=abc": "page_size=2&continuation_token=abc",
		"nextPageToken=abc&access_token=xyz": "nextPageToken=abc&access_token=[redacted]",
		"pageToken=abc&page_token_secret=x":  "pageToken=abc&page_token_secret=[redacted]",
		"token=abc":                          "token=[redacted]",
	} {
		if got := r.query(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	for in, want := range map[string]string{
		`{"authorization_model_id":"abc","authorization":"xyz"}`: `{"authorization_model_id":"abc","authorization":"[redacted]"}`,
		`{"token_type":"bearer","access_token":"xyz"}`:           `{"token_type":"bearer","access_token":"[redacted]"}`,
		`{"continuation_token":"abc","token":"xyz"}`:             `{"continuation_token":"abc","token":"[redacted]"}`,
		`{"sessionToken":"xyz","next_token":"abc"}`:              `{"sessionToken":"[redacted]","next_token":"abc"}`,
	} {
		if got := r.text(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	if r.secret("Access-Control-Allow-Credentials") || !r.secret("X-Credentials") {
		t.Error("whether pages may send credentials is no credential")
	}
	declared := newRedactor(Config{Redact: []string{"continuation_token"}})
	if got := declared.query("continuation_token=abc"); got != "continuation_token=[redacted]" {
		t.Errorf("what is declared is hidden: %s", got)
	}
}

// What is asked first, because it is cheap, must let every secret through that
// the patterns find.
func TestTheFirstQuestionMissesNoSecret(t *testing.T) {
	t.Parallel()
	parts := []string{
		`"`, `:`, `=`, `&`, ` `, `{`, `}`, `x`, `7`, `\\`, `?`, `token`, `TOKEN`, `toKen`, `ſecret`, `Set-Cookie`, `api`, `-`, `_`, `key`, `apiKey`, `session`, `Session-Count`,
		`continuation_token`, `X-Own`, `x-own`, `passwd`, `private`, `Straße`, `STRASSE`, `licence`, `Licence`, `[1,2]`, `"value"`, `\u0026`, `to`, `ken`,
	}
	for _, c := range []Config{
		{},
		{Redact: []string{"licence"}, Identities: map[string]Credential{"a": {KeyName: "X-Own", KeyValue: "valuable"}}},
		{Redact: []string{"straße"}},
	} {
		quick, slow := newRedactor(c), newRedactor(c)
		slow.stems = []string{""}
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secret
		hides := 0
		for range 3000 {
			var b strings.Builder
			for range 1 + random.IntN(8) {
				b.WriteString(parts[random.IntN(len(parts))])
			}
			s := b.String()
			switch random.IntN(3) {
			case 0:
				s = `{"` + s + `": "value"}`
			case 1:
				s += "=value"
			}
			got, want := quick.text(s), slow.text(s)
			if got != want || quick.secret(s) != slow.secret(s) {
				t.Fatalf("%q: %q, want %q; secret: %t", s, got, want, quick.secret(s))
			}
			if got != s {
				hides++
			}
		}
		if hides < 500 {
			t.Errorf("only %d texts held a secret", hides)
		}
	}
}
