package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

const notes = `openapi: 3.0.3
info: {title: Notes, version: "1.0"}
paths:
  /notes:
    post:
      operationId: createNote
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Text'}}}}
      responses:
        "201":
          description: created
          headers: {Location: {required: true, schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}
        "400": {description: the request is invalid}
        "415": {description: the body is not JSON}
  /notes/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getNote
      responses:
        "200": {description: the note, content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}}
        "404": {description: there is no such note}
    put:
      operationId: putNote
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Text'}}}}
      responses:
        "200": {description: replaced, content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}}
        "400": {description: the request is invalid}
        "404": {description: there is no such note}
        "415": {description: the body is not JSON}
    delete:
      operationId: deleteNote
      responses:
        "200": {description: deleted}
        "404": {description: there is no such note}
components:
  schemas:
    Text:
      type: object
      required: [title]
      properties:
        title: {type: string, minLength: 1, maxLength: 60}
        detail: {type: string, maxLength: 200}
        stars: {type: integer, minimum: 0, maximum: 1000}
      additionalProperties: false
    Note:
      type: object
      required: [id, title]
      properties:
        id: {type: string}
        title: {type: string}
        detail: {type: string}
        stars: {type: integer}
`

// A notebook is the store of notes.
type notebook struct {
	mu    sync.Mutex
	fault string
	notes map[string]map[string]any
	last  int
}

// store serves notes and, when faulty, has one fault.
func store(fault string) func(bool) http.Handler {
	return func(faulty bool) http.Handler {
		b := &notebook{notes: map[string]map[string]any{}}
		if faulty {
			b.fault = fault
		}
		mux := http.NewServeMux()
		mux.HandleFunc("POST /notes", b.create)
		mux.HandleFunc("GET /notes/{id}", b.read)
		mux.HandleFunc("PUT /notes/{id}", b.replace)
		mux.HandleFunc("DELETE /notes/{id}", b.remove)
		return mux
	}
}

// noteOf reads the text of a note, or the status by which it is refused; zero
// when it is not.
func noteOf(r *http.Request) (map[string]any, int) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return nil, http.StatusUnsupportedMediaType
	}
	v, err := decode(r.Body)
	m, ok := v.(map[string]any)
	if _, titled := m["title"]; err != nil || !ok || !titled {
		return nil, http.StatusBadRequest
	}
	for k, v := range m {
		if !member(k, v) {
			return nil, http.StatusBadRequest
		}
	}
	return m, 0
}

// member says whether a note may have a member of this name and value.
func member(name string, v any) bool {
	text, isText := v.(string)
	switch long := len([]rune(text)); name {
	case "title":
		return isText && long >= 1 && long <= 60
	case "detail":
		return isText && long <= 200
	case "stars":
		n, ok := integer(v)
		return ok && n >= 0 && n <= 1000
	}
	return false
}

func (b *notebook) create(w http.ResponseWriter, r *http.Request) {
	note, refused := noteOf(r)
	if refused != 0 {
		w.WriteHeader(refused)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	id := fmt.Sprintf("n%d", b.last)
	note["id"] = id
	b.notes[id] = note
	to := "/notes/" + id
	if b.fault == "location" {
		to = "/notes/elsewhere-" + id
	}
	w.Header().Set("Location", to)
	say(w, http.StatusCreated, note)
}

func (b *notebook) read(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	note, ok := b.notes[r.PathValue("id")]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	say(w, http.StatusOK, note)
}

func (b *notebook) replace(w http.ResponseWriter, r *http.Request) {
	next, refused := noteOf(r)
	if refused != 0 {
		w.WriteHeader(refused)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	id := r.PathValue("id")
	note, there := b.notes[id]
	if !there {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	next["id"] = id
	b.spoil(note, next)
	b.notes[id] = next
	say(w, http.StatusOK, next)
}

// spoil is what a fault makes of a replacement.
func (b *notebook) spoil(note, next map[string]any) {
	switch b.fault {
	case "partial":
		for k, v := range note {
			if _, sent := next[k]; !sent {
				next[k] = v
			}
		}
	case "idempotent":
		if n, ok := integer(next["stars"]); ok {
			was, _ := integer(note["stars"])
			next["stars"] = json.Number(fmt.Sprintf("%.0f", n+was))
		}
		if title, ok := note["title"].(string); ok {
			next["title"] = title + "+"
		}
	}
}

func (b *notebook) remove(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := r.PathValue("id")
	if _, ok := b.notes[id]; !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if b.fault != "delete" {
		delete(b.notes, id)
	}
	w.WriteHeader(http.StatusOK)
}
