// Package wfc reads the authentication files of Web Fuzzing Commons, which
// EvoMaster and CATS read as well: a list auth of users, completed by an
// authTemplate. The spellings of all published versions of the schema are
// known: extractFromField and extractSelector, httpHeaderName and sendName,
// headerPrefix and sendTemplate (WebFuzzing/Commons, wfc/schemas/auth.yaml).
// What is not known, or cannot be done from outside, is a notice.
package wfc

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/plumbline-dev/plumbline"
)

// Parse reads a file in YAML or JSON. The name is that of the file, for errors
// and notices. An error says that the file is not one of this format; an entry
// that cannot be used is left out with a notice.
func Parse(name string, data []byte) (found []plumbline.Credential, notices []string, err error) {
	tree, err := decode(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	list, ok := tree["auth"].([]any)
	if !ok {
		return nil, nil, fmt.Errorf("%s: an authentication file of Web Fuzzing Commons has a list called auth", name)
	}
	r := &reader{file: name}
	r.unknown("", tree, "auth", "authTemplate", "schemaVersion", "configs")
	if m, ok := tree["configs"].(map[string]any); ok && len(m) > 0 {
		r.notice("configs", "settings of other tools are not read")
	}
	template, _ := tree["authTemplate"].(map[string]any)
	seen := map[string]bool{}
	for i, e := range list {
		at := fmt.Sprintf("auth[%d]", i)
		entry, _ := e.(map[string]any)
		c, ok := r.user(at, merged(template, entry))
		switch {
		case !ok:
		case c.Name == "" || seen[c.Name]:
			return nil, r.notices, fmt.Errorf("%s: %s: the name %q is empty or taken", name, at, c.Name)
		default:
			seen[c.Name] = true
			found = append(found, c)
		}
	}
	return found, r.notices, nil
}

// decode turns a panic of the YAML library, which some tags and anchors bring
// about, into an error.
func decode(data []byte) (tree map[string]any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML cannot be decoded: %v", p)
		}
	}()
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		return nil, errors.New("is not YAML")
	}
	tree, _ = plain(v).(map[string]any)
	return tree, nil
}

// plain gives every mapping keys of text.
func plain(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			x[k] = plain(e)
		}
	case map[any]any:
		out := map[string]any{}
		for k, e := range x {
			out[fmt.Sprint(k)] = plain(e)
		}
		return out
	case []any:
		for i, e := range x {
			x[i] = plain(e)
		}
	}
	return v
}

// merged takes from the template what the entry does not say, at any depth.
func merged(template, entry map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range template {
		out[k] = v
	}
	for k, v := range entry {
		under, a := out[k].(map[string]any)
		over, b := v.(map[string]any)
		switch {
		case a && b:
			out[k] = merged(under, over)
		case v != nil:
			out[k] = v
		}
	}
	return out
}

// A reader gathers notices.
type reader struct {
	file    string
	notices []string
}

func (r *reader) notice(at, format string, args ...any) {
	r.notices = append(r.notices, r.file+": "+at+": "+fmt.Sprintf(format, args...))
}

