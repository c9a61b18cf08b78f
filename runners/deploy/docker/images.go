package docker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// wireImages is what images of wires are called; their tag says what is in them.
const wireImages = "plumbline-wire"

// settling is how old an image of wires has to be to be removed: another run may
// have made it, and be about to start from it.
const settling = 10 * time.Minute

// prune removes the images of a name that were made before a time, but one: that of
// the tag which is to be kept or, without one, the newest. What a container is of
// stays.
func prune(ctx context.Context, docker *testcontainers.DockerClient, repository, tag string, before time.Time) error {
	found, err := docker.ImageList(ctx, client.ImageListOptions{Filters: client.Filters{}.Add("reference", repository)})
	if err != nil {
		return err
	}
	type made struct {
		name string
		at   int64
	}
	var all []made
	for _, i := range found.Items {
		for _, name := range i.RepoTags {
			if strings.HasPrefix(name, repository+":") {
				all = append(all, made{name, i.Created})
			}
		}
	}
	slices.SortFunc(all, func(a, b made) int { return int(b.at - a.at) })
	keep := repository + ":" + tag
	if tag == "" && len(all) > 0 {
		keep = all[0].name
	}
	var errs []error
	for _, m := range all {
		if m.name == keep || m.at >= before.Unix() {
			continue
		}
		if _, err := docker.ImageRemove(ctx, m.name, client.ImageRemoveOptions{PruneChildren: true}); !cerrdefs.IsConflict(err) && !cerrdefs.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
