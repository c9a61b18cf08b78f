package declaration

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/wfc"
)

type identityFile struct {
	Roles    []string          `yaml:"roles"`
	Scopes   []string          `yaml:"scopes"`
	Scheme   string            `yaml:"scheme"`
	Value    string            `yaml:"value"`
	Bearer   string            `yaml:"bearer"`
	Basic    *basicFile        `yaml:"basic"`
	APIKey   *keyFile          `yaml:"api_key"`
	Headers  map[string]string `yaml:"headers"`
	Command  []string          `yaml:"command"`
	Lifetime string            `yaml:"lifetime"`
	OAuth2   *oauth2File       `yaml:"oauth2"`
	Login    *loginFile        `yaml:"login"`
	TLS      *tlsFile          `yaml:"tls"`
}

type basicFile struct {
	User     string `yaml:"user"`
	Password string `yaml:"password"`
}

type keyFile struct {
	In    string `yaml:"in"`
	Name  string `yaml:"name"`
	Value string `yaml:"value"`
}

type oauth2File struct {
	Grant      string            `yaml:"grant"`
	TokenURL   string            `yaml:"token_url"`
	Issuer     string            `yaml:"issuer"`
	ClientID   string            `yaml:"client_id"`
	Secret     string            `yaml:"client_secret"`
	User       string            `yaml:"user"`
	Password   string            `yaml:"password"`
	Style      string            `yaml:"style"`
	Parameters map[string]string `yaml:"parameters"`
}

type loginFile struct {
	URL         string            `yaml:"url"`
	Method      string            `yaml:"method"`
	Headers     map[string]string `yaml:"headers"`
	Body        string            `yaml:"body"`
	JSON        map[string]any    `yaml:"json"`
	Token       string            `yaml:"token"`
	TokenHeader string            `yaml:"token_header"`
	Cookies     bool              `yaml:"cookies"`
	Send        sendFile          `yaml:"send"`
}

type sendFile struct {
	In       string `yaml:"in"`
	Name     string `yaml:"name"`
	Template string `yaml:"template"`
}

type tlsFile struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
	CA   string `yaml:"ca"`
}

type authFile struct {
	AppliesTo []string `yaml:"applies_to"`
}

type operationFile struct {
	Roles  []string `yaml:"roles"`
	Shared bool     `yaml:"shared"`
	Replay int      `yaml:"replay"`
}

// A restriction says who may call the operations of a name.
type restriction struct {
	operation string
	operationFile
}

func (b *builder) identities() {
	for _, name := range b.keys("$.identities") {
		f := b.file.Identities[name]
		at := "$.identities." + key(name)
		c := plumbline.Credential{
			Identity: plumbline.Identity{Name: name, Roles: f.Roles, Scopes: f.Scopes},
			Scheme:   f.Scheme, Value: f.Value, Bearer: f.Bearer, Headers: headers(f.Headers), Command: f.Command, Lifetime: b.duration(at+".lifetime", f.Lifetime),
		}
		if f.Basic != nil {
			c.User, c.Password = f.Basic.User, f.Basic.Password
		}
		if f.APIKey != nil {
			c.Key = &plumbline.Place{In: b.oneOf(at+".api_key.in", f.APIKey.In, "header"), Name: f.APIKey.Name}
			c.KeyValue = f.APIKey.Value
		}
		if f.TLS != nil {
			c.Certificate = &plumbline.Certificate{Cert: b.path(f.TLS.Cert), Key: b.path(f.TLS.Key), CA: b.path(f.TLS.CA)}
		}
		if f.OAuth2 != nil {
			c.OAuth2 = b.oauth2(at+".oauth2", *f.OAuth2, f.Scopes)
		}
		if f.Login != nil {
			c.Login = b.login(at+".login", *f.Login)
		}
		b.complete(at, name, f)
		b.out.Identities = append(b.out.Identities, c)
	}
}

// complete checks that an identity says how it shows itself, and says it once.
func (b *builder) complete(at, name string, f identityFile) {
	fetched := count(len(f.Command) > 0, f.OAuth2 != nil, f.Login != nil)
	shown := count(f.Bearer != "", f.Basic != nil, f.APIKey != nil, f.Scheme != "")
	other := len(f.Headers) > 0 || f.TLS != nil
	switch {
	case fetched > 1 || shown > 1:
		b.wrong("CFG004", at, "keep one of command, oauth2 and login, and one of bearer, basic, api_key and scheme", "the identity %q has credentials of several kinds", name)
	case fetched+shown == 0 && !other:
		b.wrong("CFG004", at, "give it bearer, basic, api_key, scheme, headers, command, oauth2, login or tls", "the identity %q has no credentials", name)
	case f.Scheme != "" && f.Value == "" && fetched == 0 && f.TLS == nil:
		b.wrong("CFG004", at+".scheme", "give it value, or one of command, oauth2 and login", "the identity %q says where its secret goes, but has none", name)
	}
}

func count(is ...bool) int {
	n := 0
	for _, b := range is {
		if b {
			n++
		}
	}
	return n
}

func (b *builder) oauth2(at string, f oauth2File, scopes []string) *plumbline.OAuth2 {
	o := &plumbline.OAuth2{
		Grant:    b.oneOf(at+".grant", f.Grant, "client_credentials"),
		TokenURL: f.TokenURL, Issuer: f.Issuer, ClientID: f.ClientID, Secret: f.Secret, User: f.User, Password: f.Password, Scopes: scopes,
		Style: b.oneOf(at+".style", f.Style, ""),
	}
	for k, v := range f.Parameters {
		if o.Parameters == nil {
			o.Parameters = map[string][]string{}
		}
		o.Parameters[k] = []string{v}
	}
	if f.ClientID == "" {
		b.wrong("CFG004", at, "give it client_id", "a token request names its client")
	}
	if o.Grant == "password" && f.User == "" {
		b.wrong("CFG004", at, "give it user and password", "the password grant needs a user")
	}
	return o
}

