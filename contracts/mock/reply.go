package mock

import (
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A reply is an answer that is being made.
type reply struct {
	status   int
	response *openapi3.Response // nil when none is documented
	media    string             // empty for no body
	ref      *openapi3.SchemaRef
	item     *openapi3.SchemaRef // of a stream
	value    any                 // of a JSON body
	json     bool
	raw      []byte // instead of value
	records  []any  // of a stream
	itemRef  *openapi3.SchemaRef
	header   http.Header
	unable   bool // no value was found that the schema accepts
}

// success is the documented answer to a request that is carried out: 201 to a
// POST where it is documented, and to a PUT of what is not there yet and no
// other one (RFC 9110 §9.3.4), else the least 2xx, the default, or the least
// other status.
func (s *Server) success(c *call) *reply {
	codes, rs := statuses(c.op.Op), c.op.Op.Responses
	pick := s.picked(c, codes)
	switch {
	case pick != 0:
	case rs != nil && (class(rs, 2) != nil || rs.Value("default") != nil) || len(codes) == 0:
		pick = http.StatusOK
	default:
		pick = codes[0]
	}
	return &reply{status: pick, response: documented(rs, pick), header: http.Header{}}
}

// picked is the documented 2xx; zero when there is none.
func (s *Server) picked(c *call, codes []int) int {
	good := slices.DeleteFunc(slices.Clone(codes), func(code int) bool { return code < 200 || code >= 300 })
	makes := c.op.Method == http.MethodPost || c.op.Method == http.MethodPut && s.vacant(c)
	if makes && slices.Contains(good, http.StatusCreated) {
		return http.StatusCreated
	}
	if other := slices.DeleteFunc(slices.Clone(good), func(code int) bool { return code == http.StatusCreated }); len(other) > 0 && c.op.Method == http.MethodPut {
		good = other
	}
	if len(good) == 0 {
		return 0
	}
	return good[0]
}

func statuses(op *openapi3.Operation) []int {
	var out []int
	if op.Responses != nil {
		for status := range op.Responses.Map() {
			if n, err := strconv.Atoi(status); err == nil {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return out
}

func class(rs *openapi3.Responses, first int) *openapi3.ResponseRef {
	for _, suffix := range []string{"XX", "xx"} {
		if r := rs.Value(strconv.Itoa(first) + suffix); r != nil {
			return r
		}
	}
	return nil
}

func documented(rs *openapi3.Responses, status int) *openapi3.Response {
	if rs == nil {
		return nil
	}
	for _, r := range []*openapi3.ResponseRef{rs.Value(strconv.Itoa(status)), class(rs, status/100), rs.Value("default")} {
		if r != nil && r.Value != nil {
			return r.Value
		}
	}
	return nil
}

// choose picks the media type of the answer: one that is acceptable, JSON
// before others; false when none is (RFC 9110 §12.5.1).
func (r *reply) choose(accept []string) bool {
	if r.response == nil || len(r.response.Content) == 0 || r.status == http.StatusNoContent || r.status == http.StatusNotModified || r.status == http.StatusResetContent {
		return true
	}
	names := slices.Sorted(maps.Keys(r.response.Content))
	slices.SortStableFunc(names, func(a, b string) int { return order(a) - order(b) })
	for _, name := range names {
		media := concrete(name)
		if m := r.response.Content[name]; m != nil && acceptable(accept, media) {
			r.media, r.ref, r.item = media, m.Schema, m.ItemSchema
			return true
		}
	}
	return false
}

func order(media string) int {
	switch {
	case strings.Contains(media, "json"):
		return 0
	case strings.Contains(media, "*"):
		return 1
	case strings.HasPrefix(media, "text/"):
		return 2
	}
	return 3
}

// concrete is a media type of a range.
func concrete(name string) string {
	switch base, _, _ := strings.Cut(name, ";"); strings.TrimSpace(base) {
	case "*/*", "application/*", "*":
		return "application/json"
	case "text/*":
		return "text/plain"
	case "image/*":
		return "image/png"
	case "audio/*":
		return "audio/mpeg"
	case "video/*":
		return "video/mp4"
	}
	return name
}

func acceptable(accept []string, media string) bool {
	if len(accept) == 0 {
		return true
	}
	base := baseOf(media)
	kind, _, _ := strings.Cut(base, "/")
	for _, e := range strings.Split(strings.Join(accept, ","), ",") {
		want, params, _ := strings.Cut(strings.ToLower(strings.TrimSpace(e)), ";")
		want = strings.TrimSpace(want)
		if q := strings.ReplaceAll(params, " ", ""); strings.HasPrefix(q, "q=0") && strings.Trim(q[3:], ".0") == "" {
			continue
		}
		if want == base || want == "*/*" || want == kind+"/*" || want == "" {
			return true
		}
	}
	return false
}

func baseOf(media string) string {
	base, _, err := mime.ParseMediaType(media)
	if err != nil {
		base, _, _ = strings.Cut(media, ";")
	}
	return strings.ToLower(strings.TrimSpace(base))
}

// fill makes body and headers of an answer.
func (s *Server) fill(c *call, r *reply) {
	m := &maker{set: s.set, rng: c.rng}
	if r.response != nil {
		for _, name := range slices.Sorted(maps.Keys(r.response.Headers)) {
			s.fillHeader(m, r, name)
		}
	}
	if r.media == "" {
		return
	}
	switch base := baseOf(r.media); {
	case base == "text/event-stream", strings.Contains(base, "jsonl"), strings.Contains(base, "ndjson"), strings.HasSuffix(base, "json-seq"):
		m.stream(r)
	case strings.HasSuffix(base, "json"):
		v, ok := m.value(r.ref)
		r.value, r.json, r.unable = v, true, !ok
		if needs := s.needed(c.op.ID); ok && len(needs) > 0 {
			r.value = s.supply(m, r.ref, v, needs)
		}
	case strings.HasSuffix(base, "xml"):
		r.raw = []byte("<root/>")
	case strings.HasPrefix(base, "text/"):
		m.textBody(r)
	default:
		r.raw = []byte("mock")
	}
}

func (m *maker) textBody(r *reply) {
	if r.ref == nil {
		r.raw = []byte("text")
		return
	}
	v, ok := m.value(r.ref)
	if text, is := v.(string); is {
		r.raw, r.unable = []byte(text), !ok
		return
	}
	r.raw, _ = json.Marshal(v)
	r.unable = !ok
}

// stream makes two records of a stream. What the schema of the whole says of
// one is what OpenAPI 3.2 says: its items, where it is that of a list.
func (m *maker) stream(r *reply) {
	r.itemRef = r.item
	if r.itemRef == nil {
		r.itemRef = r.ref
		if i := items(r.ref, 0); i != nil {
			r.itemRef = i
		}
	}
	for range 2 {
		v, ok := m.value(r.itemRef)
		r.unable = r.unable || !ok
		r.records = append(r.records, v)
	}
}

// streamed writes records as the media type of a stream has them: an event has
// the members of an itemSchema as its fields, and is else all data.
func (r *reply) streamed() []byte {
	events := baseOf(r.media) == "text/event-stream"
	var out []byte
	for _, v := range r.records {
		event, _ := v.(map[string]any)
		data, _ := json.Marshal(v)
		switch {
		case !events:
			out = append(append(out, data...), '\n')
		case r.item != nil && event != nil:
			for _, k := range slices.Sorted(maps.Keys(event)) {
				out = append(out, fmt.Sprintf("%s: %v\n", k, event[k])...)
			}
			if _, has := event["data"]; !has {
				out = append(out, "data:\n"...)
			}
			out = append(out, '\n')
		default:
			out = append(out, "data: "+string(data)+"\n\n"...)
		}
	}
	return out
}

func (s *Server) fillHeader(m *maker, r *reply, name string) {
	h := r.response.Headers[name]
	if h == nil || h.Value == nil || strings.EqualFold(name, "Content-Type") || !h.Value.Required && m.rng.IntN(2) == 0 {
		return
	}
	text, ok := "mock", h.Value.Required
	if h.Value.Schema != nil {
		text, ok = m.headerText(h.Value.Schema)
	}
	if ok || h.Value.Required {
		r.header.Set(name, text)
	}
}

// headerText makes the text of a header; ok is false when it does not fit into
// one.
func (m *maker) headerText(ref *openapi3.SchemaRef) (string, bool) {
	v, ok := m.value(ref)
	text := simple(v)
	odd := strings.ContainsFunc(text, func(c rune) bool { return c < 0x20 || c > 0x7e })
	return text, ok && v != nil && text != "" && !odd
}

// simple writes a value in style simple.
func simple(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case []any:
		var parts []string
		for _, e := range x {
			parts = append(parts, simple(e))
		}
		return strings.Join(parts, ",")
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(x)) {
			parts = append(parts, k, simple(x[k]))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v)
}

// Unable is the header of an answer for which no value was found that its
// schema accepts: nothing about it may be held against anybody.
const Unable = "Plumbline-Mock-Unable"

// Reason is the header that tells why a request was refused.
const Reason = "Plumbline-Mock-Reason"

func (r *reply) write(w http.ResponseWriter, c *call) {
	maps.Copy(w.Header(), r.header)
	if r.unable {
		w.Header().Set(Unable, "true")
	}
	data := r.raw
	switch {
	case r.raw != nil:
	case r.json:
		data, _ = json.Marshal(r.value)
	case r.records != nil:
		data = r.streamed()
	}
	if r.media != "" && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", r.media)
	}
	c.oblige(w.Header(), r.status)
	w.WriteHeader(r.status)
	if c.req.Method != http.MethodHead {
		_, _ = w.Write(data)
	}
}

// refuse answers a request that is not carried out, as documented where the
// document has an answer for it.
func (s *Server) refuse(w http.ResponseWriter, c *call, status int, why string) {
	r := &reply{status: refusal(c.op.Op, status), header: http.Header{}}
	r.header.Set(Reason, why)
	r.response = documented(c.op.Op.Responses, r.status)
	if r.response == nil || len(r.response.Content) == 0 {
		r.media, r.raw = "application/problem+json", []byte(fmt.Sprintf(`{"title":%q,"status":%d}`, why, r.status))
	} else if !r.choose(c.req.Header.Values("Accept")) {
		r.choose(nil)
	}
	if r.raw == nil {
		s.fill(c, r)
	}
	s.problem(r, why)
	r.write(w, c)
}

// problem lets the details of a problem tell of this one, as far as their schema
// allows: the member status is the status of the answer (RFC 9457 §3.1.2).
func (s *Server) problem(r *reply, why string) {
	m, ok := r.value.(map[string]any)
	if !ok || baseOf(r.media) != "application/problem+json" {
		return
	}
	maker := &maker{set: s.set}
	for k, v := range map[string]any{"status": r.status, "title": why, "detail": why, "type": "about:blank"} {
		if _, has := m[k]; !has {
			continue
		}
		if told := with(m, "", map[string]any{k: v}); maker.valid(r.ref, plain(told)) {
			m = told
		}
	}
	r.value = plain(m)
}

// refusal is the documented status for a refusal: the right one, one that
// means as much, or the right one nevertheless.
func refusal(op *openapi3.Operation, status int) int {
	if op.Responses == nil || documented(op.Responses, status) != nil {
		return status
	}
	if status != http.StatusBadRequest && status != http.StatusUnsupportedMediaType {
		return status
	}
	for _, code := range []int{http.StatusBadRequest, http.StatusUnprocessableEntity} {
		if documented(op.Responses, code) != nil {
			return code
		}
	}
	for _, code := range statuses(op) {
		if code >= 400 && code < 500 && !slices.Contains([]int{401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 412, 415, 428, 429}, code) {
			return code
		}
	}
	return status
}
