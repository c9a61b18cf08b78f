package pact

import (
	"context"
	"os"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Diagnose says whether pacts can be verified on this machine: the library is
// there, it is the right one, and a worker can load it.
func Diagnose(ctx context.Context, given string) []plumbline.Check {
	c := plumbline.Check{Name: "libpact_ffi", Subject: Version}
	path, sum, err := Library(given)
	if err != nil {
		c.Detail = err.Error()
		return []plumbline.Check{c}
	}
	c.OK, c.Detail = true, path
	load := plumbline.Check{Name: "libpact_ffi", Subject: "loads in a worker"}
	dir, err := os.MkdirTemp("", "plumbline-doctor-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		w := &worker{verifier: &Verifier{}, library: path, sum: sum}
		defer w.stop()
		var r result
		if w.certificate, err = certificate(dir); err == nil {
			r, err = w.do(ctx, Task{File: "does-not-exist", Provider: "doctor"}, time.Minute)
		}
		if err == nil && r.Error == "" {
			load.OK, load.Detail = true, "a worker process loaded it and answered"
		} else if err == nil {
			load.Detail = r.Error
		}
	}
	if err != nil {
		load.Detail = err.Error()
	}
	return []plumbline.Check{c, load}
}
