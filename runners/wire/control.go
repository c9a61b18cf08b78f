package wire

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Status is what the control port says of itself.
type Status struct {
	Wires  []Listener `json:"wires"`
	Leases []string   `json:"leases"`
	Now    int64      `json:"now"`   // wall clock, ns since 1970
	Epoch  int64      `json:"epoch"` // wall clock from which the journal's times count
	Last   uint64     `json:"last"`  // number of the last entry of the journal
}

// A Listener is one wire of a Status: where it listens and what it forwards to.
type Listener struct {
	Name     string         `json:"name"`
	Kind     plumbline.Wire `json:"kind"`
	Listen   string         `json:"listen"`
	Upstream string         `json:"upstream"`
	Open     int            `json:"open,omitempty"` // connections of callers that are open
}

// Page is what the journal answers.
type Page struct {
	Entries []Entry `json:"entries"`
	Lost    uint64  `json:"lost"` // entries that were overwritten before they were asked for
}

// Hits answers orders and healing.
type Hits struct {
	Hits int `json:"hits"`
}

// orderLimit bounds the body of an order, in bytes.
const orderLimit = 1 << 20

// control is the control port.
func (s *server) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.status()) })
	mux.HandleFunc("GET /v1/journal", s.page)
	mux.HandleFunc("PUT /v1/watch", s.watch)
	mux.HandleFunc("PUT /v1/faults/{lease}", s.order)
	mux.HandleFunc("POST /v1/faults/{lease}/renew", s.renew)
	mux.HandleFunc("GET /v1/faults/{lease}", s.hits)
	mux.HandleFunc("DELETE /v1/faults/{lease}", s.heal)
	mux.HandleFunc("POST /v1/heal", func(w http.ResponseWriter, _ *http.Request) {
		s.leases.healAll()
		reply(w, http.StatusOK, s.status())
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.allowed(r) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			complain(w, http.StatusUnauthorized, "the control port wants its token")
			return
		}
		s.mu.Lock()
		s.called = time.Now()
		s.mu.Unlock()
		mux.ServeHTTP(w, r)
	})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func complain(w http.ResponseWriter, status int, detail string) {
	reply(w, status, map[string]string{"error": detail})
}

func (s *server) status() Status {
	out := Status{Leases: []string{}, Wires: []Listener{}, Now: time.Now().UnixNano(), Epoch: s.journal.epoch.UnixNano()}
	for _, w := range s.cfg.Wires {
		if v, ok := s.wires[w.Name]; ok {
			out.Wires = append(out.Wires, Listener{w.Name, w.Kind, v.addr, w.Upstream, v.open()})
		}
	}
	s.leases.mu.Lock()
	for _, l := range s.leases.all {
		out.Leases = append(out.Leases, l.ID)
	}
	s.leases.mu.Unlock()
	s.journal.mu.Lock()
	out.Last = s.journal.last
	s.journal.mu.Unlock()
	return out
}

// open counts the connections of callers.
func (v *served) open() int {
	if v.engine == nil {
		return int(v.http.opened.Load())
	}
	return v.engine.count()
}

func (s *server) page(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		complain(w, http.StatusBadRequest, "after is a number")
		return
	}
	entries, lost := s.journal.after(after)
	if entries == nil {
		entries = []Entry{}
	}
	for i := range entries {
		entries[i].Sight = s.sights.take(entries[i].Sequence)
	}
	reply(w, http.StatusOK, Page{entries, lost})
}

// order puts a fault into force before it answers.
func (s *server) order(w http.ResponseWriter, r *http.Request) {
	var o Order
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, orderLimit))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		complain(w, http.StatusBadRequest, "not an order: "+err.Error())
		return
	}
	o.ID = r.PathValue("lease")
	if err := s.inject(r.Context(), o); errors.Is(err, errors.ErrUnsupported) {
		complain(w, http.StatusNotImplemented, err.Error())
	} else if err != nil {
		complain(w, http.StatusUnprocessableEntity, err.Error())
	} else {
		reply(w, http.StatusOK, Hits{})
	}
}

func (s *server) renew(w http.ResponseWriter, r *http.Request) {
	if !s.leases.renew(r.PathValue("lease")) {
		complain(w, http.StatusNotFound, "the lease has ended")
		return
	}
	s.hits(w, r)
}

func (s *server) hits(w http.ResponseWriter, r *http.Request) {
	if l := s.leases.find(r.PathValue("lease")); l != nil {
		reply(w, http.StatusOK, Hits{l.count()})
		return
	}
	complain(w, http.StatusNotFound, "the lease has ended")
}

func (s *server) heal(w http.ResponseWriter, r *http.Request) {
	reply(w, http.StatusOK, Hits{s.leases.heal(r.PathValue("lease"))})
}
