package sample

import (
	"strings"
	"testing"
)

func TestWhatChangesSomethingHasItsOwnKey(t *testing.T) {
	t.Parallel()
	_, _, ops, _ := graphed(t, `
  /payments/cancel:
    post:
      operationId: cancel
      parameters: [{name: Idempotency-Key, in: header, schema: {type: string, maxLength: 64, minLength: 2}}]
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [reason], properties: {reason: {type: string, maxLength: 20}}}}}}
      responses: {'200': {description: done}}
  /payments:
    get:
      operationId: list
      parameters: [{name: X-Request-Id, in: header, required: true, schema: {type: string}}]
      responses: {'200': {description: all}}
`)
	kinds := map[string]string{}
	for _, op := range ops {
		for _, c := range op.Cases {
			own := ""
			for _, b := range c.Unique {
				own += b.Name + " " + b.Pointer
			}
			_, has := c.Request.Header["Idempotency-Key"]
			if op.ID == "cancel" && has != (own != "") || op.ID == "list" && own != "" {
				t.Errorf("%s: a key is sent: %t, and it is new: %q", c.ID, has, own)
			}
			kinds[c.Pointer+" "+c.Keyword] = own
		}
		for _, c := range op.Invalid {
			if len(c.Unique) > 0 && strings.HasPrefix(c.Pointer, "header/") {
				t.Errorf("%s: what is wrong with the key is overwritten", c.ID)
			}
		}
	}
	if got := kinds["header/Idempotency-Key maxLength"]; got != "Idempotency-Key text:64-64" {
		t.Errorf("the longest key is %q in %v", got, kinds)
	}
}
