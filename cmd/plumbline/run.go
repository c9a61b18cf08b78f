package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports"
	"github.com/plumbline-dev/plumbline/runners/progress"
	"github.com/plumbline-dev/plumbline/runners/target"
)

func (a *app) runCommand() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use: "run", Short: "Put the deployment to the test and write the report", Args: cobra.NoArgs,
		Long: `Run draws the plan, carries it out against the deployment and writes the report.

With --spec and --target alone it does what needs no declaration: contract
functions, and load at a modest rate. What it could not judge, and which
declaration would unlock it, is said in one line each.`,
		Example: `  plumbline run -c plumbline.yaml
  plumbline run --spec openapi.json --target http://127.0.0.1:8080 --slo 'p(99)<300ms'
  plumbline run --only contract,resilience/breaker-opens --seed 7`,
		RunE: func(c *cobra.Command, _ []string) error { return a.run(c.Context(), o) },
	}
	o.bind(c.Flags())
	o.bindRun(c)
	c.Flags().Float64Var(&o.overload, "overload", 0, "allow up to so many requests a second, to judge capacity and overload (default load.overload)")
	return c
}

func (o *options) bindRun(c *cobra.Command) {
	f := c.Flags()
	f.BoolVarP(&o.quiet, "quiet", "q", false, "do not show how the run goes")
	f.BoolVar(&o.plain, "plain", false, "one line a phase, also on a terminal")
	f.StringVar(&o.out, "out", "", "run directory (default .plumbline/runs/TIME)")
	f.StringVar(&o.history, "history", "", historyUsage+": tells what is new, still failing and fixed, and keeps this report there")
	f.StringVar(&o.otlp, "otlp", "", otlpUsage)
	f.StringVar(&o.engine, "pact-engine", "ffi", "how pacts are verified: ffi, or pact-go")
	f.BoolVar(&o.publish, "publish-results", false, "publish the results of verification to the broker of plumbline.yaml, for pacts.broker.publish.version")
	f.StringVar(&o.library, "pact-library", "", "libpact_ffi to use instead of the one that set-up fetched")
	f.DurationVar(&o.timeout, "timeout", 10*time.Second, "longest wait for one answer of the target")
	f.StringVar(&o.http, "http", string(target.ProtocolLean), "HTTP client: lean (HTTP/1.1), net/http (HTTP/1.1), or h2 (HTTP/2, without TLS by prior knowledge)")
	f.StringVar(&o.socket, "socket", "", "Unix domain socket that all requests go to, whatever the host of the target")
	f.BoolVar(&o.proxy, "proxy", false, "go through the proxy that the environment names; it is ignored otherwise")
}

func (a *app) run(ctx context.Context, o options) error {
	s, err := a.prepare(o) //nolint:contextcheck // what it asks a broker has a deadline of its own
	if err != nil {
		return err
	}
	err = a.carry(ctx, s)
	if !errors.Is(err, errRootless) {
		return err
	}
	base := s.doc.Base()
	o.rootless, o.out = true, s.out
	if s, err = a.prepare(o); err != nil { //nolint:contextcheck // as above
		return err
	}
	s.notes = append(s.notes, fmt.Sprintf("the target does not know the document's paths below %s, and knows them without it: they are asked for there", base))
	return a.carry(ctx, s)
}

// carry runs a prepared session, judges it and writes the reports. The error
// holds the exit code of the verdict.
func (a *app) carry(ctx context.Context, s *session) (failed error) {
	stop, err := a.startDeployment(ctx, s)
	defer func() { // on every way out; what is left behind matters most
		if err := stop(); err != nil {
			failed = errors.Join(&exit{plumbline.ExitNotRestored, err}, failed)
		}
	}()
	if err != nil {
		return err
	}
	return a.carryOut(ctx, s)
}

// carryOut is carry on a deployment that runs.
func (a *app) carryOut(ctx context.Context, s *session) error {
	if s.design.Target == "" {
		return usage(unnamed("no target: it is not said which deployment is put to the test", "name it with --target URL, or target.url in plumbline.yaml"))
	}
	if s.out == "" {
		s.out = freshDir(filepath.Join(".plumbline", "runs", time.Now().UTC().Format("20060102T150405Z")))
	}
	if err := s.store(); err != nil {
		return usage(err)
	}
	r, err := a.connect(ctx, s)
	if err != nil {
		return err
	}
	defer r.close(ctx)
	a.tell(s)
	a.note("run %s: %d claims, %d experiments, about %s; directory %s\n", r.Run.ID, len(s.plan.Claims), len(s.plan.Experiments), s.length().Round(time.Second), s.out)
	report, carried, err := a.observed(ctx, s, r)
	if err != nil {
		return err
	}
	remembered := remember(ctx, s.history, &report, true) // a history that cannot be had costs nobody the report
	if err := a.deliver(ctx, s, report, r.Journal.Evidence()); err != nil {
		return err
	}
	if remembered != nil {
		return harness(remembered)
	}
	if carried != nil && ctx.Err() == nil {
		return harness(carried)
	}
	return s.ends(report)
}

