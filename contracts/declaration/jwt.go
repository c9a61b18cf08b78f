package declaration

import (
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// A jwtFile says what is known to make other tokens of the JWT that an identity
// shows.
type jwtFile struct {
	Identity string        `yaml:"identity"`
	Key      string        `yaml:"key"`
	Public   string        `yaml:"public_key"`
	Tokens   jwtTokensFile `yaml:"tokens"`
}

// jwtTokensFile holds tokens that must be refused.
type jwtTokensFile struct {
	Expired  string `yaml:"expired"`
	NotYet   string `yaml:"not_yet"`
	Audience string `yaml:"audience"`
	Issuer   string `yaml:"issuer"`
	Type     string `yaml:"type"`
}

func (b *builder) jwt() {
	f := b.file.JWT
	if f == nil {
		return
	}
	if !b.anybody(f.Identity) {
		b.wrong("CFG004", "$.jwt.identity", "name one of identities", "no identity is called %q", f.Identity)
	}
	b.out.Tokens = plumbline.Tokens{Key: f.Key, Public: f.Public, Ready: map[string]string{}}
	for way, token := range map[string]string{
		plumbline.AuthPast: f.Tokens.Expired, plumbline.AuthFuture: f.Tokens.NotYet, plumbline.AuthAudience: f.Tokens.Audience,
		plumbline.AuthIssuer: f.Tokens.Issuer, plumbline.AuthType: f.Tokens.Type,
	} {
		if token != "" {
			b.out.Tokens.Ready[way] = token
		}
	}
	b.out.jwt = plumbline.JWT{Identity: f.Identity, Source: b.at("$.jwt")}
}

// anybody tells whether an identity has the name; no name is the default one.
func (b *builder) anybody(name string) bool {
	return name == "" || slices.ContainsFunc(b.out.Identities, func(c plumbline.Credential) bool { return c.Name == name })
}

// tokens says whose JWT is altered: that of the identity that is named, or of
// the first that is known to show one.
func (d *Declaration) tokens() *plumbline.JWT {
	out := d.jwt
	for _, c := range d.Identities {
		if out.Identity == "" && c.Token() != "" {
			out.Identity = c.Name
		}
	}
	if out.Identity == "" {
		return nil
	}
	out.Signs, out.Public = d.Tokens.Key != "", d.Tokens.Key != "" || d.Tokens.Public != ""
	for way := range d.Tokens.Ready {
		out.Ready = append(out.Ready, way)
	}
	slices.Sort(out.Ready)
	return &out
}
