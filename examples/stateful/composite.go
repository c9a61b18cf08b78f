package stateful

import (
	"net/http"
	"regexp"
	"strings"
)

// Composite is stores that are named by a region and a name in it, both chosen
// by the client, and ledgers whose account and number come in one answer.
func Composite() *Service {
	s := newService("composite", compositeDocument, map[string]map[string]any{
		"/regions/north/stores/theirs": {"region": "north", "store": "theirs", "city": "Oslo"},
		"/accounts/a1/ledgers/1":       {"account": "a1", "ledger": "1", "title": "theirs", "balance": 7},
	})
	name := regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
	s.handle("GET /regions/{region}/stores", func(r *http.Request) answer {
		if !name.MatchString(r.PathValue("region")) {
			return bad()
		}
		return answer{status: http.StatusOK, body: s.below(r.URL.Path)}
	})
	s.handle("PUT /regions/{region}/stores/{store}", func(r *http.Request) answer {
		m, ok := object(r, "city")
		if !ok || !name.MatchString(r.PathValue("region")) || !name.MatchString(r.PathValue("store")) {
			return bad()
		}
		status := http.StatusCreated
		if s.rows[r.URL.Path] != nil {
			status = http.StatusOK
		}
		row := map[string]any{"region": r.PathValue("region"), "store": r.PathValue("store"), "city": m["city"]}
		s.rows[r.URL.Path] = row
		return answer{status: status, body: row}
	})
	s.handle("GET /regions/{region}/stores/{store}", s.read)
	s.handle("DELETE /regions/{region}/stores/{store}", s.remove)
	s.handle("POST /ledgers", func(r *http.Request) answer {
		m, ok := object(r, "title")
		if !ok {
			return bad()
		}
		account, ledger := "a"+itoa(s.next()), itoa(s.next())
		row := map[string]any{"account": account, "ledger": ledger, "title": m["title"], "balance": 0.0}
		s.rows["/accounts/"+account+"/ledgers/"+ledger] = row
		return answer{status: http.StatusCreated, body: row}
	})
	s.handle("GET /accounts/{account}/ledgers/{ledger}", s.read)
	s.handle("DELETE /accounts/{account}/ledgers/{ledger}", s.remove)
	s.handle("POST /accounts/{account}/ledgers/{ledger}/deposit", s.deposit)
	return s
}

// deposit adds to the balance of a ledger.
func (s *Service) deposit(r *http.Request) answer {
	row, ok := s.rows[strings.TrimSuffix(r.URL.Path, "/deposit")]
	m, sound := object(r)
	amount, isNumber := m["amount"].(float64)
	switch {
	case !ok:
		return missing()
	case !sound || !isNumber || amount < 1 || amount > 100 || amount != float64(int(amount)):
		return bad()
	}
	balance, _ := row["balance"].(float64)
	row["balance"] = balance + amount
	return answer{status: http.StatusOK, body: row}
}

const compositeDocument = `openapi: 3.1.0
info: {title: Stores and ledgers, version: 1.0.0}
paths:
  /regions/{region}/stores:
    parameters: [{$ref: '#/components/parameters/region'}]
    get: {operationId: listStores, responses: {'200': {description: all, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Store'}}}}}, '400': {$ref: '#/components/responses/Problem'}}}
  /regions/{region}/stores/{store}:
    parameters: [{$ref: '#/components/parameters/region'}, {$ref: '#/components/parameters/store'}]
    put:
      operationId: putStore
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [city], properties: {city: {type: string, minLength: 1, maxLength: 80}}}}}}
      responses: {'200': {description: replaced, content: {application/json: {schema: {$ref: '#/components/schemas/Store'}}}}, '201': {description: created, content: {application/json: {schema: {$ref: '#/components/schemas/Store'}}}}, '400': {$ref: '#/components/responses/Problem'}}
    get: {operationId: getStore, responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Store'}}}}, '404': {$ref: '#/components/responses/Problem'}}}
    delete: {operationId: deleteStore, responses: {'204': {description: gone}, '404': {$ref: '#/components/responses/Problem'}}}
  /ledgers:
    post:
      operationId: openLedger
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [title], properties: {title: {type: string, minLength: 1, maxLength: 80}}}}}}
      responses: {'201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Ledger'}}}}, '400': {$ref: '#/components/responses/Problem'}}
  /accounts/{account}/ledgers/{ledger}:
    parameters: [{$ref: '#/components/parameters/account'}, {$ref: '#/components/parameters/ledger'}]
    get: {operationId: getLedger, responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Ledger'}}}}, '404': {$ref: '#/components/responses/Problem'}}}
    delete: {operationId: closeLedger, responses: {'204': {description: gone}, '404': {$ref: '#/components/responses/Problem'}}}
  /accounts/{account}/ledgers/{ledger}/deposit:
    parameters: [{$ref: '#/components/parameters/account'}, {$ref: '#/components/parameters/ledger'}]
    post:
      operationId: deposit
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [amount], properties: {amount: {type: integer, minimum: 1, maximum: 100}}}}}}
      responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Ledger'}}}}, '400': {$ref: '#/components/responses/Problem'}, '404': {$ref: '#/components/responses/Problem'}}
components:
  parameters:
    region: {in: path, name: region, required: true, schema: {type: string, pattern: '^[A-Za-z0-9-]{1,64}$'}}
    store: {in: path, name: store, required: true, schema: {type: string, pattern: '^[A-Za-z0-9-]{1,64}$'}}
    account: {in: path, name: account, required: true, schema: {type: string}}
    ledger: {in: path, name: ledger, required: true, schema: {type: string}}
  responses: {Problem: {description: why not, content: {application/problem+json: {schema: {type: object, properties: {title: {type: string}, status: {type: integer}, detail: {type: string}}}}}}}
  schemas:
    Store: {type: object, required: [region, store, city], properties: {region: {type: string}, store: {type: string}, city: {type: string}}}
    Ledger: {type: object, required: [account, ledger], properties: {account: {type: string}, ledger: {type: string}, title: {type: string}, balance: {type: number}}}
`
