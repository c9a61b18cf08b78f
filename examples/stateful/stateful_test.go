package stateful

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// watch puts a recording proxy before a service.
func watch(t *testing.T, s *Service) (*Witness, string) {
	t.Helper()
	inner := httptest.NewServer(s)
	t.Cleanup(inner.Close)
	at, err := url.Parse(inner.URL)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWitness(s, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at) }})
	outer := httptest.NewServer(w)
	t.Cleanup(outer.Close)
	return w, outer.URL
}

// plumb reads the document of a service.
func plumb(t *testing.T, s *Service) plumbline.Design {
	t.Helper()
	d, err := openapi.Parse(s.Name+".yaml", s.Document, openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return plumbline.Design{Operations: sample.Fill(d, set, sample.Options{Seed: 1}), Families: sample.Families(d, set)}
}

// pool is one on a service, with a ledger on disk.
func pool(t *testing.T, base string, d plumbline.Design, mode plumbline.Mode) (*target.Pool, string) {
	t.Helper()
	c, err := target.New(target.Config{Base: base, Run: "a1b2c3d4e5f6", Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	p := &target.Pool{Client: c, Operations: d.Operations, Families: d.Families, Mode: mode}
	file := filepath.Join(t.TempDir(), target.LedgerFile)
	if err := p.Open(file); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, file
}

// Every operation is filled, called and learnt from, three times over; at
// least nine in ten have to reach a 2xx without any configuration.
func TestOperationsAreReached(t *testing.T) {
	t.Parallel()
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w, base := watch(t, s)
			d := plumb(t, s)
			p, _ := pool(t, base, d, plumbline.ModeOwn)
			reached, all := 0, 0
			for _, op := range d.Operations {
				ok := false
				for range 3 {
					for _, c := range op.Cases {
						req, err := p.Fill(t.Context(), c)
						a := p.Client.Do(t.Context(), target.Shot{Operation: op.ID, Case: c.ID, Request: req, Unbound: err})
						p.Learn(op.ID, a)
						ok = ok || a.Error == "" && a.Status/100 == 2
						if !ok {
							t.Logf("%s %s: %d %s %v %s", op.ID, req.Path, a.Status, a.Error, err, a.Response.Body)
						}
					}
					for _, c := range op.Invalid {
						req, err := p.Fill(t.Context(), c)
						p.Learn(op.ID, p.Client.Do(t.Context(), target.Shot{Operation: op.ID, Case: c.ID, Request: req, Unbound: err}))
					}
				}
				all++
				if ok {
					reached++
				}
			}
			for _, r := range p.Teardown(t.Context()) {
				if !r.Deleted {
					t.Errorf("survives: %+v", r)
				}
			}
			t.Logf("%s: %d of %d operations reached, %d requests, %d foreign mutations", s.Name, reached, all, w.Requests(), len(w.Foreign()))
			if reached*10 < all*9 {
				t.Errorf("%d of %d operations reached", reached, all)
			}
			if len(w.Foreign()) > 0 {
				t.Errorf("changed what was there: %v", w.Foreign())
			}
			if diff := cmp.Diff(w.Before(), s.Rows()); diff != "" {
				t.Errorf("not as before (-want +got):\n%s", diff)
			}
			if t.Failed() {
				t.Log("\n" + sample.Graph(d.Operations) + strings.Repeat("-", 8) + "\n" + sample.Lives(d.Families))
			}
		})
	}
}
