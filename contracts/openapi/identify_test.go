package openapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

const secured = `openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /a:
    get: {operationId: a, security: [{two: [read, admin]}], x-roles: [admin, 7, owner], responses: {'200': {description: d}}}
    put: {operationId: b, security: [{two: [read]}, {bearer: []}], x-roles: admin, responses: {'200': {description: d}}}
    post: {operationId: c, security: [{bearer: [write]}], responses: {'200': {description: d}}}
components:
  securitySchemes:
    key: {type: apiKey, in: cookie, name: sid}
    basic: {type: http, scheme: Basic}
    bearer: {type: http, scheme: bearer}
    other: {type: http, scheme: Hawk}
    two:
      type: oauth2
      flows:
        clientCredentials: {tokenUrl: https://id.example.org/token, scopes: {}}
        password: {tokenUrl: /login, scopes: {}}
    oidc: {type: openIdConnect, openIdConnectUrl: https://id.example.org/.well-known/openid-configuration}
    cert: {type: mutualTLS}
`

func TestIdentify(t *testing.T) {
	t.Parallel()
	d, err := Parse("d.yaml", []byte(secured), Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := func(o plumbline.OAuth2) *plumbline.OAuth2 { o.Grant = "client_credentials"; return &o }
	for name, c := range map[string]struct {
		in, want plumbline.Credential
		err      string
	}{
		"key":       {plumbline.Credential{Scheme: "key", Value: "v"}, plumbline.Credential{Key: &plumbline.Place{In: "cookie", Name: "sid"}, KeyValue: "v"}, ""},
		"basic":     {plumbline.Credential{Scheme: "basic", Value: "me:p:w"}, plumbline.Credential{User: "me", Password: "p:w"}, ""},
		"bearer":    {plumbline.Credential{Scheme: "bearer", Value: "v"}, plumbline.Credential{Bearer: "v"}, ""},
		"other":     {plumbline.Credential{Scheme: "other", Value: "v"}, plumbline.Credential{Headers: []plumbline.Header{{Name: "Authorization", Value: "Hawk v"}}}, ""},
		"oauth2":    {plumbline.Credential{Scheme: "two", OAuth2: client(plumbline.OAuth2{})}, plumbline.Credential{OAuth2: client(plumbline.OAuth2{TokenURL: "https://id.example.org/token"})}, ""},
		"by itself": {plumbline.Credential{OAuth2: &plumbline.OAuth2{Grant: "password"}}, plumbline.Credential{OAuth2: &plumbline.OAuth2{Grant: "password", Discovery: "https://id.example.org/.well-known/openid-configuration"}}, ""},
		"password":  {plumbline.Credential{Scheme: "two", OAuth2: &plumbline.OAuth2{Grant: "password"}}, plumbline.Credential{OAuth2: &plumbline.OAuth2{Grant: "password", TokenURL: "/login"}}, ""},
		"oidc":      {plumbline.Credential{Scheme: "oidc", OAuth2: client(plumbline.OAuth2{})}, plumbline.Credential{OAuth2: client(plumbline.OAuth2{Discovery: "https://id.example.org/.well-known/openid-configuration"})}, ""},
		"declared":  {plumbline.Credential{OAuth2: client(plumbline.OAuth2{Issuer: "https://me"})}, plumbline.Credential{OAuth2: client(plumbline.OAuth2{Issuer: "https://me"})}, ""},
		"a login":   {plumbline.Credential{Scheme: "key", Login: &plumbline.Login{}}, plumbline.Credential{Key: &plumbline.Place{In: "cookie", Name: "sid"}, Login: &plumbline.Login{Send: plumbline.Place{In: "cookie", Name: "sid"}}}, ""},
		"no scheme": {plumbline.Credential{Bearer: "v"}, plumbline.Credential{Bearer: "v"}, ""},
		"unknown":   {plumbline.Credential{Scheme: "none"}, plumbline.Credential{}, "it has basic, bearer, cert, key"},
		"no tls":    {plumbline.Credential{Scheme: "cert"}, plumbline.Credential{}, "give it tls"},
		"no flow":   {plumbline.Credential{Scheme: "bearer", OAuth2: client(plumbline.OAuth2{})}, plumbline.Credential{}, "token_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := d.Identify(&c.in)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("got %v, want %q", err, c.err)
			}
			c.in.Scheme, c.in.Value = "", ""
			if diff := cmp.Diff(c.want, c.in); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRolesAndScopes(t *testing.T) {
	t.Parallel()
	d, err := Parse("d.yaml", []byte(secured), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range d.Plumb() {
		want := map[string][2][]string{"a": {{"admin", "owner"}, {"admin", "read"}}, "b": {{"admin"}, nil}, "c": {nil, {"write"}}}[o.ID]
		if diff := cmp.Diff(want, [2][]string{o.Roles, o.Scopes}); diff != "" {
			t.Errorf("%s: %s", o.ID, diff)
		}
	}
}
