package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A Hook is what a team does to its deployment by commands of its own, whatever
// orchestrates it.
type Hook struct {
	Run    string        // shell command that does it
	Undo   string        // undoes it; empty: nothing is to be undone
	Done   string        // exits with 0 once Run has taken effect; empty: as soon as Run has ended
	Undone string        // exits with 0 once all is as before; empty: as soon as Undo, or Run, has ended
	Within time.Duration // for each of them; zero means 60 s

	told []string // environment of the commands
}

// hookTime bounds a hook that does not say how long it may take.
const hookTime = time.Minute

// Hooks are hooks by their names. One that is called as a fault of the deployment
// is – restart, scale, kill, stop, pause, disconnect, squeeze – does that to the
// target, whatever orchestrates it.
type Hooks map[string]Hook

// Target is what faults of the deployment call the target where nothing else
// names it.
const Target = "target"

// What the commands of a hook find in their environment of the fault that they
// are to make.
const (
	instancesVariable = "PLUMBLINE_INSTANCES" // Fault.Instances
	memoryVariable    = "PLUMBLINE_MEMORY"    // Fault.Bytes
	cpusVariable      = "PLUMBLINE_CPUS"      // Fault.CPUs
)

// Faults are what hooks can do to the target, by their names.
func (h Hooks) Faults() []plumbline.FaultKind {
	var out []plumbline.FaultKind
	for name := range h {
		if k := plumbline.FaultKind(name); k.OfDeployment() && k != plumbline.FaultHook {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// Upset runs the hook that the fault names, or the one that is called as the fault
// is when it is about the target, and waits until it is done.
func (h Hooks) Upset(ctx context.Context, f plumbline.Fault) (seen int, mend func(context.Context) error, err error) {
	name := f.Dependency
	if f.Kind != plumbline.FaultHook && name == Target {
		name = string(f.Kind)
	} else if f.Kind != plumbline.FaultHook {
		return 0, nil, fmt.Errorf("hooks are about the target, not about %q: %w", name, errors.ErrUnsupported)
	}
	hook, ok := h[name]
	if !ok {
		return 0, nil, fmt.Errorf("no hook is called %q: %w", name, errors.ErrUnsupported)
	}
	hook.told = []string{
		fmt.Sprintf("%s=%d", instancesVariable, f.Instances), fmt.Sprintf("%s=%d", memoryVariable, f.Bytes), fmt.Sprintf("%s=%g", cpusVariable, f.CPUs),
	}
	if err := hook.step(ctx, hook.Run, hook.Done); err != nil {
		return 0, hook.Mend, err
	}
	return max(f.Instances, 1), hook.Mend, nil
}

// Mend undoes a hook, and waits until all is as before.
func (h Hook) Mend(ctx context.Context) error { return h.step(ctx, h.Undo, h.Undone) }

// step runs a command and then another one until it exits with 0.
func (h Hook) step(ctx context.Context, do, until string) error {
	limit := h.Within
	if limit == 0 {
		limit = hookTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := h.shell(ctx, do); err != nil {
		return err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := h.shell(ctx, until)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not so after %s: %w", limit, err)
		}
	}
}

// shell runs a command of a hook, and ends all that it has started when ctx does.
func (h Hook) shell(ctx context.Context, command string) error {
	if command == "" {
		return nil
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // running what was declared is the purpose
	separate(cmd)
	cmd.Env = append(os.Environ(), h.told...)
	cmd.Cancel = func() error { return killGroup(cmd) }
	cmd.WaitDelay = 2 * time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(said.String())
		return fmt.Errorf("%s: %w: %s", command, err, text[max(0, len(text)-300):])
	}
	return nil
}
