// Package deploy starts and stops what a run needs: here, local processes.
// Everything that is started can be stopped, also after the context is done.
package deploy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// A Command says how a process is started and when it is ready.
type Command struct {
	Name  string   // for messages
	Argv  []string // path and arguments
	Env   []string // "NAME=value", beside the environment of this process
	Stdin io.Reader
	// Ready is the beginning of the line on standard output that says that it
	// is ready; the rest of that line is kept. Empty: ready once started.
	Ready   string
	Timeout time.Duration // for becoming ready; zero means 20 s
	Log     io.Writer     // its other output; nil discards
}

// A Process is one that was started.
type Process struct {
	Name  string
	Line  string // what followed Ready
	cmd   *exec.Cmd
	ended chan struct{}
	err   error
	once  sync.Once
}

// Start starts the command and waits until it is ready. On error nothing is
// left running. The process does not end with ctx: Stop ends it.
func Start(ctx context.Context, c Command) (*Process, error) {
	if len(c.Argv) == 0 {
		return nil, errors.New("start a process: no command")
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), c.Argv[0], c.Argv[1:]...) //nolint:gosec // starting what was declared is the purpose
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdin = c.Stdin
	if c.Log == nil {
		c.Log = io.Discard
	}
	c.Log = &shared{out: c.Log}
	cmd.Stderr = c.Log
	separate(cmd)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	p := &Process{Name: c.Name, cmd: cmd, ended: make(chan struct{})}
	ready := make(chan string, 1)
	go p.follow(stdout, c, ready)
	if err := p.await(ctx, c, ready); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// follow reads the output to its end and then reaps the process.
func (p *Process) follow(stdout io.Reader, c Command, ready chan<- string) {
	in := bufio.NewScanner(stdout)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		if rest, ok := strings.CutPrefix(in.Text(), c.Ready); ok && c.Ready != "" {
			select {
			case ready <- strings.TrimSpace(rest):
				continue
			default:
			}
		}
		_, _ = fmt.Fprintln(c.Log, in.Text())
	}
	p.err = p.cmd.Wait()
	close(p.ended)
}

func (p *Process) await(ctx context.Context, c Command, ready <-chan string) error {
	if c.Ready == "" {
		return nil
	}
	limit := c.Timeout
	if limit == 0 {
		limit = 20 * time.Second
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case p.Line = <-ready:
		return nil
	case <-p.ended:
		return fmt.Errorf("%s ended before it was ready: %w", c.Name, cmpErr(p.err))
	case <-timer.C:
		return fmt.Errorf("%s was not ready after %s", c.Name, limit)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func cmpErr(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// shared lets both outputs of a process go to one writer.
type shared struct {
	mu  sync.Mutex
	out io.Writer
}

func (s *shared) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(b)
}

// PID is the process' number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Ended is closed when the process is gone.
func (p *Process) Ended() <-chan struct{} { return p.ended }

func (p *Process) gone() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Stop asks the process to end and kills it when it has not after the grace.
// It may be called more than once.
func (p *Process) Stop(grace time.Duration) {
	p.once.Do(func() {
		interrupt(p.cmd)
		select {
		case <-p.ended:
		case <-time.After(grace):
			p.kill()
		}
	})
	<-p.ended
}

func (p *Process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}
