package sample

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// TestEveryMediaTypeIsMetAndBroken holds that the members of a body have their
// cases in every media type, not only in JSON.
func TestEveryMediaTypeIsMetAndBroken(t *testing.T) {
	t.Parallel()
	for _, media := range []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"} {
		d, err := openapi.Parse("law.yaml", []byte(lawDocument), openapi.Options{})
		if err != nil {
			t.Fatal(err)
		}
		content := d.Operations[0].Op.RequestBody.Value.Content
		d.Operations[0].Op.RequestBody.Value.Content = openapi3.Content{media: content[media]}
		s, err := schema.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		op := Fill(d, s, Options{Seed: 1, MaxValid: 60, MaxInvalid: 80})[0]
		find := func(cases []plumbline.Case, keyword, at string) bool {
			return slices.ContainsFunc(cases, func(c plumbline.Case) bool {
				return c.Keyword == keyword && c.Pointer == at && c.Proof != "" && strings.HasPrefix(c.Request.Header["Content-Type"][0], media)
			})
		}
		if len(op.Cases) == 0 || !find(op.Cases, "unicode", "body/s") || !find(op.Cases, "items", "body/many") {
			t.Errorf("%s: valid cases %s", media, keywords(op.Cases))
		}
		if !find(op.Invalid, "type", "body/n") || !find(op.Invalid, "type", "body/many/0") {
			t.Errorf("%s: invalid cases %s", media, keywords(op.Invalid))
		}
		if find(op.Invalid, "type", "body/s") != (media == "application/json") {
			t.Errorf("%s: only in JSON a member can be no text: %s", media, keywords(op.Invalid))
		}
	}
}
