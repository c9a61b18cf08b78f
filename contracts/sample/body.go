package sample

import (
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// The families of media types, in the order in which they are preferred.
const (
	rankJSON = iota
	rankPlusJSON
	rankAny
	rankForm
	rankMultipart
	rankText
	rankXML
	rankBinary
	rankOther = 9
)

// rank says how a media type is written; those of rankOther cannot be.
func rank(media string) int {
	media = baseMedia(media)
	switch media {
	case "application/json", "text/json":
		return rankJSON
	case "*/*", "application/*":
		return rankAny
	case "application/x-www-form-urlencoded":
		return rankForm
	case "multipart/form-data":
		return rankMultipart
	case "application/xml", "text/xml":
		return rankXML
	case "application/octet-stream":
		return rankBinary
	}
	switch {
	case strings.HasSuffix(media, "+json"):
		return rankPlusJSON
	case strings.HasSuffix(media, "+xml"):
		return rankXML
	case strings.HasPrefix(media, "text/") && !strings.Contains(media, "*"):
		return rankText
	}
	return rankOther
}

func baseMedia(media string) string {
	return strings.ToLower(strings.TrimSpace(strings.Split(media, ";")[0]))
}

// preferred picks the media type of a body: JSON before forms before others.
func preferred(c openapi3.Content) (string, *openapi3.MediaType) {
	for _, n := range mediaTypes(c) {
		return n, c[n]
	}
	return "", nil
}

// mediaTypes are those that can be written, the preferred one first.
func mediaTypes(c openapi3.Content) []string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(c)), func(n string) bool { return c[n] == nil || rank(n) == rankOther })
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}

func schemaNode(mt *openapi3.MediaType) node {
	if mt == nil || mt.Schema == nil {
		return nil
	}
	return node{mt.Schema}
}

// encodeBody writes a value in a media type.
func (g *generator) encodeBody(media string, mt *openapi3.MediaType, v any) (body []byte, contentType string, ok bool) {
	f := g.flats.of(schemaNode(mt))
	switch rank(media) {
	case rankJSON, rankPlusJSON, rankAny:
		if rank(media) == rankAny {
			media = "application/json"
		}
		data, err := json.Marshal(v)
		return data, media, err == nil
	case rankForm:
		m, object := v.(map[string]any)
		data, ok := g.encodeForm(mt, m)
		return data, media, object && ok
	case rankMultipart:
		m, object := v.(map[string]any)
		data, contentType, ok := g.encodeMultipart(f, mt, m)
		return data, contentType, object && ok
	case rankXML:
		data, ok := g.encodeXML(mt, v)
		return data, media, ok
	case rankText, rankBinary:
		s, ok := scalar(v)
		return []byte(s), media, ok
	}
	return nil, "", false
}

// errTrailing says that a text goes on after its value.
func errTrailing() error { return errors.New("more than one value") }

// readBody decodes the body of a request.
func (g *generator) readBody(mt *openapi3.MediaType, req plumbline.Request) reading {
	media, has := headerOf(req, "Content-Type")
	if !has || len(req.Body) == 0 {
		return reading{absent: true}
	}
	f := g.flats.of(schemaNode(mt))
	switch rank(media) {
	case rankJSON, rankPlusJSON:
		v, err := decodeJSON(req.Body)
		if err != nil {
			return reading{broken: "is not JSON: " + err.Error()}
		}
		return reading{tree: v}
	case rankForm:
		return reading{tree: g.decodeForm(f, mt, string(req.Body))}
	case rankMultipart:
		_, params, err := mime.ParseMediaType(media)
		if err != nil {
			return reading{broken: "has no boundary"}
		}
		return g.decodeMultipart(f, req.Body, params["boundary"])
	case rankXML:
		return g.decodeXML(mt, req.Body)
	case rankText, rankBinary:
		return reading{tree: lexeme{string(req.Body)}}
	}
	return reading{unsure: true}
}
