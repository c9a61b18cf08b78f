package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a file would make the load send is held against the document before
// anything is sent.
func TestRowsThatBreakTheDocumentAreTold(t *testing.T) {
	t.Parallel()
	spec, err := filepath.Abs("../../examples/shop/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ rows, fields, wrong string }{
		"valid":           {"product,n\np-1,1\np-2,3\n", "product: body/product_id, n: body/quantity", ""},
		"below minimum":   {"product,n\np-1,1\np-2,0\n", "product: body/product_id, n: body/quantity", "row 2 breaks the document of createOrder: /quantity"},
		"of another kind": {"product,n\np-1,many\n", "product: body/product_id, n: body/quantity", "row 1 breaks the document"},
		"bad header":      {"product,n\np-1,a b\n", "n: header/Idempotency-Key", "row 1 breaks the document of createOrder"},
		"no such place":   {"product,n\np-1,1\n", "n: path/orderId", "has no place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			text := "openapi: " + spec + "\nload: {rate: 20, feeders: [{file: u.csv, operations: [createOrder], fields: {" + c.fields + "}, at_end: again}]}\n"
			for file, data := range map[string]string{"plumbline.yaml": text, "u.csv": c.rows} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			a := &app{out: io.Discard, err: io.Discard, env: func(string) (string, bool) { return "", false }}
			got, err := a.prepare(options{seed: 1, config: filepath.Join(dir, "plumbline.yaml")})
			if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Fatalf("%v, want %q", err, c.wrong)
			}
			if err == nil && !strings.Contains(strings.Join(got.notes, "\n"), "u.csv: its 2 rows feed the load of createOrder, in their order, and then again") {
				t.Errorf("notes %q", got.notes)
			}
		})
	}
}
