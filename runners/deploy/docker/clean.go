package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// ErrUnreachable says that no Docker runs, or that it does not answer.
var ErrUnreachable = errors.New("no Docker to be reached")

// Clean removes what runs have left whose process is gone, and says what. It
// leaves alone what belongs to a process that lives, or to another machine.
func Clean(ctx context.Context) (removed []string, err error) {
	return clean(ctx, client.Filters{}.Add("label", LabelOwner), orphaned)
}

// ErrRunning says that the process of a run is alive.
var ErrRunning = errors.New("the run is under way: its process is alive, or on another machine")

// CleanRun removes what one run has left, and says what. The error wraps
// ErrRunning when something of it is left alone.
func CleanRun(ctx context.Context, run string) (removed []string, err error) {
	alive := false
	removed, err = clean(ctx, client.Filters{}.Add("label", LabelRun+"="+run), func(labels map[string]string) bool {
		gone := orphaned(labels)
		alive = alive || !gone
		return gone
	})
	if alive {
		err = errors.Join(err, ErrRunning)
	}
	return removed, err
}

func clean(ctx context.Context, f client.Filters, test func(map[string]string) bool) (removed []string, err error) {
	quiet()
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer func() { _ = docker.Close() }()
	removed, err = remove(ctx, docker, f, test)
	return removed, errors.Join(err, prune(ctx, docker, wireImages, "", time.Now().Add(-settling)))
}

// orphaned tells whether the process that answers for a thing is gone.
func orphaned(labels map[string]string) bool {
	host, pid, _ := strings.Cut(labels[LabelOwner], "/")
	here, err := os.Hostname()
	number, perr := strconv.Atoi(pid)
	if err != nil || perr != nil || host != here {
		return false
	}
	p, err := os.FindProcess(number)
	return err != nil || errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// remove removes containers, images and networks with a label that pass the tests.
func remove(ctx context.Context, docker *testcontainers.DockerClient, f client.Filters, tests ...func(map[string]string) bool) (removed []string, err error) {
	passes := func(labels map[string]string) bool {
		for _, t := range tests {
			if !t(labels) {
				return false
			}
		}
		return true
	}
	var errs []error
	containers, err := docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: f})
	errs = append(errs, err)
	images := map[string]bool{}
	for _, c := range containers.Items {
		if !passes(c.Labels) {
			continue
		}
		_, err := docker.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		errs = append(errs, err)
		removed = append(removed, "container "+strings.TrimPrefix(strings.Join(c.Names, " "), "/"))
		images[c.Image] = strings.HasPrefix(c.Image, "plumbline-") && strings.HasSuffix(c.Image, ":"+c.Labels[LabelRun])
	}
	for name, ours := range images {
		if ours {
			_, err := docker.ImageRemove(ctx, name, client.ImageRemoveOptions{Force: true, PruneChildren: true})
			errs = append(errs, err)
		}
	}
	networks, err := docker.NetworkList(ctx, client.NetworkListOptions{Filters: f})
	errs = append(errs, err)
	for _, n := range networks.Items {
		if passes(n.Labels) {
			_, err := docker.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
			errs = append(errs, err)
			removed = append(removed, "network "+n.Name)
		}
	}
	return removed, errors.Join(errs...)
}
