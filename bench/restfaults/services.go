package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// A seed is one type of fault of the literature, as a small service with its
// OpenAPI document. With the fault off the service is its clean twin.
//
// The ten types are those of Zhang and Arcuri, Open Problems in Fuzzing RESTful
// APIs: A Comparison of Tools, TOSEM 2023, §4.5.2; services and documents are
// ours.
type seed struct {
	Number   int
	Name     string
	Fault    string   // in words
	Caught   []string // functions any of which catches it
	Document string
	Handler  func(faulty bool) http.Handler
}

func seeds() []seed {
	return []seed{
		{1, "exception", "the business logic throws: 500", []string{"contract/no-5xx-on-valid-input", "contract/response-conforms"}, greeting, exception},
		{2, "wrong-type", "a field of the answer has another type than the schema says", []string{"contract/response-conforms"}, greeting, wrongType},
		{3, "undeclared-status", "a success is answered by a 2xx status that the document does not have", []string{"contract/response-conforms"}, greeting, undeclaredStatus},
		{4, "maximum-ignored", "a number above its maximum is accepted", []string{"contract/invalid-input-rejected"}, order, ignoring("maximum")},
		{5, "enum-ignored", "a text that is not of the enumeration is accepted", []string{"contract/invalid-input-rejected"}, order, ignoring("enum")},
		{6, "required-ignored", "a body without the required truth value is accepted", []string{"contract/invalid-input-rejected"}, order, ignoring("required")},
		{7, "dead-location", "the Location of what was created leads to 404", []string{"contract/location-resolves", "contract/roundtrip"}, notes, store("location")},
		{8, "delete-deletes-nothing", "DELETE answers 200 and deletes nothing", []string{"contract/roundtrip", "contract/use-after-delete"}, notes, store("delete")},
		{9, "put-is-partial", "PUT changes what it was sent and keeps the rest", []string{"contract/put-replaces", "contract/roundtrip"}, notes, store("partial")},
		{10, "put-is-not-idempotent", "every PUT changes the resource further", []string{"contract/roundtrip", "idempotency/natural"}, notes, store("idempotent")},
	}
}

const greeting = `openapi: 3.0.3
info: {title: Greetings, version: "1.0"}
paths:
  /greeting:
    get:
      operationId: getGreeting
      parameters:
        - {name: name, in: query, schema: {type: string, maxLength: 20}}
      responses:
        "200":
          description: a greeting
          content:
            application/json:
              schema:
                type: object
                required: [text, length]
                properties: {text: {type: string}, length: {type: integer}}
        "400": {description: the name is too long}
`

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone away
}

// greet serves the greeting, its answer made by a function.
func greet(answer func(w http.ResponseWriter, text string)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /greeting", func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("name")
		if len([]rune(name)) > 20 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		answer(w, "Hello "+name)
	})
	return mux
}

func right(w http.ResponseWriter, text string) {
	say(w, http.StatusOK, map[string]any{"text": text, "length": len(text)})
}

func exception(faulty bool) http.Handler {
	return greet(func(w http.ResponseWriter, text string) {
		if faulty {
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		right(w, text)
	})
}

func wrongType(faulty bool) http.Handler {
	return greet(func(w http.ResponseWriter, text string) {
		if faulty {
			say(w, http.StatusOK, map[string]any{"text": text, "length": fmt.Sprint(len(text))})
			return
		}
		right(w, text)
	})
}

func undeclaredStatus(faulty bool) http.Handler {
	return greet(func(w http.ResponseWriter, text string) {
		if faulty {
			say(w, http.StatusAccepted, map[string]any{"text": text, "length": len(text)})
			return
		}
		right(w, text)
	})
}

const order = `openapi: 3.0.3
info: {title: Quotes, version: "1.0"}
paths:
  /quotes:
    post:
      operationId: quote
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [amount, express]
              properties:
                amount: {type: integer, minimum: 1, maximum: 100}
                size: {type: string, enum: [small, large]}
                express: {type: boolean}
      responses:
        "200":
          description: a price
          content:
            application/json:
              schema: {type: object, required: [price], properties: {price: {type: integer}}}
        "400": {description: the request is invalid}
        "415": {description: the body is not JSON}
`

// ignoring serves quotes and, when faulty, does not hold one constraint.
func ignoring(constraint string) func(bool) http.Handler {
	return func(faulty bool) http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /quotes", func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
				w.WriteHeader(http.StatusUnsupportedMediaType)
				return
			}
			body, err := decode(r.Body)
			if err != nil || !quotable(body, func(c string) bool { return faulty && c == constraint }) {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			say(w, http.StatusOK, map[string]any{"price": 7})
		})
		return mux
	}
}

// decode reads one JSON value and nothing after it.
func decode(r io.Reader) (any, error) {
	dec := json.NewDecoder(io.LimitReader(r, 1<<20))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("text after the value")
	}
	return v, nil
}

func quotable(v any, ignored func(string) bool) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	n, ok := integer(m["amount"])
	if !ok || n < 1 || n > 100 && !ignored("maximum") {
		return false
	}
	if express, there := m["express"]; there || !ignored("required") {
		if _, ok := express.(bool); !ok {
			return false
		}
	}
	if size, there := m["size"]; there {
		text, ok := size.(string)
		return ok && (slices.Contains([]string{"small", "large"}, text) || ignored("enum"))
	}
	return true
}

// integer reads an integer as JSON Schema does: 1.0 is one.
func integer(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil && f == float64(int64(f))
}

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

func noteOf(r *http.Request) (map[string]any, bool) {
	v, err := decode(r.Body)
	m, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, false
	}
	if _, titled := m["title"]; !titled {
		return nil, false
	}
	for k, v := range m {
		text, isText := v.(string)
		switch k {
		case "title":
			if n := len([]rune(text)); !isText || n < 1 || n > 60 {
				return nil, false
			}
		case "detail":
			if !isText || len([]rune(text)) > 200 {
				return nil, false
			}
		case "stars":
			if n, ok := integer(v); !ok || n < 0 || n > 1000 {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return m, true
}

func (b *notebook) create(w http.ResponseWriter, r *http.Request) {
	note, ok := noteOf(r)
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
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
	next, ok := noteOf(r)
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
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
	b.notes[id] = next
	say(w, http.StatusOK, next)
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
