package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// The released document may be a file, or what a server has; that of a git
// revision is in testdata/script/base.txtar.
func TestTheReleasedDocumentIsAFileOrAURL(t *testing.T) {
	t.Parallel()
	document := func(kind string) string {
		return `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/a":{"get":{"operationId":"getA","responses":{"200":{"description":"d",
		"content":{"application/json":{"schema":{"type":"object","required":["n"],"properties":{"n":{"type":"` + kind + `"}}}}}}}}}}}`
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, document("integer")) }))
	defer s.Close()
	dir := t.TempDir()
	file, spec := filepath.Join(dir, "released.json"), filepath.Join(dir, "openapi.json")
	for name, kind := range map[string]string{file: "integer", spec: "string"} {
		if err := os.WriteFile(name, []byte(document(kind)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, base := range []string{file, s.URL + "/openapi.json"} {
		a := &app{out: io.Discard, err: io.Discard, env: func(string) (string, bool) { return "", false }}
		got, err := a.prepare(options{seed: 1, spec: spec, intakeOptions: intakeOptions{base: base}})
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		d := got.design
		if len(d.Changes) != 1 || d.Changes[0].Field != "/n" || len(d.Released) != 1 || len(d.Released[0].Cases) == 0 || got.reader == nil {
			t.Errorf("%s: changes %+v, released %+v", base, d.Changes, d.Released)
			continue
		}
		marks := got.reader.Read("getA", plumbline.Request{Method: "GET"}, plumbline.Response{Status: 200, Header: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(`{"n":"1"}`)})
		if len(marks) != 1 || marks[0].Kind != plumbline.MarkReleased || marks[0].Pointer != "/n" {
			t.Errorf("%s: %+v", base, marks)
		}
	}
}
