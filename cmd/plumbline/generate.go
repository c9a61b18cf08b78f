package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
)

// manifestName remembers what was generated, so that an edited file can be
// told from one that may be generated again.
const manifestName = ".generated.json"

func (a *app) generateCommand() *cobra.Command {
	var o options
	var overwrite bool
	var tests consumerTests
	c := &cobra.Command{
		Use: "generate", Short: "Write contracts, features, flows and profiles, to be edited and committed", Args: cobra.NoArgs,
		Long: `Generate writes contracts/ (Pact V4 and the ledger of what Pact cannot say),
features/ (Gherkin: a file for each dependency that is broken, and for each of
idempotency and data), flows/ (Arazzo: the lives of resources, as far as the
document tells them) and profiles/ (load) into a folder. A file that was edited
since it was generated is left alone: the new version is put beside it as
NAME.new, and the command says so and exits 2.

With --consumer-tests go it writes consumer/NAME_test.go instead: tests on the
DSL of pact-go for the operations of --operations, where the team of a consumer
begins. They call for what the document promises; the team puts its own client
in, and takes out what that does not read.`,
		Example: "  plumbline generate --consumer-tests go --consumer web --operations createOrder,getOrder",
		RunE: func(*cobra.Command, []string) error {
			defer frugal()()
			o.unjudged = true
			s, err := a.prepare(o)
			if err != nil {
				return err
			}
			if s.out == "" {
				s.out = s.folder()
			}
			files, err := s.written(tests)
			if err != nil {
				return err
			}
			return a.generate(s.out, files, overwrite)
		},
	}
	o.bind(c.Flags())
	c.Flags().StringVar(&o.out, "out", "", "folder (default: generated in plumbline.yaml, or plumbline/ beside it)")
	tests.bind(c.Flags())
	c.Flags().BoolVar(&overwrite, "overwrite", false, "write over edited files")
	return c
}

func (a *app) generate(dir string, files map[string]artefact, overwrite bool) error {
	known, err := readManifest(dir)
	if err != nil {
		return usage(err)
	}
	var edited []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := generated{path: filepath.Join(dir, filepath.FromSlash(name)), make: files[name], known: known[name], overwrite: overwrite}
		path, sum, err := f.write()
		if err != nil {
			return usage(err)
		}
		if path != "" {
			a.printf("wrote %s\n", path)
		}
		if path != "" && path != f.path {
			edited = append(edited, f.path)
		}
		known[name] = sum
	}
	data, err := indented(known)
	if err != nil {
		return harness(err)
	}
	if err := writeFile(filepath.Join(dir, manifestName), data); err != nil {
		return usage(err)
	}
	a.printf("%d files in %s\n", len(files), dir)
	if len(edited) > 0 {
		return &exit{plumbline.ExitUsage, fmt.Errorf("left alone because they were edited: %s; what would have been written stands beside them as .new", strings.Join(edited, ", "))}
	}
	return nil
}

// A generated file, and what was written at its place the last time.
type generated struct {
	path      string
	make      artefact
	known     string
	overwrite bool
}

// write writes the file, or beside it where somebody has edited it, and returns
// the path written to, empty when the file is there already, and the digest of
// what was generated. What is at the path is whole at any time.
func (g generated) write() (path, sum string, err error) {
	part := g.path + ".part"
	sum, err = writeStream(part, g.make)
	if err != nil {
		return "", "", errors.Join(err, removed(part))
	}
	have, err := digestOf(g.path)
	path = g.path
	switch {
	case err == nil && have == sum:
		return "", sum, removed(part)
	case err == nil && have != g.known && !g.overwrite:
		path += ".new"
	}
	return path, sum, os.Rename(part, path)
}

// removed removes a file if it is there.
func removed(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func readManifest(dir string) (map[string]string, error) {
	out := map[string]string{}
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	return out, err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// digestOf is the digest of a file.
func digestOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// writeStream writes a file as it is made, and returns its digest.
func writeStream(name string, write artefact) (string, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return "", err
	}
	f, err := os.Create(name)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	err = errors.Join(write(io.MultiWriter(f, sum)), f.Close())
	return hex.EncodeToString(sum.Sum(nil)), err
}
