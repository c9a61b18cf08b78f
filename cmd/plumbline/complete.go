package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/reports"
	"github.com/plumbline-dev/plumbline/runners/target"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// completions gives shells the values of flags that are among a few, wherever
// such a flag stands.
func completions(root *cobra.Command) {
	known := map[string]func() []string{
		"only":        catalogued,
		"mode":        func() []string { return modes() },
		"defect":      defects,
		"ci":          pipelines,
		"profile":     profiles,
		"format":      reports.Names,
		"diagnostics": diagnosticForms,
		"packs":       sample.Packs,
		"pact-engine": engines,
		"http": func() []string {
			return []string{string(target.ProtocolLean), string(target.ProtocolNet), string(target.ProtocolH2)}
		},
	}
	for _, c := range commands(root) {
		for name, values := range known {
			if c.Flags().Lookup(name) != nil {
				_ = c.RegisterFlagCompletionFunc(name, among(values)) // fails for a flag that is not there
			}
		}
	}
}

// commands are a command and everything below it.
func commands(c *cobra.Command) []*cobra.Command {
	out := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		out = append(out, commands(sub)...)
	}
	return out
}

// among completes a value, the last one of a list with commas.
func among(values func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := begun[:strings.LastIndexByte(begun, ',')+1]
		var out []cobra.Completion
		for _, v := range values() {
			if strings.HasPrefix(before+v, begun) {
				out = append(out, before+v)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// catalogued are the functions and their groups.
func catalogued() []string {
	var out []string
	for _, f := range scenarios.Functions() {
		group, _, _ := strings.Cut(f.ID, "/")
		out = append(out, f.ID, group)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// explicable is everything that explain knows.
func explicable(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all := slices.Concat(catalogued(), slices.Sorted(maps.Keys(codes())), []string{"steps"})
	return among(func() []string { return all })(nil, nil, begun)
}

func modes() []string { return []string{"observe", "own", "full"} }

func engines() []string { return []string{"ffi", "pact-go"} }
