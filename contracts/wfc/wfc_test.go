package wfc

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

func named(name string, c plumbline.Credential) plumbline.Credential {
	c.Name = name
	return c
}

func login(body, media string, l plumbline.Login) plumbline.Credential {
	l.URL, l.Method = "/login", "POST"
	l.Body = []byte(body)
	if media != "" {
		l.Headers = append(l.Headers, plumbline.Header{Name: "Content-Type", Value: media})
	}
	return plumbline.Credential{Login: &l}
}

func TestParse(t *testing.T) {
	t.Parallel()
	authorization := plumbline.Place{In: "header", Name: "Authorization"}
	for name, c := range map[string]struct {
		text    string
		want    []plumbline.Credential
		notices []string // parts, in order
	}{
		"fixed headers": {`
schemaVersion: 0.0.1
auth:
  - name: foo
    fixedHeaders: [{name: Authorization, value: Bearer f}, {name: X-Id, value: 7}]
`, []plumbline.Credential{named("foo", plumbline.Credential{Headers: []plumbline.Header{{Name: "Authorization", Value: "Bearer f"}, {Name: "X-Id", Value: "7"}}})}, nil},
		"a template and cookies": {`
auth:
  - name: foo
    loginEndpointAuth: {payloadRaw: '{"u":"foo"}'}
  - name: bar
    loginEndpointAuth:
      payloadUserPwd: {username: bar, password: 456, usernameField: u, passwordField: p}
authTemplate:
  loginEndpointAuth: {endpoint: /login, verb: POST, contentType: application/json, expectCookies: true}
`, []plumbline.Credential{
			named("foo", login(`{"u":"foo"}`, "application/json", plumbline.Login{Cookies: true})),
			named("bar", login(`{"p":"456","u":"bar"}`, "application/json", plumbline.Login{Cookies: true})),
		}, nil},
		"older spelling": {`
auth:
  - name: foo
    loginEndpointAuth:
      endpoint: /login
      verb: POST
      contentType: application/x-www-form-urlencoded
      payloadUserPwd: {username: a b, password: "&", usernameField: u, passwordField: p}
      token: {extractFromField: /token/authToken, httpHeaderName: Authorization, headerPrefix: "JWT "}
`, []plumbline.Credential{named("foo", login("p=%26&u=a+b", "application/x-www-form-urlencoded", plumbline.Login{Token: "/token/authToken", Send: authorization, Template: "JWT {token}"}))}, nil},
		"between": {`
auth:
  - name: foo
    loginEndpointAuth:
      endpoint: /login
      verb: POST
      token: {extractFromHeader: X-Auth-Token, httpHeaderName: X-Auth, headerPrefix: "'", headerPostfix: "'"}
`, []plumbline.Credential{named("foo", login("", "", plumbline.Login{Header: "X-Auth-Token", Send: plumbline.Place{In: "header", Name: "X-Auth"}, Template: "'{token}'"}))}, nil},
		"newer spelling": {`
auth:
  - name: foo
    loginEndpointAuth:
      externalEndpointURL: https://id.example.org/login
      verb: get
      headers: [{name: Authorization, value: Basic eDp5}]
      token: {extractFrom: body, extractSelector: /t, sendIn: query, sendName: key}
  - name: bar
    loginEndpointAuth:
      endpoint: /login
      verb: POST
      token: {extractFrom: header, extractSelector: X-T, sendIn: header, sendName: Authorization, sendTemplate: "Bearer {token}"}
`, []plumbline.Credential{
			named("foo", plumbline.Credential{Login: &plumbline.Login{
				URL: "https://id.example.org/login", Method: "GET", Body: []byte{}, Headers: []plumbline.Header{{Name: "Authorization", Value: "Basic eDp5"}},
				Token: "/t", Send: plumbline.Place{In: "query", Name: "key"}, Template: "{token}",
			}}),
			named("bar", login("", "", plumbline.Login{Header: "X-T", Send: authorization, Template: "Bearer {token}"})),
		}, nil},
		"JSON": {`{"auth": [{"name": "foo", "fixedHeaders": [{"name": "X-Key", "value": "v"}]}]}`, []plumbline.Credential{named("foo", plumbline.Credential{Headers: []plumbline.Header{{Name: "X-Key", Value: "v"}}})}, nil},
		"what is not known": {`
more: 1
configs: {blackBox: "true"}
auth:
  - name: foo
    requireMockHandling: true
    colour: red
    fixedHeaders: [{name: X, value: v, quoted: no}]
  - name: bar
    createUsers: {endpoint: /users}
  - name: baz
    loginEndpointAuth: {endpoint: /login, verb: POST, token: {extractFrom: cookie, extractSelector: /t, sendIn: body, sendTemplate: x, salt: 1}}
`, []plumbline.Credential{
			named("foo", plumbline.Credential{Headers: []plumbline.Header{{Name: "X", Value: "v"}}}),
			named("baz", login("", "", plumbline.Login{Token: "/t", Send: authorization, Template: "x{token}"})),
		}, []string{
			"more: is not known", "configs: settings", "auth[0].colour: is not known", "auth[0].fixedHeaders[0].quoted", "auth[0]: asks for answers",
			"auth[1]: users are not created", "auth[1]: \"bar\" shows no credentials", "auth[2].loginEndpointAuth.token.salt", "extractFrom: \"cookie\"", "sendIn: \"body\"", "sendTemplate: has no {token}",
		}},
		"nobody": {"auth: []", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, notices, err := Parse("auth.yaml", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			matches := len(notices) == len(c.notices)
			for i := range min(len(notices), len(c.notices)) {
				matches = matches && strings.HasPrefix(notices[i], "auth.yaml: ") && strings.Contains(notices[i], c.notices[i])
			}
			if !matches {
				t.Errorf("got notices\n%s", strings.Join(notices, "\n"))
			}
		})
	}
}

func TestWhatIsNoAuthFileIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"auth: {name: foo}": "a list called auth",
		"a: [":              "is not YAML",
		"- 1":               "a list called auth",
		"auth: [{name: foo, fixedHeaders: [{name: A, value: s3cret}]}, {name: foo, fixedHeaders: [{name: A, value: s3cret}]}]": "taken",
		"auth: [{fixedHeaders: [{name: A, value: s3cret}]}]":                                                                   "empty",
	} {
		_, _, err := Parse("auth.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// The order of notices is that of the file, whatever the map.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"auth: [{name: a, fixedHeaders: [{name: A, value: b}]}]", "auth: [{name: a, loginEndpointAuth: {endpoint: /l, token: {sendIn: query}}}]", "authTemplate: {name: x}\nauth: [{}]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, n, err := Parse("f", data)
		b, m, again := Parse("f", data)
		if (err == nil) != (again == nil) || !cmp.Equal(a, b) || !slices.Equal(n, m) {
			t.Errorf("read twice, %q is not the same", data)
		}
	})
}
