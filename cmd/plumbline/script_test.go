package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain is the tool itself when it is started as the tool: a test that runs
// a command in its own process starts workers of the test binary, and they must
// not be the tests once more.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		main()
		return
	}
	testscript.Main(m, map[string]func(){"plumbline": main})
}

// TestScript is the command line as a user sees it: testdata/script.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			if home, err := os.UserCacheDir(); err == nil {
				e.Setenv("XDG_CACHE_HOME", home) // where set-up put libpact_ffi
			}
			action, err := filepath.Abs("../../.github/action")
			e.Setenv("ACTION", action)
			e.Setenv("REPORTS", filepath.Join(action, "../../reports/testdata"))
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "serve": serve, "says": says, "freeport": freePort, "get": get,
		},
	})
}

// exits runs a command that has to end with the given code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Exec returns it bare
		got, err = exit.ExitCode(), nil
	}
	ts.Check(err)
	if got != want {
		ts.Fatalf("exit %d, want %d", got, want)
	}
}

// serve starts a small service and puts its address into TARGET. With "drifted"
// one field has another type than the document says; with "other" it knows none
// of the paths; with "under-base" it knows /api/v1/things. All have a document of
// what is right at /things.yaml.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	kind := "right"
	if len(args) > 0 {
		kind = args[0]
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/things.yaml":
			_, _ = fmt.Fprint(w, thingsDocument)
		case kind == "under-base" && r.URL.Path == "/api/v1/things":
			_, _ = fmt.Fprint(w, `{"things":[1,2]}`)
		case kind == "other" || r.URL.Path != "/things":
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"error":"no such path"}`)
		case kind == "drifted":
			_, _ = fmt.Fprint(w, `{"things":["one"]}`)
		default:
			_, _ = fmt.Fprint(w, `{"things":[1,2]}`)
		}
	}))
	ts.Defer(s.Close)
	ts.Setenv("TARGET", s.URL)
}

const thingsDocument = `openapi: 3.0.3
info: {title: Things, version: "1"}
paths:
  /things:
    get:
      operationId: listThings
      responses: {'200': {description: d, content: {application/json: {schema: {type: object, required: [things], properties: {things: {type: array, items: {type: integer}}}}}}}}
`

// says looks into a report: says FILE KEY VALUE, with dots between keys.
func says(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: says report.json key value")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	for key := range strings.SplitSeq(args[1], ".") {
		m, ok := v.(map[string]any)
		if !ok {
			ts.Fatalf("%s: no %s in %s", args[0], key, args[1])
		}
		v = m[key]
	}
	if same := fmt.Sprint(v) == args[2]; same == neg {
		ts.Fatalf("%s: %s is %v", args[0], args[1], v)
	}
}
