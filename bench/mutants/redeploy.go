package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// redeploys has the shop started anew once so many phases of the plan are over.
func (b *besider) redeploys(ctx context.Context) (string, error) {
	among := rand.New(rand.NewPCG(uint64(b.number), 0)) //nolint:gosec // a moment, not a secret
	share := 0.25 + among.Float64()/2
	began := time.Now()
	j := b.journal()
	defer j.close()
	for target.Wait(ctx, watchEvery) {
		all, err := phases(filepath.Join(b.dir, "plan.json"))
		if err != nil {
			continue // not written yet
		}
		for j.phases() < max(1, int(share*float64(all))) {
			if !target.Wait(ctx, watchEvery) {
				return "", errTooShort
			}
		}
		if err := b.process.Signal(syscall.SIGUSR1); err != nil {
			return "", errors.Join(errTooShort, err)
		}
		return fmt.Sprintf("started anew after %d of %d phases, %s after the beginning", j.over, all, time.Since(began).Round(time.Second)), nil
	}
	return "", errTooShort
}

var errTooShort = errors.New("the run was over before it was disturbed")

// watchEvery is how often a run is looked at.
const watchEvery = 200 * time.Millisecond

// phases counts those of a plan.
func phases(name string) (n int, err error) {
	data, err := os.ReadFile(name) //nolint:gosec // written by the binary under measurement
	if err != nil {
		return 0, err
	}
	var p plumbline.Plan
	if err := json.Unmarshal(data, &p); err != nil {
		return 0, err
	}
	for _, x := range p.Experiments {
		n += len(x.Phases)
	}
	return n, nil
}

// A journal is read while it is written.
type journal struct {
	name string
	file *os.File // nil until it is there
	rest []byte   // of a line that is not written yet
	over int      // phases
}

// phases counts those that are over.
func (j *journal) phases() int {
	if j.file == nil {
		f, err := os.Open(j.name)
		if err != nil {
			return 0
		}
		j.file = f
	}
	more, err := io.ReadAll(j.file)
	if err != nil {
		return j.over
	}
	j.rest = append(j.rest, more...)
	for {
		line, rest, whole := bytes.Cut(j.rest, []byte("\n"))
		if !whole {
			return j.over
		}
		j.rest = rest
		j.over += bytes.Count(line, []byte(`"phase":{`))
	}
}

func (b *besider) journal() *journal { return &journal{name: filepath.Join(b.dir, "evidence.jsonl")} }

func (j *journal) close() {
	if j.file != nil {
		_ = j.file.Close()
	}
}
