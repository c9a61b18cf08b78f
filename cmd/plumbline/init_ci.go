package main

import (
	_ "embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

//go:embed init.github.tmpl
var githubTemplate string

//go:embed init.gitlab.tmpl
var gitlabTemplate string

// A ci is who runs pipelines.
type ci struct {
	title, file, template string // file: where that of a pipeline belongs in a repository
}

// cis are those that are known, by the value of --ci.
func cis() map[string]ci {
	return map[string]ci{
		"github": {"GitHub", ".github/workflows/fitness.yml", githubTemplate},
		"gitlab": {"GitLab", ".gitlab-ci.yml", gitlabTemplate},
	}
}

func pipelines() []string { return []string{"github", "gitlab"} }

// A pipelineFile is what the template of a pipeline is filled with.
type pipelineFile struct {
	Version     string // of the tool, as v0.1.0
	Declaration string // plumbline.yaml, from the root of the repository
	Variables   []string
}

// Number is the version without its v.
func (f pipelineFile) Number() string { return strings.TrimPrefix(f.Version, "v") }

// firstRelease is what pipelines use that are written by a build that is no
// release.
const firstRelease = "v0.1.0"

// pipeline is the file of a pipeline, and where it belongs. A file that is
// there is written over only by force.
func (a *app) pipeline(o initOptions) (name string, text []byte, err error) {
	if o.ci == "" {
		return "", nil, nil
	}
	if !slices.Contains(pipelines(), o.ci) {
		return "", nil, notOneOf("--ci", o.ci, pipelines())
	}
	name = filepath.FromSlash(cis()[o.ci].file)
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) && !o.force {
		return "", nil, wrongFlag("--ci", o.ci, "docs/PIPELINE.md has what to add to it; --force writes over it", "%s exists", name)
	}
	f := pipelineFile{Version: firstRelease, Declaration: filepath.ToSlash(o.out)}
	if here, err := os.Getwd(); err == nil && filepath.IsAbs(o.out) {
		if rel, err := filepath.Rel(here, o.out); err == nil {
			f.Declaration = filepath.ToSlash(rel)
		}
	}
	if regexp.MustCompile(`^v\d+\.\d+\.\d+$`).MatchString(a.version) {
		f.Version = a.version
	}
	for _, text := range o.identities {
		_, variable, _ := strings.Cut(text, "=")
		f.Variables = append(f.Variables, variable)
	}
	t, err := template.New(name).Delims("<<", ">>").Parse(cis()[o.ci].template)
	if err != nil {
		return "", nil, err
	}
	var b strings.Builder
	err = t.Execute(&b, f)
	return name, []byte(b.String()), err
}

// likelyCI is who seems to run the pipelines of a repository, and has none for
// this yet; empty when nobody does.
func likelyCI(in fs.FS) string {
	there := func(name string) bool { _, err := fs.Stat(in, name); return err == nil }
	switch {
	case there(".github") && !there(cis()["github"].file):
		return "github"
	case there(".gitlab") && !there(cis()["gitlab"].file):
		return "gitlab"
	}
	return ""
}
