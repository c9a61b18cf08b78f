package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline/reports/site"
)

// serveToken is the variable that holds the token of serve, unless --token-env
// names another. A token is never a flag: flags can be read by every user of
// the machine.
const serveToken = "PLUMBLINE_SERVE_TOKEN"

func (a *app) serveCommand() *cobra.Command {
	var o site.Options
	var listen, variable string
	c := &cobra.Command{
		Use: "serve", Short: "Show the history, the reports and a run under way in a browser", Args: cobra.NoArgs,
		Long: `Serve shows the runs of a history – outcomes, claims that were not kept,
latency – and the report of each; and a run that is under way, as it goes:

  /       the history
  /live   the run that is under way: phase, rate, p99 against the objectives,
          faults in force, what is broken so far, time left, and the verdict

It reads files alone: reports, and the progress.jsonl that every run keeps in
its directory. So it can be started and stopped at any time, and nothing that a
browser does, or fails to do, reaches a run. The pages load nothing from
elsewhere and work with scripts blocked.

Where it listens on anything but loopback it wants a token, which browsers ask
for: it is the password of any user. Other callers show it as a bearer token. It
is never taken from an address.`,
		Example: `  plumbline serve
  plumbline serve --history nights --runs .plumbline/runs
  PLUMBLINE_SERVE_TOKEN=… plumbline serve --listen 0.0.0.0:8320`,
		RunE: func(c *cobra.Command, _ []string) error {
			var err error
			if o.Token, err = a.secretFor(listen, variable); err != nil {
				return err
			}
			return a.serveSite(c.Context(), o, listen)
		},
	}
	f := c.Flags()
	f.StringVar(&o.History, "history", filepath.FromSlash(runs), historyUsage+", as it is when serve begins")
	f.StringVar(&o.Runs, "runs", filepath.FromSlash(runs), "folder of run directories, of which those under way can be followed")
	f.StringVar(&listen, "listen", "127.0.0.1:8320", "address")
	f.StringVar(&variable, "token-env", serveToken, "environment variable that holds the token which callers show")
	return c
}

func (a *app) serveSite(ctx context.Context, o site.Options, listen string) error {
	h, done, err := openHistory(ctx, o.History)
	if err != nil {
		return usage(err)
	}
	defer done.drop()
	if done != nil {
		o.History = done.dir
	}
	s, err := site.New(o)
	if err != nil {
		return harness(err)
	}
	a.note("%s\n", fmt.Sprintf("%d runs of %s; runs under way of %s", len(h.Runs), o.History, o.Runs))
	return a.serve(ctx, s.Handler(), listen, "http://")
}
