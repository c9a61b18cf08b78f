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
		if d.Severity != severityError || d.File != file || d.Line == 0 || d.Column == 0 || d.Help == "" || d.Explain != codes()[d.Code] || !strings.Contains(d.Snippet, "^") {
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

// What is noticed about a document, and is no mistake, is told to programs as
// well, in every form; one that is a document has standard output for itself.
func TestNoticesAreToldToPrograms(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "openapi.yaml")
	const document = `openapi: 3.0.3
info: {title: Things, version: "1"}
paths:
  /things/{id}:
    get:
      operationId: getThing
      responses: {'200': {description: d}}
`
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	told := func(form string) (out, said string) {
		code, out, said := commanded(t, "plan", "--spec", file, "--target", "http://127.0.0.1:1", "--diagnostics", form)
		if code != 0 || !strings.Contains(said, "note: "+file) {
			t.Errorf("%s: exit code %d: %s", form, code, said)
		}
		return out, said
	}
	out, said := told("json")
	var got diagnostics
	if err := json.Unmarshal([]byte(out), &got); err != nil || !strings.Contains(said, "EXPERIMENT") {
		t.Fatalf("%v: %s\n%s", err, out, said)
	}
	if len(got.Diagnostics) != 1 || got.Diagnostics[0].Severity != severityNote || got.Diagnostics[0].Line != 5 || !strings.HasPrefix(got.Diagnostics[0].Message, "the parameter id") || got.Diagnostics[0].Snippet == "" {
		t.Errorf("%+v", got.Diagnostics)
	}
	out, _ = told("sarif")
	log, err := sarif.FromBytes([]byte(out))
	if err != nil || log.Validate() != nil || len(log.Runs[0].Results) != 1 || log.Runs[0].Results[0].Level != "note" {
		t.Errorf("%v: %s", err, out)
	}
	if out, _ = told("gitlab"); strings.Count(out, `"severity": "info"`) != 1 || !strings.HasPrefix(out, "[") {
		t.Error(out)
	}
	if out, _ = told("github"); strings.Count(out, "::warning file=") != 1 || !strings.Contains(out, "EXPERIMENT") {
		t.Error(out)
	}
	code, out, said := commanded(t, "version", "--diagnostics", "json")
	if code != 0 || json.Unmarshal([]byte(out), &got) != nil || len(got.Diagnostics) != 0 || !strings.Contains(said, "plumbline ") {
		t.Errorf("nothing to tell: %d %s%s", code, out, said)
	}
	if code, out, said := commanded(t, "version", "--diagnostics", "xml"); code != 2 || out != "" || strings.Count(said, "known are text, json") != 1 {
		t.Errorf("%d %s%s", code, out, said)
	}
}

// What is asked about has to be there: a folder that is not is no empty history,
// and a run that never began has nothing to be made once more.
func TestWhatIsNotThereHasACode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	never := filepath.Join(dir, "never")
	for name, text := range map[string]string{"design.json": "{}", "plan.json": "{}"} {
		if err := writeFile(filepath.Join(never, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeFile(filepath.Join(dir, "openapi.yaml"), []byte("openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {responses: {'200': {description: d}}}}}\n")); err != nil {
		t.Fatal(err)
	}
	replay := []string{"replay", "contract/response-conforms/a", "--spec", filepath.Join(dir, "openapi.yaml"), "--target", "http://127.0.0.1:1", "--run"}
	for name, c := range map[string]struct {
		code string
		args []string
	}{
		"history":     {"HIS601", []string{"history", filepath.Join(dir, "nights")}},
		"its branch":  {"HIS601", []string{"history", "git:no-such-branch"}},
		"a baseline":  {"HIS601", []string{"baseline", "promote", "last", "--history", filepath.Join(dir, "nights")}},
		"a run":       {"RUN401", append(replay, filepath.Join(dir, "none"))},
		"a beginning": {"RUN402", append(replay, never)},
	} {
		if code, out, said := commanded(t, c.args...); code != 2 || out != "" || !strings.Contains(said, "error["+c.code+"]") {
			t.Errorf("%s: exit code %d, %s%s", name, code, out, said)
		}
	}
	if err := writeFile(filepath.Join(never, "evidence.jsonl"), nil); err != nil {
		t.Fatal(err)
	}
	if code, _, said := commanded(t, append(replay, never)...); code != 2 || !strings.Contains(said, "error[RUN402]") || !strings.Contains(said, "holds nothing") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if code, out, _ := commanded(t, "history", t.TempDir()); code != 0 || !strings.Contains(out, "No runs yet") {
		t.Errorf("an empty folder: exit code %d: %s", code, out)
	}
}
