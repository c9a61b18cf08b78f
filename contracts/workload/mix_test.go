package workload

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

const combined = `127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /v1/orders?limit=3 HTTP/1.1" 200 12 "-" "curl/8"
127.0.0.1 - bob [02/Jan/2026:15:04:05 +0000] "GET /v1/orders/7 HTTP/1.1" 200 12
127.0.0.1 - - [02/Jan/2026:15:04:06 +0000] "GET /v1/orders/search HTTP/1.1" 200 12
127.0.0.1 - - [02/Jan/2026:15:04:06 +0000] "POST /v1/orders/ HTTP/1.1" 201 12
127.0.0.1 - - [02/Jan/2026:15:04:06 +0000] "get http://shop.example/v1/orders/8 HTTP/1.1" 404 12

127.0.0.1 - - [02/Jan/2026:15:04:07 +0000] "GET /favicon.ico HTTP/1.1" 404 12
127.0.0.1 - - [02/Jan/2026:15:04:07 +0000] "DELETE /v1/orders HTTP/1.1" 405 12
127.0.0.1 - - [02/Jan/2026:15:04:07 +0000] "\x16\x03\x01" 400 12
127.0.0.1 - - [02/Jan/2026:15:04:08 +0000] "GET /v1/reports/2026.csv HTTP/1.1" 200 12
not a line of a log
`

func TestMix(t *testing.T) {
	t.Parallel()
	var operations []plumbline.Operation
	for id, at := range map[string]string{
		"list": "GET /v1/orders", "get": "GET /v1/orders/{id}", "search": "GET /v1/orders/search", "create": "POST /v1/orders", "report": "GET /v1/reports/{year}.csv",
	} {
		method, path, _ := strings.Cut(at, " ")
		operations = append(operations, plumbline.Operation{ID: id, Method: method, Path: path})
	}
	got, err := Mix([]byte(combined), operations)
	if err != nil {
		t.Fatal(err)
	}
	want := Mixture{Counts: map[string]float64{"list": 1, "get": 2, "search": 1, "create": 1, "report": 1}, Lines: 10, Foreign: 4}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for text, want := range map[string]string{
		"": "no request",
		`127.0.0.1 - - [02/Jan/2026:15:04:05 +0000] "GET /elsewhere HTTP/1.1" 200 12`: "none of 1 lines",
	} {
		if _, err := Mix([]byte(text), operations); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
