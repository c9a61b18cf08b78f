package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

//go:embed init.yaml.tmpl
var declarationTemplate string

func (a *app) initCommand() *cobra.Command {
	var spec, target, out string
	var force bool
	c := &cobra.Command{
		Use: "init", Short: "Write a commented plumbline.yaml", Args: cobra.NoArgs,
		Example: "  plumbline init --spec openapi.yaml --target http://127.0.0.1:8080",
		RunE: func(*cobra.Command, []string) error {
			return usage(a.initialize(spec, target, out, force))
		},
	}
	c.Flags().StringVar(&spec, "spec", "", "OpenAPI document (required)")
	c.Flags().StringVar(&target, "target", "http://127.0.0.1:8080", "base URL of the deployment")
	c.Flags().StringVarP(&out, "output", "o", "plumbline.yaml", "file to write")
	c.Flags().BoolVar(&force, "force", false, "write over an existing file")
	return c
}

func (a *app) initialize(spec, target, out string, force bool) error {
	if spec == "" {
		return errors.New("init needs --spec FILE")
	}
	if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) && !force {
		return fmt.Errorf("%s exists; --force writes over it", out)
	}
	doc, err := loadDocument(spec, openapi.Options{})
	if err != nil {
		return err
	}
	t, err := template.New("plumbline.yaml").Parse(declarationTemplate)
	if err != nil {
		return err
	}
	var b strings.Builder
	d := initial(doc, spec, target, out)
	if err := t.Execute(&b, d); err != nil {
		return err
	}
	if err := writeFile(out, []byte(b.String())); err != nil {
		return err
	}
	a.printf("wrote %s for %d operations; `plumbline plan -c %s` shows what it asks for\n", out, len(d.Operations), out)
	return nil
}

// initial takes from the document what the template asks for.
func initial(doc *openapi.Doc, spec, target, out string) initFile {
	rel, err := filepath.Rel(filepath.Dir(out), spec)
	if err != nil || strings.Contains(spec, "://") {
		rel = spec
	}
	d := initFile{Service: serviceName(doc), Spec: filepath.ToSlash(rel), Target: target}
	for _, op := range doc.Plumb() {
		d.Operations = append(d.Operations, op.ID)
		d.Secured = d.Secured || op.Secured
		probe := strings.Contains(op.Path, "live") || strings.Contains(op.Path, "health")
		if op.Method == "GET" && probe && d.Liveness == "" {
			d.Liveness = op.Path
		}
	}
	return d
}

// initFile is what the template of plumbline.yaml is filled with.
type initFile struct {
	Service, Spec, Target, Liveness string
	Operations                      []string
	Secured                         bool
}
