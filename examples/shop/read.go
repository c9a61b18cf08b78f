package shop

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// largestBody bounds a request.
const largestBody = 64 << 10

// readOrder reads an order as openapi.yaml describes it, and nothing else.
func (s *service) readOrder(r *http.Request) (order, error) {
	var o order
	fields, err := readFields(r)
	if err != nil {
		return o, err
	}
	return o, s.fill(&o, fields)
}

// readFields reads a JSON object.
func readFields(r *http.Request) (map[string]any, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != mediaOf(r) {
		return nil, refuse(http.StatusUnsupportedMediaType, "send "+mediaOf(r))
	}
	data, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, largestBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(http.StatusRequestEntityTooLarge, "at most 64 KiB")
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "the body was cut off")
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil || !utf8.Valid(data) {
		return nil, refuse(http.StatusBadRequest, "the body is not JSON")
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return nil, refuse(http.StatusUnprocessableEntity, "the body is not an object")
	}
	return fields, nil
}

// mediaOf is the media type that a request has to have.
func mediaOf(r *http.Request) string {
	if r.Method == http.MethodPatch {
		return "application/merge-patch+json"
	}
	return "application/json"
}

func (s *service) fill(o *order, fields map[string]any) error {
	wrong := func(detail string) error { return refuse(http.StatusUnprocessableEntity, detail) }
	for name := range fields {
		if s.mutant.is("lenient-unknown-fields") {
			break
		}
		if name != "product_id" && name != "quantity" && name != "note" {
			return wrong("there is a field that is not known")
		}
	}
	var ok bool
	if o.Product, ok = fields["product_id"].(string); !ok || !isKnown(o.Product) {
		return wrong("product_id: not in the catalogue")
	}
	if o.Quantity, ok = s.quantity(fields["quantity"]); !ok {
		return wrong("quantity: a whole number from 1 to 10")
	}
	if note, given := fields["note"]; given {
		if o.Note, ok = s.note(note); !ok {
			return wrong(fmt.Sprintf("note: at most %d characters", s.longest()))
		}
	}
	return nil
}

func (s *service) note(v any) (string, bool) {
	text, ok := v.(string)
	n := utf8.RuneCountInString(text)
	if s.mutant.is("500-on-long-note") && n == 200 {
		panic("no room for the note")
	}
	if s.mutant.is("500-on-quote") && strings.Contains(text, "'") {
		panic("unterminated quoted string")
	}
	return text, ok && n <= s.longest()
}

func (s *service) longest() int {
	if s.mutant.is("undocumented-limit") {
		return 100
	}
	return 200
}

func (s *service) quantity(v any) (int, bool) {
	n, ok := v.(float64)
	if s.mutant.is("500-on-invalid-input") && n < 0 {
		panic("negative quantity")
	}
	most := 10.0
	if s.mutant.is("accepts-too-many") {
		most = 1000
	}
	return int(n), ok && n == math.Trunc(n) && n >= 1 && n <= most
}

func isKnown(id string) bool {
	_, known := product(id)
	return known
}

func hexed(s string) string { return hex.EncodeToString([]byte(s)) }

func isID(s string) bool {
	return len(s) == 24 && strings.Trim(s, "0123456789abcdef") == ""
}
