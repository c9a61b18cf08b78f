package runners

import (
	"cmp"
	"maps"
	"mime"
	"slices"
	"sync"

	"github.com/plumbline-dev/plumbline"
)

// Bounds of what is counted of one kind of answer: its fields, and how many
// answers are looked into before only some are.
const (
	mostFields = 512
	lookedInto = 256
	thenEvery  = 16
)

// A Tally counts which values the answers of the target held. The zero value
// and nil count nothing yet. It is safe for concurrent use.
type Tally struct {
	mu   sync.Mutex
	seen map[kindOfAnswer]*plumbline.Seen
}

type kindOfAnswer struct {
	operation string
	status    int
	media     string
}

// Add counts one answer with the places of the values that it held. Fields
// tells them; of many answers of one kind only some are looked into.
func (t *Tally) Add(operation string, r plumbline.Response, fields func() map[string]bool) {
	if t == nil {
		return
	}
	media, _, err := mime.ParseMediaType(headerOf(r.Header, "Content-Type"))
	if err != nil {
		media = ""
	}
	key := kindOfAnswer{operation, r.Status, media}
	t.mu.Lock()
	if t.seen == nil {
		t.seen = map[kindOfAnswer]*plumbline.Seen{}
	}
	s := t.seen[key]
	if s == nil {
		s = &plumbline.Seen{Operation: operation, Status: r.Status, Media: media, Fields: map[string]int64{}}
		t.seen[key] = s
	}
	s.Count++
	look := s.Count <= lookedInto || s.Count%thenEvery == 0
	t.mu.Unlock()
	if !look {
		return
	}
	held := fields()
	t.mu.Lock()
	defer t.mu.Unlock()
	for f := range held {
		if _, known := s.Fields[f]; known || len(s.Fields) < mostFields {
			s.Fields[f]++
		}
	}
}

// Records are the counts so far, ordered by operation, status and media type.
func (t *Tally) Records() []plumbline.Seen {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []plumbline.Seen
	for _, s := range t.seen {
		one := *s
		one.Fields = maps.Clone(s.Fields)
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b plumbline.Seen) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Media, b.Media))
	})
	return out
}
