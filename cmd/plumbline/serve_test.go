package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/reports/site"
	"github.com/plumbline-dev/plumbline/runners/progress"
)

const smallDocument = `openapi: 3.0.3
info: {title: small, version: '1'}
paths:
  /a:
    get:
      operationId: getA
      responses:
        '200': {description: d, content: {application/json: {schema: {type: object, required: [n], properties: {n: {type: integer}}}}}}
`

// TestARunThatIsServed makes a real run under load while serve looks at its
// directory, and reads what a browser is sent.
func TestARunThatIsServed(t *testing.T) {
	began := make(chan struct{}, 1)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case began <- struct{}{}:
		default:
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"n":"not a number"}`)
	}))
	defer target.Close()
	t.Chdir(t.TempDir())
	declared := "service: small\nopenapi: openapi.yaml\ntarget: {url: '" + target.URL + "'}\nslos: [{name: fast, p90: 300ms}]\nload: {rate: 60, duration: 4s}\n"
	for name, text := range map[string]string{"openapi.yaml": smallDocument, "plumbline.yaml": declared} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := site.New(site.Options{History: "runs", Runs: "runs"})
	if err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(s.Handler())
	defer served.Close()
	var printed bytes.Buffer
	a := &app{
		args: []string{"run", "--only", "contract/response-conforms,load/slo-at-target", "--out", "runs/now"},
		in:   strings.NewReader(""), out: &printed, err: &printed, env: func(string) (string, bool) { return "", false },
	}
	code := make(chan int)
	go func() { code <- execute(t.Context(), a) }()
	<-began
	stream := eventsOf(t, served.URL+"/live/now/events")
	if got := <-code; got != 1 {
		t.Fatalf("exit %d, want an unfit service\n%s", got, printed.String())
	}
	text := <-stream
	for _, want := range []string{"is being put to the test", "requests/s for", "so far", "90 % in 300 ms", "contract/response-conforms/getA", "is unfit", "event: end"} {
		if !strings.Contains(text, want) {
			t.Errorf("a browser was not sent %q", want)
		}
	}
	var end progress.State
	if _, err := progress.NewTail("runs/now/" + progress.File).Next(&end); err != nil {
		t.Fatal(err)
	}
	most := 0.0
	for _, p := range end.Pulses {
		most = max(most, p.Rate)
	}
	if end.Verdict == nil || end.Verdict.Broken == 0 || most == 0 || end.Lost > 0 || end.Judged.Kept+end.Judged.Broken+end.Judged.Unproven == 0 {
		t.Errorf("the run tells: verdict %+v, %v answers a second at most, %d events lost, so far %+v", end.Verdict, most, end.Lost, end.Judged)
	}
}

// eventsOf reads a stream of events to its end, as a browser would.
func eventsOf(t *testing.T, url string) <-chan string {
	t.Helper()
	out := make(chan string, 1)
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r) //nolint:bodyclose // closed by who reads it
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer func() { _ = resp.Body.Close() }()
		var all bytes.Buffer
		_, _ = all.ReadFrom(resp.Body)
		out <- all.String()
	}()
	return out
}

// TestServeWantsAToken starts no server that others can reach without one.
func TestServeWantsAToken(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"serve", "--listen", "0.0.0.0:0"}, {"serve", "--listen", ":0"}, {"serve", "--listen", "[::]:0", "--token-env", "OTHER"}} {
		var printed bytes.Buffer
		a := &app{args: args, in: strings.NewReader(""), out: &printed, err: &printed, env: func(name string) (string, bool) {
			if name == "PLUMBLINE_SERVE_TOKEN" && len(args) > 3 {
				return "s3cret", true // --token-env names another
			}
			return "", false
		}}
		if code := execute(t.Context(), a); code != 2 || !strings.Contains(printed.String(), "there is no token") || strings.Contains(printed.String(), "s3cret") {
			t.Errorf("%q: exit %d\n%s", args, code, printed.String())
		}
	}
}
