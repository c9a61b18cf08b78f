package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// A scenario of the user's own may walk flows: godog runs it as it is written,
// what it leaves out is the seed request, and what it says of a claim is judged.
func TestAFlowOfTheUsersOwnIsWalked(t *testing.T) {
	t.Parallel()
	const own = `Feature: mine

  Scenario: a note is written and read
    Given the experiment "mine/note"
    When the probe phase "once"
    And flow "note" is walked, in which "a note is written and read"
    And step "write" requests "createNote", and has to succeed
    And it sends:
      """
      POST /notes
      Content-Type: application/json

      {"text":"mine"}
      """
    And 10ms later, step "look" requests "getNote", 3 times at once
    And its path parameter "id" is "/id" of the answer to "write"
    And its answer has to show that "it is the same": (the "/id" == the "/id" of "write") and (the status == 200)
    And step "remove" requests "deleteNote", even when the flow has ended
    And its path parameter "id" is "/id" of the answer to "write"
    Then the claim "contract/response-conforms/createNote" is judged
`
	r, e, dir, said := ranFeatures(t, own, "contract/response-conforms")
	if r.ExitCode != plumbline.ExitFit {
		t.Errorf("exit %d\n%s", r.ExitCode, said)
	}
	got := map[string]int{}
	for _, o := range e.Observations {
		if o.Experiment == "mine/note" {
			got[o.Stream] = o.Status
			if o.Transcript != nil && o.Stream == "note/write" && o.Transcript.RequestBody != `{"text":"mine"}` {
				t.Errorf("sent %s", o.Transcript.RequestBody)
			}
		}
	}
	if got["note/write"] != 201 || got["note/look"] != 200 || got["note/look 4"] != 0 || got["note/look 3"] != 200 || got["note/remove"] != 204 {
		t.Errorf("answered %v\n%s", got, said)
	}
	text, err := os.ReadFile(filepath.Join(dir, "features", "mine.feature"))
	if err != nil || !strings.Contains(string(text), "GET /notes/{id}") {
		t.Errorf("the run does not say what it sends: %v\n%s", err, text)
	}
	log, err := os.ReadFile(filepath.Join(dir, "features", "godog.log"))
	if err != nil || !strings.Contains(string(log), "a note is written and read") {
		t.Errorf("godog did not run it: %v", err)
	}
}

// Flows that are planned are in features, and are run as they are edited.
func TestAnEditedFlowIsWalkedAsItIsWritten(t *testing.T) {
	t.Parallel()
	const edited = `Feature: mine

  Scenario: DELETE is repeated, and that is all
    Given the experiment "idempotency/natural"
    When the probe phase "repetitions"
    And flow "notes" is walked
    And step "create" requests "createNote", and has to succeed
    And step "delete" requests "deleteNote"
    And its path parameter "id" is "/id" of the answer to "create"
    And step "delete-again" requests "deleteNote", like "delete", which may be refused
    And step "gone" requests "getNote", which may be refused
    And its path parameter "id" is "/id" of the answer to "create"
    Then the claim "idempotency/natural/notes" is judged
`
	r, e, dir, said := ranFeatures(t, edited, "idempotency/natural")
	if r.ExitCode != plumbline.ExitFit {
		t.Errorf("exit %d\n%s", r.ExitCode, said)
	}
	n := 0
	for _, o := range e.Observations {
		if o.Experiment == "idempotency/natural" {
			n++
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "features", "idempotency.feature"))
	if err != nil || n != 4 || !strings.Contains(string(text), "# What is seen decides the claims of\n#   idempotency/natural\n") {
		t.Errorf("%d requests, %v\n%s\n%s", n, err, text, said)
	}
}

func TestAFlowOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	const head = "Feature: f\n\n  Scenario: s\n    When the probe phase \"p\"\n    And flow \"f\" is walked\n"
	for step, says := range map[string]string{
		`step "a" requests "createNot"`:          `flow "f", step "a": no operation is called "createNot"`,
		`step "a" asks for "createNote"`:         `unknown step`,
		`step "a" requests "createNote", as "x"`: `no identity is called "x"`,
	} {
		dir, base := t.TempDir(), "http://127.0.0.1:1"
		noteFeature(t, dir, base, head+"    And "+step+"\n")
		var said strings.Builder
		a := &app{args: []string{"plan", "-c", filepath.Join(dir, "plumbline.yaml")}, in: strings.NewReader(""), out: &said, err: &said, env: func(string) (string, bool) { return "", false }, version: "test"}
		if code := execute(t.Context(), a); code != plumbline.ExitUsage || !strings.Contains(said.String(), says) || !strings.Contains(said.String(), "mine.feature") {
			t.Errorf("%s: exit %d, want %s in\n%s", step, code, says, said.String())
		}
	}
}

// noteFeature writes a declaration of the notes with a feature of the user's.
func noteFeature(t *testing.T, dir, base, feature string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "plumbline", "features"), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{
		"openapi.yaml": notesDocument, "plumbline/features/mine.feature": feature,
		"plumbline.yaml": "openapi: openapi.yaml\ntarget: {url: " + base + "}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// ranFeatures is a run on the notes with a feature of the user's.
func ranFeatures(t *testing.T, feature, only string) (r plumbline.Report, e plumbline.Evidence, dir, output string) {
	t.Helper()
	base, left := notes(t, 0)
	dir = t.TempDir()
	noteFeature(t, dir, base, feature)
	out := filepath.Join(dir, "run")
	var said strings.Builder
	a := &app{args: []string{"run", "-c", filepath.Join(dir, "plumbline.yaml"), "--only", only, "--out", out}, in: strings.NewReader(""), out: &said, err: &said, env: func(string) (string, bool) { return "", false }, version: "test"}
	execute(t.Context(), a)
	data, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	stored, err := journalOf(out)
	if err != nil {
		t.Fatal(err)
	}
	if n := left(); n != 0 {
		t.Errorf("%d notes are left", n)
	}
	return r, *stored, out, said.String()
}
