// Package readers finds what tests read our files with and others have made: a
// browser, axe-core, xmllint.
package readers

import (
	"context"
	"os"
	"os/exec"
	"testing"
)

// Lacking ends a test for want of a reader. Where PLUMBLINE_REQUIRE_READERS is set
// that is a failure.
func Lacking(tb testing.TB, why string) {
	tb.Helper()
	if os.Getenv("PLUMBLINE_REQUIRE_READERS") != "" {
		tb.Fatal(why)
	}
	tb.Skip(why)
}

// Chromium is a headless browser with a profile of its own, not started yet.
func Chromium(ctx context.Context, tb testing.TB, profile string, args ...string) *exec.Cmd {
	tb.Helper()
	var browser string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
		}
	}
	if browser == "" {
		Lacking(tb, "no chromium on the path")
	}
	return exec.CommandContext(ctx, browser, append([]string{ //nolint:gosec // for tests
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + profile,
	}, args...)...)
}
