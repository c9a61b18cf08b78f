package openapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// Identify completes a credential with what the security schemes of the
// document say: where a secret goes, and which endpoint issues tokens. What is
// declared stands. An error says that the document has no such scheme, or one
// that says nothing of the kind.
func (d *Doc) Identify(c *plumbline.Credential) error {
	schemes := d.schemes()
	if c.Scheme == "" {
		return d.issued(c, schemes)
	}
	s := schemes[c.Scheme]
	if s == nil {
		return fmt.Errorf("identity %s: the document has no security scheme %q; it has %s", c.Name, c.Scheme, orNone(slices.Sorted(maps.Keys(schemes))))
	}
	if c.OAuth2 != nil {
		flow(c.OAuth2, s)
		if err := unissued(c); err != nil {
			return err
		}
	}
	if s.Type == "mutualTLS" && c.Certificate == nil {
		return fmt.Errorf("identity %s: the security scheme %q wants a certificate: give it tls", c.Name, c.Scheme)
	}
	place(c, s)
	return nil
}

// place puts the secret of a credential where the scheme wants it.
func place(c *plumbline.Credential, s *openapi3.SecurityScheme) {
	kind := s.Type
	if kind == "http" {
		kind = strings.ToLower(s.Scheme)
	}
	switch kind {
	case "apiKey":
		c.Key, c.KeyValue = &plumbline.Place{In: s.In, Name: s.Name}, c.Value
		if c.Login != nil && c.Login.Send.Name == "" {
			c.Login.Send = *c.Key
		}
	case "basic":
		c.User, c.Password, _ = strings.Cut(c.Value, ":")
	case "bearer", "oauth2", "openIdConnect", "mutualTLS":
		c.Bearer = c.Value
	default:
		if c.Value != "" {
			c.Headers = append(c.Headers, plumbline.Header{Name: "Authorization", Value: s.Scheme + " " + c.Value})
		}
	}
}

func (d *Doc) schemes() map[string]*openapi3.SecurityScheme {
	out := map[string]*openapi3.SecurityScheme{}
	if d.T.Components == nil {
		return out
	}
	for name, ref := range d.T.Components.SecuritySchemes {
		if ref != nil && ref.Value != nil {
			out[name] = ref.Value
		}
	}
	return out
}

// issued finds the token endpoint of a credential that names none: that of the
// first scheme, by name, which has the flow.
func (d *Doc) issued(c *plumbline.Credential, schemes map[string]*openapi3.SecurityScheme) error {
	if c.OAuth2 == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(schemes)) {
		flow(c.OAuth2, schemes[name])
	}
	return unissued(c)
}

// flow takes the token endpoint from a scheme, unless it is known.
func flow(o *plumbline.OAuth2, s *openapi3.SecurityScheme) {
	if o.TokenURL != "" || o.Issuer != "" || o.Discovery != "" {
		return
	}
	switch {
	case s.Type == "openIdConnect":
		o.Discovery = s.OpenIdConnectUrl
	case s.Flows == nil:
	case o.Grant == "password" && s.Flows.Password != nil:
		o.TokenURL = s.Flows.Password.TokenURL
	case o.Grant != "password" && s.Flows.ClientCredentials != nil:
		o.TokenURL = s.Flows.ClientCredentials.TokenURL
	}
}

func unissued(c *plumbline.Credential) error {
	if c.OAuth2.TokenURL == "" && c.OAuth2.Issuer == "" && c.OAuth2.Discovery == "" {
		return fmt.Errorf("identity %s: neither the declaration nor a flow %s of the document names the token endpoint: give oauth2 a token_url or an issuer", c.Name, c.OAuth2.Grant)
	}
	return nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// roles are those that the extension x-roles of an operation names.
func roles(o *openapi3.Operation) []string {
	switch v := o.Extensions["x-roles"].(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// scopes are those that every token for the operation needs: known when the
// document leaves no choice.
func (d *Doc) scopes(o Op) []string {
	requirements := d.T.Security
	if o.Op.Security != nil {
		requirements = *o.Op.Security
	}
	if len(requirements) != 1 {
		return nil
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(requirements[0])) {
		out = append(out, requirements[0][name]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
