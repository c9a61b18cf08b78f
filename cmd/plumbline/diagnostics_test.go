package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

// twoMistakes is a folder whose plumbline.yaml has two mistakes.
func twoMistakes(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"plumbline.yaml", "openapi.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", "mistakes", name))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(data), "class: critical", "class: critcal", 1)
		text = strings.Replace(text, "    timeout: 1s", "    timout: 1s", 1)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "plumbline.yaml")
}

func TestMistakesAreToldToPrograms(t *testing.T) {
	t.Parallel()
	file := twoMistakes(t)
	code, out, said := commanded(t, "plan", "-c", file, "--diagnostics", "json")
	var got diagnostics
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 2 {
		t.Fatalf("exit code %d, %v: %s", code, err, out)
	}
	if len(got.Diagnostics) != strings.Count(said, "error[") || len(got.Diagnostics) == 0 || got.Schema != diagnosticsSchema {
		t.Fatalf("%d in JSON, on standard error\n%s", len(got.Diagnostics), said)
	}
	for _, d := range got.Diagnostics {
		if d.File != file || d.Line == 0 || d.Column == 0 || d.Help == "" || d.Explain != codes()[d.Code] || !strings.Contains(d.Snippet, "^") {
			t.Errorf("%+v", d)
		}
	}
	_, out, _ = commanded(t, "plan", "-c", file, "--diagnostics", "sarif")
	log, err := sarif.FromBytes([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Validate(); err != nil {
		t.Error(err)
	}
	if n := len(log.Runs[0].Results); n != len(got.Diagnostics) || *log.Runs[0].Results[0].RuleID != got.Diagnostics[0].Code {
		t.Errorf("%d results of %d mistakes", n, len(got.Diagnostics))
	}
	if _, out, _ = commanded(t, "plan", "-c", file, "--diagnostics", "github"); strings.Count(out, "::error file=") != len(got.Diagnostics) {
		t.Errorf("as annotations:\n%s", out)
	}
	if _, out, _ = commanded(t, "plan", "-c", file); out != "" {
		t.Errorf("nobody asked for %s", out)
	}
}

func TestAMistakeInAFlagIsToldToPrograms(t *testing.T) {
	t.Parallel()
	code, out, _ := commanded(t, "plan", "--sed", "7", "--diagnostics", "json")
	if code != 2 || !bytes.Contains([]byte(out), []byte(`"code": "FLG201"`)) {
		t.Errorf("exit code %d: %s", code, out)
	}
	if _, out, said := commanded(t, "plan", "--diagnostics", "xml", "--sed", "7"); out != "" || !strings.Contains(said, "known are text, json") {
		t.Errorf("%s%s", out, said)
	}
}
