package scenarios

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/overlay"
)

// Who has to change where document and service disagree.
const (
	wrongService  = "service"
	wrongDocument = "document"
)

// agreeLeast is how many answers have to agree before they say anything about
// the document.
const agreeLeast = 3

// unanimous says how many of the answers that could break the document in one
// way did so.
type unanimous struct{ broke, of int }

func (u unanimous) all() bool { return u.broke >= agreeLeast && u.broke == u.of }

// amendment is how the document would have to change for a mark not to be a
// breach: what an answer was like becomes what is documented. It is empty where
// nothing in the document would help, or where the place is not known.
func amendment(d plumbline.Design, m plumbline.Mark, seen []plumbline.Observation, u unanimous) []overlay.Action {
	if !strings.HasPrefix(m.Schema, "/") || len(seen) == 0 {
		return nil
	}
	shown := telling(seen)
	old := strings.HasPrefix(d.Document.OpenAPI, "2") // it was read as 3.0, and its places are others
	switch {
	case m.Kind == plumbline.MarkStatus && shown.Status < 500:
		return []overlay.Action{overlay.Update(m.Schema, map[string]any{fmt.Sprint(shown.Status): answerLike(shown, old)}, "this status was answered")}
	case old:
		return nil
	case m.Kind == plumbline.MarkMedia && mediaOf(shown) != "":
		return []overlay.Action{overlay.Update(m.Schema, map[string]any{mediaOf(shown): map[string]any{}}, "this media type was answered")}
	case m.Kind == plumbline.MarkHeader && strings.HasSuffix(m.Message, "is missing"):
		return []overlay.Action{overlay.Update(m.Schema, map[string]any{"required": false}, "the header was not always there")}
	case m.Kind == plumbline.MarkBody:
		return reshaped(d, m, shown, u)
	}
	return nil
}

// reshaped is amendment for the body of an answer.
func reshaped(d plumbline.Design, m plumbline.Mark, shown plumbline.Observation, u unanimous) []overlay.Action {
	if m.Keyword == "" {
		if u.all() && strings.HasSuffix(m.Schema, "/content") {
			return []overlay.Action{overlay.Remove(m.Schema, "there was never a body")}
		}
		return nil
	}
	value, known := readAt(shown, m.Pointer)
	return loosened(d, constraint{m.Keyword, m.Schema, m.Message, value, known, u.all()})
}

// answerLike documents an answer as it was seen.
func answerLike(o plumbline.Observation, old bool) map[string]any {
	out := map[string]any{"description": "seen by plumbline; say when it is answered"}
	if media := mediaOf(o); media != "" && !old && o.Bytes > 0 {
		out["content"] = map[string]any{media: map[string]any{}}
	}
	return out
}

