package wire

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/plumbline-dev/plumbline"
)

const (
	// largestSight bounds the body of a request that is handed over, in bytes.
	largestSight = 64 << 10
	// mostSights bounds what is held until it is asked for, in bytes.
	mostSights = 16 << 20
)

// A Watch asks that the requests of one run are handed over for inspection,
// beside the journal: they are held until they are read once, and in no file.
type Watch struct {
	Run     string              `json:"run"`     // what their trace ids begin with
	Headers map[string][]string `json:"headers"` // those to hand over, by wire; no other wire is watched
}

// A Sight is what a journal does not hold of a request.
type Sight struct {
	Query  string              `json:"query,omitempty"`
	Header map[string][]string `json:"header,omitempty"`
	Body   []byte              `json:"body,omitempty"`
	Whole  bool                `json:"whole,omitempty"` // the body is all of it
}

// sights are held by the number of their entry.
type sights struct {
	mu    sync.Mutex
	watch Watch
	held  map[uint64]*Sight
	size  int
}

// wants tells which headers of an exchange to keep; ok is false when it is not
// watched.
func (s *sights) wants(x *plumbline.Exchange) (headers []string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	headers, ok = s.watch.Headers[x.Wire]
	return headers, ok && s.watch.Run != "" && strings.HasPrefix(x.Trace, s.watch.Run)
}

func (s *sights) hold(number uint64, v *Sight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v == nil || s.size+len(v.Body) > mostSights {
		return
	}
	if s.held == nil {
		s.held = map[uint64]*Sight{}
	}
	s.held[number] = v
	s.size += len(v.Body) + 512
}

// take hands a sight over and lets go of it.
func (s *sights) take(number uint64) *Sight {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.held[number]
	if v != nil {
		delete(s.held, number)
		s.size -= len(v.Body) + 512
	}
	return v
}

func (s *server) watch(w http.ResponseWriter, r *http.Request) {
	var v Watch
	if err := json.NewDecoder(io.LimitReader(r.Body, orderLimit)).Decode(&v); err != nil {
		complain(w, http.StatusBadRequest, "not a watch: "+err.Error())
		return
	}
	s.sights.mu.Lock()
	s.sights.watch, s.sights.held, s.sights.size = v, nil, 0
	s.sights.mu.Unlock()
	reply(w, http.StatusOK, Hits{})
}

// sight begins to look at a request; nil when it is not watched.
func (s *server) sight(x *plumbline.Exchange, r *http.Request) *Sight {
	names, ok := s.sights.wants(x)
	if !ok {
		return nil
	}
	v := &Sight{Query: r.URL.RawQuery, Header: map[string][]string{}}
	for _, name := range names {
		if values := r.Header.Values(name); len(values) > 0 {
			v.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	return v
}

// seen takes what was read of the body into the sight. Without a length the
// end has to have been seen.
func (v *Sight) seen(b *countingBody, length int64) {
	if b == nil {
		v.Whole = true
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.n.Load()
	v.Body = slices.Clone(b.kept)
	v.Whole = n == int64(len(v.Body)) && (length >= 0 && n == length || b.ended)
}

// Watch asks for the requests of a run. They come with the exchanges that
// Exchanges returns: the client inspects each as it arrives, and lets go of it.
func (c *Client) Watch(ctx context.Context, w Watch) error {
	if c.Parts != nil {
		return c.every(func(p *Client) error { return p.Watch(ctx, w) })
	}
	return c.call(ctx, http.MethodPut, "/v1/watch", w, nil)
}
