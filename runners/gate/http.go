package gate

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/plumbline-dev/plumbline/runners/token"
)

// longest that one request may wait for a verdict.
const longestWait = time.Hour

// biggest webhook that is read.
const biggestHook = 1 << 20

// Handler serves the gate. The secret, when there is one, is asked for as a
// bearer token, or as metadata.token of a Flagger webhook, which cannot set
// headers. Without a secret only what is addressed to this machine is answered:
// see token.Addressed.
//
//	GET, POST /verdict?key=K&wait=15m   start the run of K, or tell of it
//	POST      /flagger                  the same for a canary; 200 only for a pass
//	GET       /runs                     every run that is remembered
//	GET       /runs/{id}                one of them
//	GET       /runs/{id}/report.html    its report
//	GET       /healthz                  204
func (g *Gate) Handler(secret string) http.Handler {
	guarded := http.NewServeMux()
	guarded.HandleFunc("GET /verdict", g.verdict)
	guarded.HandleFunc("POST /verdict", g.verdict)
	guarded.HandleFunc("GET /runs", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, g.List()) })
	guarded.HandleFunc("GET /runs/{id}", g.run)
	guarded.HandleFunc("GET /runs/{id}/report.html", g.report)

	asked := http.NewServeMux()
	asked.HandleFunc("POST /flagger", func(w http.ResponseWriter, r *http.Request) { g.flagger(w, r, secret) })
	asked.Handle("/", token.Guard(secret, `Bearer realm="plumbline"`, guarded, func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusUnauthorized, "a bearer token is wanted")
	}))
	var all http.Handler = asked
	if secret == "" {
		all = token.Local(asked, func(w http.ResponseWriter, _ *http.Request) {
			problem(w, http.StatusMisdirectedRequest, "without a token the gate answers to localhost alone, not to the name in the address")
		})
	}
	open := http.NewServeMux()
	open.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	open.Handle("/", all)
	return open
}

func (g *Gate) verdict(w http.ResponseWriter, r *http.Request) {
	key := r.FormValue("key")
	if key == "" {
		problem(w, http.StatusBadRequest, "key is missing: what identifies the version that is judged, such as the hash of its pod template")
		return
	}
	wait := time.Duration(0)
	if s := r.FormValue("wait"); s != "" {
		var err error
		if wait, err = time.ParseDuration(s); err != nil || wait < 0 || wait > longestWait {
			problem(w, http.StatusBadRequest, "wait has to be a duration of at most "+longestWait.String()+", such as 15m")
			return
		}
	}
	write(w, http.StatusOK, g.within(r, key, wait))
}

// within asks, and waits a while for the verdict.
func (g *Gate) within(r *http.Request, key string, wait time.Duration) Answer {
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	return g.Ask(ctx, key)
}

// A hook is what Flagger posts (CanaryWebhookPayload).
type hook struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Phase     string            `json:"phase"`
	Checksum  string            `json:"checksum"`
	Metadata  map[string]string `json:"metadata"`
}

// flagger answers 200 for a pass, and 409 with the reason for everything else;
// it waits as long as Flagger does (webhooks[].timeout).
func (g *Gate) flagger(w http.ResponseWriter, r *http.Request, secret string) {
	var h hook
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, biggestHook)).Decode(&h); err != nil {
		problem(w, http.StatusBadRequest, "the body is not a webhook of Flagger: "+err.Error())
		return
	}
	if !token.Held(r, secret) && !token.Same(h.Metadata["token"], secret) {
		problem(w, http.StatusUnauthorized, "a token is wanted: metadata.token of the webhook")
		return
	}
	if h.Name == "" || h.Checksum == "" {
		problem(w, http.StatusBadRequest, "the webhook has no name and checksum: this path is for pre-rollout and confirm hooks of Flagger")
		return
	}
	a := g.within(r, h.Namespace+"/"+h.Name+"@"+h.Checksum, longestWait)
	status := http.StatusConflict
	if a.Verdict == Pass {
		status = http.StatusOK
	}
	write(w, status, a)
}

func (g *Gate) run(w http.ResponseWriter, r *http.Request) {
	a, ok := g.Find(r.PathValue("id"))
	if !ok {
		problem(w, http.StatusNotFound, "no such run is remembered")
		return
	}
	write(w, http.StatusOK, a)
}

func (g *Gate) report(w http.ResponseWriter, r *http.Request) {
	a, ok := g.Find(r.PathValue("id"))
	if !ok || a.file == "" {
		problem(w, http.StatusNotFound, "no such report")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFile(w, r, a.file)
}

// problem answers as RFC 9457 has it.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	writeBody(w, status, map[string]any{"title": http.StatusText(status), "status": status, "detail": detail})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	writeBody(w, status, v)
}

func writeBody(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
