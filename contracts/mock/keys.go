package mock

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// keyHeader is what the IETF draft calls the key of a request that may come
// again (draft-ietf-httpapi-idempotency-key-header-07).
const keyHeader = "Idempotency-Key"

// A kept answer is what a key stands for.
type kept struct {
	asked  []byte // body of the request
	status int
	header http.Header
	body   bytes.Buffer
}

// Header, WriteHeader and Write make it an http.ResponseWriter.
func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(status int) { k.status = status }

func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }

// keyed tells whether an operation takes idempotency keys.
func keyed(op openapi.Op) bool {
	return slices.ContainsFunc(op.Params, func(p *openapi3.Parameter) bool {
		return p.In == openapi3.ParameterInHeader && strings.EqualFold(p.Name, keyHeader)
	})
}

// once answers a request with a key: the first time as any, afterwards with the
// same answer, and another body under the same key with 422 (§2.7). A key
// belongs to its caller and its operation.
func (s *Server) once(w http.ResponseWriter, c *call) {
	id := strings.Join([]string{c.op.ID, c.req.URL.EscapedPath(), c.req.Header.Get("Authorization"), c.req.Header.Get(keyHeader)}, "\x00")
	k, seen := s.keys[id]
	switch {
	case seen && !bytes.Equal(k.asked, c.body):
		s.refuse(w, c, http.StatusUnprocessableEntity, "the key belongs to another request")
		return
	case !seen:
		k = &kept{asked: c.body, status: http.StatusOK, header: http.Header{}}
		s.answer(k, c)
		if k.status < http.StatusBadRequest {
			s.keys[id] = k
		}
	}
	maps.Copy(w.Header(), k.header)
	w.WriteHeader(k.status)
	_, _ = w.Write(k.body.Bytes())
}
