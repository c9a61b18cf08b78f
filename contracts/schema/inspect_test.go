package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

const answers = `openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /a:
    get:
      operationId: a
      responses:
        '200':
          description: d
          headers:
            X-Count: {schema: {type: integer, minimum: 1}}
            X-List: {schema: {type: array, items: {type: integer}, maxItems: 2}}
            X-When: {schema: {type: string, format: date}}
          content:
            application/json: {schema: {$ref: '#/components/schemas/Thing'}}
            application/vnd.t+json;version=1: {schema: {type: object, required: [v]}}
            text/event-stream: {itemSchema: {type: object, properties: {data: {type: string, minLength: 2}, event: {enum: [tick]}}}}
            application/x-ndjson: {itemSchema: {type: object, required: [n]}}
            text/plain: {schema: {type: string, enum: [yes, no]}}
            application/xml: {schema: {type: object}}
            application/pdf: {schema: {type: object}}
            image/*: {}
        '204': {description: d}
        '205': {description: d}
        4XX: {description: e, content: {application/problem+json: {schema: {type: object}}}}
        default: {description: e}
components:
  schemas:
    Thing:
      allOf:
        - {$ref: '#/components/schemas/Named'}
        - type: object
          properties:
            part: {oneOf: [{$ref: '#/components/schemas/Wheel'}, {$ref: '#/components/schemas/Door'}]}
            list: {type: array, items: {type: object, required: [a], properties: {a: {type: integer}}}}
            labels: {type: object, additionalProperties: {type: string}}
            free: {type: object}
    Named: {type: object, required: [name], properties: {name: {type: string}}}
    Wheel: {type: object, required: [spokes], properties: {spokes: {type: integer}}}
    Door: {type: object, required: [lock], properties: {lock: {type: string}}}
`

