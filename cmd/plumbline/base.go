package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/contracts/diff"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/outbound"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// compare holds the document against the released one, if there is one. It is
// called when the consumers of the design are known.
func (s *session) compare() error {
	base := s.base
	if base == "" {
		base = s.declared.Intake.Base
	}
	if base == "" {
		return nil
	}
	old, err := s.released(base)
	if err != nil {
		return unreadable("--base", base, "a file, a URL, or git:REV[:PATH]", "the released document cannot be read", err)
	}
	changes, err := diff.Compare(old, s.doc)
	if err != nil {
		return err
	}
	s.design.Base = base
	s.design.Changes = diff.Touch(changes, s.design.Consumers)
	if err := s.replayable(old); err != nil {
		return err
	}
	s.notes = append(s.notes, allow(s.design.Changes, s.declared.Intake.Allowed)...)
	return nil
}

// replayable makes requests from the released document, to be sent to the
// deployment, and what their answers are held against.
func (s *session) replayable(old *openapi.Doc) error {
	set, err := schema.Compile(old)
	if err != nil {
		return err
	}
	at := outbound.Of(s.doc, s.set)
	refuses := func(r plumbline.Request) string {
		_, marks := at.Inspect(outbound.Request{Method: r.Method, Path: r.Path, Query: r.Query, Header: r.Header, Body: r.Body, Whole: true})
		for _, m := range marks {
			// A path may hold {name} for what only the deployment knows.
			if m.Kind != plumbline.MarkUnread && !strings.HasPrefix(m.Pointer, "path/") {
				return strings.TrimSpace(m.Pointer + " " + m.Message)
			}
		}
		return ""
	}
	ops := sample.Fill(old, set, sample.Options{Seed: s.seed, MaxInvalid: 1, Dictionary: s.declared.Dictionary})
	s.design.Released = diff.Released(old, s.doc, ops, s.design.Operations, refuses)
	s.reader = diff.NewReader(old, s.doc, set)
	return nil
}

// allow marks the changes that are meant to be; an entry that allows nothing
// is stale, and said.
func allow(changes []plumbline.Change, allowed []declaration.Allowed) (notes []string) {
	for _, a := range allowed {
		used := false
		for i, c := range changes {
			if c.ID == a.Change || strings.Contains(c.Text, a.Change) || c.Operation == a.Change {
				changes[i].Allowed, used = a.Reason, true
			}
		}
		if !used {
			notes = append(notes, fmt.Sprintf("allowed_breaking: no change is %q any more; the entry can go", a.Change))
		}
	}
	return notes
}

// released loads the document that was released before: a file, a URL, or
// git:REV[:PATH]. Overlays are applied to it as to the document itself, so that
// only what changed is a change.
func (s *session) released(base string) (*openapi.Doc, error) {
	overlays, err := s.readOverlays()
	if err != nil {
		return nil, err
	}
	o := openapi.Options{AllowRemoteRefs: s.remote, Amend: amend(s.doc.File, overlays)}
	rev, ok := strings.CutPrefix(base, "git:")
	if !ok {
		return loadDocument(base, o)
	}
	dir, rest := ".", ""
	if at := rev[strings.LastIndexByte(rev, ':')+1:]; at != rev {
		rev, rest = strings.TrimSuffix(rev, ":"+at), at
	}
	if rest == "" {
		if _, err := os.Stat(s.doc.File); err != nil {
			return nil, errors.New("write git:REV:PATH, as the document is no file here")
		}
		dir = filepath.Dir(s.doc.File)
		rest = "./" + filepath.Base(s.doc.File)
	}
	if rev == "" || strings.HasPrefix(rev, "-") {
		return nil, fmt.Errorf("%q is no revision", rev)
	}
	data, err := git(dir, "show", rev+":"+rest)
	if err != nil {
		return nil, err
	}
	if !regexp.MustCompile(`\$ref["']?\s*:\s*["']?[^#"'\s]`).Match(data) {
		return openapi.Parse(base, data, o)
	}
	return withNeighbours(dir, rev, rest, o)
}

// withNeighbours loads a document of a revision that refers to other files:
// those of the same revision, unpacked into a folder for the moment.
func withNeighbours(dir, rev, name string, o openapi.Options) (*openapi.Doc, error) {
	prefix := ""
	if strings.HasPrefix(name, "./") {
		out, err := git(dir, "rev-parse", "--show-prefix")
		if err != nil {
			return nil, err
		}
		prefix = strings.TrimSpace(string(out))
	}
	top, err := git(dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	archive, err := git(strings.TrimSpace(string(top)), "archive", "--format=tar", rev)
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "plumbline-base-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if err := untar(tmp, archive); err != nil {
		return nil, err
	}
	d, err := openapi.Load(filepath.Join(tmp, filepath.FromSlash(prefix), filepath.FromSlash(name)), o)
	if err == nil {
		d.File = "git:" + rev + ":" + name
	}
	return d, err
}

// untar writes the documents of a tar archive, and nothing outside of the
// folder.
func untar(dir string, archive []byte) error {
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) || !slices.Contains([]string{".json", ".yaml", ".yml"}, filepath.Ext(h.Name)) {
			continue
		}
		data, err := readAll(r, documentLimit)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(h.Name)), data); err != nil {
			return err
		}
	}
}

// gitTime bounds one call of git.
const gitTime = 30 * time.Second

func git(dir string, args ...string) ([]byte, error) {
	c := exec.Command("git", args...) //nolint:noctx // bounded by a deadline of its own, before anything was started
	c.Dir = dir
	var out, problem bytes.Buffer
	c.Stdout, c.Stderr = &out, &problem
	err := c.Start()
	if err == nil {
		late := time.AfterFunc(gitTime, func() { _ = c.Process.Kill() })
		err = c.Wait()
		late.Stop()
	}
	if err != nil {
		return nil, fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(problem.String()+" "+err.Error()))
	}
	return out.Bytes(), nil
}
