package scenarios

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestLeaks(t *testing.T) {
	hosts := []string{"http://payment:8080/v1", "127.0.0.1:7001", ":7002", "stock.internal.example:443"}
	for _, c := range []struct{ name, body, want string }{
		{"Go frames", "panic serving\nmain.go:12\n\t/x/orders.go:41 +0x1d", "Go stack trace"},
		{"Go panic", "goroutine 17 [running]:\nmain.main()", "Go panic"},
		{"Java", "java.lang.IllegalStateException: x\n\tat com.shop.A.b(A.java:1)\n\tat com.shop.C.d(C.java:2)", "Java stack trace, Java exception"},
		{"Java, nested class", "org.springframework.dao.DataAccessResourceFailureException: no", "Java exception"},
		{"Python", "Traceback (most recent call last):\n  File \"/srv/app/x.py\", line 3, in f\n  File \"/srv/app/y.py\", line 4, in g", "Python stack trace, Python stack frames, path of a source file"},
		{".NET", "System.NullReferenceException: x\n   at Shop.Orders.Create(Int32 q) in C:\\src\\Shop\\Orders.cs:line 12\n   at Shop.Main.Run() in C:\\src\\Shop\\Main.cs:line 3", ".NET stack trace, .NET exception, path of a source file"},
		{"Node", "Error: x\n    at create (/app/src/orders.js:12:5)\n    at node:internal/main/run:30:47", "Node.js stack trace, path of a source file"},
		{"PHP", "#0 /var/www/a.php(12): f()\n#1 /var/www/b.php(3): g()", "PHP stack trace"},
		{"PHP error", "<b>Fatal error</b>: Uncaught in <b>/var/www/x.php</b> on line <b>3</b>", "PHP error"},
		{"Ruby", "orders.rb:12:in `create'\nserver.rb:3:in 'run'", "Ruby stack trace"},
		{"Rust", "thread 'main' panicked at src/main.rs:4", "Rust panic"},
		{"SQL", `pq: duplicate key value violates unique constraint "orders_pkey"`, "database error"},
		{"SQLSTATE", "SQLSTATE[42S02]: Base table or view not found", "database error"},
		{"dial", "dial tcp 10.0.3.7:5432: connect: connection refused", "network error with an address"},
		{"URL error", `Post "http://payment:8080/charge": context deadline exceeded`, "network error with an address, address of a dependency: payment:8080"},
		{"Node network", "connect ECONNREFUSED 10.0.0.3:6379", "network error with an address"},
		{"source path", "see /usr/src/shop/orders.go", "path of a source file"},
		{"declared address", "upstream 127.0.0.1:7001 failed", "address of a dependency: 127.0.0.1:7001"},
		{"address on all interfaces", "localhost:7002 is down", "address of a dependency: localhost:7002"},
		{"qualified name", "host stock.internal.example is unknown", "address of a dependency: stock.internal.example"},
		{"debug page", "<title>Werkzeug Debugger</title>", "debug page of a framework"},
		{"private key", "-----BEGIN RSA PRIVATE KEY-----", "private key"},
		{"access key", "id=AKIAIOSFODNN7EXAMPLE", "cloud or forge access key"},
		{"connection string", "postgres://shop:s3cret@db/orders", "password in a connection string"},
		{"connection string, other form", "Server=db;Database=shop;User Id=sa;Password=s3cret", "password in a connection string"},
	} {
		var got []string
		for _, m := range Leaks([]byte(c.body), hosts) {
			got = append(got, m.Message)
		}
		if have := strings.Join(got, ", "); have != c.want {
			t.Errorf("%s: found %q, want %q", c.name, have, c.want)
		}
		// The same inside a JSON string.
		quoted, err := json.Marshal(map[string]string{"detail": c.body})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(Leaks(quoted, hosts)); n != len(got) {
			t.Errorf("%s: %d found as text and %d as JSON: %s", c.name, len(got), n, quoted)
		}
	}
}

func TestLeaksLeavesProseAlone(t *testing.T) {
	for _, body := range []string{
		"", `{"id":"7","total":12.5,"links":{"self":"/orders/7"}}`,
		"The parser reports the error at line 3 of your document; see main.go:12 in the tutorial.",
		`{"type":"https://example.com/problems/out-of-stock","title":"Out of stock","status":409,"detail":"2 of 3 in stock"}`,
		"<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>",
		"Payment was refused at 12:30:45. Call us at +49:30:1234.",
		"https://cdn.example.com/app/main.js and /static/app.js", "payment:8081 xpayment:8080 payment:80801",
		"<script src=\"/app/main.js\"></script>", "The com.example.Order type has an Error field.",
		"validation failed: the sku does not exist", "ISO 8601 at Europe/Berlin (summer time)",
	} {
		for _, m := range Leaks([]byte(body), []string{"payment:8080"}) {
			t.Errorf("%q holds %s", body, m.Message)
		}
	}
}

// Bodies come from outside, and a panic here would be ours.
func FuzzLeaks(f *testing.F) {
	l := NewLeaker([]string{"payment:8080", ":7001", "[::1]:1", "%zz"})
	for _, s := range []string{"", `\`, `\u00`, "main.go:1 x.go:2", "payment:8080", "&amp;", "at a.b.C(D.java:1)"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if a, b := l.Scan(body), l.Scan(body); len(a) != len(b) {
			t.Errorf("%d and %d", len(a), len(b))
		}
	})
}

func BenchmarkLeaker(b *testing.B) {
	l := NewLeaker([]string{"payment:8080", "127.0.0.1:7001"})
	body := []byte(strings.Repeat(`{"id":"7","name":"a thing","price":12.5,"at":"2026-11-20T10:00:00Z"},`, 20))
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		l.Scan(body)
	}
}
