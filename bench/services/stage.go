package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/plumbline-dev/plumbline/runners/ports"
)

// A stage is where one service plays: a folder that is removed, packages that
// are kept, and the processes that were started, which are stopped by their ids.
type stage struct {
	dir, cache, documents string
	plumbline, logs       string
	running               []*exec.Cmd
}

func newStage(c config, name string) (*stage, error) {
	dir, err := os.MkdirTemp("", "plumbline-"+name+"-")
	if err != nil {
		return nil, err
	}
	logs := filepath.Join(c.out, name+".log")
	if err := os.MkdirAll(c.out, 0o755); err != nil { //nolint:gosec // results
		return nil, err
	}
	// PostgreSQL runs as a user of its own and has to be able to enter.
	return &stage{dir: dir, cache: c.cache, documents: c.documents, plumbline: c.plumbline, logs: logs}, os.Chmod(dir, 0o755) //nolint:gosec // holds no secrets
}

// serve starts a process that goes on; what it says goes to the log.
func (s *stage) serve(c *exec.Cmd) error {
	log, err := os.OpenFile(s.logs, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644) //nolint:gosec // a log
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	c.Stdout, c.Stderr = log, log
	if c.Dir == "" {
		c.Dir = s.dir
	}
	if c.SysProcAttr == nil {
		c.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.SysProcAttr.Setpgid = true
	if err := c.Start(); err != nil {
		return err
	}
	s.running = append(s.running, c)
	return nil
}

// stop ends what was started, the last first, and removes the folder.
func (s *stage) stop() error {
	var errs []error
	for len(s.running) > 0 {
		last := len(s.running) - 1
		errs = append(errs, end(s.running[last]))
		s.running = s.running[:last]
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

// patience is how long a process may take to start or to end.
const patience = 90 * time.Second

// end asks the process to end, and makes it after a while. Node programs start
// others, so the group is asked; an interrupt is what PostgreSQL ends quickly on.
func end(c *exec.Cmd) error {
	group := -c.Process.Pid
	if err := syscall.Kill(group, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	done := make(chan struct{})
	go func() { _ = c.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-time.After(patience):
		err := syscall.Kill(group, syscall.SIGKILL)
		<-done
		return err
	}
}

// output carries a command out and gives what it printed.
func output(c *exec.Cmd) (string, error) {
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", c, err, errs.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// freePort gives a port of loopback that nobody listens on.
func freePort(ctx context.Context) (string, error) {
	addr, err := ports.Free(ctx, loopback)
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(addr)
	return port, err
}

// ready waits until the address answers 200.
func ready(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(resp.Status)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", address, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
