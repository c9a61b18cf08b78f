package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A branch is a branch of the repository at hand, laid out in a folder of its
// own: the work tree and the index of the repository are left alone. A nil
// branch is a plain folder, of which there is nothing to commit.
type branch struct {
	dir, name, head string // head is empty when there is no such branch yet
}

// branchPrefix begins the name of a history that is a branch.
const branchPrefix = "git:"

// checkOut lays git:NAME out; of another place it returns nil.
func checkOut(ctx context.Context, where string) (*branch, error) {
	name, ok := strings.CutPrefix(where, branchPrefix)
	if !ok {
		return nil, nil
	}
	if name == "" || strings.HasPrefix(name, "-") {
		return nil, fmt.Errorf("history %s: name a branch, as in git:plumbline-history", where)
	}
	dir, err := os.MkdirTemp("", "plumbline-history-")
	if err != nil {
		return nil, err
	}
	b := &branch{dir: dir, name: name}
	for _, ref := range []string{"refs/heads/" + name, "refs/remotes/origin/" + name} {
		if head, err := b.git(ctx, nil, "rev-parse", "--verify", "--quiet", ref+"^{commit}"); err == nil {
			b.head = strings.TrimSpace(head)
			break
		}
	}
	if b.head == "" {
		return b, nil
	}
	archive, err := b.git(ctx, nil, "archive", "--format=tar", b.head)
	if err == nil {
		err = layOut(dir, strings.NewReader(archive))
	}
	if err != nil {
		b.drop()
		return nil, err
	}
	return b, nil
}

// layOut unpacks regular files.
func layOut(dir string, in io.Reader) error {
	r := tar.NewReader(in)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, h.Name), data); err != nil {
			return err
		}
	}
}

// commit makes the folder the next commit of the branch. It is not pushed:
// that is for the pipeline.
func (b *branch) commit(ctx context.Context, message string) error {
	if b == nil {
		return nil
	}
	index, err := os.MkdirTemp("", "plumbline-index-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(index) }()
	env := []string{"GIT_INDEX_FILE=" + filepath.Join(index, "index"), "GIT_WORK_TREE=" + b.dir}
	if _, err := b.git(ctx, env, "add", "--all", "--force", "."); err != nil {
		return err
	}
	tree, err := b.git(ctx, env, "write-tree")
	if err != nil {
		return err
	}
	args := []string{"-c", "user.name=plumbline", "-c", "user.email=plumbline@localhost", "commit-tree", strings.TrimSpace(tree), "-m", message}
	if b.head != "" {
		args = append(args, "-p", b.head)
	}
	head, err := b.git(ctx, nil, args...)
	if err != nil {
		return err
	}
	_, err = b.git(ctx, nil, "update-ref", "refs/heads/"+b.name, strings.TrimSpace(head))
	return err
}

func (b *branch) git(ctx context.Context, env []string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "git", args...)
	c.Env = append(os.Environ(), env...)
	if len(env) > 0 { // with a work tree of its own, the repository has to be named
		repository, err := b.git(ctx, nil, "rev-parse", "--absolute-git-dir")
		if err != nil {
			return "", err
		}
		c.Dir = b.dir
		c.Env = append(c.Env, "GIT_DIR="+strings.TrimSpace(repository))
	}
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

// drop removes the folder of the branch.
func (b *branch) drop() {
	if b != nil {
		_ = os.RemoveAll(b.dir)
	}
}
