// Package pactfile writes Pact V4 files from an OpenAPI document, and a ledger
// of what Pact cannot say. Such a file is a provider-surface pact: an
// executable restatement of the document, not a consumer's need.
package pactfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/crew"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Options name the parties.
type Options struct {
	Provider string
	Consumer string // empty: "plumbline (provider surface)"
}

// A Pact is a Pact V4 document
// (https://github.com/pact-foundation/pact-specification/tree/version-4).
type Pact struct {
	Consumer     party          `json:"consumer"`
	Interactions []interaction  `json:"interactions"`
	Metadata     map[string]any `json:"metadata"`
	Provider     party          `json:"provider"`
}

type party struct {
	Name string `json:"name"`
}

type interaction struct {
	Comments       map[string]any `json:"comments,omitempty"`
	Description    string         `json:"description"`
	Key            string         `json:"key"`
	Pending        bool           `json:"pending"`
	ProviderStates []state        `json:"providerStates,omitempty"`
	Request        request        `json:"request"`
	Response       response       `json:"response"`
	Type           string         `json:"type"`
}

// A state is answered by the runner: it calls the operation and returns the
// value at the pointer of its answer under the name.
type state struct {
	Name   string         `json:"name"`
	Params map[string]any `json:"params"`
}

type request struct {
	Body          *body               `json:"body,omitempty"`
	Generators    map[string]any      `json:"generators,omitempty"`
	Headers       map[string][]string `json:"headers,omitempty"`
	MatchingRules map[string]any      `json:"matchingRules,omitempty"`
	Method        string              `json:"method"`
	Path          string              `json:"path"`
	Query         map[string][]string `json:"query,omitempty"`
}

type response struct {
	Body          *body               `json:"body,omitempty"`
	Headers       map[string][]string `json:"headers,omitempty"`
	MatchingRules map[string]any      `json:"matchingRules,omitempty"`
	Status        int                 `json:"status"`
}

type body struct {
	Content     any    `json:"content"`
	ContentType string `json:"contentType"`
	Encoded     any    `json:"encoded"`
}

// A Loss is something that the document says and the pact does not. It is
// enforced all the same: every response is held against the document.
type Loss struct {
	Operation string `json:"operation"`
	Status    string `json:"status,omitempty"`
	Pointer   string `json:"pointer"` // JSON pointer into the response body, * for any index
	Keyword   string `json:"keyword"`
	Reason    string `json:"reason"`
}

func newPact(d *openapi.Doc, o Options) Pact {
	return Pact{
		Consumer: party{cmp.Or(o.Consumer, "plumbline (provider surface)")}, Provider: party{o.Provider}, Interactions: []interaction{},
		Metadata: map[string]any{"pactSpecification": map[string]any{"version": "4.0"}, "plumbline": map[string]any{"kind": "provider-surface", "document": d.SHA256}},
	}
}

func index(d *openapi.Doc) map[string]openapi.Op {
	out := map[string]openapi.Op{}
	for _, op := range d.Operations {
		out[op.ID] = op
	}
	return out
}

// Build makes an interaction for every operation that has a valid case and a
// documented success: what any right provider answers to it. A PUT under a name
// that the client chooses has two, for what is new and for what is there. Same
// arguments, same pact.
func Build(d *openapi.Doc, s *schema.Set, ops []plumbline.Operation, o Options) (Pact, []Loss) {
	p := newPact(d, o)
	losses := []Loss{}
	byID := index(d)
	made := make([][]verifiable, len(ops))
	crew.Each(len(ops), func() func(int) {
		k := newKit(s)
		return func(n int) {
			op := ops[n]
			if len(op.Cases) == 0 || !op.Safe() && !op.Creates() && op.Method != "DELETE" {
				return
			}
			for _, o := range outcomes(byID[op.ID].Op, op) {
				if i, l, ok := interactionOf(byID[op.ID], op, o, k); ok {
					made[n] = append(made[n], verifiable{i, l})
				}
			}
		}
	})
	for _, all := range made {
		for _, m := range all {
			p.Interactions = append(p.Interactions, m.interaction)
			losses = append(losses, m.losses...)
		}
	}
	slices.SortFunc(p.Interactions, func(a, b interaction) int { return strings.Compare(a.Description, b.Description) })
	return p, losses
}

// A verifiable interaction is one that any right provider fulfils.
type verifiable struct {
	interaction
	losses []Loss
}

func interactionOf(src openapi.Op, op plumbline.Operation, o outcome, k *kit) (interaction, []Loss, bool) {
	i, ok := asked(op)
	if !ok {
		return i, nil, false
	}
	i.invented(src)
	if o.there {
		i.present()
	}
	return i, i.promise(op.ID, o, k), true
}

// asked is an interaction with the operation's seed request.
func asked(op plumbline.Operation) (interaction, bool) {
	c := op.Cases[0]
	i := interaction{
		Type:     "Synchronous/HTTP",
		Comments: map[string]any{"operation": op.ID, "case": c.ID, "text": []string{"provider surface: restates the OpenAPI document"}},
		Request:  request{Method: op.Method, Path: c.Request.Path, Headers: c.Request.Header},
	}
	if c.Request.Query != "" {
		q, err := url.ParseQuery(c.Request.Query)
		if err != nil {
			return i, false
		}
		i.Request.Query = q
	}
	if len(c.Request.Body) > 0 {
		content := plain(c.Request.Body)
		if content == nil {
			return i, false // only JSON bodies are stated
		}
		i.Request.Body = &body{content, strings.Join(c.Request.Header["Content-Type"], ""), false}
	}
	return i, i.states(c, op)
}

