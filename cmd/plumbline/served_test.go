package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/runners/target"
	"github.com/plumbline-dev/plumbline/scenarios"
)

func TestServed(t *testing.T) {
	t.Parallel()
	const here = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {operationId: getA, responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}}}}\ncomponents: {schemas: {A: {type: object, properties: {n: {type: string}}}}}"
	const inline = `{"openapi":"3.1.0","servers":[{"url":"http://elsewhere/"}],"info":{"title":"other","version":"1"},"paths":{"/a":{"get":{"summary":"s","operationId":"x","responses":{"200":{"description":"e","content":{"application/json":{"schema":{"type":"object","properties":{"n":{"type":"string"}}}}}}}}}}}`
	other := strings.ReplaceAll(inline, `"n":{"type":"string"}`, `"n":{"type":"integer"}`)
	more := strings.Replace(inline, `"paths":{`, `"paths":{"/b":{"delete":{"responses":{"204":{"description":"d"}}}},`, 1)
	for name, c := range map[string]struct {
		pages    map[string]string
		declared string
		want     plumbline.Check
		detail   string
	}{
		"the same, written otherwise": {map[string]string{"/openapi.json": inline}, "", plumbline.Check{Subject: "/openapi.json", OK: true, Unit: scenarios.UnitDifferences}, ""},
		"another type":                {map[string]string{"/v3/api-docs": other}, "", plumbline.Check{Subject: "/v3/api-docs", Value: 1, Unit: scenarios.UnitDifferences}, "getA"},
		"one operation more":          {map[string]string{"/swagger.json": more}, "", plumbline.Check{Subject: "/swagger.json", Value: 1, Unit: scenarios.UnitDifferences}, "(here)"},
		"another version":             {map[string]string{"/openapi.json": strings.Replace(inline, `"version":"1"`, `"version":"2"`, 1)}, "", plumbline.Check{Subject: "/openapi.json", Value: 1, Unit: scenarios.UnitDifferences}, "version 2"},
		"through the catalogue":       {map[string]string{catalog: `{"linkset":[{"anchor":"/","service-desc":[{"href":"/docs/api.json"}]}]}`, "/docs/api.json": inline}, "", plumbline.Check{Subject: "/docs/api.json", OK: true, Unit: scenarios.UnitDifferences}, ""},
		"none":                        {nil, "", plumbline.Check{Subject: "/openapi.json"}, "404"},
		"declared, a page":            {map[string]string{"/doc": "<html>"}, "/doc", plumbline.Check{Subject: "/doc"}, "no OpenAPI document"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				page, ok := c.pages[r.URL.Path]
				if !ok {
					http.NotFound(w, r)
					return
				}
				_, _ = w.Write([]byte(page))
			}))
			defer srv.Close()
			doc, err := openapi.Parse("here.yaml", []byte(here), openapi.Options{})
			if err != nil {
				t.Fatal(err)
			}
			client, err := target.New(target.Config{Base: srv.URL, Run: "a1b2c3d4e5f6", Began: time.Now(), Timeout: 5 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			s := &session{declared: &declaration.Declaration{}, doc: doc}
			s.design.Served = c.declared
			got := s.served(client)(t.Context())
			if got[0].Subject != c.want.Subject || got[0].OK != c.want.OK || got[0].Value != c.want.Value || got[0].Unit != c.want.Unit || !strings.Contains(got[0].Detail, c.detail) {
				t.Errorf("got %+v, want %+v with %q", got[0], c.want, c.detail)
			}
		})
	}
}
