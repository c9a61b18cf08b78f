package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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
features/ (Gherkin), flows/ (Arazzo: the lives of resources, as far as the
document tells them) and profiles/ (load) into a folder. A file that was edited
since it was generated is left alone: the new version is put beside it as
NAME.new, and the command says so and exits 2.

With --consumer-tests go it writes consumer/NAME_test.go instead: tests on the
DSL of pact-go for the operations of --operations, where the team of a consumer
begins. They call for what the document promises; the team puts its own client
in, and takes out what that does not read.`,
		Example: "  plumbline generate --consumer-tests go --consumer web --operations createOrder,getOrder",
		RunE: func(*cobra.Command, []string) error {
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

func (a *app) generate(dir string, files map[string][]byte, overwrite bool) error {
	known, err := readManifest(dir)
	if err != nil {
		return usage(err)
	}
	var edited []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f := generated{path: filepath.Join(dir, filepath.FromSlash(name)), data: files[name], known: known[name], overwrite: overwrite}
		path, err := f.write()
		if err != nil {
			return usage(err)
		}
		if path != "" {
			a.printf("wrote %s\n", path)
		}
		if path != "" && path != f.path {
			edited = append(edited, f.path)
		}
		known[name] = digest(files[name])
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
	data      []byte
	known     string
	overwrite bool
}

// write writes the file, or beside it where somebody has edited it, and returns
// the path written to; empty when the file is there already.
func (g generated) write() (string, error) {
	have, err := os.ReadFile(g.path)
	path := g.path
	switch {
	case err == nil && digest(have) == digest(g.data):
		return "", nil
	case err == nil && digest(have) != g.known && !g.overwrite:
		path += ".new"
	}
	return path, writeFile(path, g.data)
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
