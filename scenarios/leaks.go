package scenarios

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// leakScan is how much of a body is searched.
const leakScan = 256 << 10

// Leaks finds internals in a response body: see Leaker. It builds a Leaker for
// this one body; whoever has many keeps one.
func Leaks(body []byte, hosts []string) []plumbline.Mark { return NewLeaker(hosts).Scan(body) }

// A Leaker finds in responses what only the inside of a service should know.
// It is safe for use by several goroutines at once.
type Leaker struct {
	rules     []leakRule
	addresses []string
	unescape  *strings.Replacer
}

// NewLeaker returns a Leaker that also looks for the addresses of
// dependencies, given as in the declaration: "http://payment:8080",
// "db:5432", ":7001".
func NewLeaker(hosts []string) *Leaker {
	return &Leaker{
		rules:     leakRules(),
		addresses: addressesOf(hosts),
		unescape: strings.NewReplacer(`\n`, "\n", `\r`, "", `\t`, "\t", `\"`, `"`, `\/`, "/", `\\`, `\`,
			`\u003c`, "<", `\u003e`, ">", `\u0026`, "&", `\u0027`, "'",
			"&quot;", `"`, "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&"),
	}
}

// Scan returns one MarkLeak for each kind of internals in the body, always in
// the same order. The messages name the kind and never quote the body, so that
// they can be counted and hold no secret.
func (l *Leaker) Scan(body []byte) []plumbline.Mark {
	if len(body) == 0 {
		return nil
	}
	text := body[:min(len(body), leakScan)]
	if bytes.ContainsAny(text, `\&`) {
		text = []byte(l.unescape.Replace(string(text)))
	}
	var out []plumbline.Mark
	for _, r := range l.rules {
		if r.found(text) {
			out = append(out, plumbline.Mark{Kind: plumbline.MarkLeak, Message: r.kind})
		}
	}
	for _, a := range l.addresses {
		if holdsWord(text, a) {
			out = append(out, plumbline.Mark{Kind: plumbline.MarkLeak, Message: "address of a dependency: " + a})
		}
	}
	return out
}

// A leakRule is one kind of internals. The needles are cheap: a body without
// any of them is not searched.
type leakRule struct {
	kind    string
	needles []string
	pattern *regexp.Regexp
	least   int // matches
}

func (r leakRule) found(text []byte) bool {
	for _, n := range r.needles {
		if bytes.Contains(text, []byte(n)) {
			return len(r.pattern.FindAllIndex(text, r.least)) >= r.least
		}
	}
	return false
}

func leakRules() []leakRule {
	rule := func(kind string, least int, pattern string, needles ...string) leakRule {
		return leakRule{kind, needles, regexp.MustCompile(pattern), least}
	}
	return []leakRule{
		// Stack traces: two frames, or a line that nothing else looks like.
		rule("Go stack trace", 2, `[\w./@-]+\.go:\d+`, ".go:"),
		rule("Go panic", 1, `goroutine \d+ \[[^\]\n]+\]:|panic: runtime error: `, "goroutine ", "panic: "),
		rule("Java stack trace", 2, `\bat [\w.$/<>]+\((?:[\w$]+\.(?:java|kt|scala|groovy):\d+|Native Method|Unknown Source)\)`, ".java:", ".kt:", ".scala:", ".groovy:", "Native Method", "Unknown Source"),
		rule("Java exception", 1, `\b(?:java|javax|jakarta|kotlin|org|com|io|net)\.(?:[a-z_]\w*\.)+[A-Z]\w*(?:Exception|Error)\b`, "Exception", "Error"),
		rule("Python stack trace", 1, `Traceback \(most recent call last\)`, "Traceback"),
		rule("Python stack frames", 2, `File "[^"\n]+\.py", line \d+`, `.py", line`),
		rule(".NET stack trace", 2, `(?m)\bat [A-Z]\w+(?:\.[\w<>]+)+\([^()\n]*\)(?: in [^\n]+:line \d+|\s*$)`, " at ", "\tat "),
		rule(".NET exception", 1, `\b(?:System|Microsoft)\.(?:\w+\.)*\w+Exception\b`, "Exception"),
		rule("Node.js stack trace", 2, `\bat (?:[^\n()]+ \()?(?:file://|node:|/|[A-Za-z]:\\)[^\n()]*:\d+:\d+\)?`, "at "),
		rule("PHP stack trace", 2, `#\d+ [^\n]*\.php(?:\(\d+\)|:\d+)`, ".php"),
		rule("PHP error", 1, `PHP (?:Fatal error|Warning|Notice|Parse error):|<b>(?:Fatal error|Warning|Parse error)</b>:|\.php(?:</b>)? on line (?:<b>)?\d+`, ".php", "PHP ", "<b>"),
		rule("Ruby stack trace", 2, "[\\w/.-]+\\.rb:\\d+:in [`'\"]", ".rb:"),
		rule("Rust panic", 1, `thread '[^'\n]+' panicked at `, "panicked at"),

		// What databases and network stacks say.
		rule("database error", 1, `SQLSTATE[ \[(:=]*[0-9A-Z]{5}|\bORA-\d{5}\b|You have an error in your SQL syntax|syntax error at or near "|\bpq: \w|(?:relation|column) "[^"\n]+" does not exist|violates (?:unique|foreign key|check|not-null) constraint|SQLITE_[A-Z]{4,}|near "[^"\n]+": syntax error|Unclosed quotation mark after|Incorrect syntax near|Mongo(?:Server|Network)?Error`,
			"SQL", "ORA-", "syntax", "pq: ", "does not exist", "constraint", "Unclosed", "Mongo"),
		rule("network error with an address", 1, `\bdial (?:tcp|udp|unix)[46]? \S+|\b(?:connect|read|getaddrinfo) E[A-Z_]{4,} \S+|\b(?:Get|Post|Put|Patch|Delete|Head|GET|POST|PUT|PATCH|DELETE|HEAD) "https?://[^"\s]+":`, "dial ", " E", `"http`),

		// Where the code lives.
		rule("path of a source file", 1, `(?:^|[\s"'(=\[<>,:])/(?:usr|home|app|src|var|opt|root|srv|workspace|work|go|build|tmp|Users|code|project)/(?:[\w.@+-]+/)*[\w.@+-]+(?:\.(?:go|java|kt|scala|py|rb|cs|rs|cc|cpp|ex|exs)\b|\.(?:js|mjs|ts|php):\d+)`, ".go", ".java", ".kt", ".scala", ".py", ".rb", ".cs", ".rs", ".cc", ".cpp", ".ex", ".js", ".mjs", ".ts", ".php"),
		rule("path of a source file", 1, `\b[A-Za-z]:\\(?:[^\\\s"<>|]+\\)+[^\\\s"<>|]+\.(?:cs|vb|fs|cpp|py|js|ts|java|go|php)\b`, `:\`),
		rule("debug page of a framework", 1, `Werkzeug Debugger|DEBUG = True</code>|Django Version:|Action Controller: Exception caught|Whoops, looks like something went wrong|Symfony\\Component|An unhandled exception occurred while processing the request|customErrors mode=`, "Werkzeug", "DEBUG", "Django", "Action Controller", "Whoops", "Symfony", "unhandled exception", "customErrors"),

		// Secrets.
		rule("private key", 1, `-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----`, "PRIVATE KEY"),
		rule("cloud or forge access key", 1, `\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}`, "AKIA", "ASIA", "gh", "xox"),
		rule("password in a connection string", 1, `\b[a-z][a-z0-9+.-]*://[^/\s:@"'<>]+:[^/\s:@"'<>]+@[\w.-]+|(?i:\b(?:host|server|data source)=[^;\s]+[;\s].*\b(?:password|pwd)=[^;\s"]+)`, "://", "assword=", "pwd=", "PWD="),
	}
}

// addressesOf are the texts by which a declared address could show up: host
// and port and, where the host is a qualified name, the host alone. A port on
// all interfaces is looked for on the loopback.
func addressesOf(hosts []string) []string {
	var all []string
	for _, h := range hosts {
		if u, err := url.Parse(h); err == nil && u.Host != "" {
			h = u.Host
		}
		i := strings.LastIndex(h, ":")
		if i < 0 || strings.HasSuffix(h, "]") {
			i = len(h)
		}
		all = append(all, formsOf(h[:i], h[i:])...)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(a string) bool {
		known := seen[a]
		seen[a] = true
		return known
	})
}

// formsOf are the texts for one address; the port begins with its colon.
func formsOf(host, port string) []string {
	var forms []string
	switch host {
	case "", "0.0.0.0", "[::]":
		if port != "" {
			forms = []string{"127.0.0.1" + port, "localhost" + port, "[::1]" + port}
		}
		return forms
	}
	if port != "" {
		forms = append(forms, host+port)
	}
	if strings.ContainsAny(host, "abcdefghijklmnopqrstuvwxyz") && strings.Contains(host, ".") {
		forms = append(forms, host)
	}
	return forms
}

// holdsWord says whether the text holds the address and not just as a part of
// a longer one.
func holdsWord(text []byte, address string) bool {
	for rest := text; ; {
		i := bytes.Index(rest, []byte(address))
		if i < 0 {
			return false
		}
		before, after := i == 0 || !wordByte(rest[i-1]), i+len(address) == len(rest) || !wordByte(rest[i+len(address)])
		if before && after {
			return true
		}
		rest = rest[i+1:]
	}
}

func wordByte(c byte) bool {
	return c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
