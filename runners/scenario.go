package runners

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/cucumber/godog"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios/gherkin"
)

// scenario lets godog execute the scenario in which the experiment is written
// down: its steps fill an experiment in, the first claim runs it. What runs is
// what the file says; the plan only names it.
func (r *Runner) scenario(ctx context.Context, index int, x plumbline.Experiment) error {
	path, line, err := r.find(x.ID)
	if err != nil {
		return err
	}
	s := &suite{runner: r, ctx: ctx, index: index}
	var out bytes.Buffer
	code := godog.TestSuite{
		Name:                "plumbline",
		ScenarioInitializer: s.initialize,
		Options:             &godog.Options{Format: "pretty", NoColors: true, Output: &out, Concurrency: 1, DefaultContext: ctx, Paths: []string{fmt.Sprintf("%s:%d", path, line)}},
	}.Run()
	r.keepLog(out.Bytes())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if s.err == nil && (code != 0 || !s.ran) {
		return fmt.Errorf("godog did not run %s:%d: %s", path, line, strings.TrimSpace(out.String()))
	}
	return s.err
}

// find looks up the scenario of an experiment among the features of the run
// directory.
func (r *Runner) find(id string) (path string, line int, err error) {
	files, err := filepath.Glob(filepath.Join(r.Dir, "features", "*.feature"))
	if err != nil {
		return "", 0, err
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return "", 0, err
		}
		scenarios, err := gherkin.Parse(f, bytes.NewReader(text))
		if err != nil {
			return "", 0, err
		}
		for _, s := range scenarios {
			if s.Experiment.ID == id {
				return f, s.Line, nil
			}
		}
	}
	return "", 0, fmt.Errorf("no feature in %s describes it", filepath.Join(r.Dir, "features"))
}

// keepLog appends what godog printed to features/godog.log.
func (r *Runner) keepLog(text []byte) {
	f, err := os.OpenFile(filepath.Join(r.Dir, "features", "godog.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		r.log().Warn("godog log", "error", err)
		return
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Write(text); err != nil {
		r.log().Warn("godog log", "error", err)
	}
}

// A suite is one scenario on its way through godog.
type suite struct {
	runner  *Runner
	ctx     context.Context //nolint:containedctx // godog hands its own to steps; this one ends the run
	index   int
	builder *gherkin.Builder
	title   string
	ran     bool
	err     error
}

func (s *suite) initialize(sc *godog.ScenarioContext) {
	s.builder = gherkin.NewBuilder()
	sc.Before(func(ctx context.Context, sc *godog.Scenario) (context.Context, error) {
		s.title = sc.Name
		return ctx, nil
	})
	sc.Step(`^(the claim .* is judged)$`, func(text string) error {
		if err := s.builder.Step(text, nil); err != nil {
			return err
		}
		return s.run()
	})
	sc.Step(`^(.*:)$`, func(text string, table *godog.Table) error { return s.builder.Step(text, cells(table)) })
	sc.Step(`^(.*)$`, func(text string) error { return s.builder.Step(text, nil) })
	sc.After(func(ctx context.Context, _ *godog.Scenario, err error) (context.Context, error) {
		if err == nil {
			err = s.run()
		}
		return ctx, err
	})
}

// run runs the experiment once, at its first claim or at the scenario's end.
func (s *suite) run() error {
	if s.ran {
		return nil
	}
	x, err := s.builder.Experiment(s.title)
	if err != nil {
		return err
	}
	s.ran = true
	s.err = s.runner.experiment(s.ctx, s.index, x)
	return s.err
}

func cells(t *godog.Table) [][]string {
	if t == nil {
		return nil
	}
	var out [][]string
	for _, r := range t.Rows {
		var row []string
		for _, c := range r.Cells {
			row = append(row, c.Value)
		}
		out = append(out, row)
	}
	return out
}
