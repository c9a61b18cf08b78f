package stateful

import (
	"net/http"
	"time"
)

// delay is how long a report takes.
const delay = 300 * time.Millisecond

// Async is reports that take a while: 202 points to a job, and the job says
// where the report is when it is done. Jobs and reports are both numbered, and
// apart: the number of a job is often that of somebody else's report.
func Async() *Service {
	s := newService("async", asyncDocument, map[string]map[string]any{
		"/reports/1": {"id": 1, "title": "theirs"},
		"/reports/2": {"id": 2, "title": "theirs"},
		"/reports/3": {"id": 3, "title": "theirs"},
	})
	type job struct {
		report map[string]any
		path   string
		due    time.Time
	}
	jobs := map[string]*job{}
	finish := func() {
		for _, j := range jobs {
			if j.report != nil && !time.Now().Before(j.due) {
				s.rows[j.path], j.report = j.report, nil
			}
		}
	}
	s.handle("POST /reports", func(r *http.Request) answer {
		m, ok := object(r, "title")
		if !ok {
			return bad()
		}
		id, number := s.next(), len(jobs)+1
		jobs[itoa(number)] = &job{map[string]any{"id": id, "title": m["title"]}, "/reports/" + itoa(id), time.Now().Add(delay)}
		return answer{status: http.StatusAccepted, body: map[string]any{"job_id": number, "status": "queued"}, header: map[string]string{"Location": "/jobs/" + itoa(number)}}
	})
	s.handle("GET /reports", func(*http.Request) answer {
		finish()
		return answer{status: http.StatusOK, body: s.below("/reports")}
	})
	s.handle("GET /jobs/{job}", func(r *http.Request) answer {
		finish()
		j := jobs[r.PathValue("job")]
		switch {
		case j == nil:
			return missing()
		case j.report != nil:
			return answer{status: http.StatusOK, body: map[string]any{"status": "running"}}
		}
		return answer{status: http.StatusOK, body: map[string]any{"status": "done", "report": j.path}}
	})
	s.handle("GET /reports/{report}", func(r *http.Request) answer { finish(); return s.read(r) })
	s.handle("DELETE /reports/{report}", func(r *http.Request) answer { finish(); return s.remove(r) })
	return s
}

const asyncDocument = `openapi: 3.0.3
info: {title: Reports, version: 1.0.0}
paths:
  /reports:
    get: {operationId: listReports, responses: {'200': {description: all, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Report'}}}}}}}
    post:
      operationId: createReport
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [title], properties: {title: {type: string, minLength: 1, maxLength: 80}}}}}}
      responses:
        '202': {description: under way, headers: {Location: {schema: {type: string}}}, content: {application/json: {schema: {type: object, required: [job_id], properties: {job_id: {type: integer}, status: {type: string}}}}}}
        '400': {$ref: '#/components/responses/Problem'}
  /jobs/{job}:
    parameters: [{in: path, name: job, required: true, schema: {type: integer, minimum: 1}}]
    get: {operationId: getJob, responses: {'200': {description: how far it is, content: {application/json: {schema: {type: object, required: [status], properties: {status: {type: string}, report: {type: string}}}}}}, '404': {$ref: '#/components/responses/Problem'}}}
  /reports/{report}:
    parameters: [{in: path, name: report, required: true, schema: {type: integer, minimum: 1}}]
    get: {operationId: getReport, responses: {'200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Report'}}}}, '404': {$ref: '#/components/responses/Problem'}}}
    delete: {operationId: deleteReport, responses: {'204': {description: gone}, '404': {$ref: '#/components/responses/Problem'}}}
components:
  responses: {Problem: {description: why not, content: {application/problem+json: {schema: {type: object, properties: {title: {type: string}, status: {type: integer}, detail: {type: string}}}}}}}
  schemas:
    Report: {type: object, required: [id, title], properties: {id: {type: integer}, title: {type: string}}}
`
