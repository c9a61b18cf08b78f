// Package stateful holds five small services of different shapes, each with its
// OpenAPI document: nested resources, identifiers that the client chooses,
// composite identifiers, soft deletion and asynchronous creation. Each begins
// with data that are somebody else's, and can tell whether they were touched.
// They are in memory, and right as far as they go.
package stateful

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// A Service is one of the five.
type Service struct {
	Name     string
	Document []byte // OpenAPI, in YAML

	mu    sync.Mutex
	last  int
	rows  map[string]map[string]any // by the path that names them
	mux   *http.ServeMux
	loose bool // the defect of Misplaced
}

// All returns a new one of each, in a fixed order.
func All() []*Service {
	return []*Service{Nested(), Chosen(), Composite(), Soft(), Async()}
}

// newService makes a service with the rows of somebody else.
func newService(name, document string, foreign map[string]map[string]any) *Service {
	return &Service{Name: name, Document: []byte(document), rows: foreign, mux: http.NewServeMux(), last: 100}
}

// ServeHTTP answers one request at a time.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mux.ServeHTTP(w, r)
}

// Rows returns everything that is there, as JSON by path; what was deleted
// softly is left out.
func (s *Service) Rows() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]string{}
	for path, row := range s.rows {
		if row["deleted"] != true {
			data, _ := json.Marshal(row) //nolint:errchkjson // rows are made of JSON
			out[path] = string(data)
		}
	}
	return out
}

// next is a new number.
func (s *Service) next() int {
	s.last++
	return s.last
}

// below are the rows whose paths are one segment longer than a path, in order.
func (s *Service) below(path string) []map[string]any {
	out := []map[string]any{}
	for _, p := range slices.Sorted(maps.Keys(s.rows)) {
		rest, ok := strings.CutPrefix(p, path+"/")
		if ok && !strings.Contains(rest, "/") && s.rows[p]["deleted"] != true {
			out = append(out, s.rows[p])
		}
	}
	return out
}

// handle registers the handler of a pattern of net/http.
func (s *Service) handle(pattern string, f func(r *http.Request) answer) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		a := f(r)
		for k, v := range a.header {
			w.Header().Set(k, v)
		}
		if a.body == nil {
			w.WriteHeader(a.status)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if a.status >= 400 {
			w.Header().Set("Content-Type", "application/problem+json")
		}
		w.WriteHeader(a.status)
		_ = json.NewEncoder(w).Encode(a.body)
	})
}

// An answer is what a handler gives.
type answer struct {
	status int
	body   any
	header map[string]string
}

func problem(status int, detail string) answer {
	return answer{status: status, body: map[string]any{"title": http.StatusText(status), "status": status, "detail": detail}}
}

func missing() answer { return problem(http.StatusNotFound, "there is no such thing") }

// object reads the JSON object of a request; ok is false when it is none, or
// when one of the named texts is missing or empty.
func object(r *http.Request, texts ...string) (map[string]any, bool) {
	var m map[string]any
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<16)).Decode(&m); err != nil || m == nil {
		return nil, false
	}
	for _, k := range texts {
		if v, ok := m[k].(string); !ok || v == "" || len(v) > 80 {
			return nil, false
		}
	}
	return m, true
}

func bad() answer { return problem(http.StatusBadRequest, "the body is not as documented") }

// read and remove are the handlers that most resources share.
func (s *Service) read(r *http.Request) answer {
	row, ok := s.rows[r.URL.Path]
	for path, other := range s.rows {
		if s.loose && !ok && lastOf(path) == lastOf(r.URL.Path) {
			row, ok = other, true
		}
	}
	if !ok {
		return missing()
	}
	return answer{status: http.StatusOK, body: row}
}

func (s *Service) remove(r *http.Request) answer {
	if _, ok := s.rows[r.URL.Path]; !ok {
		return missing()
	}
	for p := range s.rows {
		if strings.HasPrefix(p, r.URL.Path+"/") {
			return problem(http.StatusConflict, "something lies below it")
		}
	}
	delete(s.rows, r.URL.Path)
	return answer{status: http.StatusNoContent}
}
