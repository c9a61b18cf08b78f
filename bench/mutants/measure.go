package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/bench/host"
	"github.com/plumbline-dev/plumbline/examples/shop"
)

// A measurement is one run and what its report says.
type measurement struct {
	row

	defect   shop.Mutant
	variant  shop.Variant
	findings []finding
	beside   *measurement // the same in processes; nil where that was not asked for
}

type finding struct {
	Function string `json:"function"`
	Claim    string `json:"claim"`
	Outcome  string `json:"outcome"`
	Code     string `json:"code"`
}

// measure runs the whole job once, in processes as well where that is asked for.
func (c config) measure(ctx context.Context, j job) (measurement, error) {
	out, err := c.once(ctx, c.target, j, c.dir(j))
	if err != nil || !c.twice {
		return out, err
	}
	other, err := c.once(ctx, processes, j, c.dir(j)+"-"+processes)
	if err != nil {
		return out, err
	}
	out.beside = &other
	_, _ = fmt.Fprintf(c.log, "%-26s otherwise in processes: %s\n", out.Name, list(out.otherwise()))
	return out, nil
}

// once runs the whole job and reads its report.
func (c config) once(ctx context.Context, target string, j job, dir string) (measurement, error) {
	if out := c.begun(j); c.keep && out.read(dir) == nil {
		return out, nil
	}
	out := c.begun(j)
	ctx, cancel := context.WithTimeout(ctx, mostForOne)
	defer cancel()
	cmd, err := c.command(ctx, target, j, dir)
	if err != nil {
		return out, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return out, err
	}
	said, err := c.beside(ctx, cmd, j, dir)
	if err != nil || ctx.Err() != nil {
		return out, fmt.Errorf("%s: %w\n%s", out.Name, errors.Join(err, ctx.Err()), said)
	}
	switch err := out.read(dir); {
	case errors.Is(err, fs.ErrNotExist) && j.kind == kindNull:
		out.Refused, out.Exit = saidLast(said), cmd.ProcessState.ExitCode()
	case err != nil:
		return out, fmt.Errorf("%s: %w\n%s", out.Name, err, said)
	case cmd.ProcessState.ExitCode() != out.Exit:
		return out, fmt.Errorf("%s: exit %d, and its report says %d", out.Name, cmd.ProcessState.ExitCode(), out.Exit)
	}
	out.Load = host.Load()
	_, _ = fmt.Fprintf(c.log, "%-26s %2d exit %d  %s  %d kept, %d unproven  %s\n", out.Name, out.Number, out.Exit, out.took(), out.Passed, len(out.Unproven), out.wrong())
	return out, nil
}

// begun is what is known of a run before it.
func (c config) begun(j job) measurement {
	return measurement{defect: j.defect, variant: j.variant, row: row{
		Kind: j.kind, Name: j.name(), Number: j.number, Noise: c.noise, Judged: c.judged(j), Revision: c.revision,
	}}
}

// read takes a measurement from the report in a run directory.
func (m *measurement) read(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "report.json")) //nolint:gosec // written by the binary under measurement
	if err != nil {
		return err
	}
	var r struct {
		Exit    int     `json:"exit_code"`
		Seed    uint64  `json:"seed"`
		Seconds float64 `json:"seconds"`
		Run     struct {
			Tool string `json:"tool"`
		} `json:"run"`
		Requests struct {
			Sent int `json:"sent"`
		} `json:"requests"`
		Findings []finding `json:"findings"`
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return err
	}
	if r.Exit == interrupted {
		return errInterrupted
	}
	m.Exit, m.Seed, m.Seconds, m.Requests, m.Revision = r.Exit, r.Seed, r.Seconds, r.Requests.Sent, cmp.Or(r.Run.Tool, m.Revision)
	m.Passed, m.Failed, m.Unproven = 0, nil, nil
	if what, err := os.ReadFile(filepath.Join(dir, noted)); err == nil { //nolint:gosec // written beside it
		m.Disturbed = strings.TrimSpace(string(what))
	}
	m.findings = r.Findings
	for _, f := range r.Findings {
		switch f.Outcome {
		case "pass":
			m.Passed++
		case "fail":
			m.Failed = append(m.Failed, f.Claim)
		case "inconclusive":
			m.Unproven = append(m.Unproven, f.Claim+": "+f.Code)
		case "error":
			m.Unproven = append(m.Unproven, f.Claim+": error")
		}
	}
	m.Kept = m.vacuous()
	return nil
}

