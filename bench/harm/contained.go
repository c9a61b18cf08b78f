package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/deploy/docker"
)

// inContainers is the sample system as a compose file starts it.
const inContainers = "examples/shop/plumbline.compose.yaml"

// A contained is a run in containers that was ended by SIGKILL.
type contained struct {
	after      time.Duration // since it began
	left, then int           // containers of dead runs, before and after clean
	cleaned    int           // exit code of plumbline clean
}

// contained kills runs that have started containers.
func (c config) contained(ctx context.Context) ([]contained, error) {
	moments := rand.New(rand.NewPCG(c.seed, 1)) //nolint:gosec // no secret
	var out []contained
	for i := range c.containers {
		k := contained{after: moment(moments)}
		cmd := c.command(ctx, nil, "run", "-c", inContainers, "--only", "resilience/retry-bounded", "--out", filepath.Join(c.out, fmt.Sprintf("contained-%02d", i+1)))
		if err := cmd.Start(); err != nil {
			return out, err
		}
		time.Sleep(k.after)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		var err error
		if k.left, err = containers(ctx); err != nil {
			return out, err
		}
		if k.cleaned, err = exitOf(c.command(ctx, nil, "clean").Run()); err != nil {
			return out, err
		}
		if k.then, err = containers(ctx); err != nil {
			return out, err
		}
		out = append(out, k)
	}
	return out, nil
}

// containers counts what runs have left.
func containers(ctx context.Context) (int, error) {
	out, err := exec.CommandContext(ctx, "docker", "ps", "-aq", "--filter", "label="+docker.LabelOwner).Output()
	return len(strings.Fields(string(out))), err
}

// wrong says what must not be.
func (k contained) wrong() error {
	if k.then > 0 || k.cleaned != plumbline.ExitFit {
		return fmt.Errorf("killed in containers after %s: %d are left, %d after clean, which ended with %d", k.after.Round(time.Millisecond), k.left, k.then, k.cleaned)
	}
	return nil
}
