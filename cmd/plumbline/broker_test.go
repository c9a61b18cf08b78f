package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// The pact of the service with a dependency comes from a broker, too.
func TestPactsWithDependenciesComeFromABroker(t *testing.T) {
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			_, _ = fmt.Fprintf(w, `{"_links":{"pb:latest-provider-pacts":{"href":"%s/latest/{provider}"}}}`, s.URL)
		case "/latest/payment":
			_, _ = fmt.Fprint(w, `{"_links":{"pb:pacts":[{"href":"/pact","name":"things"}]}}`)
		default:
			_, _ = fmt.Fprint(w, `{"consumer":{"name":"things"},"provider":{"name":"payment"},"interactions":[{"description":"pays","request":{"method":"POST","path":"/charge"},"response":{"status":200}}]}`)
		}
	}))
	defer s.Close()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"openapi.yaml":   "openapi: 3.0.3\ninfo: {title: things, version: '1'}\npaths: {/things: {get: {operationId: getThings, responses: {'200': {description: d}}}}}\n",
		"plumbline.yaml": "service: things\nopenapi: openapi.yaml\ndependencies: {payment: {listen: '127.0.0.1:1', upstream: 'http://127.0.0.1:2', pact: {broker: {url: '" + s.URL + "/'}}}}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := &app{out: io.Discard, err: io.Discard, env: func(string) (string, bool) { return "", false }}
	got, err := a.prepare(options{seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if dep := got.design.Dependencies[0]; len(dep.Pacts) != 1 || len(dep.Agreed) != 1 || dep.Agreed[0] != "pays" {
		t.Errorf("dependency: %+v", dep)
	}
}

// The pacts of a broker become part of the design; pending ones are marked, and
// results are published only when asked for.
func TestPactsOfABrokerAreConsumers(t *testing.T) {
	var posted []string
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			_, _ = fmt.Fprintf(w, `{"_links":{"pb:provider-pacts-for-verification":{"href":"%s/for/{provider}"}}}`, s.URL)
		case "/for/things":
			_, _ = fmt.Fprint(w, `{"_embedded":{"pacts":[{"verificationProperties":{"pending":true},"_links":{"self":{"href":"/pact","name":"of web"}}}]}}`)
		case "/pact":
			_, _ = fmt.Fprint(w, `{"consumer":{"name":"web"},"provider":{"name":"things"},"interactions":[{"description":"reads","request":{"method":"GET","path":"/things"},"response":{"status":200,"body":{"colour":"a"}}}],"_links":{"pb:publish-verification-results":{"href":"/results"}}}`)
		case "/results":
			posted = append(posted, r.Method)
			_, _ = fmt.Fprint(w, `{}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer s.Close()
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{
		"openapi.yaml":   "openapi: 3.0.3\ninfo: {title: things, version: '1'}\npaths: {/things: {get: {operationId: getThings, responses: {'200': {description: d, content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}}}}}\n",
		"plumbline.yaml": "service: things\nopenapi: openapi.yaml\npacts:\n  files: []\n  broker: {url: \"" + s.URL + "/\", token: t, pending: true, publish: {version: '1', branch: main}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	a := &app{out: &out, err: &out, env: func(string) (string, bool) { return "", false }}
	got, err := a.prepare(options{seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.design.Consumers) != 1 || !got.design.Consumers[0].Pending || len(got.design.Consumers[0].Breaches) != 1 {
		t.Fatalf("consumers: %+v", got.design.Consumers)
	}
	e := &plumbline.Evidence{Pacts: []plumbline.PactResult{{File: got.files[0], Description: "reads", Result: plumbline.PactMismatch}}}
	if err := a.publishResults(t.Context(), got, e); err != nil || len(posted) != 0 {
		t.Errorf("published without being asked: %v, %v", posted, err)
	}
	got.publish = true
	if err := a.publishResults(t.Context(), got, e); err != nil || len(posted) != 1 || !strings.Contains(out.String(), "success false") {
		t.Errorf("posted %v, %v\n%s", posted, err, out.String())
	}
}
