package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/plumbline-dev/plumbline/scenarios"
)

//go:embed replay_go.tmpl
var replayTest string

// goReplay is what the template of a test is filled with.
type goReplay struct {
	Package, Name, Claim, Statement, Run, Target string
	Flags                                        []string // document and declaration, relative to the folder of the test
}

// replayGo writes a Go test that replays a failure of a run, and what the
// replay needs of that run to testdata beside it. Nothing is sent.
func (a *app) replayGo(o options, dir, claim, file string) error {
	if !strings.HasSuffix(file, "_test.go") {
		return usage(wrongFlag("--go", file, "name a file such as orders_replay_test.go, in the folder of a package", "the file of a Go test ends in _test.go"))
	}
	s, stored, err := a.stored(o, dir)
	if err != nil {
		return err
	}
	if _, err := scenarios.Replay(s.design, s.plan, s.functions, stored, claim); err != nil {
		return usage(notReplayable(dir, err))
	}
	v := scenarios.Judge(s.design, s.plan, s.functions, stored)
	t := goReplay{Claim: claim, Name: "TestReplay" + camel(claim), Run: "testdata/" + slug(claim), Target: s.design.Target}
	for _, f := range v.Findings {
		if f.Claim == claim {
			t.Statement = strings.Join(strings.Fields(f.Reason), " ")
		}
	}
	folder := filepath.Dir(file)
	if t.Package, err = testPackage(folder); err != nil {
		return usage(err)
	}
	if t.Flags, err = relativeTo(folder, recalled(o, dir)); err != nil {
		return usage(err)
	}
	if err := copyRun(dir, filepath.Join(folder, filepath.FromSlash(t.Run))); err != nil {
		return usage(err)
	}
	text, err := t.write()
	if err != nil {
		return harness(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil { //nolint:gosec // source
		return usage(err)
	}
	a.note("wrote %s, and what it replays to %s\n", file, filepath.Join(folder, filepath.FromSlash(t.Run)))
	return nil
}

func (g goReplay) write() ([]byte, error) {
	t, err := template.New("test").Parse(replayTest)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, g); err != nil {
		return nil, err
	}
	return format.Source(b.Bytes())
}

// relativeTo are the flags that name document and declaration, as they are
// called from a folder.
func relativeTo(folder string, o options) ([]string, error) {
	var out []string
	for _, f := range []struct{ flag, name string }{{"-c", o.config}, {"--spec", o.spec}} {
		name := f.name
		switch {
		case name == "":
			continue
		case !strings.Contains(name, "://"):
			to, err := filepath.Abs(name)
			if err != nil {
				return nil, err
			}
			from, err := filepath.Abs(folder)
			if err != nil {
				return nil, err
			}
			if name, err = filepath.Rel(from, to); err != nil {
				return nil, err
			}
		}
		out = append(out, f.flag, filepath.ToSlash(name))
	}
	return out, nil
}

// copyRun keeps what a replay reads of a run.
func copyRun(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil { //nolint:gosec // test data
		return err
	}
	for _, name := range []string{"design.json", "plan.json", "evidence.jsonl"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o644); err != nil { //nolint:gosec // test data
			return err
		}
	}
	return nil
}

// testPackage is the package of a test in a folder: beside that of the sources
// that are there.
func testPackage(folder string) (string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return "", err
	}
	slices.Sort(files)
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly)
		if err == nil {
			return strings.TrimSuffix(f.Name.Name, "_test") + "_test", nil
		}
	}
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("there is no folder %s: make it, or name another", folder)
	}
	return "replay_test", nil
}

// claimWords are the parts of a claim that a name can be made of.
func claimWords(claim string) []string {
	return regexp.MustCompile(`[A-Za-z0-9]+`).FindAllString(claim, -1)
}

func camel(claim string) string {
	var b strings.Builder
	for _, w := range claimWords(claim) {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

func slug(claim string) string { return strings.ToLower(strings.Join(claimWords(claim), "-")) }
