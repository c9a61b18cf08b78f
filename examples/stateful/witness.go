package stateful

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// A Witness passes requests on to a service. It knows what was there before,
// and notes every request after which that is no longer as it was.
type Witness struct {
	Service *Service
	Next    http.Handler // nil: the service itself

	mu       sync.Mutex
	before   map[string]string
	requests int
	foreign  []string
}

// NewWitness makes one of what is there now. Requests go to next, which ends at
// the service; nil is the service itself.
func NewWitness(s *Service, next http.Handler) *Witness {
	if next == nil {
		next = s
	}
	return &Witness{Service: s, Next: next, before: s.Rows()}
}

// ServeHTTP passes one request on.
func (w *Witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.Next.ServeHTTP(rw, r)
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		w.mu.Lock()
		w.requests++
		w.mu.Unlock()
		return
	}
	now := w.Service.Rows()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	for path, row := range w.before {
		if now[path] != row {
			w.foreign = append(w.foreign, fmt.Sprintf("%s %s changed %s", r.Method, r.URL.Path, path))
		}
	}
}

// Requests is how many there were.
func (w *Witness) Requests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// Foreign are the requests after which something was changed that was there
// before.
func (w *Witness) Foreign() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.foreign)
}

// Before is what was there.
func (w *Witness) Before() map[string]string { return w.before }
