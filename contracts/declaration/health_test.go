package declaration

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// A health path that the document lacks can be called, once and by its own
// name; one that it has is the operation of the document.
func TestHealthPathsThatTheDocumentLacks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		liveness, readiness string
		want                []string
	}{
		{"/livez", "", nil},
		{"/healthz", "", []string{"GET /healthz"}},
		{"/healthz", "/healthz", []string{"GET /healthz"}},
		{"/livez", "/readyz", []string{"GET /readyz"}},
		{"", "", nil},
	} {
		d := plumbline.Design{Operations: []plumbline.Operation{{ID: "getLiveness", Method: "GET", Path: "/api/livez"}, {ID: "post", Method: "POST", Path: "/healthz"}}, Liveness: c.liveness}
		if c.readiness != "" {
			d.Readiness = &plumbline.Readiness{Path: c.readiness}
		}
		d.Health = health(d)
		var got []string
		for _, o := range d.Health {
			got = append(got, o.ID)
			if found, ok := d.Operation(o.ID); !ok || len(found.Cases) != 1 || found.Cases[0].Request.Path != o.Path {
				t.Errorf("%s cannot be called: %+v", o.ID, found)
			}
		}
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}
