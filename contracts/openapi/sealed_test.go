package openapi

import (
	"encoding/json"
	"testing"
)

// What is readOnly is sealed, and what is called as no client's to set and that
// only the answers have; what a request may hold, and identifiers, are not.
func TestSealedProperties(t *testing.T) {
	t.Parallel()
	d, err := Parse("d.yaml", []byte(`openapi: 3.0.3
info: {title: T, version: "1"}
paths:
  /users:
    post:
      operationId: makeUser
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}, status: {type: string}}}}}}
      responses:
        "201":
          description: made
          content:
            application/json:
              schema:
                type: object
                properties:
                  id: {type: string, readOnly: true}
                  name: {type: string}
                  status: {type: string}
                  total: {type: integer, readOnly: true}
                  is_admin: {type: boolean}
                  role: {type: string, enum: [user, admin]}
                  colour: {type: string}
`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, o := range d.Operations {
		got, _ = json.Marshal(sealed(o))
	}
	if want := `[{"pointer":"/total","value":7654321},{"pointer":"/is_admin","value":true,"guessed":true},{"pointer":"/role","value":"admin","guessed":true}]`; string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
