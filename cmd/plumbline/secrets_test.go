package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline/reports"
	"github.com/plumbline-dev/plumbline/reports/site"
)

// The secrets of a run, each at another place: what identities show, what the
// service hands out, and what the declaration calls sensitive.
const (
	secretBearer   = "b3arer-0f-al1ce-4711"
	secretKey      = "k3y of bob+/47 11"
	secretPassword = "p4ssw0rd-of-carol"
	secretSession  = "sess10n-that-the-service-made"
	secretIssued   = "t0ken-that-the-service-issued"
	secretIBAN     = "DE02120300000000202051"
)

// talkative answers wrong things, so that its answers become evidence, and
// shows every secret that it knows wherever it can.
func talkative(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Authorization") == "" && r.URL.Query().Get("api_key") == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Set-Cookie", "sid="+secretSession+"; Path=/")
	w.Header().Set("X-Account-IBAN", secretIBAN)
	w.Header().Set("X-Echo", r.Header.Get("Authorization")+" "+r.URL.RawQuery)
	_, _ = fmt.Fprintf(w, `{"n":"not a number","auth":%q,"query":%q,"access_token":%q,"iban":%q,"said":"Bearer %s"}`,
		r.Header.Get("Authorization"), r.URL.Query().Get("api_key"), secretIssued, secretIBAN, secretBearer)
}

const talkativeDocument = `openapi: 3.0.3
info: {title: t, version: '1'}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    key: {type: apiKey, in: query, name: api_key}
    basic: {type: http, scheme: basic}
paths:
  /a:
    get:
      operationId: getA
      security: [{token: []}, {key: []}, {basic: []}]
      responses:
        '200': {description: d, content: {application/json: {schema: {type: object, required: [n], properties: {n: {type: integer}}}}}}
        '401': {description: d}
  /b:
    post:
      operationId: makeB
      security: [{token: []}]
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [iban], properties: {iban: {type: string, example: DE00}}}}}}
      responses:
        '200': {description: d, content: {application/json: {schema: {type: object, properties: {n: {type: integer}}}}}}
        '401': {description: d}
`

// TestNoSecretIsInAnyArtefact runs against a service that shows everything and
// looks for the secrets, in all their spellings, in every file of the run
// directory and of the history, in every format and in what is printed.
func TestNoSecretIsInAnyArtefact(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(talkative))
	defer s.Close()
	t.Chdir(t.TempDir())
	declaration := `service: t
openapi: openapi.yaml
target: {url: '` + s.URL + `'}
identities:
  alice: {bearer: "${BEARER}"}
  bob: {api_key: {in: query, name: api_key, value: "${KEY}"}}
  carol: {basic: {user: carol, password: "${PASSWORD}"}}
redact: [iban]
`
	for name, text := range map[string]string{"openapi.yaml": talkativeDocument, "plumbline.yaml": declaration} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"BEARER": secretBearer, "KEY": secretKey, "PASSWORD": secretPassword}
	if home, err := os.UserCacheDir(); err == nil {
		env["XDG_CACHE_HOME"] = home
	}
	var printed bytes.Buffer
	a := &app{
		args: []string{"run", "--only", "contract/response-conforms,auth/anonymous-rejected,security/error-leak", "--out", "run", "--history", "nights"}, in: strings.NewReader(""), out: &printed, err: &printed,
		env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}
	if code := execute(t.Context(), a); code != 1 {
		t.Fatalf("exit %d, want an unfit service\n%s", code, printed.String())
	}
	artefacts := map[string][]byte{"what was printed": printed.Bytes()}
	for _, dir := range []string{"run", "nights"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			artefacts[path], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := reports.Read(bytes.NewReader(artefacts[filepath.Join("run", "report.json")]))
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, f := range r.Findings {
		for _, x := range f.Evidence {
			if x.Request != nil && strings.Contains(x.Request.ResponseBody, "[redacted]") {
				shown++
			}
		}
	}
	if shown == 0 {
		t.Fatal("no answer of the service is in the evidence: nothing was put to the test")
	}
	for _, format := range reports.Names() {
		write, _ := reports.Lookup(format)
		var out bytes.Buffer
		if err := write(&out, r); err != nil {
			t.Fatal(err)
		}
		artefacts["format "+format] = out.Bytes()
	}
	for path, page := range servedPages(t, site.Options{History: "nights", Runs: "."}, r.Run.ID) {
		artefacts["served "+path] = page
	}
	for name, data := range artefacts {
		for _, secret := range spelledSecrets() {
			if at := bytes.Index(data, []byte(secret)); at >= 0 {
				t.Errorf("%s holds %s: …%s…", name, secret, data[max(0, at-80):min(len(data), at+len(secret)+20)])
			}
		}
	}
}

// servedPages are all pages of a site that has one run, with all that they
// load.
func servedPages(t *testing.T, o site.Options, id string) map[string][]byte {
	t.Helper()
	s, err := site.New(o)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, path := range []string{"/", "/runs/" + id, "/live/run", "/live/run/events", "/live/run/report", "/assets/site.js", "/assets/site.css"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "localhost"
		s.Handler().ServeHTTP(patient{w}, r)
		if out[path] = w.Body.Bytes(); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if !bytes.Contains(out["/live/run/events"], []byte("is unfit")) || !bytes.Contains(out["/runs/"+id], []byte("[redacted]")) {
		t.Error("the served pages show nothing of the run")
	}
	return out
}

// A patient reader has no deadline.
type patient struct{ *httptest.ResponseRecorder }

func (patient) SetWriteDeadline(time.Time) error { return nil }

// spelledSecrets are the secrets as they could stand in a file.
func spelledSecrets() []string {
	var out []string
	for _, s := range []string{secretBearer, secretKey, secretPassword, secretSession, secretIssued, secretIBAN} {
		out = append(out, s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s)))
	}
	return append(out, base64.StdEncoding.EncodeToString([]byte("carol:"+secretPassword)))
}