func (b *builder) login(at string, f loginFile) *plumbline.Login {
	l := &plumbline.Login{
		URL: f.URL, Method: strings.ToUpper(f.Method), Headers: headers(f.Headers), Body: []byte(f.Body), Token: f.Token, Header: f.TokenHeader,
		Cookies: f.Cookies, Template: f.Send.Template,
	}
	if f.Send.Name != "" {
		l.Send = plumbline.Place{In: b.oneOf(at+".send.in", f.Send.In, "header"), Name: f.Send.Name}
	}
	if f.JSON != nil {
		l.Body, _ = json.Marshal(f.JSON) // YAML with keys of text has a JSON form
		if !slices.ContainsFunc(l.Headers, func(h plumbline.Header) bool { return strings.EqualFold(h.Name, "Content-Type") }) {
			l.Headers = append(l.Headers, plumbline.Header{Name: "Content-Type", Value: "application/json"})
		}
	}
	switch {
	case f.URL == "":
		b.wrong("CFG004", at, "url is a path of the deployment, or absolute", "the login does not say where it is")
	case f.Token != "" && !strings.HasPrefix(f.Token, "/"):
		b.wrong("CFG004", at+".token", "write a JSON pointer: /access_token", "%q is not a JSON pointer", f.Token)
	case f.Send.Template != "" && !strings.Contains(f.Send.Template, "{token}"):
		b.wrong("CFG004", at+".send.template", `write "Bearer {token}"`, "the template has no {token}")
	}
	return l
}

func headers(m map[string]string) []plumbline.Header {
	var out []plumbline.Header
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, plumbline.Header{Name: k, Value: m[k]})
	}
	return out
}

// wfc adds the identities of an authentication file of Web Fuzzing Commons.
func (b *builder) wfc() {
	b.out.applies = b.file.Auth.AppliesTo
	if b.file.WFC == "" {
		return
	}
	if err := b.out.ReadAuth(b.path(b.file.WFC)); err != nil {
		b.wrong("CFG006", "$.wfc", "wfc names an authentication file of Web Fuzzing Commons", "%v", err)
	}
}

// ReadAuth adds the identities of an authentication file of Web Fuzzing
// Commons to those that are declared. Names are taken once; an error says that
// the file cannot be read.
func (d *Declaration) ReadAuth(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	found, notices, err := wfc.Parse(file, data)
	d.notices = append(d.notices, notices...)
	for _, c := range found {
		if slices.ContainsFunc(d.Identities, func(x plumbline.Credential) bool { return x.Name == c.Name }) {
			d.notices = append(d.notices, file+": the identity "+c.Name+" is declared already, and left out")
			continue
		}
		d.Identities = append(d.Identities, c)
	}
	return err
}

func (b *builder) operations() {
	for _, name := range b.keys("$.operations") {
		o := b.file.Operations[name]
		if o.Replay != 0 && (o.Replay < 400 || o.Replay > 499) {
			b.wrong("CFG004", "$.operations."+key(name)+".replay", "replay: 409", "%d does not refuse a duplicate", o.Replay)
		}
		b.out.roles = append(b.out.roles, restriction{name, o})
	}
}

// restrict marks the operations that want credentials, or roles.
func (d *Declaration) restrict(r *resolver, design *plumbline.Design) {
	mark := func(ids []string, change func(*plumbline.Operation)) {
		for i := range design.Operations {
			if slices.Contains(ids, design.Operations[i].ID) {
				change(&design.Operations[i])
			}
		}
	}
	if len(d.applies) > 0 {
		mark(r.operations(d.applies, "$.auth.applies_to"), func(o *plumbline.Operation) {
			o.Secured = o.Secured || !slices.Contains(design.Public, o.ID)
			if len(o.Schemes) == 0 && len(d.Identities) > 0 {
				o.Schemes = []plumbline.Scheme{schemeOf(d.Identities[0])}
			}
		})
	}
	for _, x := range d.roles {
		mark(r.named(x.operation, "$.operations"), func(o *plumbline.Operation) {
			o.Shared = o.Shared || x.Shared
			o.Replay = cmp.Or(x.Replay, o.Replay)
			if len(x.Roles) > 0 {
				o.Roles = x.Roles
			}
		})
	}
}

// schemeOf is the security scheme that an identity shows itself by.
func schemeOf(c plumbline.Credential) plumbline.Scheme {
	token := count(c.Bearer != "", c.OAuth2 != nil, c.Login != nil, len(c.Command) > 0) > 0
	s := plumbline.Scheme{Name: "declared"}
	switch {
	case c.Key != nil:
		s.Type, s.In, s.Key = "apiKey", c.Key.In, c.Key.Name
	case c.Login != nil && c.Login.Cookies:
		s.Type, s.In = "apiKey", "cookie"
	case c.User != "":
		s.Type, s.HTTP = "http", "basic"
	case c.Certificate != nil && !token:
		s.Type = "mutualTLS"
	case len(c.Headers) > 0 && !token:
		s.Type, s.In, s.Key = "apiKey", "header", c.Headers[0].Name
	default:
		s.Type, s.HTTP = "http", "bearer"
	}
	return s
}
