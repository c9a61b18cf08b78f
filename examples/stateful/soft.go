package stateful

import (
	"net/http"
	"strings"
)

// Soft is documents that a deletion only marks: they are gone (410) and not
// listed, until they are restored. Answers have an envelope.
func Soft() *Service {
	s := newService("soft", softDocument, map[string]map[string]any{
		"/documents/d1": {"id": "d1", "title": "theirs", "deleted": false},
	})
	enveloped := func(status int, row map[string]any) answer {
		return answer{status: status, body: map[string]any{"data": row}}
	}
	find := func(path string) (map[string]any, answer) {
		row, ok := s.rows[path]
		switch {
		case !ok:
			return nil, missing()
		case row["deleted"] == true:
			return nil, problem(http.StatusGone, "it was deleted; restore brings it back")
		}
		return row, answer{}
	}
	s.handle("GET /documents", func(*http.Request) answer {
		return answer{status: http.StatusOK, body: map[string]any{"data": s.below("/documents")}}
	})
	s.handle("POST /documents", func(r *http.Request) answer {
		m, ok := object(r, "title")
		if !ok {
			return bad()
		}
		id := "d" + itoa(s.next())
		row := map[string]any{"id": id, "title": m["title"], "deleted": false}
		s.rows["/documents/"+id] = row
		return enveloped(http.StatusCreated, row)
	})
	s.handle("GET /documents/{id}", func(r *http.Request) answer {
		row, no := find(r.URL.Path)
		if row == nil {
			return no
		}
		return enveloped(http.StatusOK, row)
	})
	s.handle("PUT /documents/{id}", func(r *http.Request) answer {
		row, no := find(r.URL.Path)
		m, ok := object(r, "title")
		switch {
		case row == nil:
			return no
		case !ok:
			return bad()
		}
		row["title"] = m["title"]
		return enveloped(http.StatusOK, row)
	})
	s.handle("DELETE /documents/{id}", func(r *http.Request) answer {
		row, no := find(r.URL.Path)
		if row == nil {
			return no
		}
		row["deleted"] = true
		return answer{status: http.StatusNoContent}
	})
	s.handle("POST /documents/{id}/restore", func(r *http.Request) answer {
		row, ok := s.rows[strings.TrimSuffix(r.URL.Path, "/restore")]
		switch {
		case !ok:
			return missing()
		case row["deleted"] != true:
			return problem(http.StatusConflict, "it is not deleted")
		}
		row["deleted"] = false
		return enveloped(http.StatusOK, row)
	})
	return s
}

const softDocument = `openapi: 3.0.3
info: {title: Documents, version: 1.0.0}
paths:
  /documents:
    get: {operationId: listDocuments, responses: {'200': {description: all, content: {application/json: {schema: {type: object, required: [data], properties: {data: {type: array, items: {$ref: '#/components/schemas/Document'}}}}}}}}}
    post:
      operationId: createDocument
      requestBody: {$ref: '#/components/requestBodies/Document'}
      responses: {'201': {$ref: '#/components/responses/Document'}, '400': {$ref: '#/components/responses/Problem'}}
  /documents/{id}:
    parameters: [{in: path, name: id, required: true, schema: {type: string}}]
    get: {operationId: getDocument, responses: {'200': {$ref: '#/components/responses/Document'}, '404': {$ref: '#/components/responses/Problem'}, '410': {$ref: '#/components/responses/Problem'}}}
    put:
      operationId: replaceDocument
      requestBody: {$ref: '#/components/requestBodies/Document'}
      responses: {'200': {$ref: '#/components/responses/Document'}, '400': {$ref: '#/components/responses/Problem'}, '404': {$ref: '#/components/responses/Problem'}, '410': {$ref: '#/components/responses/Problem'}}
    delete: {operationId: deleteDocument, responses: {'204': {description: gone}, '404': {$ref: '#/components/responses/Problem'}, '410': {$ref: '#/components/responses/Problem'}}}
  /documents/{id}/restore:
    parameters: [{in: path, name: id, required: true, schema: {type: string}}]
    post: {operationId: restoreDocument, responses: {'200': {$ref: '#/components/responses/Document'}, '404': {$ref: '#/components/responses/Problem'}, '409': {$ref: '#/components/responses/Problem'}}}
components:
  requestBodies: {Document: {required: true, content: {application/json: {schema: {type: object, required: [title], properties: {title: {type: string, minLength: 1, maxLength: 80}}}}}}}
  responses:
    Problem: {description: why not, content: {application/problem+json: {schema: {type: object, properties: {title: {type: string}, status: {type: integer}, detail: {type: string}}}}}}
    Document: {description: one, content: {application/json: {schema: {type: object, required: [data], properties: {data: {$ref: '#/components/schemas/Document'}}}}}}
  schemas:
    Document: {type: object, required: [id, title], properties: {id: {type: string}, title: {type: string}, deleted: {type: boolean}}}
`
