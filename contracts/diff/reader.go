package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A Reader reads answers as a tolerant client of the released document does: it
// wants the success, the media type, and of the body the properties that are
// required, each of its type. What only a careless reader trips over – a further
// property, a further value of an enumeration, a longer text – is nothing to it.
// It is safe for concurrent use.
type Reader struct {
	set *schema.Set
	ops map[string]openapi.Op // by the ID that the document at hand has for it
}

// NewReader makes a reader of the answers to the operations of a released
// document.
func NewReader(base, now *openapi.Doc, set *schema.Set) *Reader {
	r := &Reader{set: set, ops: map[string]openapi.Op{}}
	after := operations(now)
	for key, op := range operations(base) {
		id := op.ID
		if o, ok := after[key]; ok {
			id = o.ID
		}
		r.ops[id] = op
	}
	return r
}

// Read says what of a success a client of the released document cannot read:
// marks of kind MarkReleased, whose pointers are as in plumbline.Field.
func (r *Reader) Read(id string, req plumbline.Request, resp plumbline.Response) []plumbline.Mark {
	op, ok := r.ops[id]
	if !ok || op.Op.Responses == nil || resp.Status/100 != 2 || req.Method == http.MethodHead {
		return nil
	}
	at := op.Source.Pointer + "/responses"
	mark := func(format string, args ...any) []plumbline.Mark {
		return []plumbline.Mark{{Kind: plumbline.MarkReleased, Schema: at, Message: fmt.Sprintf(format, args...)}}
	}
	answer, kind := answerOf(op.Op.Responses, resp.Status), essence(resp.Header)
	switch {
	case answer == nil:
		return mark("the released document has no status %d", resp.Status)
	case len(answer.Content) == 0:
		return nil
	}
	media := answer.Content.Get(kind)
	switch {
	case media == nil && len(resp.Body) == 0:
		return mark("the body, which the released document has, is empty")
	case media == nil:
		return mark("the released document has no media type %q for status %d", kind, resp.Status)
	case media.Schema == nil || !isJSON(kind):
		return nil
	}
	return r.body(media.Schema, resp.Body, mark)
}

func isJSON(kind string) bool { return kind == "application/json" || strings.HasSuffix(kind, "+json") }

// body reads a JSON body.
func (r *Reader) body(ref *openapi3.SchemaRef, data []byte, mark func(string, ...any) []plumbline.Mark) []plumbline.Mark {
	var v any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return mark("the body is not JSON")
	}
	return r.unreadable(ref, v)
}

// answerOf is the response that a document has for a status.
func answerOf(all *openapi3.Responses, status int) *openapi3.Response {
	code := strconv.Itoa(status)
	for _, key := range []string{code, code[:1] + "XX", code[:1] + "xx", "default"} {
		if r := all.Value(key); r != nil {
			return r.Value
		}
	}
	return nil
}

func essence(header map[string][]string) string {
	for name, values := range header {
		if strings.EqualFold(name, "Content-Type") && len(values) > 0 {
			if kind, _, err := mime.ParseMediaType(values[0]); err == nil {
				return kind
			}
		}
	}
	return ""
}

// unreadable are the values of a body that are missing, or of another type.
func (r *Reader) unreadable(ref *openapi3.SchemaRef, v any) []plumbline.Mark {
	var out []plumbline.Mark
	for _, b := range r.set.Check(ref, schema.Response, v) {
		switch b.Keyword {
		case "type":
			out = append(out, plumbline.Mark{Kind: plumbline.MarkReleased, Pointer: starred(b.Pointer), Message: b.Message, Schema: b.Schema})
		case "required":
			for _, name := range missing(b.Message) {
				out = append(out, plumbline.Mark{Kind: plumbline.MarkReleased, Pointer: starred(b.Pointer) + "/" + name, Message: "is missing", Schema: b.Schema})
			}
		}
	}
	return out
}

// missing are the names in a message of the validator on required properties.
func missing(message string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`'([^']*)'`).FindAllStringSubmatch(message, -1) {
		out = append(out, strings.NewReplacer("~", "~0", "/", "~1").Replace(m[1]))
	}
	return out
}

// starred puts * for every index of a pointer.
func starred(pointer string) string {
	return regexp.MustCompile(`/\d+(/|$)`).ReplaceAllString(regexp.MustCompile(`/\d+(/|$)`).ReplaceAllString(pointer, "/*$1"), "/*$1")
}
