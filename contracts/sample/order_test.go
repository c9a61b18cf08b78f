package sample

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestWhatEndsComesAfterWhatBegins(t *testing.T) {
	t.Parallel()
	_, _, ops, _ := graphed(t, `  /silences:
    post:
      operationId: make
      requestBody: {required: true, content: {application/json: {schema: {
        allOf: [{type: object, properties: {id: {type: string}}},
          {type: object, required: [startsAt, endsAt, day, validTo, given, note], properties: {
            startsAt: {type: string, format: date-time}, endsAt: {type: string, format: date-time},
            day: {type: string, format: date}, validTo: {type: string, format: date},
            given: {type: string, format: date-time}, note: {type: string},
            expires: {type: string, format: date-time, example: '2031-01-01T00:00:00Z'}}}]}}}}
      responses: {'201': {description: d}}`)
	var got struct{ StartsAt, EndsAt, Day, ValidTo, Given, Expires string }
	for _, c := range ops[0].Cases {
		if c.Kind != plumbline.CaseValid || strings.Contains(c.ID, "edge") || len(c.Request.Body) == 0 {
			continue
		}
		if err := json.Unmarshal(c.Request.Body, &got); err != nil {
			t.Fatal(err)
		}
		if got.StartsAt >= got.EndsAt || got.Day >= got.ValidTo || got.StartsAt < "2098" || got.Day > "2098" {
			t.Errorf("case %s: %s", c.ID, c.Request.Body)
		}
		if got.Expires != "" && got.Expires != "2031-01-01T00:00:00Z" {
			t.Errorf("the example is %s", got.Expires)
		}
	}
	if got.EndsAt == "" {
		t.Error("no case has a body")
	}
}
