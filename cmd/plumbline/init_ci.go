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

// ciTemplates are the files of pipelines, by the name of who runs them, and
// ciFiles where each belongs in a repository.
var (
	//go:embed init.github.tmpl
	githubTemplate string
	//go:embed init.gitlab.tmpl
	gitlabTemplate string

	ciTemplates = map[string]string{"github": githubTemplate, "gitlab": gitlabTemplate}
	ciNames     = map[string]string{"github": "GitHub", "gitlab": "GitLab"}
	ciFiles     = map[string]string{"github": ".github/workflows/fitness.yml", "gitlab": ".gitlab-ci.yml"}
)

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
	name = filepath.FromSlash(ciFiles[o.ci])
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
	t, err := template.New(name).Delims("<<", ">>").Parse(ciTemplates[o.ci])
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
	case there(".github") && !there(ciFiles["github"]):
		return "github"
	case there(".gitlab") && !there(ciFiles["gitlab"]):
		return "gitlab"
	}
	return ""
}
