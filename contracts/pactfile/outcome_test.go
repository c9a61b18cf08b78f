package pactfile

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/sample"
)

const answering = `openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /items/{sku}:
    parameters: [{in: path, name: sku, required: true, schema: {type: string, minLength: 1, maxLength: 64}}]
    put:
      operationId: putItem
      requestBody: {content: {application/json: {schema: {type: object, required: [n], properties: {n: {type: integer}}}}}}
      responses: {'200': {$ref: '#/components/responses/Item'}, '204': {description: replaced}, '201': {$ref: '#/components/responses/Item'}, '400': {description: no}}
    get: {operationId: getItem, responses: {'200': {$ref: '#/components/responses/Item'}, '206': {description: a part}}}
    delete: {operationId: deleteItem, responses: {'200': {description: gone}, '202': {description: under way}, '204': {description: gone}}}
  /regions/{region}/stores/{store}:
    parameters: [{in: path, name: region, required: true, schema: {type: string}}, {in: path, name: store, required: true, schema: {type: string}}]
    put: {operationId: putStore, responses: {'201': {description: made}, '202': {description: under way}, '200': {description: replaced}}}
    get: {operationId: getStore, responses: {'200': {description: one}, '204': {description: none}}}
  /names/{name}:
    parameters: [{in: path, name: name, required: true, schema: {type: string}}]
    put: {operationId: putName, responses: {'201': {description: made or replaced}}}
components:
  responses: {Item: {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}}
  schemas: {Item: {type: object, required: [sku], properties: {sku: {type: string}}}}
`

// What a request brings about and what is there before decide on the status; of
// those between which they do not, a pact accepts each.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	type line struct {
		Key, Description string
		Statuses         []int
		States           []string
		Body             bool
	}
	d, s := document(t, answering)
	p, _ := Build(d, s, sample.Fill(d, s, sample.Options{Seed: 1}), Options{Provider: "p"})
	got := map[string]line{}
	for _, i := range p.Interactions {
		l := line{Key: i.Key, Description: i.Description, Statuses: i.statuses(), Body: i.Response.Body != nil}
		for _, s := range i.ProviderStates {
			from, _ := s.Params["operation"].(string)
			pointer, _ := s.Params["pointer"].(string)
			if from == plumbline.FromNew {
				pointer = ""
			}
			l.States = append(l.States, from+" "+pointer)
		}
		got[i.Key] = l
	}
	fresh := plumbline.FromNew + " "
	want := map[string]line{
		"putItem/200":    {"putItem/200", "putItem answers 200 or 204", []int{200, 204}, []string{"putItem path:sku"}, false},
		"putItem/201":    {"putItem/201", "putItem answers 201", []int{201}, []string{fresh}, true},
		"getItem/200":    {"getItem/200", "getItem answers 200", []int{200}, []string{"putItem path:sku"}, true},
		"deleteItem/200": {"deleteItem/200", "deleteItem answers 200 or 202 or 204", []int{200, 202, 204}, []string{"putItem path:sku"}, false},
		"putStore/200":   {"putStore/200", "putStore answers 200 or 202", []int{200, 202}, []string{"putStore path:region", "putStore path:store"}, false},
		"putStore/201":   {"putStore/201", "putStore answers 201 or 202", []int{201, 202}, []string{fresh, fresh}, false},
		"getStore/200":   {"getStore/200", "getStore answers 200 or 204", []int{200, 204}, []string{"putStore path:region", "putStore path:store"}, false},
		"putName/201":    {"putName/201", "putName answers 201", []int{201}, []string{fresh}, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	i := slices.IndexFunc(p.Interactions, func(i interaction) bool { return i.Key == "putItem/200" })
	if p.Interactions[i].ProviderStates[0].Params["changes"] != true {
		t.Error("what is replaced has to be the run's own")
	}
}
