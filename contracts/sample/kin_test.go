package sample

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// TestAnotherValidatorAgrees holds JSON bodies of documents of version 3.0
// against the validator of kin-openapi, which shares no code with ours. It is
// not asked where it is known to be wrong: it compiles patterns as Go does, it
// does not know most formats, and with nullable it does not reach into allOf.
func TestAnotherValidatorAgrees(t *testing.T) {
	t.Parallel()
	docs := corpus(t)
	asked, formats := 0, 0
	for _, name := range chosen(t, docs, nil) {
		d, err := openapi.Parse(name, docs[name], openapi.Options{})
		if err != nil || !strings.HasPrefix(d.Version, "3.0") && d.Version != "2.0" {
			continue
		}
		s, err := schema.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range Fill(d, s, Options{Seed: 3}) {
			for _, c := range append(o.Cases, o.Invalid...) {
				ref, v := jsonBody(d.Operations[i], c)
				if ref == nil || c.Kind == plumbline.CaseRobust || strings.HasSuffix(c.Keyword, "nullable") {
					continue
				}
				asked++
				err := ref.Value.VisitJSON(v, openapi3.VisitAsRequest())
				switch broken := c.Kind == plumbline.CaseInvalid && strings.HasPrefix(c.Pointer, "body"); {
				case err != nil && strings.Contains(err.Error(), "error parsing regexp"):
				case broken && err == nil && c.Keyword == "format":
					formats++
				case broken != (err != nil):
					t.Errorf("%s: %s (%q): kin-openapi says %.200v of %s", name, c.ID, c.Kind, err, line(c))
				}
			}
		}
	}
	t.Logf("%d bodies, %d of them with a breach of format that kin-openapi does not look for", asked, formats)
}

// jsonBody is the body of a case as kin-openapi reads it, with its schema.
func jsonBody(op openapi.Op, c plumbline.Case) (*openapi3.SchemaRef, any) {
	b := op.Op.RequestBody
	if b == nil || b.Value == nil || len(c.Request.Body) == 0 || !regexp.MustCompile(`^application/json\b`).MatchString(strings.Join(c.Request.Header["Content-Type"], "")) {
		return nil, nil
	}
	mt := b.Value.Content["application/json"]
	var v any
	if mt == nil || mt.Schema == nil || json.NewDecoder(bytes.NewReader(c.Request.Body)).Decode(&v) != nil {
		return nil, nil
	}
	return mt.Schema, v
}