// interrupted is the exit code of a run that was ended early.
const interrupted = 130

var errInterrupted = errors.New("the run was interrupted")

// saidLast is why the program has given up.
func saidLast(text string) string {
	out := ""
	for line := range strings.Lines(text) {
		if why, ok := strings.CutPrefix(line, "plumbline: "); ok {
			out = strings.TrimSpace(why)
		}
	}
	return out
}

// rank is the place, from 1, of the function that must catch the defect among
// the failures; zero when it is not among them.
func (m measurement) rank() int {
	return 1 + slices.IndexFunc(m.Failed, func(claim string) bool { return functionOf(claim) == m.defect.Caught })
}

// caught says whether the function that must has found the defect, and the run
// said so.
func (m measurement) caught() bool { return m.rank() > 0 && (m.Exit == 1 || m.defect.Warns()) }

// open says whether the function that must catch the defect was not said to hold
// either, beside noise, which may take the proof from it.
func (m measurement) open() bool {
	return m.Noise != "" && slices.ContainsFunc(m.undecided(), func(claim string) bool { return functionOf(claim) == m.defect.Caught })
}

// noticed says whether a claim lost its proof because the shop was started anew.
func (m measurement) noticed() bool {
	return slices.ContainsFunc(m.Unproven, func(u string) bool { return strings.HasSuffix(u, ": "+string(plumbline.ReasonRestarted)) })
}

// explained are the other failures that the defect explains.
func (m measurement) explained() []string {
	return slices.DeleteFunc(slices.Clone(m.Failed), func(claim string) bool { return !slices.Contains(m.defect.May, functionOf(claim)) })
}

// alarms are the failures that nothing explains.
func (m measurement) alarms() []string {
	if m.Kind == kindNull {
		return nil // what is empty breaks what it will
	}
	return slices.DeleteFunc(slices.Clone(m.Failed), func(claim string) bool {
		f := functionOf(claim)
		return m.Kind == kindDefect && (f == m.defect.Caught || slices.Contains(m.defect.May, f))
	})
}

// wrong says what is wrong with the verdict; empty when nothing is.
func (m measurement) wrong() string {
	missed, alarms := m.missed(), m.alarms()
	switch {
	case len(m.Kept) > 0:
		return "kept for nothing: " + list(m.Kept)
	case missed != "":
		return missed
	case len(alarms) > 0:
		return "false alarm: " + list(alarms)
	case m.Kind == kindRight || m.Kind == kindLoaded:
		return m.unfit()
	}
	return ""
}

// missed says how a defect was not found.
func (m measurement) missed() string {
	switch rank := m.rank(); {
	case m.Kind != kindDefect:
		return ""
	case !m.caught() && !m.open():
		return cmp.Or(map[bool]string{true: fmt.Sprintf("exit %d", m.Exit)}[rank > 0], "not caught")
	case rank > 2:
		return fmt.Sprintf("caught at place %d", rank)
	}
	return ""
}

// unfit says what must not become of the right system.
func (m measurement) unfit() string {
	switch {
	case m.Noise == redeploy && !m.noticed():
		return "nothing is unproven because the shop was started anew"
	case m.Noise == "" && m.Exit != 0:
		return fmt.Sprintf("exit %d on the right system", m.Exit)
	}
	return ""
}

func list(items []string) string {
	if len(items) == 0 {
		return "–"
	}
	return strings.Join(items, ", ")
}
