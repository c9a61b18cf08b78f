package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

const notesDocument = `openapi: 3.0.3
info: {title: Notes, version: "1"}
paths:
  /notes:
    post:
      operationId: createNote
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [text], properties: {text: {type: string, minLength: 1}}}}}}
      responses: {'201': {description: d, content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: string}, text: {type: string}}}}}}}
  /notes/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getNote
      responses: {'200': {description: d, content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: string}, text: {type: string}}}}}}, '404': {description: d}}
    delete:
      operationId: deleteNote
      responses: {'204': {description: d}, '404': {description: d}}
`

// notes keeps notes, and forgets every n-th of them at once; zero forgets none.
func notes(t *testing.T, forgets int) (base string, left func() int) {
	t.Helper()
	var mu sync.Mutex
	n, kept := 0, map[string]bool{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /notes", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		n++
		id := fmt.Sprintf("n%d", n)
		kept[id] = forgets == 0 || n%forgets != 0
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"id":%q,"text":"t"}`, id)
	})
	mux.HandleFunc("GET /notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if !kept[r.PathValue("id")] {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":%q,"text":"t"}`, r.PathValue("id"))
	})
	mux.HandleFunc("DELETE /notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if !kept[r.PathValue("id")] {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		delete(kept, r.PathValue("id"))
		w.WriteHeader(http.StatusNoContent)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL, func() int {
		mu.Lock()
		defer mu.Unlock()
		there := 0
		for _, is := range kept {
			if is {
				there++
			}
		}
		return there
	}
}

// A whole run of a load that is of flows alone: what became of them is in every
// report, what is promised of them is judged, and nothing is left of them.
func TestALoadOfFlows(t *testing.T) {
	t.Parallel()
	const stated = `arazzo: 1.0.1
info: {title: Notes, version: "1"}
sourceDescriptions: [{name: api, url: openapi.yaml, type: openapi}]
workflows:
  - workflowId: note
    steps:
      - {stepId: write, operationId: createNote, outputs: {id: $response.body#/id}}
      - {stepId: look, operationId: getNote, parameters: [{in: path, name: id, value: $steps.write.outputs.id}], x-plumbline-think-time: 20ms}
      - {stepId: remove, operationId: deleteNote, parameters: [{in: path, name: id, value: $steps.write.outputs.id}]}
`
	for name, c := range map[string]struct {
		forgets int
		outcome plumbline.Outcome
	}{"right": {0, plumbline.Pass}, "forgetful": {3, plumbline.Fail}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base, left := notes(t, c.forgets)
			dir := t.TempDir()
			for file, text := range map[string]string{
				"openapi.yaml": notesDocument, "flows.arazzo.yaml": stated,
				"plumbline.yaml": "openapi: openapi.yaml\ntarget: {url: " + base + "}\nflows: [flows.arazzo.yaml]\nslos: [{name: notes, operations: [\"flow:note\"], availability: 80%}, {name: service, availability: 90%}]\n" +
					"load: {rate: 90, duration: 5s, arrivals: constant, mix: {\"flow:note\": 1}}\n",
			} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var said strings.Builder
			out := filepath.Join(dir, "run")
			a := &app{args: []string{"load", "-c", filepath.Join(dir, "plumbline.yaml"), "--out", out}, in: strings.NewReader(""), out: &said, err: &said, env: func(string) (string, bool) { return "", false }, version: "test"}
			execute(t.Context(), a)
			data, err := os.ReadFile(filepath.Join(out, "report.json"))
			if err != nil {
				t.Fatalf("%v\n%s", err, said.String())
			}
			var r plumbline.Report
			if err := json.Unmarshal(data, &r); err != nil {
				t.Fatal(err)
			}
			page, err := os.ReadFile(filepath.Join(out, "report.html"))
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Flows) != 1 {
				t.Fatalf("the report tells of %+v\n%s", r.Flows, said.String())
			}
			f := r.Flows[0]
			gone := int64(0)
			if c.forgets > 0 {
				gone = f.Hits / int64(c.forgets)
			}
			if got := f.Hits - f.Whole; f.Hits != 120 || got < gone-1 || got > gone+1 || f.Ended["ended"] != got {
				t.Errorf("%d of %d are whole: %v", f.Whole, f.Hits, f.Ended)
			}
			if f.Steps[0].Reached != f.Hits || f.Steps[1].Reached != f.Hits || f.Steps[2].Reached != f.Whole {
				t.Errorf("got %+v", f.Steps)
			}
			for _, x := range r.Findings {
				want := plumbline.Pass
				if strings.HasSuffix(x.Claim, "/notes") {
					want = c.outcome
				}
				// A machine that is too busy for the load proves nothing, and accuses nobody.
				if strings.HasPrefix(x.Claim, "load/slo-at-target/") && x.Outcome != want && x.Outcome != plumbline.Inconclusive {
					t.Errorf("%s: %s: %s", x.Claim, x.Outcome, x.Reason)
				}
			}
			for what, text := range map[string]string{"page": string(page), "text": said.String()} {
				for _, want := range []string{"flow:note", "look", "were made whole"} {
					if !strings.Contains(text, want) {
						t.Errorf("%q is not in the %s", want, what)
					}
				}
				if told := strings.Contains(text, "look: $statusCode"); told != (c.forgets > 0) {
					t.Errorf("the %s tells where flows ended: %t", what, told)
				}
			}
			if n := left(); n != 0 {
				t.Errorf("%d notes are left", n)
			}
			if c.forgets > 0 {
				againBroken(t, filepath.Join(dir, "plumbline.yaml"), out)
			}
		})
	}
}

// againBroken has a broken objective of flows sent once more.
func againBroken(t *testing.T, config, run string) {
	t.Helper()
	var said strings.Builder
	a := &app{args: []string{"replay", "load/slo-at-target/notes", "-c", config, "--run", run}, in: strings.NewReader(""), out: &said, err: &said, env: func(string) (string, bool) { return "", false }, version: "test"}
	if code := execute(t.Context(), a); code != 1 {
		t.Errorf("replay: exit %d\n%s", code, said.String())
	}
	t.Log(said.String())
}