// observed carries the plan out while people may watch, and judges what it
// saw. Carried is why the run did not come to its end; it is judged all the
// same.
func (a *app) observed(ctx context.Context, s *session, r *carrier) (report plumbline.Report, carried, err error) {
	end := a.watch(ctx, r, s, s.plan.Experiments)
	defer end()
	var v *progress.Verdict
	defer func() { concluded(ctx, r.Feed, r.Run.Began, v, err) }()
	if err := a.precede(ctx, r, s.plan); err != nil && ctx.Err() == nil { // who is interrupted here gets a report, too
		return report, nil, err
	}
	r.Finished = s.soFar(r.Feed)
	if r.Known, err = baselines(ctx, s.history, s.design.Service, r.Run); err != nil {
		a.note("note: %v\n", err) // a history that cannot be had costs nobody the run
	}
	if scoped(s.plan) {
		r.Listen = listenTime
	}
	silence := r.listen(ctx, s)
	carried = r.Carry(ctx, s.plan)
	silence()
	if err := r.Journal.Close(); err != nil {
		return report, carried, harness(err)
	}
	report = s.judge(r.Journal.Evidence())
	v = outcome(report)
	return report, carried, nil
}

// deliver writes the reports, shows the verdict and tells the broker.
func (a *app) deliver(ctx context.Context, s *session, r plumbline.Report, e *plumbline.Evidence) error {
	if err := writeReports(s.out, r); err != nil {
		return harness(err)
	}
	if err := a.show(r, s.out); err != nil {
		return err
	}
	if err := a.publishResults(ctx, s, e); err != nil {
		return harness(err)
	}
	if err := a.export(context.WithoutCancel(ctx), s.otlp, r); err != nil { // the verdict stands all the same
		a.note("note: %v\n", err)
	}
	return nil
}

// tell says on standard error what was noticed about the input.
func (a *app) tell(s *session) {
	a.noticed = s.notices()
	for _, n := range s.notes {
		a.note("note: %s\n", n)
	}
}

// freshDir is a folder that is not there yet: the name, or the name with a
// number.
func freshDir(name string) string {
	for i := 2; isFile(name); i++ {
		name = fmt.Sprintf("%s-%d", strings.TrimSuffix(name, fmt.Sprintf("-%d", i-1)), i)
	}
	return name
}

// store writes the inputs of the run and everything generated.
func (s *session) store() error {
	defer frugal()()
	if entries, err := os.ReadDir(s.out); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(s.out, "plan.json")); err != nil {
			return wrongFlag("--out", s.out, "name a folder that is not there yet, or leave --out away", "the folder is not empty and not that of an earlier run")
		}
		if err := clear(s.out); err != nil {
			return err
		}
	}
	files, err := s.artefacts()
	if err != nil {
		return err
	}
	if s.design.Pacts == nil {
		s.design.Pacts = []string{}
	}
	for name, v := range map[string]any{"design.json": s.design, "plan.json": s.plan} {
		data, err := indented(v)
		if err != nil {
			return err
		}
		files[name] = inMemory(data)
	}
	for name, f := range files {
		if _, err := writeStream(filepath.Join(s.out, name), f); err != nil {
			return err
		}
	}
	if err := s.noteDeployment(); err != nil {
		return err
	}
	return os.MkdirAll(filepath.Join(s.out, "features"), 0o755)
}

// clear removes what an earlier run left in its directory, and nothing else.
func clear(dir string) error {
	names := append([]string{"design.json", "plan.json", "evidence.jsonl", progress.File, deploymentFile, suggestedOverlay, "contracts", "features", "profiles"}, slices.Collect(maps.Keys(reports.Files()))...)
	for _, name := range names {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// length estimates how long the plan takes.
func (s *session) length() time.Duration {
	sum := time.Duration(0)
	for _, x := range s.plan.Experiments {
		sum += length(s.design, x)
	}
	return sum
}

// ends is how the command ends on a report.
func (s *session) ends(r plumbline.Report) error {
	if s.answered != nil {
		return s.answered(r)
	}
	return verdict(r)
}

// verdict turns the report's exit code into the error of the command.
func verdict(r plumbline.Report) error {
	if r.ExitCode == plumbline.ExitFit {
		return nil
	}
	return &exit{code: r.ExitCode}
}

// listenTime is how long a run sends nothing before it begins, to hear whether
// others use the wires.
const listenTime = 2 * time.Second

// scoped tells whether a plan breaks a wire for its own requests alone, which others
// are not to notice.
func scoped(p plumbline.Plan) bool {
	for _, x := range p.Experiments {
		for _, ph := range x.Phases {
			if slices.ContainsFunc(ph.Faults, func(f plumbline.Fault) bool { return f.Scope != plumbline.ScopeAll && !f.Kind.OfDeployment() }) {
				return true
			}
		}
	}
	return false
}
