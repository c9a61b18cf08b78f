package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// An Undo mends what upset a service. It works after the context of the run is
// done, and a second time does nothing.
type Undo func(ctx context.Context) error

// each does one thing to every container of a service.
func (s *Stack) each(service string, do func(c testcontainers.Container) error) error {
	return s.some(service, 0, do)
}

// some does one thing to n containers of a service, the youngest first; zero is
// all of them.
func (s *Stack) some(service string, n int, do func(c testcontainers.Container) error) error {
	all := s.of(service)
	switch {
	case len(all) == 0:
		return fmt.Errorf("no service is called %q", service)
	case n > len(all):
		return fmt.Errorf("%s has %d containers, and not %d: %w", service, len(all), n, errors.ErrUnsupported)
	case n > 0:
		all = all[len(all)-n:]
	}
	var errs []error
	for _, c := range all {
		errs = append(errs, do(c))
	}
	return errors.Join(errs...)
}

// undo lets something be mended once, with a time limit of its own.
func (s *Stack) undo(service string, mend func(ctx context.Context, c testcontainers.Container) error) Undo {
	done := false
	return func(ctx context.Context) error {
		if done {
			return nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		err := s.each(service, func(c testcontainers.Container) error { return mend(ctx, c) })
		done = err == nil
		return err
	}
}

// Pause stops every process of a service where it stands: connections stay
// open and nothing answers.
func (s *Stack) Pause(ctx context.Context, service string) (Undo, error) {
	mend := s.undo(service, func(ctx context.Context, c testcontainers.Container) error {
		_, err := s.docker.ContainerUnpause(ctx, c.GetContainerID(), client.ContainerUnpauseOptions{})
		return err
	})
	return mend, s.each(service, func(c testcontainers.Container) error {
		_, err := s.docker.ContainerPause(ctx, c.GetContainerID(), client.ContainerPauseOptions{})
		return err
	})
}

func (s *Stack) started(service string) Undo {
	return s.undo(service, func(ctx context.Context, c testcontainers.Container) error {
		_, err := s.docker.ContainerStart(ctx, c.GetContainerID(), client.ContainerStartOptions{})
		return err
	})
}

// Stop asks n containers of a service, or all when n is zero, to end, and kills
// them after their grace. The undoing starts them.
func (s *Stack) Stop(ctx context.Context, service string, n int) (Undo, error) {
	grace := int(s.services[service].Grace.Seconds())
	return s.started(service), s.some(service, n, func(c testcontainers.Container) error {
		_, err := s.docker.ContainerStop(ctx, c.GetContainerID(), client.ContainerStopOptions{Timeout: &grace})
		return err
	})
}

// Kill ends n containers of a service, or all when n is zero, with SIGKILL. The
// undoing starts them.
func (s *Stack) Kill(ctx context.Context, service string, n int) (Undo, error) {
	return s.started(service), s.some(service, n, func(c testcontainers.Container) error {
		_, err := s.docker.ContainerKill(ctx, c.GetContainerID(), client.ContainerKillOptions{Signal: "SIGKILL"})
		return err
	})
}

// Disconnect takes a service off its networks. The undoing gives it back its
// names there.
func (s *Stack) Disconnect(ctx context.Context, service string) (Undo, error) {
	v := s.services[service]
	mend := s.undo(service, func(ctx context.Context, c testcontainers.Container) error {
		var errs []error
		for name := range v.Networks {
			_, err := s.docker.NetworkConnect(ctx, s.networks[name].ID, client.NetworkConnectOptions{Container: c.GetContainerID(), EndpointConfig: &network.EndpointSettings{Aliases: s.names(v, name)}})
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	return mend, s.each(service, func(c testcontainers.Container) error {
		var errs []error
		for name := range v.Networks {
			_, err := s.docker.NetworkDisconnect(ctx, s.networks[name].ID, client.NetworkDisconnectOptions{Container: c.GetContainerID(), Force: true})
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}

// Squeeze leaves each container of a service a share of one processor and so
// many bytes of memory; zero leaves that as it is.
func (s *Stack) Squeeze(ctx context.Context, service string, cpus float64, memory int64) (Undo, error) {
	v := s.services[service]
	bound := func(ctx context.Context, c testcontainers.Container, cpus float64, memory int64) error {
		r := container.Resources{NanoCPUs: int64(cpus * 1e9)}
		if memory != 0 {
			r.Memory, r.MemorySwap = memory, memory
		}
		_, err := s.docker.ContainerUpdate(ctx, c.GetContainerID(), client.ContainerUpdateOptions{Resources: &r})
		return err
	}
	mend := s.undo(service, func(ctx context.Context, c testcontainers.Container) error {
		info, err := s.docker.Info(ctx, client.InfoOptions{})
		if err != nil {
			return err
		}
		// Docker takes no bound off by zero: all there is bounds nothing.
		free := v.CPUs
		if cpus != 0 && free == 0 {
			free = float64(info.Info.NCPU)
		}
		room := v.Memory
		if memory != 0 && room == 0 {
			room = info.Info.MemTotal
		}
		return bound(ctx, c, free, room)
	})
	return mend, s.each(service, func(c testcontainers.Container) error { return bound(ctx, c, cpus, memory) })
}

// Restart stops and starts the containers of a service one after the other:
// a rolling restart when there are several. Each has to run again, and to be
// healthy where it says what that is, before the next is stopped.
func (s *Stack) Restart(ctx context.Context, service string) error {
	grace := int(s.services[service].Grace.Seconds())
	return s.each(service, func(c testcontainers.Container) error {
		if _, err := s.docker.ContainerRestart(ctx, c.GetContainerID(), client.ContainerRestartOptions{Timeout: &grace}); err != nil {
			return err
		}
		return s.await(ctx, service, s.well(service))
	})
}

// Scale starts or removes containers of a service until there are n that run, and
// are healthy where they say what that is. The name of the service leads to all of
// them; the first, at whose port the service is reached from outside, stays.
func (s *Stack) Scale(ctx context.Context, service string, n int) error {
	v, ok := s.services[service]
	if !ok || n < 1 {
		return fmt.Errorf("scale %q to %d: no such service, or no such number: %w", service, n, errors.ErrUnsupported)
	}
	for len(s.of(service)) < n {
		if err := s.start(ctx, v); err != nil {
			return err
		}
	}
	for len(s.of(service)) > n {
		if err := s.drop(ctx, v); err != nil {
			return err
		}
	}
	return s.await(ctx, service, s.well(service))
}

// drop removes the youngest container of a service.
func (s *Stack) drop(ctx context.Context, v Service) error {
	s.mu.Lock()
	all := s.boxes[v.Name]
	last := all[len(all)-1]
	s.boxes[v.Name] = all[:len(all)-1]
	s.mu.Unlock()
	return last.Terminate(ctx, testcontainers.StopTimeout(v.Grace))
}

// well is what a container of a service has to reach to be of use.
func (s *Stack) well(service string) Wait {
	if s.services[service].Health != nil {
		return Healthy
	}
	return Started
}
