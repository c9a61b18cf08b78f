package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/plumbline-dev/plumbline/runners/target"
)

// A besider is a run that is under way, as those beside it see it.
type besider struct {
	process *os.Process // of the program under measurement
	said    *said
	dir     string
	number  int    // of the run, from 1
	token   string // of the second client
}

// A said is what the program under measurement has said so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes more of it in.
func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// serving is how the demo says where the shop is.
const serving = "the sample system serves at "

// shop is where the shop is, once it is said.
func (s *said) shop() (url string, ok bool) {
	_, rest, ok := strings.Cut(s.String(), serving)
	url, _, whole := strings.Cut(rest, ";")
	return url, ok && whole
}

// noted is the file of a run directory that tells what noise there was.
const noted = "noise.txt"

// beside carries a run out beside the noise that was asked for, whatever its exit
// code, and returns what it said. A noise that was none is an error.
func (c config) beside(ctx context.Context, cmd *exec.Cmd, j job, dir string) (text string, err error) {
	var heard said
	cmd.Stdout, cmd.Stderr = &heard, &heard
	b := &besider{said: &heard, dir: dir, number: j.number, token: fmt.Sprintf("carol-%d", os.Getpid())}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, b.environment(c.noise)...)
	if err := cmd.Start(); err != nil {
		return "", err
	}
	b.process = cmd.Process
	during, over := context.WithCancel(ctx)
	var what string
	var wg sync.WaitGroup
	wg.Go(func() { what, err = b.disturb(during, c.noise) })
	exit := cmd.Wait()
	over()
	wg.Wait()
	var code *exec.ExitError
	if exit != nil && !errors.As(exit, &code) {
		err = errors.Join(exit, err)
	}
	if err == nil && what != "" {
		err = os.WriteFile(filepath.Join(dir, noted), []byte(what+"\n"), 0o600)
	}
	return heard.String(), err
}

// environment is what the sample system has to know of a noise.
func (b *besider) environment(noise string) []string {
	switch noise {
	case foreign:
		return []string{"SHOP_TOKENS=carol=" + b.token}
	case jittery:
		return []string{"SHOP_JITTER=5ms"}
	}
	return nil
}

// disturb makes a noise until ctx ends, and says what it was.
func (b *besider) disturb(ctx context.Context, noise string) (what string, err error) {
	switch noise {
	case foreign:
		return b.second(ctx)
	case paused:
		return b.pauses(ctx)
	case redeploy:
		return b.redeploys(ctx)
	}
	return "", nil
}

// How the program under measurement is paused.
const (
	pauseEvery = time.Second
	pauseFor   = 40 * time.Millisecond
)

// pauses lets the program under measurement stand still again and again.
func (b *besider) pauses(ctx context.Context) (string, error) {
	every := time.NewTicker(pauseEvery)
	defer every.Stop()
	for n := 0; ; n++ {
		select {
		case <-every.C:
		case <-ctx.Done():
			if n == 0 {
				return "", errTooShort
			}
			return fmt.Sprintf("%d pauses", n), nil
		}
		if err := b.pause(ctx); errors.Is(err, os.ErrProcessDone) {
			n--
		} else if err != nil {
			return "", err
		}
	}
}

// pause is one of them. It ends whatever happens.
func (b *besider) pause(ctx context.Context) error {
	if err := b.process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	_ = target.Wait(ctx, pauseFor)
	return b.process.Signal(syscall.SIGCONT)
}
