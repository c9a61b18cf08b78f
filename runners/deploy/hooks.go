package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
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
}

// hookTime bounds a hook that does not say how long it may take.
const hookTime = time.Minute

// Hooks are hooks by their names.
type Hooks map[string]Hook

// Upset runs the hook that the fault names, and waits until it is done.
func (h Hooks) Upset(ctx context.Context, f plumbline.Fault) (seen int, mend func(context.Context) error, err error) {
	hook, ok := h[f.Dependency]
	if f.Kind != plumbline.FaultHook || !ok {
		return 0, nil, fmt.Errorf("no hook is called %q: %w", f.Dependency, errors.ErrUnsupported)
	}
	if err := hook.step(ctx, hook.Run, hook.Done); err != nil {
		return 0, hook.Mend, err
	}
	return 1, hook.Mend, nil
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
	if err := shell(ctx, do); err != nil {
		return err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		err := shell(ctx, until)
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
func shell(ctx context.Context, command string) error {
	if command == "" {
		return nil
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // running what was declared is the purpose
	separate(cmd)
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
