package main

import (
	"fmt"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
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
	data, err := indented(out)
	if err != nil {
		return harness(err)
	}
	a.printf("%s", data)
	return nil
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain ID", Short: "Explain a fitness function, an error code, or the steps of scenarios", Args: cobra.ExactArgs(1),
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
			return usage(fmt.Errorf("nothing is called %q; `plumbline functions` lists the functions", id))
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

// codes explains the codes of configuration errors.
func codes() map[string]string {
	return map[string]string{
		"CFG001": "plumbline.yaml is not YAML. The snippet marks where reading stopped.",
		"CFG002": "A key of plumbline.yaml is not known. Keys are checked strictly, because a misspelt claim would otherwise silently not be judged.",
		"CFG003": "A value has the wrong type, or something that is needed is missing.",
		"CFG004": "A value is not one of those that are possible.",
		"CFG005": "An environment variable that plumbline.yaml names is not set. ${NAME:-default} gives a default.",
		"CFG006": "A file cannot be read, or a pattern matches no file. Paths are relative to plumbline.yaml.",
		"SLO101": "An objective cannot be understood.",
		"SLO102": "An objective, a dependency or the load mix names an operation that the OpenAPI document does not have. Operations are named by operationId, \"METHOD /path\", tag:NAME or \"*\".",
		"SLO103": "Two objectives contradict each other: the same share of the same operations with two values, or one name for two.",
		"SLO104": "The planned load is too small to decide the objective: even without a single bad request the upper bound of the bad share would lie above what is allowed. n = ln(0.05)/ln(target) requests without a failure prove a target at 95 % (59 for 95 %, 299 for 99 %, 2,995 for 99.9 %).",
		"SLO105": "An OpenSLO file cannot be read.",
		"SLO106": "An OpenSLO document is not of the form that OpenSLO v1 prescribes.",
		"SLO107": "An OpenSLO threshold has no unit: OpenSLO leaves it to the metric. Bind it in plumbline.yaml with unit: s or ms, or with good: \"latency <= 300ms\".",
	}
}
