//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A question is waited for, and answered by keys.
type question struct{ title, keys string }

// turn stands before the title of the question whose turn it is.
const turn = "\x1b[36m"

// What is answered on a terminal is what flags would have said.
func TestInitAsksOnATerminal(t *testing.T) {
	t.Parallel()
	url := service(t, "/api")
	dir := t.TempDir()
	for name, text := range map[string]string{"api/openapi.yaml": probedDocument, ".github/CODEOWNERS": ""} {
		if err := writeFile(filepath.Join(dir, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	p := onTerminal(t, dir, nil, "init", "--rate", "7")
	const wipe = "\x15" // ctrl+u
	for _, q := range []question{
		{turn + "OpenAPI document", wipe + "nowhere.yaml\r"},
		{"no such file", wipe + "api/openapi.yaml\r"},
		{turn + "Base URL", wipe + url + "\r"},
		{turn + "What may a run change", "\x1b[B\r"},
		{turn + "Latency that 99 %", wipe + "soon\r"},
		{"write it as 300ms", wipe + "250ms\r"},
		{turn + "Share of requests", "\r"},
		{turn + "Callers", "alice=ALICE_TOKEN\r"},
		{turn + "Run it in a pipeline?", "\r"},
	} {
		p.wait(q.title)
		p.types(q.keys)
	}
	text, code := p.ended()
	if code != 0 || strings.Contains(text, "At how many requests a second") {
		t.Errorf("exit %d; what a flag says may be asked for:\n%s", code, text)
	}
	fileHolds(t, filepath.Join(dir, "plumbline.yaml"), "openapi: api/openapi.yaml", "url: "+url, "mode: observe", "p99: 250ms}", "availability: 99%}", "rate: 7,", `value: "${ALICE_TOKEN}"`, "2 of 6 operations succeeded")
	fileHolds(t, filepath.Join(dir, ".github", "workflows", "fitness.yml"), "ALICE_TOKEN: ${{ secrets.ALICE_TOKEN }}", "args: --config plumbline.yaml")
}

// Who goes away leaves nothing behind, and the terminal as it was.
func TestInitIsLeftOnATerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := onTerminal(t, dir, nil, "init")
	p.wait("OpenAPI document")
	p.types("\x03")
	text, code := p.ended()
	if code != 130 || !strings.Contains(text, "nothing was written") || strings.LastIndex(text, hideCursor) > strings.LastIndex(text, showCursor) {
		t.Errorf("exit %d\n%q", code, text)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v", left)
	}
}

// In CI, and with --yes, nobody is asked.
func TestInitAsksNobody(t *testing.T) {
	t.Parallel()
	for _, c := range [][2][]string{{{"CI=true"}, {"init"}}, {nil, {"init", "--yes"}}} {
		if text, code := onTerminal(t, t.TempDir(), c[0], c[1]...).ended(); code != 2 || !strings.Contains(text, "name it with --spec FILE") {
			t.Errorf("%v: exit %d\n%s", c, code, text)
		}
	}
}

// A file that is there costs nobody the answers.
func TestInitLooksBeforeItAsks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := writeFile(filepath.Join(dir, "plumbline.yaml"), nil); err != nil {
		t.Fatal(err)
	}
	if text, code := onTerminal(t, dir, nil, "init").ended(); code != 2 || !strings.Contains(text, "the file exists") {
		t.Errorf("exit %d\n%s", code, text)
	}
}

func fileHolds(t *testing.T, file string, wanted ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range wanted {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in %s:\n%s", want, filepath.Base(file), text)
		}
	}
}
