package main

import (
	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline/contracts/declaration"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of plumbline.yaml, for editors", Args: cobra.NoArgs,
		Long: `Schema prints the JSON Schema (draft 7) of plumbline.yaml: every key with its
type, its meaning and an example. The first line of a file that init wrote names
the published one; a file of your own does as well:

  # yaml-language-server: $schema=plumbline.schema.json`,
		Example: "  plumbline schema > plumbline.schema.json",
		RunE: func(*cobra.Command, []string) error {
			data, err := declaration.WriteSchema()
			if err != nil {
				return harness(err)
			}
			a.printf("%s", data)
			return nil
		},
	}
}
