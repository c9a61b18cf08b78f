package stateful

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Chosen is items whose stock-keeping units the client chooses: PUT creates
// them, and replaces what is there.
func Chosen() *Service {
	s := newService("chosen", chosenDocument, map[string]map[string]any{
		"/items/their-item": {"sku": "their-item", "name": "theirs", "price": 5},
	})
	sku := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{2,39}$`)
	s.handle("GET /items", func(*http.Request) answer {
		return answer{status: http.StatusOK, body: map[string]any{"items": s.below("/items")}}
	})
	s.handle("PUT /items/{sku}", func(r *http.Request) answer {
		m, ok := object(r, "name")
		if !ok || !sku.MatchString(r.PathValue("sku")) {
			return bad()
		}
		status := http.StatusCreated
		if s.rows[r.URL.Path] != nil {
			status = http.StatusOK
		}
		row := map[string]any{"sku": r.PathValue("sku"), "name": m["name"], "price": 0}
		s.rows[r.URL.Path] = row
		return answer{status: status, body: row}
	})
	s.handle("GET /items/{sku}", s.read)
	s.handle("DELETE /items/{sku}", s.remove)
	price := func(r *http.Request) (map[string]any, bool) {
		row, ok := s.rows[strings.TrimSuffix(r.URL.Path, "/price")]
		return row, ok
	}
	s.handle("GET /items/{sku}/price", func(r *http.Request) answer {
		row, ok := price(r)
		if !ok {
			return missing()
		}
		return answer{status: http.StatusOK, body: map[string]any{"price": row["price"]}}
	})
	s.handle("PUT /items/{sku}/price", func(r *http.Request) answer {
		row, ok := price(r)
		m, sound := object(r)
		n, isNumber := m["price"].(float64)
		switch {
		case !ok:
			return missing()
		case !sound || !isNumber || n < 0 || n > 100_000 || n != float64(int(n)):
			return bad()
		}
		row["price"] = n
		return answer{status: http.StatusOK, body: map[string]any{"price": n}}
	})
	return s
}

const chosenDocument = `openapi: 3.0.3
info: {title: Items, version: 1.0.0}
paths:
  /items:
    get: {operationId: listItems, responses: {'200': {description: all, content: {application/json: {schema: {type: object, required: [items], properties: {items: {type: array, items: {$ref: '#/components/schemas/Item'}}}}}}}}}
  /items/{sku}:
    parameters: [{in: path, name: sku, required: true, schema: {type: string, pattern: '^[a-z0-9][a-z0-9-]{2,39}$'}}]
    put:
      operationId: putItem
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string, minLength: 1, maxLength: 80}}}}}}
      responses: {'200': {description: replaced, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}, '201': {description: created, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}, '400': {$ref: '#/components/responses/Problem'}}
    get: {operationId: getItem, responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}, '404': {$ref: '#/components/responses/Problem'}}}
    delete: {operationId: deleteItem, responses: {'204': {description: gone}, '404': {$ref: '#/components/responses/Problem'}}}
  /items/{sku}/price:
    parameters: [{in: path, name: sku, required: true, schema: {type: string, pattern: '^[a-z0-9][a-z0-9-]{2,39}$'}}]
    get: {operationId: getPrice, responses: {'200': {description: price, content: {application/json: {schema: {$ref: '#/components/schemas/Price'}}}}, '404': {$ref: '#/components/responses/Problem'}}}
    put:
      operationId: setPrice
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Price'}}}}
      responses: {'200': {description: price, content: {application/json: {schema: {$ref: '#/components/schemas/Price'}}}}, '400': {$ref: '#/components/responses/Problem'}, '404': {$ref: '#/components/responses/Problem'}}
components:
  responses: {Problem: {description: why not, content: {application/problem+json: {schema: {type: object, properties: {title: {type: string}, status: {type: integer}, detail: {type: string}}}}}}}
  schemas:
    Item: {type: object, required: [sku, name], properties: {sku: {type: string}, name: {type: string}, price: {type: integer}}}
    Price: {type: object, required: [price], properties: {price: {type: integer, minimum: 0, maximum: 100000}}}
`
