package main

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/features"
	"github.com/plumbline-dev/plumbline/scenarios"
	"github.com/plumbline-dev/plumbline/scenarios/gherkin"
)

func (a *app) functionsCommand() *cobra.Command {
	var asJSON, asMarkdown bool
	c := &cobra.Command{
		Use: "functions", Short: "List the fitness functions", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return a.functionsJSON()
			}
			if asMarkdown {
				a.functionsMarkdown()
				return nil
			}
			w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', 0)
			for _, f := range scenarios.Functions() {
				_, _ = fmt.Fprintf(w, "%s\t%s\n", f.ID, f.Title)
			}
			return w.Flush()
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	c.Flags().BoolVar(&asMarkdown, "markdown", false, "as the page docs/CATALOGUE.md, explanations included")
	return c
}

func (a *app) functionsMarkdown() {
	a.printf("# Catalogue of fitness functions\n\nWritten by `plumbline functions --markdown`.\n")
	for _, f := range scenarios.Functions() {
		a.printf("\n## %s\n\n%s.\n\n%s\n\nRests on: %s.\n", f.ID, f.Title, strings.ReplaceAll(strings.TrimSpace(f.Doc), "\n", "\n\n"), f.Standard)
		if len(f.Mutants) > 0 {
			a.printf("\nShown to fail on `%s`.\n", strings.Join(f.Mutants, "`, `"))
		}
	}
}

func (a *app) functionsJSON() error {
	type line struct {
		ID       string   `json:"id"`
		Title    string   `json:"title"`
		Standard string   `json:"standard"`
		Mutants  []string `json:"mutants"`
	}
	var out []line
	for _, f := range scenarios.Functions() {
		out = append(out, line{f.ID, f.Title, f.Standard, f.Mutants})
	}
	return a.list(out)
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain ID", Short: "Explain a fitness function, an error code, or the steps of scenarios", Args: cobra.ExactArgs(1), ValidArgsFunction: explicable,
		Example: "  plumbline explain resilience/breaker-opens\n  plumbline explain SLO104\n  plumbline explain steps",
		RunE: func(_ *cobra.Command, args []string) error {
			id := args[0]
			if id == "steps" {
				return harness(a.explainSteps())
			}
			if text, ok := codes()[id]; ok {
				a.printf("%s\n\n%s\n", id, text)
				return nil
			}
			for _, f := range scenarios.Functions() {
				if f.ID == id || strings.HasSuffix(f.ID, "/"+id) || strings.HasPrefix(id, f.ID+"/") {
					a.explainFunction(f)
					return nil
				}
			}
			known := slices.Concat(catalogued(), slices.Collect(maps.Keys(codes())))
			help := strings.TrimSpace(mistake.DidYouMean(id, known) + " `plumbline functions` lists the functions")
			return usage(&mistake.Problem{Code: "FLG204", Source: plumbline.Source{File: "plumbline explain " + id}, Message: fmt.Sprintf("nothing is called %q", id), Help: help})
		},
	}
}

func (a *app) explainFunction(f plumbline.Function) {
	a.printf("%s\n%s\n\n%s\n\nRests on: %s\n", f.ID, f.Title, strings.TrimSpace(f.Doc), f.Standard)
	if len(f.Mutants) > 0 {
		a.printf("Shown to fail on: %s (plumbline demo --defect %s)\n", strings.Join(f.Mutants, ", "), f.Mutants[0])
	}
}

func (a *app) explainSteps() error {
	for _, w := range gherkin.Vocabulary() {
		a.printf("%s\n    %s\n    %s\n\n", w.Form, w.Doc, w.Example)
	}
	names, err := fs.Glob(features.Files, "*.feature")
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := fs.ReadFile(features.Files, name)
		if err != nil {
			return err
		}
		a.printf("Worked example: %s\n\n%s\n", name, data)
	}
	return nil
}

// stepsMarkdown writes the page docs/STEPS.md: the steps of scenarios, and a
// worked feature of each family.
func stepsMarkdown(w io.Writer) error {
	_, _ = fmt.Fprint(w, "# Steps of scenarios\n\nWritten by `make golden`; `plumbline explain steps` prints the same. A file of your own in `features/` may use all of them.\n\n| step | what it does | example |\n|---|---|---|\n")
	for _, v := range gherkin.Vocabulary() {
		_, _ = fmt.Fprintf(w, "| `%s` | %s | `%s` |\n", cell(v.Form), cell(v.Doc), cell(v.Example))
	}
	names, err := fs.Glob(features.Files, "*.feature")
	for _, name := range names {
		var data []byte
		if data, err = fs.ReadFile(features.Files, name); err != nil {
			break
		}
		_, _ = fmt.Fprintf(w, "\n## %s\n\n```gherkin\n%s```\n", name, data)
	}
	return err
}

// cell is a text that fits into a table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}
