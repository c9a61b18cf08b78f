// Package site is the pages of `plumbline serve`: the history, the report of
// each run, and a run under way. It reads files and nothing else, those of a
// history and those that a run leaves in its directory: a run knows of no
// reader, so that none can hold it up.
package site

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline/reports"
	"github.com/plumbline-dev/plumbline/reports/history"
	"github.com/plumbline-dev/plumbline/runners/token"
)

// Options say what is served, and to whom.
type Options struct {
	History string // folder of reports; empty for none
	Runs    string // folder of run directories; empty for none
	Token   string // that callers have to show; empty: none is asked for, and only this machine is answered
}

// A Site serves the pages. It is safe for concurrent use.
type Site struct {
	Options
	pages *template.Template
	files map[string]file // by the name below /assets/

	every   time.Duration // how often a run under way is looked at
	stall   time.Duration // how long a browser may take nothing before it is left
	streams chan struct{} // one for each browser that follows a run

	mu    sync.Mutex
	known *history.History
}

type file struct {
	data  []byte
	media string
	tag   string
}

// mostStreams bounds how many browsers follow runs at a time.
const mostStreams = 64

//go:embed assets
var assets embed.FS

// New returns a site.
func New(o Options) (*Site, error) {
	pages, err := template.New("site").Funcs(reports.Words()).Funcs(words()).ParseFS(assets, "assets/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	s := &Site{Options: o, pages: pages, files: map[string]file{}, every: 500 * time.Millisecond, stall: 10 * time.Second, streams: make(chan struct{}, mostStreams)}
	for name, add := range map[string]struct{ shared, media string }{
		"site.css": {reports.Style(), "text/css; charset=utf-8"},
		"site.js":  {reports.Script(), "text/javascript; charset=utf-8"},
	} {
		own, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return nil, fmt.Errorf("site: %w", err)
		}
		data := append([]byte(add.shared+"\n"), own...)
		sum := sha256.Sum256(data)
		s.files[name] = file{data, add.media, `"` + hex.EncodeToString(sum[:8]) + `"`}
	}
	return s, nil
}

// Handler serves the site:
//
//	GET /                       the history; ?service= and ?last= choose
//	GET /runs/{id}              the report of a run of the history
//	GET /live                   the run that is under way
//	GET /live/{name}            a run by its directory
//	GET /live/{name}/events     what its page is made of, as server-sent events
//	GET /live/{name}/report     its report, when it is over
//	GET /healthz                204
func (s *Site) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", s.history)
	m.HandleFunc("GET /runs/{id}", s.report)
	m.HandleFunc("GET /live", s.newest)
	m.HandleFunc("GET /live/{name}", s.live)
	m.HandleFunc("GET /live/{name}/events", s.events)
	m.HandleFunc("GET /live/{name}/report", s.reportOfRun)
	m.HandleFunc("GET /assets/{name}", s.asset)
	m.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		s.say(w, http.StatusNotFound, "There is no such page.")
	})
	open := http.NewServeMux()
	open.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	open.Handle("/", s.guarded(m))
	return safe(open)
}

// guarded asks for the token. Without one only what is addressed to this
// machine is answered: see token.Addressed.
func (s *Site) guarded(next http.Handler) http.Handler {
	if s.Token != "" {
		return token.Guard(s.Token, token.Challenge, next, func(w http.ResponseWriter, _ *http.Request) {
			s.say(w, http.StatusUnauthorized, "A token is wanted: as the password of any user, or as a bearer token.")
		})
	}
	return token.Local(next, func(w http.ResponseWriter, _ *http.Request) {
		s.say(w, http.StatusMisdirectedRequest, "Without a token this server answers to localhost alone, not to the name in the address.")
	})
}

// policy of all pages but reports, which bring their own: style sheet, script
// and events of this server, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func safe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (s *Site) asset(w http.ResponseWriter, r *http.Request) {
	f, ok := s.files[r.PathValue("name")]
	if !ok {
		s.say(w, http.StatusNotFound, "There is no such file.")
		return
	}
	w.Header().Set("Content-Type", f.media)
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("ETag", f.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}

// page writes a page, or that it could not be made.
func (s *Site) page(w http.ResponseWriter, status int, name string, data any) {
	var out bytes.Buffer
	if err := s.pages.ExecuteTemplate(&out, name, data); err != nil {
		status = http.StatusInternalServerError
		out.Reset()
		_, _ = fmt.Fprintf(&out, "<!doctype html><title>Plumbline</title><p>This page could not be made: %s", template.HTMLEscapeString(err.Error()))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes())
}

// say writes a page of one sentence.
func (s *Site) say(w http.ResponseWriter, status int, text string) {
	s.page(w, status, "said", struct{ Title, Text string }{http.StatusText(status), text})
}
