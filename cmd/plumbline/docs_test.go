package main

import (
	"bufio"
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
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

// TestTutorial does what the tutorial says, in an empty folder.
func TestTutorial(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/TUTORIAL.md")
	if err != nil {
		t.Fatal(err)
	}
	text := elsewhere(t, string(page), "8080", "8081")
	dir := t.TempDir()
	blocks := fences(text)
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
	for _, name := range []string{"first/report.html", "second/report.html", "third/report.html", "plumbline.yaml", "plumbline/contracts"} {
		if _, missing := os.Stat(filepath.Join(dir, name)); missing != nil && err == nil {
			err = missing
		}
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// elsewhere puts free ports in the place of those of a page.
func elsewhere(t *testing.T, page string, ports ...string) string {
	t.Helper()
	for _, port := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, free, _ := net.SplitHostPort(l.Addr().String())
		page = strings.ReplaceAll(page, "127.0.0.1:"+port, "127.0.0.1:"+free)
		defer func() { _ = l.Close() }()
	}
	return page
}
