package declaration

import (
	"net/http"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// health are operations for the declared paths of liveness and readiness that
// the document does not have, as few do: they are called as what the
// deployment offers, and nothing that the document promises is asked of them.
func health(d plumbline.Design) (out []plumbline.Operation) {
	paths := []string{d.Liveness}
	if d.Readiness != nil {
		paths = append(paths, d.Readiness.Path)
	}
	for i, path := range paths {
		if path == "" || i > 0 && path == paths[0] || documented(d, path) {
			continue
		}
		out = append(out, plumbline.Operation{
			ID: http.MethodGet + " " + path, Method: http.MethodGet, Path: path,
			Cases: []plumbline.Case{{ID: "declared", Request: plumbline.Request{Method: http.MethodGet, Path: path}}},
		})
	}
	return out
}

// documented tells whether the document has a GET of the path, which may begin
// where its server does.
func documented(d plumbline.Design, path string) bool {
	for _, o := range d.Operations {
		if o.Method == http.MethodGet && strings.HasSuffix(o.Path, path) {
			return true
		}
	}
	return false
}
