package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// What a refusal asks for can be said by the document, and the cases of the
// next run keep to it.
func TestWhatARefusalAsksForIsLearnt(t *testing.T) {
	t.Parallel()
	const document = `openapi: 3.0.3
info: {title: Learnt, version: "1"}
paths:
  /things:
    get:
      operationId: getThings
      parameters: [{name: size, in: query, schema: {type: integer}}, {name: kind, in: query, schema: {type: string, maxLength: 9}}]
      responses:
        "200": {description: things}
        "422": {description: refused}
`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		size, err := strconv.Atoi(q.Get("size"))
		switch {
		case !q.Has("kind"):
			refusing(w, "kind", "is required")
		case !q.Has("size"):
			refusing(w, "size", "is required")
		case err != nil || size < 3 || size > 8:
			refusing(w, "size", "must be between 3 and 8")
		case q.Get("kind") != "red" && q.Get("kind") != "blue":
			refusing(w, "kind", "must be one of: red, blue")
		}
	}))
	defer s.Close()
	dir := t.TempDir()
	spec, patch := filepath.Join(dir, "openapi.yaml"), filepath.Join(dir, "patch.yaml")
	write(t, spec, document)
	args := []string{"--spec", spec, "--target", s.URL, "--only", "contract/valid-input-accepted"}
	for round := range 4 {
		f, found := findingOf(t, dir, args...)
		if !found {
			if round == 0 {
				t.Fatal("nothing was refused")
			}
			return
		}
		if f.Gates || f.Wrong != "document" || f.Patch == "" {
			t.Fatalf("gates %t, wrong %q, %s\n%s", f.Gates, f.Wrong, f.Reason, f.Patch)
		}
		name := patch + strconv.Itoa(round)
		write(t, name, f.Patch)
		args = append(args, "--overlay", name)
	}
	t.Error("after four overlays there is still a refusal")
}

func refusing(w http.ResponseWriter, field, why string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	_ = json.NewEncoder(w).Encode(map[string]any{"title": "Invalid", "status": 422, "errors": []any{map[string]any{"detail": why, "pointer": "#/" + field}}})
}

const amended = `openapi: VERSION
info: {title: Amended, version: "1"}
paths:
  /thing:
    get:
      operationId: getThing
      parameters: [{name: size, in: query, schema: {type: integer, minimum: 1, maximum: 10}}]
      responses:
        "200": {$ref: '#/components/responses/Thing'}
        "400": {description: refused}
components:
  responses:
    Thing:
      description: a thing
      headers: {X-Mark: {required: true, schema: {type: string}}}
      content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
  schemas:
    Thing:
      type: object
      required: [name, owner's]
      properties:
        name: {type: string, maxLength: 5}
        kind: {type: string, enum: [a, b]}
        count: {type: integer, exclusiveMaximum: BOUND}
        list: {type: array, items: {type: integer}}
        no: {type: string}
        owner's: {type: string}
      additionalProperties: false
`

