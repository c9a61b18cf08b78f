package pactfile

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
)

// A consumed is one interaction of a consumer's test: what the consumer sends,
// what it needs of the answer, and what the document says beside that.
type consumed struct {
	interaction
	operation  string
	expression string   // of the path, with ${name} for what a provider state gives; empty when the path is as it is
	rules      ruled    // of the body of the response
	asked      ruled    // of the body of the request
	optional   []string // pointers of what the answer may hold and need not
	remark     string
}

// Rules by the JSONPath of the place that they stand at, as in a pact.
type ruled map[string]any

// consumptions are the interactions of one operation: its documented success
// and its main error, as far as both can be brought about. Why says what is left
// out.
func consumptions(src openapi.Op, op plumbline.Operation, k *kit) (out []consumed, why []string) {
	good, why := granted(src, op, k)
	if good != nil {
		out = append(out, *good)
	}
	bad := refusal(src, op, k)
	if bad != nil {
		out = append(out, *bad)
	} else {
		why = append(why, op.ID+": no error of the document can be brought about by a request alone")
	}
	return out, why
}

// granted is the least documented 2xx answer to the seed request; where that is
// a PUT of what the client names, the one that creates.
func granted(src openapi.Op, op plumbline.Operation, k *kit) (*consumed, []string) {
	switch {
	case len(successes(src.Op).statuses) == 0:
		return nil, []string{op.ID + ": the document has no success"}
	case len(op.Cases) == 0:
		return nil, []string{op.ID + ": no valid request could be made"}
	}
	all := outcomes(src.Op, op)
	o := all[len(all)-1]
	status, r, c := o.statuses[0], o.responses[0], op.Cases[0]
	out := &consumed{operation: op.ID}
	if !out.send(src, op, c, k.make) {
		return nil, []string{op.ID + ": the request has a body that is no JSON, or values that only the deployment knows outside of its path"}
	}
	out.asked = sending(src, out.interaction, k)
	out.answer(status, strconv.Itoa(status), r, k)
	return out, nil
}

// send states a case as the request.
func (c *consumed) send(src openapi.Op, op plumbline.Operation, k plumbline.Case, m *sample.Maker) bool {
	op.Cases = []plumbline.Case{k}
	i, ok := asked(op)
	if !ok {
		return false
	}
	c.interaction = i
	c.Request.Generators = nil
	path, expression := k.Request.Path, k.Request.Path
	for n, b := range k.Binds {
		if b.From == plumbline.FromGiven {
			delete(c.ProviderStates[n].Params, "changes")
			delete(c.ProviderStates[n].Params, "consumed")
		}
		c.ProviderStates[n].Name += ", which gives " + b.Name // names tell states apart: pact-go joins those of one name
		value := b.Pointer
		if b.From != plumbline.FromGiven {
			value = plausible(src, b.Name, m)
		}
		path = strings.ReplaceAll(path, "{"+b.Name+"}", url.PathEscape(value))
		expression = strings.ReplaceAll(expression, "{"+b.Name+"}", "${"+b.Name+"}")
	}
	c.Request.Path = path
	if expression != path {
		c.expression = expression
	}
	return true
}

// plausible is a value of a path parameter, for the consumer's side of the test.
func plausible(src openapi.Op, name string, m *sample.Maker) string {
	for _, p := range src.Params {
		if p.In != openapi3.ParameterInPath || p.Name != name || p.Schema == nil {
			continue
		}
		if v, ok := m.Value(p.Schema, false); ok {
			if text, ok := v.(string); ok {
				return text
			}
			if data, err := json.Marshal(v); err == nil {
				return string(data)
			}
		}
	}
	return "plumbline"
}

// answer states what the consumer needs: what every right answer holds.
func (c *consumed) answer(status int, key string, r *openapi3.Response, k *kit) {
	c.Description = c.operation + " answers " + strconv.Itoa(status)
	c.Response = response{Status: status}
	w := &writer{op: c.operation, status: key, rules: map[string]any{}, kit: k, sound: true}
	c.expect(r, w)
	if c.Response.Body != nil {
		numbered(c.Response.Body.Content, status)
		c.rules = w.rules
	}
	for _, l := range w.losses {
		if l.Keyword == "properties" {
			c.optional = append(c.optional, l.Pointer)
		}
	}
	slices.Sort(c.optional)
}

// numbered puts the status in the body of an error that tells it (RFC 9457
// §3.1.2), where the example has another.
func numbered(content any, status int) {
	if m, ok := content.(map[string]any); ok && status >= 400 {
		if n, ok := m["status"].(json.Number); ok && len(n) == 3 {
			m["status"] = json.Number(strconv.Itoa(status))
		}
	}
}

// refusal is the main documented error: 404 for something that is not there,
// else 422 or 400 for a request that breaks the document.
func refusal(src openapi.Op, op plumbline.Operation, k *kit) *consumed {
	if len(op.Cases) == 0 || src.Op == nil || src.Op.Responses == nil {
		return nil
	}
	if r := src.Op.Responses.Value("404"); r != nil && r.Value != nil {
		if out := absent(src, op, k.make); out != nil {
			out.answer(404, "404", r.Value, k)
			return out
		}
	}
	for _, status := range []string{"422", "400"} {
		if r := src.Op.Responses.Value(status); r != nil && r.Value != nil {
			return refused(src, op, status, k.make, func(c *consumed, n int) { c.answer(n, status, r.Value, k) })
		}
	}
	return nil
}

