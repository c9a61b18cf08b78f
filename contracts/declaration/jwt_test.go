package declaration

import (
	"reflect"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestTokensAreReadAndNotShown(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
	for _, c := range []struct {
		text string
		want *plumbline.JWT
	}{
		{"identities: {alice: {bearer: opaque}}", nil},
		{"identities: {alice: {bearer: opaque}}\njwt: {key: k}", nil},
		{"identities: {alice: {bearer: opaque}, bob: {bearer: " + token + "}}", &plumbline.JWT{Identity: "bob"}},
		{"identities: {alice: {api_key: {name: X, value: " + token + "}}}\njwt: {key: k}", &plumbline.JWT{Identity: "alice", Public: true, Signs: true}},
		{"identities: {alice: {command: [issue]}}\njwt: {identity: alice, public_key: p, tokens: {issuer: t, expired: t}}", &plumbline.JWT{
			Identity: "alice", Public: true, Ready: []string{plumbline.AuthPast, plumbline.AuthIssuer},
		}},
	} {
		d, err := Parse("p.yaml", []byte(c.text), func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		var design plumbline.Design
		if _, err := d.Fill(&design); err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		if design.JWT != nil {
			design.JWT.Source = plumbline.Source{}
		}
		if !reflect.DeepEqual(design.JWT, c.want) {
			t.Errorf("%s: %+v, want %+v", c.text, design.JWT, c.want)
		}
	}
	_, err := Parse("p.yaml", []byte("identities: {alice: {bearer: t}}\njwt: {identity: carol}"), nil)
	if err == nil || !strings.Contains(err.Error(), "carol") {
		t.Errorf("an identity that is not there: %v", err)
	}
}