// plain decodes JSON with its numbers as they are written; nil when it is none.
func plain(data []byte) any {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || dec.More() {
		return nil
	}
	return v
}

// states asks for the values that only the deployment knows.
func (i *interaction) states(c plumbline.Case, op plumbline.Operation) bool {
	expression := i.Request.Path
	for _, b := range c.Binds {
		if b.In != "path" {
			return false
		}
		params := map[string]any{"operation": b.From, "pointer": b.Pointer, "as": b.Name}
		switch {
		case op.Method == "DELETE":
			params["consumed"] = true
		case op.Method != "GET" && op.Method != "HEAD" && op.Method != "OPTIONS":
			params["changes"] = true
		}
		name := b.From + " has answered"
		if b.From == plumbline.FromNew || b.From == plumbline.FromGiven {
			name = "there is a value for " + b.Name
		}
		i.ProviderStates = append(i.ProviderStates, state{name, params})
		expression = strings.ReplaceAll(expression, "{"+b.Name+"}", "${"+b.Name+"}")
		i.Request.Path = strings.ReplaceAll(i.Request.Path, "{"+b.Name+"}", "plumbline")
	}
	if len(c.Binds) > 0 {
		i.Request.Generators = map[string]any{"path": map[string]any{"type": "ProviderState", "expression": expression}}
	}
	return !strings.Contains(i.Request.Path, "{")
}

// invented asks for what the path names where nobody knows a value: the one of
// the seed request is made up, and no provider can have a thing of that name
// unless a state lets it.
func (i *interaction) invented(src openapi.Op) {
	now := i.Request.Path
	if g, ok := i.Request.Generators["path"].(map[string]any); ok {
		now, _ = g["expression"].(string)
	}
	template, segments := strings.Split(src.Path, "/"), strings.Split(now, "/")
	if len(template) != len(segments) {
		return
	}
	for n, t := range template {
		name := strings.TrimSuffix(strings.TrimPrefix(t, "{"), "}")
		if t != "{"+name+"}" || strings.HasPrefix(segments[n], "${") || !unknown(src, name) {
			continue
		}
		segments[n] = "${" + name + "}"
		i.ProviderStates = append(i.ProviderStates, state{"there is a thing for " + name, map[string]any{"as": name, "for": src.ID}})
		i.Request.Generators = map[string]any{"path": map[string]any{"type": "ProviderState", "expression": strings.Join(segments, "/")}}
	}
}

// unknown tells whether the document leaves open what values a parameter of the
// path may have.
func unknown(src openapi.Op, name string) bool {
	for _, p := range src.Params {
		if p.In != openapi3.ParameterInPath || p.Name != name || p.Schema == nil || p.Schema.Value == nil {
			continue
		}
		return p.Example == nil && len(p.Examples) == 0 && open(p.Schema.Value)
	}
	return false
}

// open tells whether a schema names none of its values.
func open(s *openapi3.Schema) bool {
	named := s.Example != nil || s.Default != nil || s.Const != nil || len(s.Examples)+len(s.Enum) > 0
	return !named && (s.Type == nil || !s.Type.Is("boolean"))
}

// expect states the JSON body of the response.
func (i *interaction) expect(r *openapi3.Response, w *writer) []Loss {
	media, m := stated(r, w)
	if m == nil {
		return w.losses
	}
	content, ok := w.value(m.Schema, "$", 0)
	if ok && !w.holds(m.Schema, content) {
		ok = false
	}
	if !ok {
		w.lose("$", "schema", "no example could be made of the response body")
		return w.losses
	}
	i.Response.Body = &body{content, media, false}
	if len(w.rules) > 0 {
		i.Response.MatchingRules = map[string]any{"body": w.rules}
	}
	return w.losses
}

// stated is the first JSON media type with a schema; the others are lost.
func stated(r *openapi3.Response, w *writer) (string, *openapi3.MediaType) {
	found := ""
	for _, media := range mediaTypes(r) {
		m := r.Content[media]
		if found == "" && m != nil && m.Schema != nil && isJSON(media) {
			found = media
			continue
		}
		w.lose("$", "content", "the body of "+media+" is not stated")
	}
	for name, h := range r.Headers {
		if h != nil && h.Value != nil && h.Value.Schema != nil {
			w.lose("$", "headers", "the header "+name+" is not stated")
		}
	}
	slices.SortFunc(w.losses, func(a, b Loss) int { return strings.Compare(a.Reason, b.Reason) })
	return found, r.Content[found]
}

func isJSON(media string) bool {
	return strings.Contains(strings.ToLower(media), "json") && !strings.Contains(media, "*")
}

// holds tells whether the schema accepts the example. Where something required
// cannot be stated, that is all that may be missing.
func (w *writer) holds(ref *openapi3.SchemaRef, v any) bool {
	data, err := json.Marshal(v)
	if err != nil {
		return false
	}
	for _, b := range w.set.Check(ref, schema.Response, plain(data)) {
		if !w.partial || b.Keyword != "required" && b.Keyword != "minItems" {
			return false
		}
	}
	return true
}

// Write writes the pact, the same bytes for the same pact.
func Write(w io.Writer, p Pact) error { return write(w, p) }

// WriteLosses writes the ledger.
func WriteLosses(w io.Writer, l []Loss) error { return write(w, l) }

func write(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
