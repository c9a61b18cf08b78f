package stateful

import "net/http"

// Nested is comments below tasks below projects: numeric identifiers, project
// names that are unique, and nothing is deleted before what lies below it.
func Nested() *Service {
	s := newService("nested", nestedDocument, map[string]map[string]any{
		"/projects/1":                    {"id": 1, "name": "theirs"},
		"/projects/1/tasks/2":            {"id": 2, "title": "theirs"},
		"/projects/1/tasks/2/comments/3": {"id": 3, "text": "theirs"},
	})
	list := func(r *http.Request) answer {
		if parent := r.URL.Path[:len(r.URL.Path)-len("/"+lastOf(r.URL.Path))]; parent != "" && s.rows[parent] == nil {
			return missing()
		}
		return answer{status: http.StatusOK, body: s.below(r.URL.Path)}
	}
	change := func(key string) func(*http.Request) answer {
		return func(r *http.Request) answer {
			row, ok := s.rows[r.URL.Path]
			m, sound := object(r, key)
			switch {
			case !ok:
				return missing()
			case !sound:
				return bad()
			}
			row[key] = m[key]
			return answer{status: http.StatusOK, body: row}
		}
	}
	s.handle("GET /projects", list)
	s.handle("POST /projects", s.createBelow("name", true))
	s.handle("GET /projects/{project}", s.read)
	s.handle("PATCH /projects/{project}", change("name"))
	s.handle("DELETE /projects/{project}", s.remove)
	s.handle("GET /projects/{project}/tasks", list)
	s.handle("POST /projects/{project}/tasks", s.createBelow("title", false))
	s.handle("GET /projects/{project}/tasks/{task}", s.read)
	s.handle("PUT /projects/{project}/tasks/{task}", change("title"))
	s.handle("DELETE /projects/{project}/tasks/{task}", s.remove)
	s.handle("GET /projects/{project}/tasks/{task}/comments", list)
	s.handle("POST /projects/{project}/tasks/{task}/comments", s.createBelow("text", false))
	s.handle("GET /projects/{project}/tasks/{task}/comments/{comment}", s.read)
	s.handle("DELETE /projects/{project}/tasks/{task}/comments/{comment}", s.remove)
	return s
}

// Misplaced is Nested with one defect: what is asked for below a project or a
// task is looked up by its own number alone, whatever it lies below.
func Misplaced() *Service {
	s := Nested()
	s.Name, s.loose = "misplaced", true
	return s
}

func lastOf(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}

// createBelow creates on a collection whose parent has to be there.
func (s *Service) createBelow(key string, unique bool) func(*http.Request) answer {
	return func(r *http.Request) answer {
		if parent := r.URL.Path[:len(r.URL.Path)-len("/"+lastOf(r.URL.Path))]; parent != "" && s.rows[parent] == nil {
			return missing()
		}
		m, ok := object(r, key)
		if !ok {
			return bad()
		}
		for _, row := range s.below(r.URL.Path) {
			if unique && row[key] == m[key] {
				return problem(http.StatusConflict, "the name is taken")
			}
		}
		id := s.next()
		row := map[string]any{"id": id, key: m[key]}
		path := r.URL.Path + "/" + itoa(id)
		s.rows[path] = row
		return answer{status: http.StatusCreated, body: row, header: map[string]string{"Location": path}}
	}
}

const nestedDocument = `openapi: 3.0.3
info: {title: Projects, version: 1.0.0}
paths:
  /projects:
    get: {operationId: listProjects, responses: {'200': {description: all, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Project'}}}}}}}
    post:
      operationId: createProject
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string, minLength: 1, maxLength: 80}}}}}}
      responses: {'201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}, '400': {$ref: '#/components/responses/Problem'}, '409': {$ref: '#/components/responses/Problem'}}
  /projects/{id}:
    parameters: [{in: path, name: id, required: true, schema: {type: integer, minimum: 1}}]
    get: {operationId: getProject, responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}, '404': {$ref: '#/components/responses/Problem'}}}
    patch:
      operationId: renameProject
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string, minLength: 1, maxLength: 80}}}}}}
      responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}, '400': {$ref: '#/components/responses/Problem'}, '404': {$ref: '#/components/responses/Problem'}}
    delete: {operationId: deleteProject, responses: {'204': {description: gone}, '404': {$ref: '#/components/responses/Problem'}, '409': {$ref: '#/components/responses/Problem'}}}
  /projects/{projectId}/tasks:
    parameters: [{in: path, name: projectId, required: true, schema: {type: integer, minimum: 1}}]
    get: {operationId: listTasks, responses: {'200': {description: all, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Task'}}}}}, '404': {$ref: '#/components/responses/Problem'}}}
    post:
      operationId: createTask
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [title], properties: {title: {type: string, minLength: 1, maxLength: 80}}}}}}
      responses: {'201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Task'}}}}, '400': {$ref: '#/components/responses/Problem'}, '404': {$ref: '#/components/responses/Problem'}}
  /projects/{projectId}/tasks/{task_id}:
    parameters: [{in: path, name: projectId, required: true, schema: {type: integer, minimum: 1}}, {in: path, name: task_id, required: true, schema: {type: integer, minimum: 1}}]
    get: {operationId: getTask, responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Task'}}}}, '404': {$ref: '#/components/responses/Problem'}}}
    put:
      operationId: replaceTask
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [title], properties: {title: {type: string, minLength: 1, maxLength: 80}}}}}}
      responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Task'}}}}, '400': {$ref: '#/components/responses/Problem'}, '404': {$ref: '#/components/responses/Problem'}}
    delete: {operationId: deleteTask, responses: {'204': {description: gone}, '404': {$ref: '#/components/responses/Problem'}, '409': {$ref: '#/components/responses/Problem'}}}
  /projects/{projectId}/tasks/{task_id}/comments:
    parameters: [{in: path, name: projectId, required: true, schema: {type: integer, minimum: 1}}, {in: path, name: task_id, required: true, schema: {type: integer, minimum: 1}}]
    get: {operationId: listComments, responses: {'200': {description: all, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Comment'}}}}}, '404': {$ref: '#/components/responses/Problem'}}}
    post:
      operationId: createComment
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [text], properties: {text: {type: string, minLength: 1, maxLength: 80}}}}}}
      responses: {'201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Comment'}}}}, '400': {$ref: '#/components/responses/Problem'}, '404': {$ref: '#/components/responses/Problem'}}
  /projects/{projectId}/tasks/{task_id}/comments/{comment}:
    parameters: [{in: path, name: projectId, required: true, schema: {type: integer, minimum: 1}}, {in: path, name: task_id, required: true, schema: {type: integer, minimum: 1}}, {in: path, name: comment, required: true, schema: {type: integer, minimum: 1}}]
    get: {operationId: getComment, responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Comment'}}}}, '404': {$ref: '#/components/responses/Problem'}}}
    delete: {operationId: deleteComment, responses: {'204': {description: gone}, '404': {$ref: '#/components/responses/Problem'}}}
components:
  responses: {Problem: {description: why not, content: {application/problem+json: {schema: {type: object, properties: {title: {type: string}, status: {type: integer}, detail: {type: string}}}}}}}
  schemas:
    Project: {type: object, required: [id, name], properties: {id: {type: integer}, name: {type: string}}}
    Task: {type: object, required: [id, title], properties: {id: {type: integer}, title: {type: string}}}
    Comment: {type: object, required: [id, text], properties: {id: {type: integer}, text: {type: string}}}
`
