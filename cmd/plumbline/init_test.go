package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/declaration"
)

const probedDocument = `openapi: 3.0.3
info: {title: Things, version: "1"}
servers: [{url: /api}]
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}
paths:
  /livez: {get: {operationId: live, responses: {"200": {description: d}}}}
  /open: {get: {operationId: open, security: [{key: []}], responses: {"200": {description: d}}}}
  /closed: {get: {operationId: closed, security: [{key: []}], responses: {"200": {description: d}}}}
  /asking: {get: {operationId: asking, responses: {"200": {description: d}}}}
  /gone: {get: {operationId: gone, responses: {"200": {description: d}}}}
  /broken: {get: {operationId: broken, responses: {"200": {description: d}}}}
  /things: {post: {operationId: create, responses: {"201": {description: d}}}}
`

// service answers as the names in probedDocument say, below a base path. It
// fails the test when anything but a safe method comes.
func service(t *testing.T, base string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("X-Key") != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("init sent %s %s %v", r.Method, r.URL, r.Header)
		}
		status, ok := map[string]int{base + "/livez": 200, base + "/open": 200, base + "/closed": 401, base + "/asking": 403, base + "/broken": 503}[r.URL.Path]
		if !ok {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// made runs init on a document and gives what it wrote, and its exit code.
func made(t *testing.T, args ...string) (text, said string, code int) {
	t.Helper()
	dir := t.TempDir()
	spec, out := filepath.Join(dir, "openapi.yaml"), filepath.Join(dir, "plumbline.yaml")
	if err := os.WriteFile(spec, []byte(probedDocument), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	a := &app{args: append([]string{"init", "--spec", spec, "-o", out}, args...), in: strings.NewReader(""), out: &stdout, err: &stderr, env: func(string) (string, bool) { return "", false }}
	code = execute(t.Context(), a)
	if code != 0 {
		return "", stderr.String(), code
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	set := func(string) (string, bool) { return "x", true }
	if _, err := declaration.Parse(out, data, set); err != nil {
		t.Errorf("init wrote what cannot be read: %v", err)
	}
	return string(data), stdout.String(), code
}

func TestInitAsksTheTarget(t *testing.T) {
	t.Parallel()
	text, _, code := made(t, "--target", service(t, "/api"), "--identity", "alice=ALICE")
	for _, want := range []string{
		"# yaml-language-server: $schema=https://", "2 of 6 operations succeeded", "as the document says: closed\n", "though the document does not say so: asking\n",
		"though the document asks for some: open\n", "are not there (404): gone\n", "fail (5xx): broken\n",
		`alice: {scheme: key, value: "${ALICE}"}`, "auth: {applies_to: [asking]}", "liveness: /api/livez",
	} {
		if code != 0 || !strings.Contains(text, want) {
			t.Errorf("exit %d, no %q in\n%s", code, want, text)
		}
	}
	if strings.Contains(text, "base path") {
		t.Errorf("the base path holds: %s", text)
	}
}

func TestInitFindsThatTheBasePathDoesNotHold(t *testing.T) {
	t.Parallel()
	if text, _, _ := made(t, "--target", service(t, "")); !strings.Contains(text, "the base path /api of the document does not hold") {
		t.Errorf("%s", text)
	}
}

func TestInitWithoutATarget(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"none": nil, "not to be asked": {"--target", "http://127.0.0.1:1", "--probe=false"}} {
		if text, _, code := made(t, args...); code != 0 || strings.Contains(text, "asked it") || !strings.Contains(text, "liveness: /api/livez") {
			t.Errorf("%s: exit %d\n%s", name, code, text)
		}
	}
	if text, _, code := made(t, "--target", "http://127.0.0.1:1"); code != 0 || !strings.Contains(text, "http://127.0.0.1:1 does not answer") {
		t.Errorf("exit %d\n%s", code, text)
	}
}

func TestInitTakesItsAnswersFromFlags(t *testing.T) {
	t.Parallel()
	text, _, code := made(t, "--service", "my shop: 1", "--mode", "observe", "--rate", "7.5", "--p99", "300ms", "--availability", "99.5%",
		"--dependency", "payment=127.0.0.1:7001=http://127.0.0.1:9001", "--dependency", "store=:7002=tcp://127.0.0.1:5432")
	for _, want := range []string{
		`service: "my shop: 1"`, "mode: observe", "rate: 7.5,", "p99: 300ms}", "availability: 99.5%}",
		"payment: {wire: http, listen: ", "store: {wire: tcp, listen: ",
	} {
		if code != 0 || !strings.Contains(text, want) {
			t.Errorf("exit %d, no %q in\n%s", code, want, text)
		}
	}
}

func TestInitRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--identity", "alice"}, {"--dependency", "payment"}, {"--availability", "often"}, {"--p99", "0s"}, {"--mode", "all"}, {"--rate", "-1"}, {"--target", "nowhere", "--probe=false"},
	} {
		if _, said, code := made(t, args...); code != 2 || !strings.Contains(said, "error[") {
			t.Errorf("%v: exit %d: %s", args, code, said)
		}
	}
}

func TestWhatYAMLWouldReadOtherwiseIsQuoted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"shop": "shop", "http://127.0.0.1:80/a": "http://127.0.0.1:80/a", "7": `"7"`, "a b": `"a b"`, "": `""`, "a:": `"a:"`, "true story": `"true story"`, ":7": `":7"`} {
		if got := quoted(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := fmt.Sprint(listed([]string{"a", "b", "c", "d", "e", "f", "g", "h"})); got != "a, b, c, d, e, f and 2 more" {
		t.Error(got)
	}
}
