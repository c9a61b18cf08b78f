package pactfile

import (
	"maps"
	"slices"
	"sync/atomic"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/crew"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// mostInteractions bounds a surface file: beyond it a media type of a response
// has its greatest example alone.
const mostInteractions = 3000

// surface are the interactions of the document, in the order of its operations,
// in the form that the caller wants them in. All processors work on them: a
// large document has thousands. Which of them made one does not show in it.
func surface[T any](d *openapi.Doc, s *schema.Set, ops []plumbline.Operation, form func(interaction) T) []T {
	jobs := restatements[T](d, ops)
	var settled atomic.Int64
	go crew.Each(len(jobs), func() func(int) {
		k := newKit(s)
		return func(i int) { jobs[i].work(k, room(settled.Load()), form) }
	})
	var out []T
	for _, j := range jobs {
		<-j.ready
		for _, of := range j.made {
			out = append(out, of[:min(len(of), room(settled.Load()))]...)
		}
		j.made = nil
		settled.Store(int64(len(out)))
	}
	return out
}

// room is how many examples a media type may have when the file holds so many
// interactions. A smaller room takes the first of what a larger one takes, so
// that one which was made too early is cut.
func room(settled int64) int {
	if settled > mostInteractions {
		return 1
	}
	return mostVariants
}

// A restatement is one documented response whose answers are to be made.
type restatement[T any] struct {
	op    *plumbline.Operation
	key   string
	r     *openapi3.Response
	made  [][]T         // by media type
	ready chan struct{} // closed when they are made
}

func restatements[T any](d *openapi.Doc, ops []plumbline.Operation) []*restatement[T] {
	var out []*restatement[T]
	byID := index(d)
	for i := range ops {
		src := byID[ops[i].ID]
		if len(ops[i].Cases) == 0 || src.Op == nil || src.Op.Responses == nil {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(src.Op.Responses.Map())) {
			if r := src.Op.Responses.Value(key); r != nil && r.Value != nil {
				out = append(out, &restatement[T]{op: &ops[i], key: key, r: r.Value, ready: make(chan struct{})})
			}
		}
	}
	return out
}

// work makes the answers.
func (j *restatement[T]) work(k *kit, room int, form func(interaction) T) {
	defer close(j.ready)
	fresh := func() *writer { return &writer{op: j.op.ID, status: j.key, kit: k, rules: map[string]any{}} }
	for _, all := range answers(j.op, j.key, j.r, room, fresh) {
		of := make([]T, 0, len(all))
		for _, i := range all {
			of = append(of, form(i))
		}
		j.made = append(j.made, of)
	}
}