func inspector(tb testing.TB, text string) *Inspector {
	tb.Helper()
	d, err := openapi.Parse("d.yaml", []byte(text), openapi.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := Compile(d)
	if err != nil {
		tb.Fatal(err)
	}
	return NewInspector(d, s)
}

func TestAnswersAreInspected(t *testing.T) {
	t.Parallel()
	i := inspector(t, answers)
	const jsonType = "application/json"
	for _, c := range []struct {
		name, media, body string
		status            int
		header            string // "Name: value"
		method            string
		want              string // kinds and pointers
	}{
		{"right", jsonType, `{"name":"n"}`, 200, "", "GET", ""},
		{"upper case media", "Application/JSON;Charset=UTF-8", `{"name":"n"}`, 200, "", "GET", ""},
		{"byte-order mark", jsonType, "\xef\xbb\xbf{\"name\":\"n\"}", 200, "", "GET", ""},
		{"two values", jsonType, `{"name":"n"}{}`, 200, "", "GET", "body"},
		{"deep drift", jsonType, `{"name":"n","list":[{"a":1},{"a":1,"b":2}],"x":{"y":1}}`, 200, "", "GET", "extra /list/1/b, extra /x"},
		{"branch's property", jsonType, `{"name":"n","part":{"spokes":3}}`, 200, "", "GET", ""},
		{"other branch's property", jsonType, `{"name":"n","part":{"spokes":3,"colour":"red"}}`, 200, "", "GET", "extra /part/colour"},
		{"map and free form", jsonType, `{"name":"n","labels":{"a":"b"},"free":{"a":{"b":1}}}`, 200, "", "GET", ""},
		{"at most four", jsonType, `{"name":"n","a":1,"b":1,"c":1,"d":1,"e":1}`, 200, "", "GET", "extra /a, extra /b, extra /c, extra /d"},
		{"media parameter", "application/vnd.t+json;version=1", `{"v":1}`, 200, "", "GET", ""},
		{"wrong parameter", "application/vnd.t+json;version=2", `{"v":1}`, 200, "", "GET", "media"},
		{"left-out parameter", "application/vnd.t+json", `{}`, 200, "", "GET", "body"},
		{"events", "text/event-stream", "event: tick\ndata: {}\n\n: comment\n\ndata: [DONE]\n\n", 200, "", "GET", ""},
		{"wrong event", "text/event-stream", "event: tock\r\ndata: {}\r\n\r\n", 200, "", "GET", "body /0/event"},
		{"lines", "application/x-ndjson", "{\"n\":1}\n\n{\"n\":2}\n", 200, "", "GET", ""},
		{"wrong line", "application/x-ndjson", "{\"n\":1}\n{}\n", 200, "", "GET", "body /1"},
		{"broken line", "application/x-ndjson", "{\"n\":1}\n{\n", 200, "", "GET", "body /1"},
		{"text", "text/plain; charset=utf-8", "yes\n", 200, "", "GET", ""},
		{"wrong text", "text/plain", "maybe", 200, "", "GET", "body"},
		{"well-formed XML", "application/xml", "<a><b/></a>", 200, "", "GET", "unread"},
		{"broken XML", "application/xml", "<a><b></a>", 200, "", "GET", "body"},
		{"no reader", "application/pdf", "%PDF", 200, "", "GET", "unread"},
		{"range", "image/png", "x", 200, "", "GET", ""},
		{"no media type", "", "x", 200, "", "GET", "media"},
		{"empty body", "", "", 200, "", "GET", ""}, // image/* has no schema
		{"typed header", jsonType, `{"name":"n"}`, 200, "X-Count: 3", "GET", ""},
		{"header out of bounds", jsonType, `{"name":"n"}`, 200, "x-count: 0", "GET", "header header/X-Count"},
		{"header of another type", jsonType, `{"name":"n"}`, 200, "X-Count: many", "GET", "header header/X-Count"},
		{"list header", jsonType, `{"name":"n"}`, 200, "X-List: 1, 2", "GET", ""},
		{"long list header", jsonType, `{"name":"n"}`, 200, "X-List: 1,2,3", "GET", "header header/X-List"},
		{"header format", jsonType, `{"name":"n"}`, 200, "X-When: today", "GET", "header header/X-When"},
		{"body of 204", "", "x", 204, "", "GET", "body"},
		{"body of 205", "", "x", 205, "", "GET", "body"},
		{"body of HEAD", jsonType, `{}`, 200, "", "HEAD", "body"},
		{"no body of HEAD", jsonType, ``, 200, "", "HEAD", ""},
		{"empty error", "", "", 404, "", "GET", ""},
		{"error without content", "text/html", "x", 500, "", "GET", ""},
	} {
		h := map[string][]string{}
		if c.media != "" {
			h["Content-Type"] = []string{c.media}
		}
		if k, v, ok := strings.Cut(c.header, ": "); ok {
			h[k] = []string{v}
		}
		var got []string
		for _, m := range i.Inspect("a", plumbline.Request{Method: c.method}, plumbline.Response{Status: c.status, Header: h, Body: []byte(c.body)}) {
			got = append(got, strings.TrimSpace(string(m.Kind)+" "+m.Pointer))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", c.name, strings.Join(got, ", "), c.want)
		}
	}
}

// streams are described as OpenAPI 3.2 does it, and as was done before; the
// response is called by the name of a keyword.
const streams = `openapi: 3.2.0
info: {title: t, version: "1"}
paths:
  /a:
    get:
      operationId: a
      responses:
        default:
          description: d
          content:
            application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Tick'}}}
            text/event-stream: {schema: {$ref: '#/components/schemas/Tick'}}
            text/event-stream;v=2: {schema: {anyOf: [{$ref: '#/components/schemas/Tick'}, {type: object, required: [end]}]}}
            text/event-stream;v=3: {schema: {type: object, required: [event, data], properties: {event: {const: tick}, data: {$ref: '#/components/schemas/Tick'}}}}
            text/event-stream;v=4: {schema: {type: string}}
            text/event-stream;v=5: {itemSchema: {$ref: '#/components/schemas/Event'}}
            application/x-ndjson: {schema: {$ref: '#/components/schemas/Tick'}}
            application/jsonl: {schema: {type: array, items: {$ref: '#/components/schemas/Tick'}}}
components:
  schemas:
    Tick: {type: object, required: [n], properties: {n: {type: integer}}}
    Event: {type: object, required: [event], properties: {event: {const: tick}}}
`

func TestStreamsAreInspectedPerItem(t *testing.T) {
	t.Parallel()
	i := inspector(t, streams)
	for _, c := range []struct{ media, body, want string }{
		{"application/json", `[{"n":1},{"n":"x"}]`, "body /1/n"},
		{"text/event-stream", "data: {\"n\":1}\n\nevent: x\ndata: {\"n\":\ndata: 2}\n\n", ""},
		{"text/event-stream", "data: {\"n\":1}\n\ndata: {\"n\":\"x\"}\n\n", "body /1/data/n"},
		{"text/event-stream", "data: {\n\n", "body /0/data"},
		{"text/event-stream;v=2", "data: {\"end\":true}\n\ndata: {}\n\n", "body /1/data"},
		{"text/event-stream;v=3", "event: tick\ndata: {\"n\":1}\n\n", ""},
		{"text/event-stream;v=3", "event: tock\ndata: {\"n\":1}\n\n", "body /0/data"},
		{"text/event-stream;v=4", "data: anything\n\n", ""},
		{"text/event-stream;v=5", "event: tick\ndata: {\n\n", ""},
		{"text/event-stream;v=5", "event: tick\ndata: 1\n\ndata: 2\n\n", "body /1"},
		{"application/x-ndjson", "{\"n\":1}\n{\"n\":2}\n", ""},
		{"application/x-ndjson", "{\"n\":1}\n{\"m\":2}\n", "body /1"},
		{"application/jsonl", "{\"n\":1}\n{\"n\":2}\n", ""},
		{"application/jsonl", "[{\"n\":1}]\n", ""},
		{"application/jsonl", "{\"n\":1.5}\n", "body /0/n"},
	} {
		resp := plumbline.Response{Status: 200, Header: map[string][]string{"Content-Type": {c.media}}, Body: []byte(c.body)}
		var got []string
		for _, m := range i.Inspect("a", plumbline.Request{Method: "GET"}, resp) {
			got = append(got, strings.TrimSpace(string(m.Kind)+" "+m.Pointer))
		}
		if strings.Join(slices.Compact(got), ", ") != c.want {
			t.Errorf("%s %q: %q, want %q", c.media, c.body, strings.Join(got, ", "), c.want)
		}
	}
}

func TestEmptySuccessIsABreach(t *testing.T) {
	t.Parallel()
	d, s := compiled(t)
	marks := NewInspector(d, s).Inspect("a", plumbline.Request{Method: "POST"}, plumbline.Response{Status: 200, Header: map[string][]string{"X-Id": {"1"}}})
	if len(marks) != 1 || marks[0].Kind != plumbline.MarkBody {
		t.Errorf("%+v", marks)
	}
}

func TestFieldsOfAnAnswer(t *testing.T) {
	t.Parallel()
	i := inspector(t, answers)
	got := i.Fields("a", plumbline.Response{
		Status: 200, Header: map[string][]string{"Content-Type": {"application/json"}},
		Body: []byte(`{"name":"n","list":[{"a":1},{"b":2}],"labels":{"x":"y"},"part":{"spokes":1},"more":{"z":1}}`),
	})
	var lines []string
	for _, k := range slices.Sorted(maps.Keys(got)) {
		lines = append(lines, fmt.Sprint(k, " ", got[k]))
	}
	want := "/labels true, /labels/* true, /list true, /list/* true, /list/*/a true, /list/*/b false, /more false, /more/z false, /name true, /part true, /part/spokes true"
	if strings.Join(lines, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(lines, ", "), want)
	}
	var fields []string
	for _, f := range i.Documented("a") {
		fields = append(fields, fmt.Sprint(f.Status, f.Pointer, " ", f.Required))
	}
	want = "200/free false, 200/labels false, 200/labels/* false, 200/list false, 200/list/* false, 200/list/*/a true, 200/name false, 200/part false, 200/part/lock false, 200/part/spokes false, 200/v false"
	if strings.Join(fields, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(fields, ", "), want)
	}
}
