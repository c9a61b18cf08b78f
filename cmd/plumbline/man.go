package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes what the packages of a release hold beside the binary.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man FOLDER", Short: "Write the man pages and the completions of shells into a folder", Args: cobra.ExactArgs(1),
		Long: `Man writes a page of section 1 for every command, and completions for bash, zsh
and fish. SOURCE_DATE_EPOCH sets the date of the pages. The completion of one
shell alone is printed by plumbline completion.`,
		Example: "  plumbline man /usr/local/share/man/man1\n  plumbline completion bash > /etc/bash_completion.d/plumbline",
		RunE: func(c *cobra.Command, args []string) error {
			return harness(a.writePages(c.Root(), args[0]))
		},
	}
}

func (a *app) writePages(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root.DisableAutoGenTag = true
	root.InitDefaultCompletionCmd()
	header := &doc.GenManHeader{Section: "1", Source: "plumbline " + a.version, Manual: "Plumbline"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return err
	}
	for name, write := range map[string]func(string) error{
		"plumbline.bash": func(f string) error { return root.GenBashCompletionFileV2(f, true) },
		"_plumbline":     root.GenZshCompletionFile,
		"plumbline.fish": func(f string) error { return root.GenFishCompletionFile(f, true) },
	} {
		if err := write(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	pages, err := filepath.Glob(filepath.Join(dir, "plumbline*.1"))
	if err == nil {
		a.printf("%s\n", fmt.Sprintf("wrote %d pages and 3 completions to %s", len(pages), dir))
	}
	return err
}
