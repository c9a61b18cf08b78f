package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
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

// quotable holds a request for a quote against its schema, but for what is
// ignored.
func quotable(v any, ignored func(string) bool) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	n, whole := integer(m["amount"])
	express, expressed := m["express"]
	size, sized := m["size"]
	_, truth := express.(bool)
	text, written := size.(string)
	switch {
	case !whole, n < 1, n > 100 && !ignored("maximum"):
		return false
	case !truth && (expressed || !ignored("required")):
		return false
	}
	return !sized || written && (text == "small" || text == "large" || ignored("enum"))
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
