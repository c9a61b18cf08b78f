package forge

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
)

// A token is a JWS in its compact form (RFC 7515 §3.1), in its parts.
type token struct {
	head, body     string // as they stand
	header, claims object
	signature      []byte
}

// An object is one of JSON. Its numbers stay as they are written.
type object map[string]any

func read(text string) (token, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return token{}, errors.New("what the identity shows is no JWT")
	}
	t := token{head: parts[0], body: parts[1]}
	var err error
	if t.header, err = decode(parts[0]); err != nil {
		return t, errors.New("what the identity shows is no JWT: it has no header")
	}
	if t.claims, err = decode(parts[1]); err != nil {
		return t, errors.New("what the identity shows is no JWT: it has no claims")
	}
	if t.signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		return t, errors.New("what the identity shows is no JWT: it has no signature")
	}
	return t, nil
}

func (t token) alg() string {
	alg, _ := t.header["alg"].(string)
	return alg
}

// symmetric tells whether who can check the token can also sign it.
func (t token) symmetric() bool { return strings.HasPrefix(t.alg(), "HS") }

func (t token) signing() string { return t.head + "." + t.body }

// unsigned is the token without a signature, as its header says in the given
// spelling (RFC 7519 §6).
func (t token) unsigned(none string) string {
	return t.header.with("alg", none).text() + "." + t.body + "."
}

func decode(part string) (object, error) {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var out object
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	if out == nil {
		return nil, errors.New("null is no object")
	}
	return out, nil
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// with is the object with one member more, or another one.
func (o object) with(name string, value any) object {
	out := maps.Clone(o)
	out[name] = value
	return out
}

// text is the object as a part of a token.
func (o object) text() string {
	data, _ := json.Marshal(o) // what was decoded can be encoded
	return encode(data)
}
