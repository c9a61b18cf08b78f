package compare

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A pact as far as it is compared.
type pact struct {
	consumer     string
	interactions []interaction
}

type interaction struct {
	at               string // JSON pointer of the interaction in the file
	key, description string
	method, path     string
	pathRules        rules
	query            map[string][]string
	status           int
	statusRules      rules
	request          part
	response         part
	queryRules       rules
}

// A part is a request or a response: headers and body with their rules.
type part struct {
	header      map[string][]string
	headerRules rules
	body        body
}

type body struct {
	given bool
	media string // content type that V4 states beside the body
	json  bool
	value any // as encoding/json decodes it with UseNumber
	rules rules
}

// wire is the common form of the versions; what differs stays raw.
type wire struct {
	Consumer     struct{ Name string }
	Interactions []struct {
		Type        string
		Key         string
		Description string
		Request     wirePart
		Response    wirePart
	}
	Metadata json.RawMessage
}

type wirePart struct {
	Method        string
	Path          string
	Query         json.RawMessage
	Headers       map[string]json.RawMessage
	Status        int
	Body          json.RawMessage
	MatchingRules map[string]json.RawMessage
}

func read(data []byte) (pact, error) {
	var w wire
	if err := json.Unmarshal(data, &w); err != nil {
		return pact{}, fmt.Errorf("not a pact: %w", err)
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil || keys["interactions"] == nil && keys["messages"] == nil {
		return pact{}, errors.Join(errors.New("not a pact: it has neither interactions nor messages"), err)
	}
	p := pact{consumer: w.Consumer.Name}
	for n, x := range w.Interactions {
		if x.Type != "" && x.Type != "Synchronous/HTTP" {
			continue
		}
		i := interaction{
			at: fmt.Sprintf("/interactions/%d", n), key: x.Key, description: x.Description,
			method: x.Request.Method, path: x.Request.Path, status: x.Response.Status, query: queryOf(x.Request.Query),
		}
		v4 := x.Type != ""
		i.request, i.response = partOf(x.Request, v4), partOf(x.Response, v4)
		i.pathRules, i.queryRules = named(x.Request.MatchingRules, "path"), named(x.Request.MatchingRules, "query")
		i.statusRules = named(x.Response.MatchingRules, "status")
		p.interactions = append(p.interactions, i)
	}
	return p, nil
}

func partOf(w wirePart, v4 bool) part {
	out := part{header: map[string][]string{}, headerRules: named(w.MatchingRules, "header", "headers")}
	for k, raw := range w.Headers {
		out.header[k] = list(raw)
	}
	out.body = bodyOf(w.Body, v4, mediaOf(out.header))
	out.body.rules = named(w.MatchingRules, "body")
	return out
}

func mediaOf(h map[string][]string) string {
	for k, v := range h {
		if strings.EqualFold(k, "Content-Type") && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// list reads a value that is a text or a list of texts.
func list(raw json.RawMessage) []string {
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	var one any
	if decode(raw, &one) == nil {
		return []string{fmt.Sprint(one)}
	}
	return nil
}

// queryOf reads the query of version 2, a text, and of versions 3 and 4, a map.
func queryOf(raw json.RawMessage) map[string][]string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		q, err := url.ParseQuery(text)
		if err != nil {
			return nil
		}
		return q
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	out := map[string][]string{}
	for k, v := range m {
		out[k] = list(v)
	}
	return out
}

func bodyOf(raw json.RawMessage, v4 bool, media string) body {
	b := body{media: media}
	if len(raw) == 0 || string(raw) == "null" {
		return b
	}
	if v4 {
		if raw = b.version4(raw); raw == nil {
			return b
		}
	}
	b.given = true
	b.json = isJSON(b.media) || b.media == ""
	if b.json && decode(raw, &b.value) != nil {
		b.json = false
	}
	if s, ok := b.value.(string); ok && b.media == "" && !strings.HasPrefix(s, "{") {
		b.json = false // a text of no stated type
	}
	return b
}

// version4 takes the content out of a body of version 4; nil when it has none.
func (b *body) version4(raw json.RawMessage) json.RawMessage {
	var w struct {
		Content     json.RawMessage
		ContentType string
		Encoded     any
	}
	if json.Unmarshal(raw, &w) != nil || len(w.Content) == 0 {
		return nil
	}
	if b.media == "" {
		b.media = w.ContentType
	}
	return unencoded(w.Content, w.Encoded)
}

// unencoded takes the encoding of version 4 off: base64, or JSON in a text.
func unencoded(raw json.RawMessage, how any) json.RawMessage {
	var text string
	if how == nil || how == false || json.Unmarshal(raw, &text) != nil {
		return raw
	}
	if s, ok := how.(string); ok && strings.EqualFold(s, "base64") {
		if data, err := base64.StdEncoding.DecodeString(text); err == nil {
			return data
		}
	}
	return json.RawMessage(text)
}

func decode(raw []byte, into *any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return dec.Decode(into)
}

func isJSON(media string) bool {
	m, _, _ := strings.Cut(strings.ToLower(media), ";")
	m = strings.TrimSpace(m)
	return m == "application/json" || strings.HasSuffix(m, "+json") || slices.Contains([]string{"text/json", "application/jsonrequest"}, m)
}
