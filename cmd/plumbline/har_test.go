package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// Recorded values make cases, before those of the document; recorded secrets are
// nowhere in the design, and the mix is that of the traffic.
func TestRecordedTrafficMakesCases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec, har := filepath.Join(dir, "openapi.json"), filepath.Join(dir, "x.har")
	for name, text := range map[string]string{
		spec: `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/a":{"get":{"operationId":"getA","parameters":[{"name":"kind","in":"query","schema":{"type":"string"}},
			{"name":"token","in":"query","schema":{"type":"string"}}],"responses":{"200":{"description":"d"}}}}}}`,
		har: `{"log":{"entries":[{"request":{"method":"GET","url":"http://t/a?kind=odd&token=s3cret","headers":[{"name":"Cookie","value":"s3cret"}]},"response":{"status":200,"content":{}}}]}}`,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := &app{out: io.Discard, err: io.Discard, env: func(string) (string, bool) { return "", false }}
	got, err := a.prepare(options{seed: 1, spec: spec, intakeOptions: intakeOptions{hars: []string{har}}})
	if err != nil {
		t.Fatal(err)
	}
	op, _ := got.design.Operation("getA")
	if !slices.ContainsFunc(op.Cases, func(c plumbline.Case) bool { return strings.Contains(c.Request.Query, "kind=odd") }) || got.design.Load.Mix["getA"] != 1 {
		t.Errorf("cases %+v, mix %v", op.Cases, got.design.Load.Mix)
	}
	data, err := json.Marshal(got.design)
	if err != nil || strings.Contains(string(data), "s3cret") {
		t.Errorf("a secret is in the design: %v", err)
	}
}
