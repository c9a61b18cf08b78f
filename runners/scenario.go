package runners

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/cucumber/godog"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios/gherkin"
)

// scenario lets godog execute the scenario in which the experiment is written
// down: its steps fill an experiment in, which is run at the scenario's end.
// What runs is what the file says; the plan only names it.
func (r *Runner) scenario(ctx context.Context, index int, x plumbline.Experiment) error {
	path, found, err := r.find(x.ID)
	if err != nil {
		return err
	}
	line := found.Line
	s := &suite{runner: r, ctx: ctx, index: index, found: found.Experiment}
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
func (r *Runner) find(id string) (path string, found gherkin.Scenario, err error) {
	files, err := filepath.Glob(filepath.Join(r.Dir, "features", "*.feature"))
	if err != nil {
		return "", found, err
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return "", found, err
		}
		scenarios, err := gherkin.Parse(f, bytes.NewReader(text))
		if err != nil {
			return "", found, err
		}
		for _, s := range scenarios {
			if s.Experiment.ID == id {
				return f, s, nil
			}
		}
	}
	return "", found, fmt.Errorf("no feature in %s describes it", filepath.Join(r.Dir, "features"))
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
	found   plumbline.Experiment // as the file was read before godog read it
	builder *gherkin.Builder
	below   gherkin.Argument // the step under way
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
	sc.StepContext().Before(func(ctx context.Context, step *godog.Step) (context.Context, error) {
		s.below = below(step)
		return ctx, nil
	})
	sc.Step(`^(.*)$`, func(text string) error { return s.builder.Step(text, s.below) })
	sc.After(func(ctx context.Context, _ *godog.Scenario, err error) (context.Context, error) {
		if err == nil {
			err = s.run()
		}
		return ctx, err
	})
}

// below is what stands below a step.
func below(step *godog.Step) (a gherkin.Argument) {
	if step.Argument == nil {
		return a
	}
	a.Table = cells(step.Argument.DataTable)
	if d := step.Argument.DocString; d != nil {
		a.Text, a.Media = d.Content, d.MediaType
	}
	return a
}

// run runs the experiment. Godog makes many scenarios of an outline, of which
// a plan knows nothing.
func (s *suite) run() error {
	x, err := s.builder.Experiment(s.title)
	if err != nil {
		return err
	}
	if s.ran || !reflect.DeepEqual(x, s.found) {
		return errors.New("a scenario outline is not one experiment: write each of its rows as a scenario")
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
