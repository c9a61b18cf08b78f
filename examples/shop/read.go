package shop

import (
	"encoding/hex"
	"encoding/json"
	"errors"
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
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return o, refuse(http.StatusUnsupportedMediaType, "send application/json")
	}
	data, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, largestBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return o, refuse(http.StatusRequestEntityTooLarge, "at most 64 KiB")
	case err != nil:
		return o, refuse(http.StatusBadRequest, "the body was cut off")
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil || !utf8.Valid(data) {
		return o, refuse(http.StatusBadRequest, "the body is not JSON")
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return o, refuse(http.StatusUnprocessableEntity, "the body is not an object")
	}
	return o, s.fill(&o, fields)
}

func (s *service) fill(o *order, fields map[string]any) error {
	wrong := func(detail string) error { return refuse(http.StatusUnprocessableEntity, detail) }
	for name := range fields {
		if name != "product_id" && name != "quantity" && name != "note" {
			return wrong("there is a field that is not known")
		}
	}
	id, isText := fields["product_id"].(string)
	if _, known := product(id); !isText || !known {
		return wrong("product_id: not in the catalogue")
	}
	n, isNumber := fields["quantity"].(float64)
	if s.mutant.is("500-on-invalid-input") && n < 0 {
		_ = make([]byte, int(n)) // panics
	}
	if !isNumber || n != math.Trunc(n) || n < 1 || n > 10 {
		return wrong("quantity: a whole number from 1 to 10")
	}
	note, isText := fields["note"].(string)
	if _, given := fields["note"]; given && !isText || utf8.RuneCountInString(note) > 200 {
		return wrong("note: at most 200 characters")
	}
	o.Product, o.Quantity, o.Note = id, int(n), note
	return nil
}

func hexed(s string) string { return hex.EncodeToString([]byte(s)) }

func isID(s string) bool {
	return len(s) == 24 && strings.Trim(s, "0123456789abcdef") == ""
}
