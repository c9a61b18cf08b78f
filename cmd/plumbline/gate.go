package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/gate"
	"github.com/plumbline-dev/plumbline/runners/token"
)

// gateToken holds the token that callers show; it is never a flag, for flags
// can be read by every user of the machine.
const gateToken = "PLUMBLINE_GATE_TOKEN"

func (a *app) gateCommand() *cobra.Command {
	var listen, dir string
	var keep int
	c := &cobra.Command{
		Use: "gate [flags] -- [flags of run]", Short: "Start runs on request and tell their verdicts to a rollout controller",
		Long: `Gate serves what a controller of rollouts asks before it goes on. Each key is
run once, with the flags of run that follow --, one run at a time:

  GET, POST /verdict?key=K&wait=15m  {"verdict": "running|pass|fail|inconclusive|error",
                                      "reason", "failedGates", "reportUrl"}; for the web
                                      metric of Argo Rollouts
  POST /flagger                       webhook of Flagger; 200 for a pass alone
  GET /runs, /runs/{id}, /runs/{id}/report.html

Where it listens on anything but loopback it wants the bearer token of
` + gateToken + `.`,
		Example: `  plumbline gate --listen 127.0.0.1:8088 -- -c plumbline.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			asked := a.runCommand() // now, not when the first controller asks
			if err := asked.ParseFlags(args); err != nil {
				return usage(flagMistake(asked, err))
			}
			secret, err := a.secretFor(listen, gateToken)
			if err != nil {
				return err
			}
			return a.serveGate(c.Context(), listen, secret, keep, runner{dir: dir, args: args, log: a.note})
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8088", "address")
	c.Flags().StringVar(&dir, "dir", filepath.Join(".plumbline", "gate"), "folder of the run directories")
	c.Flags().IntVar(&keep, "keep", 100, "how many ended runs are remembered")
	return c
}

// secretFor is the token that callers of a server have to show, from the
// variable that holds it. There has to be one where others can reach it.
func (a *app) secretFor(listen, variable string) (string, error) {
	secret, _ := a.env(variable)
	if secret == "" && !token.OnLoopback(listen) {
		return "", usage(wrongFlag("--listen", listen, "set "+variable+" to the token that callers show", "the address can be reached from other machines, and there is no token"))
	}
	return secret, nil
}

func (a *app) serveGate(ctx context.Context, listen, secret string, keep int, r runner) error {
	self, err := os.Executable()
	if err != nil {
		return harness(err)
	}
	r.self = self
	g := gate.New(ctx, keep, r.run)
	defer g.Wait() // a run that is under way heals what it has broken
	return a.serve(ctx, g.Handler(secret), listen, "http://")
}

// A runner makes runs as processes of their own: what one leaks, or breaks on,
// stays with it.
type runner struct {
	self, dir string
	args      []string
	log       func(format string, args ...any)
}

// healing is how long a run that is interrupted may take to heal and report.
const healing = time.Minute

func (r runner) run(ctx context.Context, id string) gate.Result {
	out := filepath.Join(r.dir, id)
	c := exec.CommandContext(ctx, r.self, append([]string{"run", "--out", out}, r.args...)...)
	var said tail
	c.Stderr = &said
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = healing
	r.log("run %s begins\n", id)
	err := c.Run()
	result := verdictOf(out, c.ProcessState, err, said.last())
	r.log("run %s: %s: %s\n", id, result.Verdict, result.Reason)
	return result
}

// verdictOf reads how a run ended. Only what the report says of the target is a
// pass or a fail.
func verdictOf(dir string, state *os.ProcessState, err error, said string) gate.Result {
	code := plumbline.ExitHarness
	if state != nil {
		code = state.ExitCode()
	}
	var report plumbline.Report
	readErr := readJSON(filepath.Join(dir, "report.json"), &report)
	if readErr != nil || (code != plumbline.ExitFit && code != plumbline.ExitUnfit && code != plumbline.ExitNotProven) {
		if said == "" {
			said = fmt.Sprint(errors.Join(err, readErr))
		}
		return gate.Result{Verdict: gate.Broken, Reason: fmt.Sprintf("exit %d: %s", code, said)}
	}
	words := map[int]gate.Verdict{plumbline.ExitFit: gate.Pass, plumbline.ExitUnfit: gate.Fail, plumbline.ExitNotProven: gate.Inconclusive}
	result := gate.Result{Verdict: words[code], Reason: report.Sentence, Failed: []string{}, Report: filepath.Join(dir, "report.html")}
	for _, f := range report.Findings {
		if f.Gates && f.Outcome == plumbline.Fail {
			result.Failed = append(result.Failed, f.Claim)
		}
	}
	return result
}

// A tail keeps the end of what a process says.
type tail struct{ bytes.Buffer }

func (t *tail) Write(p []byte) (int, error) {
	if t.Len() > 1<<16 {
		t.Reset()
	}
	return t.Buffer.Write(p)
}

// last is the last error that was said.
func (t *tail) last() string {
	out := ""
	for line := range strings.SplitSeq(t.String(), "\n") {
		if msg, ok := strings.CutPrefix(line, "plumbline: "); ok {
			out = msg
		} else if strings.HasPrefix(line, "error[") {
			out = line
		}
	}
	return out
}