// unknown notices the keys that are none of the known ones.
func (r *reader) unknown(at string, m map[string]any, known ...string) {
	var names []string
	for k := range m {
		if !slices.Contains(known, k) {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	for _, k := range names {
		r.notice(strings.TrimPrefix(at+"."+k, "."), "is not known, and not read")
	}
}

// user reads one entry. It is not ok when it cannot be used.
func (r *reader) user(at string, m map[string]any) (plumbline.Credential, bool) {
	r.unknown(at, m, "name", "requireMockHandling", "fixedHeaders", "loginEndpointAuth", "createUsers")
	c := plumbline.Credential{Identity: plumbline.Identity{Name: text(m["name"])}, Headers: r.headers(at+".fixedHeaders", m["fixedHeaders"])}
	if m["requireMockHandling"] == true {
		r.notice(at, "asks for answers of other services to be mocked, which cannot be done from outside; requests of %q may be refused", c.Name)
	}
	if m["createUsers"] != nil {
		r.notice(at, "users are not created; %q needs fixedHeaders or loginEndpointAuth of a user that is there", c.Name)
	}
	if l, ok := m["loginEndpointAuth"].(map[string]any); ok {
		c.Login = r.login(at+".loginEndpointAuth", l)
	}
	if c.Login == nil && len(c.Headers) == 0 {
		r.notice(at, "%q shows no credentials, and is left out", c.Name)
		return c, false
	}
	return c, true
}

func (r *reader) login(at string, m map[string]any) *plumbline.Login {
	r.unknown(at, m, "endpoint", "externalEndpointURL", "payloadRaw", "payloadUserPwd", "headers", "verb", "contentType", "token", "expectCookies")
	l := &plumbline.Login{URL: text(m["externalEndpointURL"]), Method: strings.ToUpper(text(m["verb"])), Headers: r.headers(at+".headers", m["headers"])}
	if l.URL == "" {
		l.URL = text(m["endpoint"])
	}
	if l.URL == "" {
		r.notice(at, "names no endpoint, and is not used")
		return nil
	}
	media := text(m["contentType"])
	l.Body = []byte(text(m["payloadRaw"]))
	if p, ok := m["payloadUserPwd"].(map[string]any); ok && len(l.Body) == 0 {
		r.unknown(at+".payloadUserPwd", p, "username", "password", "usernameField", "passwordField")
		if media == "" {
			media = "application/json"
		}
		l.Body = payload(media, p)
	}
	if media != "" {
		l.Headers = append(l.Headers, plumbline.Header{Name: "Content-Type", Value: media})
	}
	token, ok := m["token"].(map[string]any)
	switch {
	case m["expectCookies"] == true:
		l.Cookies = true
	case ok:
		r.token(at+".token", token, l)
	default:
		r.notice(at, "says neither token nor expectCookies: cookies are expected")
		l.Cookies = true
	}
	return l
}

// payload is the user and the password in the format of the login.
func payload(media string, p map[string]any) []byte {
	fields := map[string]string{text(p["usernameField"]): text(p["username"]), text(p["passwordField"]): text(p["password"])}
	if strings.HasPrefix(media, "application/x-www-form-urlencoded") {
		form := url.Values{}
		for k, v := range fields {
			form.Set(k, v)
		}
		return []byte(form.Encode())
	}
	out, _ := json.Marshal(fields) // texts have a JSON form
	return out
}

// token reads how the token is taken from the answer and sent: in the newer
// spelling (extractFrom, extractSelector, sendIn, sendName, sendTemplate) and
// in the older ones.
func (r *reader) token(at string, m map[string]any, l *plumbline.Login) {
	r.unknown(at, m, "extractFrom", "extractSelector", "sendIn", "sendName", "sendTemplate",
		"extractFromField", "extractFromHeader", "httpHeaderName", "headerPrefix", "headerPostfix")
	l.Token, l.Header = text(m["extractFromField"]), text(m["extractFromHeader"])
	switch from := text(m["extractFrom"]); from {
	case "":
	case "body":
		l.Token = text(m["extractSelector"])
	case "header":
		l.Header = text(m["extractSelector"])
	default:
		r.notice(at+".extractFrom", "%q is not known: the body is looked at", from)
		l.Token = text(m["extractSelector"])
	}
	l.Send = plumbline.Place{In: "header", Name: text(m["httpHeaderName"])}
	if name := text(m["sendName"]); name != "" {
		l.Send.Name = name
	}
	if l.Send.Name == "" {
		l.Send.Name = "Authorization"
	}
	switch in := text(m["sendIn"]); in {
	case "":
	case "header", "query", "cookie":
		l.Send.In = in
	default:
		r.notice(at+".sendIn", "%q is not known: the token is sent in a header", in)
	}
	l.Template = text(m["sendTemplate"])
	if l.Template == "" {
		l.Template = text(m["headerPrefix"]) + "{token}" + text(m["headerPostfix"])
	}
	if !strings.Contains(l.Template, "{token}") {
		r.notice(at+".sendTemplate", "has no {token}: the token is sent after it")
		l.Template += "{token}"
	}
}

func (r *reader) headers(at string, v any) []plumbline.Header {
	list, _ := v.([]any)
	var out []plumbline.Header
	for i, e := range list {
		m, _ := e.(map[string]any)
		r.unknown(fmt.Sprintf("%s[%d]", at, i), m, "name", "value")
		if name := text(m["name"]); name != "" {
			out = append(out, plumbline.Header{Name: name, Value: text(m["value"])})
		}
	}
	return out
}

// text is a scalar as it was written: a password of digits is text too.
func text(v any) string {
	switch x := v.(type) {
	case nil, map[string]any, []any:
		return ""
	case string:
		return x
	default:
		return fmt.Sprint(x)
	}
}
