package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A blunder is one mistake of a user: an edit of a file that is right, or a
// command line that is wrong.
type blunder struct {
	name           string
	file, from, to string // an edit; from "" removes the file
	args           string // default: plan
	codes          string // in the order in which they are told
}

func blunders() []blunder {
	const declared, document = "plumbline.yaml", "openapi.yaml"
	return []blunder{
		{"broken-yaml", declared, "public: [listThings]", "public: [listThings", "", "CFG001"},
		{"unknown-key", declared, "    timeout: 1s", "    timout: 1s", "", "CFG002"},
		{"key-at-the-wrong-place", declared, "service: things", "service: things\nbreaker: {min_calls: 20}", "", "CFG002"},
		{"wrong-type", declared, "rate: 20", "rate: fast", "", "CFG003"},
		{"text-in-place-of-a-list", declared, "public: [listThings]", "public: listThings", "", "CFG003"},
		{"no-listen", declared, "    listen: 127.0.0.1:7001\n", "", "", "CFG003"},
		{"misspelt-word", declared, "class: critical", "class: critcal", "", "CFG004"},
		{"duration-without-unit", declared, "timeout: 1s", "timeout: 1", "", "CFG004"},
		{"waiver-without-a-day", declared, "until: 2027-01-31", "until: soon", "", "CFG004"},
		{"variable-not-set", declared, "${ALICE:-t}", "${ALICE_TOKEN}", "", "CFG005"},
		{"missing-pact", declared, "mode: own", "mode: own\npacts: [pacts/*.json]", "", "CFG006"},
		{"objective-of-no-percentile", declared, "p99: 300ms", "p999: 300ms", "", "SLO101"},
		{"objective-without-unit", declared, "p99: 300ms", "p99: 300", "", "SLO101"},
		{"unknown-operation", declared, "    operations: [listThings]\n    timeout", "    operations: [listThing]\n    timeout", "", "SLO102"},
		{"contradiction", declared, "mode: own", "mode: own", "plan --slo p(99)<300ms --slo p(99)<200ms", "SLO103"},
		{"load-too-small", declared, "availability: 99%", "availability: 99.99%", "", "SLO104"},
		{"objective-of-the-document", document, "{p95: 1s}", "{p95: quick}", "", "SLO101"},
		{"no-document", document, "", "", "", "DOC301"},
		{"unknown-scheme", declared, `{bearer: "${ALICE:-t}"}`, `{scheme: oauth, value: "${ALICE:-t}"}`, "", "CFG004"},
		{"unknown-pack", declared, "mode: own", "mode: own\npacks: [unicorn]", "", "CFG004"},
		{"no-overlay", declared, "mode: own", "mode: own", "plan --overlay missing.yaml", "DOC305"},
		{"broken-document", document, "info: {title: Things", "info: {title: [Things", "", "DOC302"},
		{"no-version", document, "openapi: 3.0.3\n", "", "", "DOC303"},
		{"unknown-version", document, "openapi: 3.0.3", "openapi: 4.0.0", "", "DOC303"},
		{"unknown-flag", declared, "own", "own", "plan --sed 7", "FLG201"},
		{"flag-value", declared, "own", "own", "plan --budget 10", "FLG202"},
		{"unknown-function", declared, "own", "own", "plan --only contract,resilience/braker-opens", "FLG202"},
		{"no-document-named", declared, "openapi: openapi.yaml\n", "", "", "FLG203"},
		{"several-at-once", declared, "class: critical", "classe: critical\n    wire: udp\n    bulkhead: maybe", "", "CFG002 CFG003"},
		{"several-places", declared, "mode: own", "mode: owned\nrecovery: 0s\nserved: openapi.json\ntypo: 1", "", "CFG004 CFG004 CFG004 CFG002"},
	}
}

// Every mistake has its message in a golden file: code, position, the line with
// a mark, the cause and the way out.
func TestGoldenMistakes(t *testing.T) {
	for _, b := range blunders() {
		t.Run(b.name, func(t *testing.T) {
			got := b.made(t)
			golden := filepath.Join("testdata", "mistakes", b.name+".txt")
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Error(d)
			}
			var codes []string
			for _, m := range regexp.MustCompile(`error\[(\w+)\]`).FindAllStringSubmatch(got, -1) {
				codes = append(codes, m[1])
			}
			if strings.Join(codes, " ") != b.codes || strings.Count(got, "\n  help: ") != len(codes) {
				t.Errorf("codes %v, want %s, each with help", codes, b.codes)
			}
		})
	}
}

// made makes the mistake in a folder of its own and gives what the tool says.
func (b blunder) made(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"plumbline.yaml", "openapi.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", "mistakes", name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if name == b.file {
			if b.from == "" {
				continue
			}
			if !strings.Contains(text, b.from) {
				t.Fatalf("%s has no %q", name, b.from)
			}
			text = strings.Replace(text, b.from, b.to, 1)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := strings.Fields(b.args)
	if len(args) == 0 {
		args = []string{"plan"}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	var out, said strings.Builder
	a := &app{args: args, in: strings.NewReader(""), out: &out, err: &said, env: func(string) (string, bool) { return "", false }}
	if code := execute(context.WithoutCancel(t.Context()), a); code != 2 {
		t.Errorf("exit code %d: %s", code, said.String())
	}
	t.Chdir(here)
	return "$ plumbline " + strings.Join(args, " ") + "\n" + said.String()
}

// Every code that the sources use is explained.
func TestEveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{".", "../../contracts/declaration", "../../contracts/openapi", "../../contracts/slo"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(folder, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`"((?:CFG|SLO|DOC|FLG)\d{3})"`).FindAllStringSubmatch(string(data), -1) {
				if codes()[m[1]] == "" {
					t.Errorf("%s uses %s, which `plumbline explain` does not know", file, m[1])
				}
			}
		}
	}
}
