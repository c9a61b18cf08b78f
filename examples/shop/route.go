package shop

import (
	"net/http"
	"net/http/httptest"
)

// routed answers what no operation is for: 404 where there is no such path,
// and 405, with the methods that there are, where there is no such method.
func (s *service) routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.mutant.is("401-without-challenge") {
			w = unchallenged{w}
		}
		if !s.mutant.is("sniffable") {
			w.Header().Set("X-Content-Type-Options", "nosniff")
		}
		s.careless(w, r)
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(s.labelled(w, r), r)
			return
		}
		said := httptest.NewRecorder()
		h.ServeHTTP(said, r)
		if said.Code != http.StatusNotFound && said.Code != http.StatusMethodNotAllowed {
			mux.ServeHTTP(w, r) // a redirect
			return
		}
		if allow := said.Header().Get("Allow"); allow != "" && !s.mutant.is("405-without-allow") {
			w.Header().Set("Allow", allow)
		}
		if s.mutant.is("plain-404") && said.Code == http.StatusNotFound {
			http.Error(w, "404 page not found", http.StatusNotFound)
			return
		}
		refuse(said.Code, "").write(w)
	})
}

// careless is two defects: it lets pages of every origin in, and shared caches
// keep who one is.
func (s *service) careless(w http.ResponseWriter, r *http.Request) {
	if from := r.Header.Get("Origin"); from != "" && s.mutant.is("cors-reflects-origin") {
		w.Header().Set("Access-Control-Allow-Origin", from)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Vary", "Origin")
	}
	if r.URL.Path == "/me" && s.mutant.is("private-made-public") {
		w.Header().Set("Cache-Control", "public, max-age=300")
	}
}

// labelled is a defect: whatever media type is asked for, the answer says that
// it has it.
func (s *service) labelled(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	if wanted := r.Header.Get("Accept"); s.mutant.is("wrong-label") && wanted != "" && wanted != "*/*" {
		return &labelling{w, wanted}
	}
	return w
}

type labelling struct {
	http.ResponseWriter
	media string
}

// WriteHeader puts the wrong label on.
func (l *labelling) WriteHeader(status int) {
	if status < 300 && l.Header().Get("Content-Type") != "" {
		l.Header().Set("Content-Type", l.media)
	}
	l.ResponseWriter.WriteHeader(status)
}

// unchallenged is a defect: it takes the challenge out of answers.
type unchallenged struct{ http.ResponseWriter }

// WriteHeader takes the challenge out.
func (u unchallenged) WriteHeader(status int) {
	u.Header().Del("WWW-Authenticate")
	u.ResponseWriter.WriteHeader(status)
}
