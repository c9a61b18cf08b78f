package credentials

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/plumbline-dev/plumbline/runners/target"
)

// largestSecret bounds what a command or an answer may yield, in bytes.
const largestSecret = 1 << 20

// command runs the declared program. What it prints on standard output,
// without white space around it, is the secret; standard error is not shown,
// for it may hold one.
func (f *fetcher) command(ctx context.Context) (target.Credential, time.Time, error) {
	ctx, cancel := f.bounded(ctx)
	defer cancel()
	name := f.Command[0]
	cmd := exec.CommandContext(ctx, name, f.Command[1:]...) //nolint:gosec // the declaration names it
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	var exit *exec.ExitError
	secret := string(bytes.TrimSpace(out))
	switch {
	case ctx.Err() != nil:
		return target.Credential{}, time.Time{}, fmt.Errorf("the command %s did not end within %s", name, f.opt.Timeout)
	case errors.As(err, &exit):
		return target.Credential{}, time.Time{}, fmt.Errorf("the command %s ended with status %d", name, exit.ExitCode())
	case err != nil:
		return target.Credential{}, time.Time{}, fmt.Errorf("the command %s: %w", name, err)
	case secret == "":
		return target.Credential{}, time.Time{}, fmt.Errorf("the command %s printed nothing", name)
	case len(secret) > largestSecret || bytes.ContainsAny([]byte(secret), "\r\n\x00"):
		return target.Credential{}, time.Time{}, fmt.Errorf("the command %s printed more than one line", name)
	}
	return shown(f.Credential, secret), f.until(secret), nil
}
