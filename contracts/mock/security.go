package mock

import (
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// allowed tells whether a request carries credentials of a kind that the
// document asks for. Any value is accepted.
func (s *Server) allowed(c *call) bool {
	requirements := s.doc.T.Security
	if c.op.Op.Security != nil {
		requirements = *c.op.Op.Security
	}
	if len(requirements) == 0 {
		return true
	}
	for _, alternative := range requirements {
		all := true
		for name := range alternative {
			all = all && s.carries(c.req, name)
		}
		if all {
			return true
		}
	}
	return false
}

func (s *Server) carries(req *http.Request, name string) bool {
	if s.doc.T.Components == nil {
		return true
	}
	ref := s.doc.T.Components.SecuritySchemes[name]
	if ref == nil || ref.Value == nil {
		return true
	}
	return carries(req, ref.Value)
}

func carries(req *http.Request, scheme *openapi3.SecurityScheme) bool {
	switch {
	case scheme.Type == "mutualTLS":
		return true
	case scheme.Type == "apiKey" && scheme.In == "query":
		return req.URL.Query().Has(scheme.Name)
	case scheme.Type == "apiKey" && scheme.In == "cookie":
		_, err := req.Cookie(scheme.Name)
		return err == nil
	case scheme.Type == "apiKey":
		return req.Header.Get(scheme.Name) != ""
	case scheme.Type == "http" && scheme.Scheme != "":
		kind, _, _ := strings.Cut(req.Header.Get("Authorization"), " ")
		return strings.EqualFold(kind, scheme.Scheme)
	}
	return req.Header.Get("Authorization") != ""
}

// Authorize puts credentials of every kind that an operation may ask for onto
// a request: those of its first alternative.
func (s *Server) Authorize(id string, req *http.Request) {
	for _, op := range s.doc.Operations {
		if op.ID != id {
			continue
		}
		requirements := s.doc.T.Security
		if op.Op.Security != nil {
			requirements = *op.Op.Security
		}
		if len(requirements) == 0 || s.doc.T.Components == nil {
			return
		}
		for name := range requirements[0] {
			if ref := s.doc.T.Components.SecuritySchemes[name]; ref != nil && ref.Value != nil {
				authorize(req, ref.Value)
			}
		}
	}
}

// AuthorizeAny is Authorize for the operation that a request is for.
func (s *Server) AuthorizeAny(req *http.Request) {
	if route, _, _ := s.find(req.Method, req.URL.EscapedPath()); route != nil {
		s.Authorize(route.ops[req.Method].ID, req)
	}
}

func authorize(req *http.Request, scheme *openapi3.SecurityScheme) {
	switch {
	case carries(req, scheme):
	case scheme.Type == "apiKey" && scheme.In == "query":
		if req.URL.RawQuery != "" {
			req.URL.RawQuery += "&"
		}
		req.URL.RawQuery += strings.ReplaceAll(scheme.Name, " ", "%20") + "=mock"
	case scheme.Type == "apiKey" && scheme.In == "cookie":
		req.AddCookie(&http.Cookie{Name: scheme.Name, Value: "mock"})
	case scheme.Type == "apiKey":
		req.Header.Set(scheme.Name, "mock")
	case strings.EqualFold(scheme.Scheme, "basic"):
		req.SetBasicAuth("mock", "mock")
	case scheme.Type == "http" && scheme.Scheme != "":
		req.Header.Set("Authorization", scheme.Scheme+" mock")
	default:
		req.Header.Set("Authorization", "Bearer mock")
	}
}
