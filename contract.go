package plumbline

import "time"

// A Field is a value that the document declares for the bodies of responses.
type Field struct {
	Status   string `json:"status"`  // as in the document: "200", "4XX"
	Pointer  string `json:"pointer"` // with * for any index of an array and any key of a map
	Required bool   `json:"required,omitempty"`
}

// A Family is a kind of resource with the operations of its life cycle. Those
// that the document does not have are empty.
type Family struct {
	Name    string  `json:"name"`             // the path of the collection: "/orders/{id}/items"
	Parent  string  `json:"parent,omitempty"` // name of the family that it is nested in
	Item    string  `json:"item,omitempty"`   // path of one: "/orders/{id}/items/{item}"
	Param   string  `json:"param,omitempty"`  // path parameter that names one: "item"
	Create  string  `json:"create,omitempty"` // operation IDs
	Read    string  `json:"read,omitempty"`
	Replace string  `json:"replace,omitempty"` // PUT
	Patch   string  `json:"patch,omitempty"`
	Delete  string  `json:"delete,omitempty"`
	List    string  `json:"list,omitempty"`
	Chosen  bool    `json:"chosen,omitempty"`  // the client chooses the identifier: PUT on the item creates it
	ID      string  `json:"id,omitempty"`      // where the answer of Create names the new one; as Bind.Pointer
	Inside  string  `json:"inside,omitempty"`  // JSON pointer into the answer of Read that holds the resource; empty for the whole
	Items   string  `json:"items,omitempty"`   // JSON pointer to the array in the answer of List; "/" never, empty for the whole
	ItemID  string  `json:"item_id,omitempty"` // JSON pointer from one of the items to its identifier
	Paging  *Paging `json:"paging,omitempty"`  // how List is walked; nil when it has no pages
}

// A Flow is a sequence of calls on things of its own: each step may take
// values from the answers of earlier ones. It runs once, in order.
type Flow struct {
	Name   string   `json:"name"` // unique in the phase
	Why    string   `json:"why,omitempty"`
	After  []string `json:"after,omitempty"` // names of flows that have to hold before this one can show anything
	Steps  []Step   `json:"steps"`
	Tries  string   `json:"tries,omitempty"` // ID of the operation with a safe method that the flow tries for changing data (see Altered)
	Source Source   `json:"source"`
}

// A Step is one call of a flow. Its observation is that of a stream called
// FLOW/STEP.
type Step struct {
	Call
	// Must ends the flow unless the answer is 2xx, or, where there are criteria,
	// meets all of them; what comes after is then recorded as ErrorUnbound.
	Must bool `json:"must,omitempty"`
	// Criteria are what the answer has to meet, as the author of the flow says.
	Criteria []Criterion `json:"criteria,omitempty"`
	// Together sends the step at the same time as its neighbours that have it set
	// too; their answers are booked in the order of the plan.
	Together bool `json:"together,omitempty"`
	// Cleanup steps run also when the flow ended before them.
	Cleanup bool `json:"cleanup,omitempty"`
	// Poll repeats the call until its status is among Statuses or, when there
	// are none, until its criteria are met.
	Poll *Poll `json:"poll,omitempty"`
	// Compare holds the answer against what came before.
	Compare []Compare `json:"compare,omitempty"`
	// Pause is how long the flow waits before the call.
	Pause time.Duration `json:"pause,omitempty"`
	// Think is before the call: the load alone waits for it.
	Think
	// Copies of the request, byte for byte, are sent at the same time, so many
	// beside the first. The n-th of all is recorded as "STEP n".
	Copies int `json:"copies,omitempty"`
	// Each makes the step once for every 2xx answer to the copies of an earlier
	// step, all at the same time; what it takes from that step it takes from that
	// answer. The n-th is recorded as "STEP n".
	Each string `json:"each,omitempty"`
	// Walk follows the pages of a list, beginning with this call.
	Walk *Walk `json:"walk,omitempty"`
	// Lose sends the request, byte for byte, once before, as a client does who
	// never gets the answer. That is recorded as "STEP lost".
	Lose *Loss `json:"lose,omitempty"`
}

// A Loss is how the answer to a request is lost to the client.
type Loss struct {
	Like  string  `json:"like"`  // step of the same operation; how long its answer took is the measure of Share
	Share float64 `json:"share"` // after so much of that time the connection is cut; with 1 and more the answer is waited for, and thrown away
}

// A Poll is how long a step waits for what becomes true by and by.
type Poll struct {
	Statuses []int         `json:"statuses,omitempty"`
	Every    time.Duration `json:"every"`
	Within   time.Duration `json:"within"`
	Most     int           `json:"most,omitempty"` // repetitions; zero: as many as there is time for
	When     []Criterion   `json:"when,omitempty"` // that an answer has to meet to be followed by another call
}

// A Criterion is a condition on the answer to a step, as its author wrote it.
type Criterion struct {
	Text string `json:"text"`
	Term Term   `json:"term"`
}

