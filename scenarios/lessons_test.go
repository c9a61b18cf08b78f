package scenarios

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestRefusalsAreRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"problem details":  {`{"type":"about:blank","title":"Invalid","status":422,"errors":[{"detail":"must be a positive integer","pointer":"#/age"}]}`, "age: must be a positive integer"},
		"invalid-params":   {`{"title":"Your request is not valid","invalid-params":[{"name":"age","reason":"must be a positive integer"}]}`, "age: must be a positive integer"},
		"asp.net":          {`{"errors":{"Age":["The field Age must be between 1 and 9."]},"title":"One or more validation errors occurred."}`, "Age: The field Age must be between 1 and 9."},
		"laravel":          {`{"message":"The given data was invalid.","errors":{"address.zip":["The zip is required."]}}`, "address/zip: The zip is required."},
		"marshmallow":      {`{"code":422,"errors":{"json":{"age":["Missing data for required field."]}}}`, "age: Missing data for required field."},
		"pydantic":         {`{"detail":[{"loc":["body","items",0,"n"],"msg":"ensure this value is greater than 0","type":"value_error"}]}`, "items/0/n: ensure this value is greater than 0"},
		"spring":           {`{"errors":[{"codes":["Min"],"field":"age","defaultMessage":"must be greater than or equal to 1"}]}`, "age: must be greater than or equal to 1"},
		"ajv":              {`{"errors":[{"instancePath":"/age","keyword":"minimum","message":"must be >= 1"}]}`, "age: must be >= 1"},
		"zod":              {`{"success":false,"error":{"issues":[{"code":"too_small","minimum":3,"path":["user","name"],"message":"String must contain at least 3 character(s)"}]}}`, "user/name: String must contain at least 3 character(s)"},
		"json:api":         {`{"errors":[{"status":"422","source":{"pointer":"/data/attributes/name"},"title":"Invalid","detail":"is too short"}]}`, "name: is too short"},
		"google":           {`{"error":{"code":400,"message":"bad","details":[{"fieldViolations":[{"field":"a.b","description":"must be at most 5"}]}]}}`, "a/b: must be at most 5"},
		"go-playground":    {"Key: 'User.Name' Error:Field validation for 'Name' failed on the 'required' tag", "name: required"},
		"a sentence":       {`{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"note: at most 100 characters"}`, "note: at most 100 characters"},
		"fastify":          {`{"statusCode":400,"error":"Bad Request","message":"body.age should be >= 1"}`, ""},
		"nothing":          {`{"ok":false}`, ""},
		"a page":           {"<html>\n<p style='a: b'>no</p>", ""},
		"no JSON, no text": {"\x00\x01", ""},
	} {
		got := ""
		for _, c := range complaintsIn(c.body) {
			if c.field != "" {
				got = c.field + ": " + c.text
				break
			}
		}
		if name == "fastify" { // the place is read, the verb is lost; the lesson is not
			if !strings.HasPrefix(got, "age: ") || fmt.Sprint(lessonOf(got)) != "map[minimum:1]" {
				t.Errorf("%s: %q", name, got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestLessons(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"must be between 1 and 9":                       `{"maximum":9,"minimum":1}`,
		"a whole number from 1 to 10":                   `{"maximum":10,"minimum":1}`,
		"must be between 2 and 30 characters long":      `{"maxLength":30,"minLength":2}`,
		"String must contain at least 3 character(s)":   `{"minLength":3}`,
		"at most 100 characters":                        `{"maxLength":100}`,
		"must be greater than or equal to 1":            `{"minimum":1}`,
		"must be >= 1":                                  `{"minimum":1}`,
		"must not exceed 2.5":                           `{"maximum":2.5}`,
		"must be a multiple of 5":                       `{"multipleOf":5}`,
		"must be one of: Small, large":                  `{"enum":["Small","large"]}`,
		"must be one of ['a', 'b'] or c":                `{"enum":["a","b"]}`,
		"must be a valid email":                         `{"format":"email"}`,
		"The zip is required.":                          `{"required":true}`,
		"is not nice":                                   `null`,
		"not in the catalogue":                          `null`,
		"must be one of the users of this organisation": `null`,
	} {
		got, _ := json.Marshal(lessonOf(text))
		if want == `{"enum":["a","b"]}` {
			if !strings.HasPrefix(string(got), `{"enum":["a","b`) {
				t.Errorf("%q: %s", text, got)
			}
			continue
		}
		if string(got) != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
