package sample

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const boundary = "plumbline-boundary"

// encodeMultipart writes an object as multipart/form-data (RFC 7578): files
// with a name and octet-stream, what has structure as JSON, the rest as text.
func (g *generator) encodeMultipart(f *flat, mt *openapi3.MediaType, m map[string]any) ([]byte, string, bool) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary); err != nil {
		return nil, "", false
	}
	for _, k := range sortedKeys(m) {
		values, n := []any{m[k]}, g.governing(f, k)
		if list, ok := m[k].([]any); ok {
			values = list
			if sub := g.flats.of(n); len(list) > 0 {
				n = sub.itemNode(0)
			}
		}
		_, contentType := encodingOf(mt, k)
		for _, v := range values {
			if !writePart(w, k, v, partType(g.flats.of(n), v, contentType)) {
				return nil, "", false
			}
		}
	}
	err := w.Close()
	return b.Bytes(), w.FormDataContentType(), err == nil && len(m) > 0
}

// partType is the media type of a part: that of the document, else that which
// OpenAPI gives to the type.
func partType(f *flat, v any, contentType string) string {
	switch {
	case contentType != "" && !strings.Contains(contentType, "*"):
		return contentType
	case isComposite(v):
		return "application/json"
	case isFile(f):
		return "application/octet-stream"
	}
	return ""
}

func isFile(f *flat) bool { return slices.Contains(f.formats, "binary") }

func writePart(w *multipart.Writer, name string, v any, contentType string) bool {
	text, ok := scalar(v)
	if contentType != "" && rank(contentType) <= rankPlusJSON || isComposite(v) {
		data, err := json.Marshal(v)
		text, ok = string(data), err == nil
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "%0D", "\n", "%0A").Replace(name)
	disposition := `form-data; name="` + quoted + `"`
	if contentType != "" && rank(contentType) > rankText {
		disposition += `; filename="plumbline.bin"`
	}
	h := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	part, err := w.CreatePart(h)
	if err != nil || !ok {
		return false
	}
	_, err = io.WriteString(part, text)
	return err == nil
}

// decodeMultipart reads multipart/form-data.
func (g *generator) decodeMultipart(f *flat, body []byte, boundary string) reading {
	out := map[string]any{}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return reading{tree: out}
		}
		if err != nil {
			return reading{broken: "is no multipart body: " + err.Error()}
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return reading{broken: "is no multipart body: " + err.Error()}
		}
		addPart(g, f, out, part, data)
	}
}

func addPart(g *generator, f *flat, out map[string]any, part *multipart.Part, data []byte) {
	name := part.FormName()
	sub := g.flats.of(g.governing(f, name))
	if v, ok := jsonPart(g, sub, part, data); ok {
		if sub.kinds()[0] == "array" {
			list, _ := out[name].([]any)
			v = append(list, v)
		}
		out[name] = v
		return
	}
	old, _ := out[name].(lexeme)
	out[name] = append(old, string(data))
}

// jsonPart reads a part that is JSON. Where a text is asked for, a reader who
// looks for one finds it in whatever the part holds.
func jsonPart(g *generator, f *flat, part *multipart.Part, data []byte) (any, bool) {
	if rank(part.Header.Get("Content-Type")) > rankPlusJSON {
		return nil, false
	}
	v, err := decodeJSON(data)
	text := f.admits("string") || f.admits("array") && g.flats.of(f.itemNode(0)).admits("string")
	return v, err == nil && (!text || !isComposite(v))
}
