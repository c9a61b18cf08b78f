package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
)

// An exit is an error that knows the exit code of the process. An empty
// message means that everything has been said already.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exit{plumbline.ExitUsage, err}
}

func harness(err error) error {
	if err == nil {
		return nil
	}
	return &exit{plumbline.ExitHarness, err}
}

// execute runs the command line and returns the exit code (DESIGN D2): 0 fit,
// 1 unfit, 2 usage or config, 3 not proven, 4 not restored, 5 harness failed,
// 130 interrupted.
func execute(ctx context.Context, a *app) int {
	root := a.root() //nolint:contextcheck // ExecuteContext hands it to every command
	root.SetArgs(a.args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if err != nil {
		if e := unknownCommand(root, a.args, err); e != nil {
			err = e
		} else if e := unsaidFlag(err); e != nil {
			err = e
		}
		a.tellError(err)
	}
	if a.diagnostics = cmp.Or(a.diagnostics, formOf(a.args)); a.diagnose(err) != nil && err != nil {
		a.note("plumbline: --diagnostics %s: known are %s\n", a.diagnostics, strings.Join(diagnosticForms(), ", "))
	}
	if err == nil {
		return plumbline.ExitFit
	}
	var e *exit
	if errors.As(err, &e) {
		return e.code
	}
	if ctx.Err() != nil {
		return plumbline.ExitInterrupted
	}
	return plumbline.ExitUsage
}

// An exitCode is a code that the process ends with.
type exitCode struct {
	code    int
	meaning string
}

// exitCodes are all of them (DESIGN D2).
func exitCodes() []exitCode {
	return []exitCode{
		{plumbline.ExitFit, "fit: every gating claim is kept"},
		{plumbline.ExitUnfit, "unfit: one is broken"},
		{plumbline.ExitUsage, "usage or configuration"},
		{plumbline.ExitNotProven, "not proven: one could not be judged"},
		{plumbline.ExitNotRestored, "the environment is not restored"},
		{plumbline.ExitHarness, "the harness failed"},
		{plumbline.ExitInterrupted, "interrupted: faults healed, report written"},
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "plumbline",
		Short: "Tell whether a running deployment still keeps the promises of its design",
		Long: `Plumbline takes an OpenAPI document, SLO targets and a declaration of the
architecture, generates consumer contracts, resilience scenarios and load
profiles, runs them against a deployment with faults on the wires to its
dependencies, and writes one fitness report: fit, unfit or not proven.

Exit codes: 0 fit · 1 unfit · 2 usage or configuration · 3 not proven ·
4 environment not restored · 5 the harness failed · 130 interrupted.`,
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(flagMistake)
	root.PersistentFlags().StringVar(&a.diagnostics, "diagnostics", "", "tell mistakes of the configuration, and what was noticed about it, on standard output as well: "+strings.Join(diagnosticForms()[1:], ", ")+"; all but github have it for themselves, and what is printed otherwise goes to standard error")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return a.setApart() }
	root.AddCommand(
		a.demoCommand(),
		a.runCommand(), a.loadCommand(), a.capacityCommand(), a.compareCommand(), a.planCommand(), a.generateCommand(),
		a.judgeCommand(), a.replayCommand(), a.reportCommand(), a.historyCommand(), a.baselineCommand(), a.functionsCommand(), a.explainCommand(),
		a.doctorCommand(), a.setupCommand(), a.initCommand(), a.schemaCommand(), a.manCommand(), a.brokerCommand(), a.wireCommand(), a.cleanCommand(), a.healCommand(), a.stubCommand(), a.gateCommand(), a.serveCommand(), a.versionCommand(),
		a.workerCommand(), a.shopCommand(),
	)
	completions(root)
	strict(root)
	return root
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.out, "plumbline", a.version)
			return err
		},
	}
}

// printf writes to standard output; a broken pipe is not our concern.
func (a *app) printf(format string, args ...any) { _, _ = fmt.Fprintf(a.out, format, args...) }

// note writes to standard error.
func (a *app) note(format string, args ...any) { _, _ = fmt.Fprintf(a.err, format, args...) }
