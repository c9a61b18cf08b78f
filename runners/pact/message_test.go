package pact_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/pact"
)

const messages = `{"consumer":{"name":"mailer"},"provider":{"name":"shop"},"interactions":[
 {"type":"Asynchronous/Messages","key":"a","description":"an order was placed","providerStates":[{"name":"there is stock","params":{}}],
  "contents":{"content":{"id":7},"contentType":"application/json","encoded":false},"metadata":{"topic":"orders"},
  "matchingRules":{"body":{"$.id":{"combine":"AND","matchers":[{"match":"integer"}]}}}},
 {"type":"Asynchronous/Messages","key":"b","description":"an order was lost",
  "contents":{"content":{"id":7},"contentType":"application/json","encoded":false},"matchingRules":{"body":{"$.id":{"combine":"AND","matchers":[{"match":"integer"}]}}}},
 {"type":"Asynchronous/Messages","key":"c","description":"nobody makes this",
  "contents":{"content":{"id":7},"contentType":"application/json","encoded":false}},
 {"type":"Synchronous/Messages","key":"d","description":"a price is asked for",
  "request":{"contents":{"content":{"sku":"p-1"},"contentType":"application/json","encoded":false}},
  "response":[{"contents":{"content":{"price":9.5},"contentType":"application/json","encoded":false},"matchingRules":{"body":{"$.price":{"combine":"AND","matchers":[{"match":"number"}]}}}}]}
],"metadata":{"pactSpecification":{"version":"4.0"}}}`

const messages3 = `{"consumer":{"name":"mailer"},"provider":{"name":"shop"},"messages":[
 {"description":"an order was placed","contents":{"id":7},"metadata":{"contentType":"application/json","topic":"orders"},"matchingRules":{"body":{"$.id":{"matchers":[{"match":"integer"}]}}}},
 {"description":"an order was lost","contents":{"id":7},"metadata":{"contentType":"application/json"},"matchingRules":{"body":{"$.id":{"matchers":[{"match":"integer"}]}}}}
],"metadata":{"pactSpecification":{"version":"3.0.0"}}}`

// shop makes messages; one of them is wrong, and one it does not know.
func shop(_ context.Context, r pact.MessageRequest) (pact.Message, error) {
	m := pact.Message{Metadata: json.RawMessage(`{"topic":"orders","contentType":"application/json"}`)}
	switch r.Description {
	case "an order was placed":
		m.Contents = []byte(`{"id": 12, "more": true}`)
	case "an order was lost":
		m.Contents = []byte(`{"id": "twelve"}`)
	case "a price is asked for":
		if !strings.Contains(string(r.Request), "p-1") && !strings.Contains(string(r.Request), base64.StdEncoding.EncodeToString([]byte("p-1"))) {
			return m, errors.New("the request did not come: " + string(r.Request))
		}
		m.Contents = []byte(`{"price": 3.25}`)
	default:
		return m, errors.New("no such message")
	}
	return m, nil
}

func verifyMessages(t *testing.T, v *pact.Verifier, text string, maker func(context.Context, pact.MessageRequest) (pact.Message, error)) []plumbline.PactResult {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mailer.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify(t.Context(), pact.Job{
		Files: []string{file}, Base: "http://127.0.0.1:1", Messages: maker,
		Send:   func(*http.Request) (*http.Response, error) { return nil, errors.New("no HTTP here") },
		States: func(context.Context, string, map[string]any) (map[string]any, error) { return map[string]any{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestMessages(t *testing.T) {
	_, _, err := pact.Library("")
	wants(t, err)
	engines := map[string]*pact.Verifier{"ffi": {Timeout: 2 * time.Second}}
	if path, err := filepath.Abs("../../bin/plumbline-pact-go"); err == nil {
		if _, err := os.Stat(path); err == nil {
			engines["pact-go"] = &pact.Verifier{Engine: "pact-go", Shard: 1, Timeout: 2 * time.Second, Worker: []string{path, "-test.run=^TestWorker$", "-test.timeout=0"}}
		}
	}
	for name, v := range engines {
		t.Run(name, func(t *testing.T) {
			for text, want := range map[string][]string{
				messages:  {plumbline.PactOK, plumbline.PactMismatch, plumbline.PactError, plumbline.PactOK},
				messages3: {plumbline.PactOK, plumbline.PactMismatch},
			} {
				if got := verifyMessages(t, v, text, shop); !slices.Equal(outcomes(got), want) {
					t.Errorf("%v, want %v\n%+v", outcomes(got), want, got)
				}
			}
			for _, r := range verifyMessages(t, v, messages, nil) {
				if r.Result != plumbline.PactUndeclared || len(r.Detail) == 0 {
					t.Errorf("without a maker: %+v", r)
				}
			}
		})
	}
}

func TestMessagesAreAskedFor(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q pact.MessageRequest
		if json.NewDecoder(r.Body).Decode(&q) != nil || q.Description != "x" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Pact-Message-Metadata", base64.StdEncoding.EncodeToString([]byte(`{"k":1}`)))
		_, _ = fmt.Fprint(w, `{"a":1}`)
	}))
	defer s.Close()
	ask := pact.AskURL(s.URL, s.Client())
	if m, err := ask(t.Context(), pact.MessageRequest{Description: "x"}); err != nil || string(m.Contents) != `{"a":1}` || string(m.Metadata) != `{"k":1}` {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := ask(t.Context(), pact.MessageRequest{Description: "y"}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("unknown: %v", err)
	}
	if m, err := pact.AskCommand([]string{"cat"})(t.Context(), pact.MessageRequest{Description: "x"}); err != nil || !strings.Contains(string(m.Contents), `"x"`) {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := pact.AskCommand([]string{"false"})(t.Context(), pact.MessageRequest{}); err == nil {
		t.Error("a command that fails makes no message")
	}
}

// Files of versions 2 and 3 are verified like those of version 4.
func TestOlderVersions(t *testing.T) {
	_, _, err := pact.Library("")
	wants(t, err)
	for version, rules := range map[string]string{"2.0.0": `{"$.body.name":{"match":"type"}}`, "3.0.0": `{"body":{"$.name":{"matchers":[{"match":"type"}]}}}`} {
		var list []string
		for path, body := range map[string]string{"/right": "plumb bob", "/drifted": "plumb bob"} {
			list = append(list, fmt.Sprintf(`{"description":"asks for %s","request":{"method":"GET","path":%q,"headers":{"Accept":"application/json"}},"response":{"status":200,"headers":{"Content-Type":"application/json"},"body":{"name":%q},"matchingRules":%s}}`, path, path, body, rules))
		}
		slices.Sort(list)
		file := filepath.Join(t.TempDir(), "old.json")
		text := fmt.Sprintf(`{"consumer":{"name":"web"},"provider":{"name":"shop"},"interactions":[%s],"metadata":{"pactSpecification":{"version":%q}}}`, strings.Join(list, ","), version)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := (&pact.Verifier{Timeout: time.Second}).Verify(t.Context(), pact.Job{
			Files: []string{file}, Base: provider(t).URL,
			Send: func(r *http.Request) (*http.Response, error) {
				r.Header.Set("Authorization", "Bearer secret")
				return http.DefaultTransport.RoundTrip(r)
			},
		})
		if want := []string{plumbline.PactMismatch, plumbline.PactOK}; err != nil || !slices.Equal(outcomes(got), want) {
			t.Errorf("version %s: %v %v, want %v\n%+v", version, outcomes(got), err, want, got)
		}
	}
}
