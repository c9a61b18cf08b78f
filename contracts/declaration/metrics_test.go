package declaration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

func reading(t *testing.T, files map[string]string) (*Declaration, error) {
	t.Helper()
	dir := t.TempDir()
	for file, data := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Read(filepath.Join(dir, "plumbline.yaml"), func(string) (string, bool) { return "", false })
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{url: /metrics}": "",
		`{urls: ["http://a:1/m", "https://b:1/m"]}`: "",
		"{url: /metrics, requests: calls_total}":    "",
		"{}":                                        "is not said",
		"{url: /m, urls: [/m]}":                     "two ways",
		"{url: localhost}":                          "not where metrics are",
		"{urls: [ftp://a/metrics, /m]}":             "not where metrics are",
	} {
		d, err := reading(t, map[string]string{"plumbline.yaml": "metrics: " + text + "\n"})
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
			continue
		}
		if err == nil && (d.metrics == nil || len(d.metrics.URLs) == 0) {
			t.Errorf("%s: got %+v", text, d.metrics)
		}
	}
	if d, err := reading(t, map[string]string{"plumbline.yaml": "service: a\n"}); err != nil || d.metrics != nil {
		t.Errorf("got %+v, %v", d, err)
	}
}

// The mix of an access log is that of its lines, and what was left out is told.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	const log = `127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /orders HTTP/1.1" 200 12
127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /orders HTTP/1.1" 200 12
127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /favicon.ico HTTP/1.1" 404 12
`
	design := plumbline.Design{Operations: []plumbline.Operation{{ID: "listOrders", Method: "GET", Path: "/orders"}}}
	d, err := reading(t, map[string]string{"plumbline.yaml": "load: {rate: 5, access_log: access.log}\n", "access.log": log})
	if err != nil {
		t.Fatal(err)
	}
	notices, err := d.Fill(&design)
	if diff := cmp.Diff(map[string]float64{"listOrders": 2}, design.Load.Mix); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if told := strings.Join(notices, "\n"); !strings.Contains(told, "1 of 3 lines are none for an operation of the document") {
		t.Errorf("got %q", told)
	}
	for text, want := range map[string]string{
		"load: {access_log: none.log}\n":                    "none.log",
		"load: {access_log: plumbline.yaml}\n":              "none of 1 lines",
		"load: {access_log: a.log, mix: {listOrders: 1}}\n": "not both",
	} {
		d, err := reading(t, map[string]string{"plumbline.yaml": text})
		if err == nil {
			_, err = d.Fill(&plumbline.Design{Operations: design.Operations})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
