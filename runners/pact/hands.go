package pact

import (
	"context"
	"encoding/json"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/plumbline-dev/plumbline"
)

// mostHands bounds the workers: a target is asked by so many at once.
const mostHands = 4

// hands carry the shards out, one worker each.
type hands struct {
	verifier *Verifier
	front    *front
	byKey    map[string]*plumbline.PactResult
	worker   worker // what every worker is like
}

// all carries all shards out: those whose interactions cannot disturb each other
// first and at the same time, then the others one after the other.
func (h *hands) all(ctx context.Context, shards []shard) {
	free, ordered := split(shards)
	h.some(ctx, free, min(len(free), runtime.GOMAXPROCS(0), mostHands))
	h.some(ctx, ordered, min(len(ordered), 1))
}

func split(shards []shard) (free, ordered []shard) {
	for _, s := range shards {
		if s.free {
			free = append(free, s)
		} else {
			ordered = append(ordered, s)
		}
	}
	return free, ordered
}

// some carries shards out with so many workers.
func (h *hands) some(ctx context.Context, shards []shard, workers int) {
	work := make(chan shard, len(shards))
	for _, s := range shards {
		work <- s
	}
	close(work)
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			w := h.worker
			defer w.stop()
			for s := range work {
				h.one(ctx, &w, s)
			}
		})
	}
	done.Wait()
}

// one has a worker verify a shard. Only the results of its own interactions are
// written.
func (h *hands) one(ctx context.Context, w *worker, s shard) {
	v, f := h.verifier, h.front
	s.makes(f)
	before := math.MaxInt
	if len(s.keys) == 1 {
		before = f.unsetSoFar()
	}
	r, err := w.do(ctx, Task{File: s.file, Provider: s.provider, Port: f.port, StateURL: f.stateURL, MessagePath: s.messages(f), Timeout: v.timeout() + patience}, v.deadline(len(s.keys)))
	doc, trouble := s.read(r, err)
	if trouble == "" {
		s.fold(doc, f, h.byKey, before)
		return
	}
	for _, k := range s.keys {
		h.byKey[k].Detail = []string{trouble}
	}
}

// surfaceKind is what the metadata of our own pacts say of them.
const surfaceKind = "provider-surface"

// parts are the interactions of a document in shards of a size: those that
// cannot disturb each other, then the others in their order. An engine that takes
// one interaction at a time has all of them in order, because it tells by the
// order whose state could not be set.
func (d *document) parts(interactions []map[string]any, size int) (free, ordered [][]map[string]any) {
	var readers, others []map[string]any
	ours := size > 1 && d.kind() == surfaceKind
	for _, x := range interactions {
		if ours && reads(x) {
			readers = append(readers, x)
		} else {
			others = append(others, x)
		}
	}
	return slices.Collect(slices.Chunk(readers, size)), slices.Collect(slices.Chunk(others, size))
}

func (d *document) kind() string {
	var about struct {
		Plumbline struct{ Kind string }
	}
	if json.Unmarshal(d.rest["metadata"], &about) != nil {
		return "" // metadata of whatever form are not ours
	}
	return about.Plumbline.Kind
}

// reads tells whether an interaction of one of our own files only reads what
// its state makes or finds, so that others may go on beside it. Two states of one
// operation speak of one thing and are told apart by their order: what has them
// goes alone.
func reads(x map[string]any) bool {
	request, _ := x["request"].(map[string]any)
	if method, _ := request["method"].(string); method != "GET" && method != "HEAD" && method != "OPTIONS" {
		return false
	}
	asked := map[string]bool{}
	states, _ := x["providerStates"].([]any)
	for _, s := range states {
		state, _ := s.(map[string]any)
		params, _ := state["params"].(map[string]any)
		operation, _ := params["operation"].(string)
		if operation == "" || asked[operation] || params["changes"] == true || params["consumed"] == true {
			return false
		}
		asked[operation] = true
	}
	return true
}