// refused sends a request that breaks the document, and says how.
func refused(src openapi.Op, op plumbline.Operation, status string, m *sample.Maker, answer func(*consumed, int)) *consumed {
	for _, k := range bodiesFirst(op.Invalid) {
		out := &consumed{operation: op.ID}
		if k.Kind != plumbline.CaseInvalid || !plainly(k) || !out.send(src, op, k, m) {
			continue
		}
		n, _ := strconv.Atoi(status)
		out.remark = "The request breaks the document: " + k.Violates + "."
		if status == "422" && src.Op.Responses.Value("400") != nil {
			out.remark += "\nThe document has 400 as well: keep the one that the provider answers with."
		}
		answer(out, n)
		return out
	}
	return nil
}

// bodiesFirst puts the cases that break the body before the others.
func bodiesFirst(cases []plumbline.Case) []plumbline.Case {
	out := slices.Clone(cases)
	slices.SortStableFunc(out, func(a, b plumbline.Case) int {
		return cmp.Compare(rankOf(a.Pointer), rankOf(b.Pointer))
	})
	return out
}

func rankOf(pointer string) int {
	for n, prefix := range []string{"body/", "body", "query/"} {
		if strings.HasPrefix(pointer, prefix) {
			return n
		}
	}
	return 3
}

// plainly tells whether a case breaks a constraint in a way that a reader of
// the test sees at once, and that no client library mends.
func plainly(k plumbline.Case) bool {
	known := []string{"required", "minimum", "maximum", "minLength", "maxLength", "enum", "pattern", "type", "format", "minItems"}
	return slices.Contains(known, k.Keyword) && len(k.Request.Path)+len(k.Request.Query)+len(k.Request.Body) < 600
}

// absent asks for something that is not there: the last parameter of the path
// gets a value that nothing has.
func absent(src openapi.Op, op plumbline.Operation, m *sample.Maker) *consumed {
	open := strings.LastIndex(src.Path, "{")
	if open < 0 {
		return nil
	}
	name, _, _ := strings.Cut(src.Path[open+1:], "}")
	value, ok := nobody(src, name, m)
	k := op.Cases[0]
	if !ok || !templated(k.Request.Path, src.Path) {
		return nil
	}
	k.Request.Path = replaceLast(k.Request.Path, src.Path, name)
	k.Binds = slices.DeleteFunc(slices.Clone(k.Binds), func(b plumbline.Bind) bool { return b.Name == name })
	k.Binds = append(k.Binds, plumbline.Bind{In: "path", Name: name, From: plumbline.FromGiven, Pointer: value})
	out := &consumed{operation: op.ID}
	if !out.send(src, op, k, m) {
		return nil
	}
	out.ProviderStates[len(k.Binds)-1].Name = "there is nothing whose " + name + " is " + value
	return out
}

// templated tells whether a path has as many segments as its template.
func templated(path, template string) bool {
	return strings.Count(path, "/") == strings.Count(template, "/")
}

// replaceLast puts the parameter back in the place of its value.
func replaceLast(path, template, name string) string {
	have, want := strings.Split(path, "/"), strings.Split(template, "/")
	for i := range want {
		if strings.Contains(want[i], "{"+name+"}") {
			have[i] = want[i]
		}
	}
	return strings.Join(have, "/")
}

// nobody is a value of a path parameter that, as good as certainly, nothing has.
func nobody(src openapi.Op, name string, m *sample.Maker) (string, bool) {
	for _, p := range src.Params {
		if p.In != openapi3.ParameterInPath || p.Name != name {
			continue
		}
		kind, ok := m.Novel(p.Schema)
		what, bounds, _ := strings.Cut(kind, ":")
		least, most, _ := strings.Cut(bounds, "-")
		switch {
		case !ok:
		case what == "uuid":
			return "00000000-0000-4000-8000-00000000dead", true
		case what == "integer":
			return beyond(most)
		case what == "list":
			return last(bounds)
		case what == "text":
			return nothing(least, most)
		}
	}
	return "", false
}

// nothing is a text between two lengths.
func nothing(least, most string) (string, bool) {
	low, errLow := strconv.Atoi(least)
	high, errHigh := strconv.Atoi(most)
	if cmp.Or(errLow, errHigh) != nil || high < 4 {
		return "", false
	}
	text := "no-such-thing"
	for len(text) < low {
		text += "-at-all"
	}
	return text[:min(len(text), high)], true
}

// beyond is a number near the upper end of a wide range.
func beyond(most string) (string, bool) {
	n, err := strconv.ParseInt(most, 10, 64)
	return strconv.FormatInt(n-7, 10), err == nil && n > 1_000_000
}

func last(list string) (string, bool) {
	var all []string
	if json.Unmarshal([]byte(list), &all) != nil || len(all) == 0 {
		return "", false
	}
	return all[len(all)-1], true
}
