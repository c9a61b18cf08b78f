package plumbline

// An Operation is one method on one path of the API.
type Operation struct {
	ID       string    `json:"id"` // operationId, or "METHOD /path" when the document has none
	Method   string    `json:"method"`
	Path     string    `json:"path"` // template, as in the document, base path included
	Tags     []string  `json:"tags,omitempty"`
	Secured  bool      `json:"secured,omitempty"`
	Schemes  []Scheme  `json:"schemes,omitempty"`  // security schemes that may apply, each alone
	Roles    []string  `json:"roles,omitempty"`    // any of which a caller needs; empty when nothing is said
	Scopes   []string  `json:"scopes,omitempty"`   // all of which a caller's token needs, as the document says
	Statuses []string  `json:"statuses,omitempty"` // documented: "200", "4XX", "default"
	Cases    []Case    `json:"cases,omitempty"`    // proved valid, the seed request first
	Invalid  []Case    `json:"invalid,omitempty"`  // proved invalid in every legal decoding
	Fields   []Field   `json:"fields,omitempty"`   // documented for the bodies of responses
	Pictures []Picture `json:"pictures,omitempty"` // examples of its successful responses
	Shared   bool      `json:"shared,omitempty"`   // declared: one caller may reach what another has created
	Sealed   []Sealed  `json:"sealed,omitempty"`   // properties that a client must not set
	Lessons  []Lesson  `json:"lessons,omitempty"`  // where values that others answer with may go, the best source of a place first
	Produces []string  `json:"produces,omitempty"` // resource names that a 2xx answer yields an identifier for
	Deletes  string    `json:"deletes,omitempty"`  // operation ID that removes what this one creates
	Key      string    `json:"key,omitempty"`      // header parameter by which a repeated request is known: Idempotency-Key
	Replay   int       `json:"replay,omitempty"`   // declared: status by which a request whose key was used before is refused; zero: it is answered as the first
	Changes  bool      `json:"changes,omitempty"`  // known to change data although its method is safe
	Source   Source    `json:"source"`
}

// Safe reports whether the method is safe in the sense of RFC 9110 §9.2.1, as
// QUERY of OpenAPI 3.2 is, and nothing is known to the contrary.
func (o Operation) Safe() bool {
	if o.Changes {
		return false
	}
	switch o.Method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "QUERY":
		return true
	}
	return false
}

// Creates reports whether a 2xx answer yields the identifier of a new resource.
func (o Operation) Creates() bool { return len(o.Produces) > 0 && !o.Safe() }

// A Sealed is a property of a resource that the document declares readOnly: a
// client that sends it must not set it (OpenAPI 3.0.3, Schema Object; JSON
// Schema Validation 2020-12 §9.4). One that is guessed is called as what no
// client may set – a role, an owner, a balance – and is in answers alone.
type Sealed struct {
	Pointer string `json:"pointer"` // into the body of the request, and of the answer
	Value   any    `json:"value"`   // of its type, and one that no service gives by itself
	Guessed bool   `json:"guessed,omitempty"`
}

// A Scheme is an OpenAPI security scheme as far as a client needs it.
type Scheme struct {
	Name string `json:"name"`
	Type string `json:"type"`         // "http", "apiKey", "oauth2", "openIdConnect", "mutualTLS"
	In   string `json:"in,omitempty"` // "header", "query", "cookie"
	Key  string `json:"key,omitempty"`
	HTTP string `json:"http,omitempty"` // "bearer", "basic"
}

// A Case is one request for an operation together with why it is valid or not.
type Case struct {
	ID        string   `json:"id"` // stable between runs: "createOrder/required", "createOrder/body-quantity-minimum"
	Operation string   `json:"operation"`
	Kind      CaseKind `json:"kind,omitempty"`
	Keyword   string   `json:"keyword,omitempty"`  // what is broken, or stood at the edge of: "minimum", "required", "media-type", "syntax"
	Pointer   string   `json:"pointer,omitempty"`  // where: "body/quantity", "query/limit"
	Schema    string   `json:"schema,omitempty"`   // JSON pointer into the document of the schema that is broken; empty when not known
	Violates  string   `json:"violates,omitempty"` // empty for a valid case; else the breach in words
	Proof     string   `json:"proof,omitempty"`    // how the bytes decode, and the verdict on every decoding
	Origin    string   `json:"origin,omitempty"`   // "example", "default", "generated", "malformed", OriginReleased
	Request   Request  `json:"request"`
	Binds     []Bind   `json:"binds,omitempty"`
	Unique    []Bind   `json:"unique,omitempty"` // places that get a new value in every request: From is FromNew
	Expect    []string `json:"expect,omitempty"` // documented statuses that a right server may answer
}

// OriginReleased is the origin of cases that were made from the released
// document: their answers are held against that, too.
const OriginReleased = "released"

// A CaseKind says what a right server owes to a case.
type CaseKind string

// The kinds of case.
const (
	CaseValid   CaseKind = ""        // proved valid: accepted, as far as its state allows
	CaseInvalid CaseKind = "invalid" // proved invalid in every legal decoding: refused by a 4xx
	CaseRobust  CaseKind = "robust"  // neither is claimed: answered without a server error
)

// KeywordRange is the keyword of cases of kind CaseRobust in which a range ends
// before it begins. It is of no schema.
const KeywordRange = "range"

// A Bind fills one place of a request with a value that only the live
// deployment knows, such as the ID of an order that was created before.
//
// Its Pointer is a JSON pointer into the body of the answer; "header:Location",
// the last path segment of that header; "field:X-Next", the whole value of that
// header; "request:/…", a JSON pointer into the
// body that was sent there; "path:id", "query:id" and "sent:X-Id", a parameter
// of the request that was sent there; or "monitor:" before any of the first two,
// for the last answer of the status monitor that a 202 pointed to.
type Bind struct {
	In      string `json:"in"`               // "path", "query", "header", "body"
	Name    string `json:"name"`             // parameter name, or JSON pointer into the body
	From    string `json:"from"`             // operation ID whose answer holds the value; in a flow also "step:NAME", an earlier step of it; FromNew, FromGiven
	Pointer string `json:"pointer"`          // where: see below
	Why     string `json:"why"`              // provenance: "link", "example", "location", "inferred: path nesting"
	Format  string `json:"format,omitempty"` // text around the value, with {} in its place: "Bearer {}"; empty: the value alone
	After   string `json:"after,omitempty"`  // operation that is called first on the thing: a deletion, before it is restored
	Unlike  bool   `json:"unlike,omitempty"` // of an earlier step: not the value, but one of the same shape that nothing has
	Else    []Bind `json:"else,omitempty"`   // further sources, the best first; the n-th of all places of a request belong together
}

// Sources of a Bind that are no operations.
const (
	// FromNew makes a value that nothing has had before. Pointer says of what
	// kind: "uuid", "text:LEAST-MOST", "integer:LEAST-MOST", "list:[…]".
	FromNew = "new:"
	// FromGiven takes Pointer itself for the value: an example of the document.
	FromGiven = "given:"
)

// A Request is an HTTP request without the credentials and without the host.
// The path may hold {name} for each Bind in the path.
type Request struct {
	Method string              `json:"method"`
	Path   string              `json:"path"`            // escaped; no query
	Query  string              `json:"query,omitempty"` // raw query, without the question mark
	Header map[string][]string `json:"header,omitempty"`
	Body   []byte              `json:"body,omitempty"`
}

// A Response is what came back.
type Response struct {
	Status int                 `json:"status"`
	Header map[string][]string `json:"header,omitempty"`
	Body   []byte              `json:"body,omitempty"`
}