// mediaOf is the media type of an answer that was written down, without its
// parameters.
func mediaOf(o plumbline.Observation) string {
	if o.Transcript == nil {
		return ""
	}
	media, _, _ := strings.Cut(headerIn(o.Transcript.ResponseHeader, "Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// readAt is the value at a pointer into the body of an answer that was written
// down whole.
func readAt(o plumbline.Observation, pointer string) (any, bool) {
	var v any
	if o.Transcript == nil || json.Unmarshal([]byte(o.Transcript.ResponseBody), &v) != nil {
		return nil, false
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if pointer != "" {
			v = memberOf(v, strings.NewReplacer("~1", "/", "~0", "~").Replace(token))
		}
	}
	return v, v != nil
}

// A constraint is one keyword of a schema of the document and a value that
// breaks it.
type constraint struct {
	keyword string
	schema  string // JSON pointer into the document
	message string
	value   any
	known   bool // whether value is
	always  bool // every value breaks it in the same way
}

// loosened takes the constraint back as far as the value needs it. What is said
// by composition is left alone: there is no telling which part is meant.
func loosened(d plumbline.Design, c constraint) []overlay.Action {
	why := "broken: " + c.message
	at := func(keyword string) string { return c.schema + "/" + keyword }
	switch c.keyword {
	case "type":
		return retyped(d, c)
	case "required":
		var out []overlay.Action
		for _, name := range quotedIn(c.message) {
			a := overlay.Remove(at("required"), why)
			a.Target += "[?@ == " + quotedName(name) + "]"
			out = append(out, a)
		}
		return out
	case "enum":
		if !c.known {
			return []overlay.Action{overlay.Remove(at("enum"), why)}
		}
		return []overlay.Action{overlay.Update(at("enum"), c.value, why)}
	case "additionalProperties", "unevaluatedProperties":
		return []overlay.Action{overlay.Update(c.schema, map[string]any{c.keyword: true}, why)}
	case "exclusiveMinimum", "exclusiveMaximum":
		out := []overlay.Action{overlay.Remove(at(c.keyword), why)}
		if strings.HasPrefix(d.Document.OpenAPI, "3.0") { // there it only says how minimum is meant
			out = append(out, overlay.Remove(at(strings.ToLower(strings.TrimPrefix(c.keyword, "exclusive"))), why))
		}
		return out
	case "const", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties":
		return []overlay.Action{overlay.Remove(at(c.keyword), why)}
	}
	return nil
}

// gotWant reads what the message of a wrong type says.
var gotWant = regexp.MustCompile(`got (\w+), want (.+)$`)

// retyped gives a schema the type of what was seen, beside its own unless every
// answer had another.
func retyped(d plumbline.Design, c constraint) []overlay.Action {
	said := gotWant.FindStringSubmatch(c.message)
	if said == nil {
		return nil
	}
	got, why := said[1], "broken: "+c.message
	wants := strings.Split(said[2], " or ")
	before30 := strings.HasPrefix(d.Document.OpenAPI, "3.0")
	switch {
	case before30 && got == "null":
		return []overlay.Action{overlay.Update(c.schema, map[string]any{"nullable": true}, why)}
	case c.always && got != "null":
		return []overlay.Action{overlay.Update(c.schema, map[string]any{"type": got}, why)}
	case before30:
		return []overlay.Action{overlay.Remove(c.schema+"/type", why)}
	}
	types := []any{}
	for _, t := range append(wants, got) {
		types = append(types, t)
	}
	// A list is appended to, so the old one goes first.
	return []overlay.Action{overlay.Remove(c.schema+"/type", why), overlay.Update(c.schema, map[string]any{"type": types}, why)}
}

// quotedIn are the names that a message has in single quotes, in which a
// backslash escapes the next character.
func quotedIn(message string) []string {
	var out []string
	var name []rune
	inside, escaping := false, false
	for _, r := range message {
		switch {
		case escaping:
			name, escaping = append(name, r), false
		case inside && r == '\\':
			escaping = true
		case r == '\'' && inside:
			out, name, inside = append(out, string(name)), nil, false
		case r == '\'':
			inside = true
		case inside:
			name = append(name, r)
		}
	}
	return out
}

// quotedName is a name as a literal of RFC 9535.
func quotedName(name string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'"
}

// patched is an overlay of some actions, each once; empty when there are none.
func patched(title string, actions []overlay.Action) string {
	once := overlay.Distinct(actions)
	if len(once) == 0 {
		return ""
	}
	return overlay.Write(title, once...)
}

// likelier weighs who has to change, and says why. A server error is nobody's
// intention; what every answer has in common was probably meant, and a refusal
// that the document does not know was probably forgotten; an answer unlike the
// others was probably not meant.
func likelier(m plumbline.Mark, seen []plumbline.Observation, u unanimous) (who, why string) {
	refused := len(seen) > 0 && seen[0].Status/100 == 4
	switch {
	case slices.ContainsFunc(seen, func(o plumbline.Observation) bool { return o.Status >= 500 }):
		return wrongService, "a server error is nobody's intention"
	case m.Kind == plumbline.MarkStatus && refused:
		return wrongDocument, "a refusal is often left out of it"
	case u.all():
		return wrongDocument, fmt.Sprintf("all %d comparable answers agree", u.of)
	case u.broke < u.of:
		return wrongService, fmt.Sprintf("%d of %d comparable answers are as documented", u.of-u.broke, u.of)
	}
	few := "none"
	if u.of > 0 {
		few = fmt.Sprintf("only %d", u.of)
	}
	return "", fmt.Sprintf("%s of the answers can be compared, and it takes %d to tell who is wrong", few, agreeLeast)
}

// bothSides says what each side would have to change.
func bothSides(who, why, service, patch string) string {
	s := "service: " + service
	if patch != "" {
		s += "; or document: the overlay makes it true"
	}
	if who == "" {
		return s + " (" + why + ")"
	}
	return s + "; likelier the " + who + ", as " + why
}