// An overlay that is offered with a finding can be applied with --overlay, and
// takes the finding away.
func TestOverlaysTakeFindingsAway(t *testing.T) {
	t.Parallel()
	type answer struct {
		status int
		media  string
		body   string
		mark   bool
	}
	const right = `{"name":"x","owner's":"y","kind":"a"}`
	any30 := strings.NewReplacer("VERSION", "3.0.3", "BOUND", "true, maximum: 9").Replace(amended)
	any31 := strings.NewReplacer("VERSION", "3.1.0", "BOUND", "9").Replace(amended)
	for name, c := range map[string]struct {
		answer
		document string
		only     string
		wrong    string
		lenient  bool // takes any size
	}{
		"status":            {answer: answer{202, "application/json", right, true}, wrong: "document"},
		"refusal":           {answer: answer{409, "application/json", `{}`, true}, wrong: "document"},
		"media type":        {answer: answer{200, "text/plain", "hello", true}, wrong: "document"},
		"header":            {answer: answer{200, "application/json", right, false}, wrong: "document"},
		"type":              {answer: answer{200, "application/json", `{"name":7,"owner's":"y"}`, true}, wrong: "document"},
		"null":              {answer: answer{200, "application/json", `{"name":"x","owner's":"y","no":null}`, true}, wrong: "document"},
		"required":          {answer: answer{200, "application/json", `{"name":"x"}`, true}, wrong: "document"},
		"enum":              {answer: answer{200, "application/json", `{"name":"x","owner's":"y","kind":"c"}`, true}, wrong: "document"},
		"maxLength":         {answer: answer{200, "application/json", `{"name":"xxxxxxx","owner's":"y"}`, true}, wrong: "document"},
		"exclusiveMaximum":  {answer: answer{200, "application/json", `{"name":"x","owner's":"y","count":12}`, true}, wrong: "document"},
		"closed":            {answer: answer{200, "application/json", `{"name":"x","owner's":"y","more":1}`, true}, wrong: "document"},
		"items":             {answer: answer{200, "application/json", `{"name":"x","owner's":"y","list":["a"]}`, true}, wrong: "document"},
		"accepted, and ill": {answer: answer{200, "application/json", `{}`, true}, only: "contract/invalid-input-rejected", wrong: "service", lenient: true},
		"accepted":          {answer: answer{200, "application/json", right, true}, only: "contract/invalid-input-rejected", wrong: "service", lenient: true},
	} {
		for version, document := range map[string]string{"3.0": any30, "3.1": any31} {
			t.Run(name+" "+version, func(t *testing.T) {
				t.Parallel()
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					size, err := strconv.Atoi(r.URL.Query().Get("size"))
					if r.URL.Query().Has("size") && (err != nil || size < 1 || size > 10 && !c.lenient) {
						w.WriteHeader(http.StatusBadRequest)
						return
					}
					w.Header().Set("Content-Type", c.media)
					if c.mark {
						w.Header().Set("X-Mark", "m")
					}
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.body)
				}))
				defer s.Close()
				only := c.only
				if only == "" {
					only = "contract/response-conforms"
				}
				dir := t.TempDir()
				spec, patch := filepath.Join(dir, "openapi.yaml"), filepath.Join(dir, "patch.yaml")
				write(t, spec, document)
				f, found := findingOf(t, dir, "--spec", spec, "--target", s.URL, "--only", only)
				if c.status == http.StatusConflict {
					if found {
						t.Errorf("an operation that is never answered 2xx is accused: %s", f.Reason)
					}
					return
				}
				if !found || f.Patch == "" || f.Wrong != c.wrong || !strings.Contains(f.Remedy, "overlay") {
					t.Fatalf("found %t, wrong %q, remedy %q, patch %q", found, f.Wrong, f.Remedy, f.Patch)
				}
				if all, err := os.ReadFile(filepath.Join(dir, "run", suggestedOverlay)); err != nil {
					t.Error(err)
				} else {
					write(t, patch, string(all))
				}
				if f, found := findingOf(t, dir, "--spec", spec, "--target", s.URL, "--only", only, "--overlay", patch); found {
					t.Errorf("still there: %s\n%s", f.Reason, f.Patch)
				}
			})
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// findingOf runs plumbline and returns the first failure that its report tells.
func findingOf(t *testing.T, dir string, args ...string) (plumbline.Finding, bool) {
	t.Helper()
	out := filepath.Join(dir, "run")
	var said bytes.Buffer
	a := &app{args: append([]string{"run", "--out", out}, args...), in: strings.NewReader(""), out: &said, err: &said, env: func(string) (string, bool) { return "", false }}
	code := execute(t.Context(), a)
	data, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		t.Fatalf("exit %d: %v\n%s", code, err, said.String())
	}
	if strings.Contains(said.String(), "matches nothing") {
		t.Error(said.String())
	}
	var r plumbline.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Outcome == plumbline.Fail {
			return f, true
		}
	}
	return plumbline.Finding{}, false
}
