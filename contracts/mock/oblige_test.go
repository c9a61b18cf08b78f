package mock_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A document may use a status in a sense of its own; the server still sends what
// HTTP wants beside it, or a judge would rightly accuse it.
func TestAStatusComesWithWhatItWants(t *testing.T) {
	t.Parallel()
	for status, header := range map[int]string{
		http.StatusUnauthorized: "WWW-Authenticate", http.StatusMethodNotAllowed: "Allow",
		http.StatusProxyAuthRequired: "Proxy-Authenticate", http.StatusUpgradeRequired: "Upgrade",
	} {
		doc := fmt.Sprintf("openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {/a: {post: {responses: {'%d': {description: refused}}}}}\n", status)
		d, err := openapi.Parse("a.yaml", []byte(doc), openapi.Options{})
		if err != nil {
			t.Fatal(err)
		}
		set, err := schema.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		mock.New(d, set, mock.Options{Open: true}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/a", strings.NewReader("")))
		if w.Code != status || w.Header().Get(header) == "" {
			t.Errorf("%d with %s %q, want %d", w.Code, header, w.Header().Get(header), status)
		}
	}
}
