package shop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash/fnv"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// An entity is a resource as a client sees it, with an ETag of its own.
type entity map[string]any

// shownAt is a field that says nothing of the order itself.
const shownAt = "shown_at"

func (e entity) etag() string {
	e = maps.Clone(e)
	delete(e, shownAt)
	data, _ := json.Marshal(e) // of texts, numbers and times
	sum := sha256.Sum256(data)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

// current answers 304 to who has what would be answered already (RFC 9110
// §13.1.2): the comparison is weak.
func (s *service) current(w http.ResponseWriter, r *http.Request, status int, body any) bool {
	e, ok := body.(entity)
	has := r.Header.Get("If-None-Match")
	if !ok || has == "" || status != http.StatusOK || r.Method != http.MethodGet && r.Method != http.MethodHead || s.mutant.is("etag-ignored") || s.mutant.is("no-etags") {
		return false
	}
	for tag := range strings.SplitSeq(has, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == e.etag() {
			w.Header().Set("ETag", e.etag())
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

// precondition refuses a write that rests on what is no longer so (RFC 9110
// §13.1.1).
func (s *service) precondition(r *http.Request, o order) error {
	wanted := r.Header.Get("If-Match")
	if s.mutant.weak() {
		wanted = strings.TrimPrefix(wanted, "W/")
	}
	if s.mutant.is("no-etags") || wanted == "" || wanted == "*" || o.ID == "" || s.mutant.is("if-match-ignored") || wanted == s.shown(o).etag() {
		return nil
	}
	return refuse(http.StatusPreconditionFailed, "it has changed meanwhile")
}

// locks let one write to an order at a time through.
type locks [64]sync.Mutex

// alone keeps other writes to the order of the path out, until what it returns
// is called.
func (s *service) alone(r *http.Request) func() {
	if s.mutant.is("if-match-race") {
		return func() {}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.PathValue("orderId")))
	l := &s.writes[h.Sum32()%uint32(len(s.writes))]
	l.Lock()
	return l.Unlock
}

// remembered is a defect: it shows an order as it was up to 200 ms ago.
func (s *service) remembered(o order) order {
	type memory struct {
		order
		at time.Time
	}
	if v, ok := s.memory.Load(o.ID); ok && time.Since(v.(memory).at) < 200*time.Millisecond { //nolint:forcetypeassert // nothing else is in it
		return v.(memory).order //nolint:forcetypeassert // as above
	}
	s.memory.Store(o.ID, memory{o, time.Now()})
	return o
}
