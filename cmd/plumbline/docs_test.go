package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/runners/ports"
)

// A fence is a code block of a page: what follows ``` on its first line, and
// its text.
type fence struct{ info, text string }

func fences(page string) []fence {
	var out []fence
	var open *fence
	for s := bufio.NewScanner(strings.NewReader(page)); s.Scan(); {
		info, is := strings.CutPrefix(s.Text(), "```")
		switch {
		case is && open == nil:
			open = &fence{info: info}
		case is:
			out, open = append(out, *open), nil
		case open != nil:
			open.text += s.Text() + "\n"
		}
	}
	return out
}

var exitNote = regexp.MustCompile(` # exit (\d+)(?: or (\d+))?$`)

// script is one shell script of all blocks of commands: a line has to exit with
// zero, or with a code that its comment names; servers end with the script.
func script(blocks []fence) string {
	var b strings.Builder
	b.WriteString("trap 'kill $(jobs -p) 2>/dev/null' EXIT\n")
	for _, f := range blocks {
		if f.info != "sh" {
			continue
		}
		for line := range strings.Lines(f.text) {
			line, want := strings.TrimSuffix(line, "\n"), []string{"", "0", "0"}
			if m := exitNote.FindStringSubmatch(line); m != nil {
				want = []string{m[0], m[1], cmp.Or(m[2], m[1])}
				line = strings.TrimSuffix(line, m[0])
			}
			if server, is := strings.CutSuffix(line, " &"); is {
				address := regexp.MustCompile(`127\.0\.0\.1:(\d+)$`).FindStringSubmatch(server)
				fmt.Fprintf(&b, "%s &\nfor i in $(seq 200); do (exec 3<>/dev/tcp/127.0.0.1/%s) 2>/dev/null && break; sleep 0.1; done\n", server, address[1])
				continue
			}
			fmt.Fprintf(&b, "%s; got=$?; [ $got = %s ] || [ $got = %s ] || { echo %s exited with $got; exit 1; }\n", line, want[1], want[2], strconv.Quote(line))
		}
	}
	return b.String()
}

// TestPagesRun does what pages say, each in an empty folder. What needs more
// than this machine surely has is marked so in the page, and only looked at by
// TestCommandsOfPages.
func TestPagesRun(t *testing.T) {
	t.Parallel()
	for page, leaves := range map[string][]string{
		"TUTORIAL.md":    {"first/report.html", "second/report.html", "third/report.html", "plumbline.yaml", "plumbline/contracts"},
		"DEPLOYMENTS.md": {"url/report.html", "process/report.html"},
	} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			pageRuns(t, page, leaves...)
		})
	}
}

func pageRuns(t *testing.T, page string, leaves ...string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	blocks := fences(elsewhere(t, string(text), "8080", "8081"))
	for _, f := range blocks {
		if _, name, is := strings.Cut(f.info, "file="); is {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(f.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	shell := exec.CommandContext(t.Context(), "bash", "-c", script(blocks)) //nolint:gosec // our own page
	shell.Dir = dir
	out, err := shell.CombinedOutput()
	for _, name := range leaves {
		if _, missing := os.Stat(filepath.Join(dir, name)); missing != nil && err == nil {
			err = missing
		}
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// pages are all pages that a user reads.
func pages(t *testing.T) []string {
	t.Helper()
	out, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, "../../README.md", "../../CONTRIBUTING.md")
}

// TestCommandsOfPages holds every command on every page, in blocks and within
// sentences, against the command line: the command is there, and so are its
// flags.
func TestCommandsOfPages(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"plumbline rum", "plumbline run --spek a.yaml", "plumbline baseline promot last"} {
		if isCommand(words(wrong)) == nil {
			t.Errorf("%s is taken for a command", wrong)
		}
	}
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range toolLines(string(text)) {
			if err := isCommand(words(line)); err != nil {
				t.Errorf("%s: %s: %v", filepath.Base(page), line, err)
			}
		}
	}
}

var (
	inSentence = regexp.MustCompile("`((?:bin/)?plumbline [a-z][^`]*)`")
	comment    = regexp.MustCompile(` +# .*$| &$`)
)

// toolLines are the calls of the tool on a page, as they are written.
func toolLines(page string) []string {
	var out []string
	for _, f := range fences(page) {
		if name, _, _ := strings.Cut(f.info, " "); name != "sh" {
			continue
		}
		for line := range strings.Lines(strings.ReplaceAll(f.text, "\\\n", "")) {
			line = comment.ReplaceAllString(strings.TrimSpace(line), "")
			if strings.HasPrefix(line, "plumbline ") {
				out = append(out, line)
			}
		}
	}
	for _, m := range inSentence.FindAllStringSubmatch(page, -1) {
		out = append(out, strings.TrimPrefix(m[1], "bin/"))
	}
	return out
}

// words are those of a line, as a shell takes them.
func words(line string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`'([^']*)'|"([^"]*)"|[^\s'"]+`).FindAllStringSubmatch(line, -1) {
		out = append(out, cmp.Or(m[1], m[2], m[0]))
	}
	return out
}

// isCommand says what is wrong with a call of the tool. Words in capitals stand
// for something.
func isCommand(line []string) error {
	c, rest, err := commandLine().Find(line[1:])
	if err != nil {
		return err
	}
	if c.HasSubCommands() && len(rest) > 0 {
		return fmt.Errorf("%s has no command %s", c.CommandPath(), rest[0])
	}
	if i := slices.IndexFunc(rest, func(w string) bool { return strings.ContainsAny(w, ";|>…") }); i >= 0 {
		rest = rest[:i]
	}
	for _, w := range rest {
		name, isFlag := strings.CutPrefix(w, "--")
		name, _, _ = strings.Cut(name, "=")
		if w == "--" {
			return nil
		}
		if isFlag && c.Flags().Lookup(name) == nil && c.InheritedFlags().Lookup(name) == nil && name != "help" {
			return fmt.Errorf("%s has no flag --%s", c.CommandPath(), name)
		}
	}
	return nil
}

// TestDeclarationsOfPages reads every declaration that a page gives a name.
func TestDeclarationsOfPages(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fences(string(text)) {
			_, name, named := strings.Cut(f.info, "file=")
			if !named || strings.HasPrefix(f.text, "openapi: 3") {
				continue
			}
			if _, err := declaration.Parse(name, []byte(f.text), func(string) (string, bool) { return "x", true }); err != nil {
				t.Errorf("%s: %s: %v", filepath.Base(page), name, err)
			}
		}
	}
}

// elsewhere puts free ports in the place of those of a page.
func elsewhere(t *testing.T, page string, taken ...string) string {
	t.Helper()
	for _, port := range taken {
		// Its server starts late: a port of the kernel's own range would by then be
		// that of some connection.
		free, err := ports.Free(t.Context(), "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		page = strings.ReplaceAll(page, "127.0.0.1:"+port, free)
	}
	return page
}
