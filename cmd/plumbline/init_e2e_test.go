//go:build e2e

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What init writes runs as it is: against the sample system, and against two
// documents that others wrote, served by stubs. Exit 0 is fit and 3 not proven;
// 2 would be a file that has to be edited first.
func TestWhatInitWritesRuns(t *testing.T) {
	s := stage(t)
	doc, err := os.ReadFile("../../examples/shop/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("shop", func(t *testing.T) {
		said := s.initRuns(t, "openapi.yaml", doc, valueOf(s.env, "SHOP_URL"), "--identity", "alice=SHOP_TOKEN_ALICE", "--identity", "bob=SHOP_TOKEN_BOB")
		if !strings.Contains(said, "want credentials, as the document says: ") || !strings.Contains(said, "value: \"${SHOP_TOKEN_BOB}\"") || !strings.Contains(said, "liveness: /livez") {
			t.Errorf("what init found out is not in the file:\n%s", said)
		}
	})
	const folder = "./readme-oas-examples-8.2.2/3.0/json/"
	for name, doc := range foreign(t, folder+"link-example.json", folder+"uspto.json") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), filepath.Base(name))
			if err := os.WriteFile(file, doc, 0o600); err != nil {
				t.Fatal(err)
			}
			at := "http://" + strings.TrimPrefix(start(t, nil, s.bin, "stub", "--spec", file), stubReady)
			if said := s.initRuns(t, filepath.Base(name), doc, at); !strings.Contains(said, "1 of 1 operations succeeded") {
				t.Errorf("what init found out is not in the file:\n%s", said)
			}
		})
	}
}

// initRuns writes a declaration and runs it; it gives the declaration.
func (s staging) initRuns(t *testing.T, name string, doc []byte, target string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), doc, 0o600); err != nil {
		t.Fatal(err)
	}
	tool := func(args ...string) (int, string) {
		c := exec.CommandContext(t.Context(), s.bin, args...)
		c.Dir, c.Env = dir, append(os.Environ(), s.env...)
		out, err := c.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return c.ProcessState.ExitCode(), string(out)
	}
	if code, said := tool(append([]string{"init", "--spec", name, "--target", target}, flags...)...); code != 0 {
		t.Fatalf("init: exit %d: %s", code, said)
	}
	if code, said := tool("run", "--budget", "8s"); code != 0 && code != 3 {
		t.Errorf("run: exit %d: %s", code, said)
	}
	written, err := os.ReadFile(filepath.Join(dir, "plumbline.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}

func valueOf(env []string, name string) string {
	for _, pair := range env {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// foreign reads documents of the corpus beside the checkout; without it the
// test skips.
func foreign(t *testing.T, names ...string) map[string][]byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "corpus", "openapi.tgz"))
	if err != nil {
		t.Skip("the corpus of OpenAPI documents is not beside the checkout")
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for r := tar.NewReader(z); len(out) < len(names); {
		h, err := r.Next()
		if err != nil {
			t.Fatalf("the corpus lacks some of %v: %v", names, err)
		}
		for _, name := range names {
			if h.Name == name {
				if out[name], err = io.ReadAll(r); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return out
}
