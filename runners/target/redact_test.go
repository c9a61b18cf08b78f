package target

import "testing"

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
	declared := newRedactor(Config{Redact: []string{"continuation_token"}})
	if got := declared.query("continuation_token=abc"); got != "continuation_token=[redacted]" {
		t.Errorf("what is declared is hidden: %s", got)
	}
}