// A Term is an expression: a value, or an operator on terms.
type Term struct {
	Op      string `json:"op,omitempty"` // TermAnd …; empty for a value
	Terms   []Term `json:"terms,omitempty"`
	From    string `json:"from,omitempty"`    // TermAnswer, or "step:NAME"; empty: Value itself
	Pointer string `json:"pointer,omitempty"` // as in Bind, or "status:"
	Value   any    `json:"value,omitempty"`   // also the pattern of TermMatches and the path of TermSelects
}

// TermAnswer is the answer to the step itself.
const TermAnswer = "answer:"

// The operators of a Term. Texts are compared without regard to case, as
// Arazzo 1.0.1 §4.6.11 has it.
const (
	TermAnd     = "and"
	TermOr      = "or"
	TermNot     = "not"
	TermEqual   = "=="
	TermUnequal = "!="
	TermLess    = "<"
	TermMost    = "<="
	TermMore    = ">"
	TermLeast   = ">="
	TermMatches = "matches" // a regular expression of RE2, anywhere in the text
	TermSelects = "selects" // a JSONPath of RFC 9535 selects something
)

// A Compare asks for a comparison of an answer with something earlier in the
// flow. Objects are compared by the members that both have, so that what the
// server adds is no difference.
type Compare struct {
	With   string   `json:"with"`             // "sent:STEP", the request body of a step; "answer:STEP", its answer
	At     string   `json:"at,omitempty"`     // JSON pointer into this answer; empty for the whole
	From   string   `json:"from,omitempty"`   // JSON pointer into the other; empty for the whole
	Strict bool     `json:"strict,omitempty"` // a member that is missing here is a difference
	Ignore []string `json:"ignore,omitempty"` // pointers, with * for any index, that are not compared
	Unlike bool     `json:"unlike,omitempty"` // equality is recorded instead: MarkSame for every member that is equal
}

// A Match is the comparison that a step asked for.
type Match struct {
	With   string `json:"with"`
	Fields int    `json:"fields"`          // values that were compared; zero proves nothing
	Marks  []Mark `json:"marks,omitempty"` // MarkDiffers or MarkSame, at most 16
	Error  string `json:"error,omitempty"` // could not be compared
}

// A Seen counts what the answers of one operation held.
type Seen struct {
	Operation string           `json:"operation"`
	Status    int              `json:"status"`
	Media     string           `json:"media,omitempty"`
	Count     int64            `json:"count"`
	Fields    map[string]int64 `json:"fields,omitempty"` // answers that held the value, by pointer as in Field
}

// A Consumer is one interaction of an existing pact as far as it can be judged
// without the deployment.
type Consumer struct {
	File        string   `json:"file"`
	Pending     bool     `json:"pending,omitempty"` // of a pact that was never verified: its failure does not gate
	Consumer    string   `json:"consumer"`
	Key         string   `json:"key"` // as in PactResult
	Description string   `json:"description"`
	Operation   string   `json:"operation,omitempty"` // that it calls; empty when the document has none
	Status      int      `json:"status,omitempty"`
	Media       string   `json:"media,omitempty"`
	Reads       []string `json:"reads,omitempty"`    // fields of the answer that it reads, as in Field
	Breaches    []Breach `json:"breaches,omitempty"` // incompatibilities with the document
	Warnings    []Breach `json:"warnings,omitempty"`
}

// A Breach is an incompatibility of a pact with the document. Codes are those
// of bi-directional contract testing: "response.body.incompatible" and so on.
type Breach struct {
	Code    string `json:"code"`
	Pointer string `json:"pointer,omitempty"` // into the pact
	Schema  string `json:"schema,omitempty"`  // into the document
	Message string `json:"message"`
}

// A Change is a difference between the released document and the one at hand
// that can break a consumer.
type Change struct {
	ID        string   `json:"id"`    // of oasdiff's rule: "response-property-removed"
	Level     Level    `json:"level"` // LevelProved for a breaking change, LevelLikely for one that may be
	Operation string   `json:"operation,omitempty"`
	Text      string   `json:"text"`
	Field     string   `json:"field,omitempty"`
	Consumers []string `json:"consumers,omitempty"` // that the change touches
	Allowed   string   `json:"allowed,omitempty"`   // reason why it may be, as declared
	Source    Source   `json:"source"`
}

// An Untrue is an example of the document that breaks its own schema.
type Untrue struct {
	Operation string `json:"operation,omitempty"`
	Where     string `json:"where"` // "request body", "response 200", "query/limit"
	Message   string `json:"message"`
	Source    Source `json:"source"`
}

// A Picture is an example that the document gives of a successful response.
type Picture struct {
	Status string   `json:"status"` // as in the document: "200", "2XX"
	Fields []string `json:"fields"` // that it holds, by pointer as in Field
	Body   string   `json:"body"`   // JSON, at most 4 KiB
}

// A Level says how sure a finding is, and with it what it does.
type Level string

// The levels. The empty value means LevelProved.
const (
	LevelProved   Level = "proved"   // breaks the document or a MUST of an RFC, reproduced: gates
	LevelLikely   Level = "likely"   // a heuristic says so: warns
	LevelAdvisory Level = "advisory" // good practice: informs
)
