package shop

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// The operations that a shop with a large document has beside the others: each
// shelf can be listed, and each of its boxes looked at.
const (
	shelves = 150
	boxes   = 8 // on a shelf
)

// listedShelves are their paths in openapi.yaml.
func listedShelves() string {
	const shelf = `  /shelves/shelf-NNN:
    get:
      operationId: listShelfNNN
      summary: What is on shelf NNN
      tags: [shelves]
      responses:
        "200":
          description: Every box.
          content:
            application/json:
              schema:
                type: object
                required: [items]
                additionalProperties: false
                properties:
                  items: {type: array, items: {$ref: "#/components/schemas/Box"}}
        "401": {$ref: "#/components/responses/Unauthorized"}
        default: {$ref: "#/components/responses/Problem"}
  /shelves/shelf-NNN/{boxNumber}:
    get:
      operationId: getBoxOfShelfNNN
      summary: A box of shelf NNN
      tags: [shelves]
      parameters:
        - {name: boxNumber, in: path, required: true, example: 1, schema: {type: integer, minimum: 1, maximum: 8}}
      responses:
        "200":
          description: The box.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Box"}
        "401": {$ref: "#/components/responses/Unauthorized"}
        "404": {$ref: "#/components/responses/Problem"}
        default: {$ref: "#/components/responses/Problem"}
`
	var b strings.Builder
	for n := range shelves {
		b.WriteString(strings.ReplaceAll(shelf, "NNN", fmt.Sprintf("%03d", n+1)))
	}
	return b.String()
}

// boxSchema is what openapi.yaml says of a box.
const boxSchema = `    Box:
      type: object
      required: [number, shelf, holds]
      additionalProperties: false
      properties:
        number: {type: integer, minimum: 1, maximum: 8}
        shelf: {type: string, pattern: "^shelf-[0-9]{3}$"}
        holds: {type: string}
`

// box is one box of a shelf.
func box(shelf string, n int) map[string]any {
	return map[string]any{"number": n, "shelf": shelf, "holds": catalogue()[n%len(catalogue())].Name}
}

// isShelf tells whether there is a shelf of that name.
func isShelf(name string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(name, "shelf-"))
	return err == nil && n >= 1 && n <= shelves && name == fmt.Sprintf("shelf-%03d", n)
}

// shelved serves the shelves.
func (s *service) shelved(mux *http.ServeMux) {
	none := refuse(http.StatusNotFound, "no such box")
	mux.Handle("GET /shelves/{shelf}", s.authenticated(func(_ context.Context, r *http.Request, _ string) (int, any, error) {
		shelf := r.PathValue("shelf")
		if !isShelf(shelf) {
			return 0, nil, none
		}
		var items []any
		for n := range boxes {
			items = append(items, box(shelf, n+1))
		}
		return http.StatusOK, map[string]any{"items": items}, nil
	}))
	mux.Handle("GET /shelves/{shelf}/{number}", s.authenticated(func(_ context.Context, r *http.Request, _ string) (int, any, error) {
		shelf, text := r.PathValue("shelf"), r.PathValue("number")
		n, err := strconv.Atoi(text)
		if !isShelf(shelf) || err != nil || n < 1 || n > boxes || text != strconv.Itoa(n) {
			return 0, nil, none
		}
		return http.StatusOK, box(shelf, n), nil
	}))
}
