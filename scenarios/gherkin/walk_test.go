package gherkin

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/plumbline-dev/plumbline"
)

// walked is an experiment with flows that use all that steps have words for.
func walked() plumbline.Experiment {
	create := plumbline.Case{
		ID: "createOrder/required", Operation: "createOrder", Origin: "example", Proof: "body reads as an object of 2: valid", Expect: []string{"201", "2XX"},
		Keyword: "enum", Pointer: "body/product_id", Schema: "/components/schemas/Order", Violates: "nothing",
		Request: plumbline.Request{
			Method: "POST", Path: "/orders", Query: "dry=no&a=%20",
			Header: map[string][]string{"Accept": {"application/json", "*/*"}, "Idempotency-Key": {""}}, Body: []byte(`{"product_id": "p-1", "quantity": 2}`),
		},
		Unique: []plumbline.Bind{{In: "header", Name: "Idempotency-Key", From: plumbline.FromNew, Pointer: "uuid", Why: "flow"}},
	}
	read := plumbline.Case{
		ID: "getOrder/required", Operation: "getOrder", Request: plumbline.Request{Method: "GET", Path: "/orders/{orderId}"},
		Binds: []plumbline.Bind{
			{In: "path", Name: "orderId", From: "step:create", Pointer: "/id", Why: "link", Else: []plumbline.Bind{
				{In: "path", Name: "orderId", From: "listOrders", Pointer: "/items/0/id", Why: "inferred: listed by the collection"},
				{In: "path", Name: "orderId", From: plumbline.FromGiven, Pointer: "o-1", Why: "example"},
			}},
			{In: "header", Name: "If-Match", From: "step:create", Pointer: "field:ETag", Why: "flow", Format: "W/{}"},
			{In: "query", Name: "of", From: "createOrder", Pointer: "header:Location", Why: "", After: "deleteOrder"},
			{In: "body", Name: "/key", From: "step:create", Pointer: "sent:Idempotency-Key", Why: "flow"},
			{In: "path", Name: "of", From: "step:create", Pointer: "path:of", Why: "flow"},
			{In: "body", Name: "/new", From: plumbline.FromNew, Pointer: "text:1-80", Why: "flow"},
		},
	}
	again := create
	again.Kind = plumbline.CaseRobust
	raw := plumbline.Case{Operation: "createOrder", Request: plumbline.Request{Method: "POST", Path: "/orders", Body: []byte{0, 0xff, '\n', '\n', 'a'}}}
	same := plumbline.Term{Op: plumbline.TermEqual, Terms: []plumbline.Term{{From: plumbline.TermAnswer, Pointer: "/stock"}, {From: "step:create", Pointer: "/sto\"ck"}}}
	fine := plumbline.Term{Op: plumbline.TermLess, Terms: []plumbline.Term{{From: "step:create", Pointer: "status:"}, {Value: 300.0}}}
	put := plumbline.Term{Op: plumbline.TermAnd, Terms: []plumbline.Term{{From: plumbline.TermAnswer, Pointer: "status:"}, {Value: "a (b) or c"}, {Op: plumbline.TermOr, Terms: []plumbline.Term{same, fine}}}}
	steps := []plumbline.Step{
		{Call: plumbline.Call{Name: "list", Operation: "listOrders", Case: "listOrders/all"}, Walk: &plumbline.Walk{Items: "/items", ItemID: "/id", ID: "/id", Most: 20, Paging: plumbline.Paging{Style: "cursor", Param: "cursor", Why: "declared"}}},
		{Call: plumbline.Call{Name: "create", Operation: "createOrder", Own: &create}, Must: true},
		{Call: plumbline.Call{Name: "again", Operation: "createOrder", Own: &again, Identity: "bob", Auth: plumbline.AuthNone, Trace: plumbline.TraceZero}, Compare: []plumbline.Compare{{With: "answer:create"}}, Lose: &plumbline.Loss{Like: "create", Share: 0.2}},
		{
			Call: plumbline.Call{Name: "read", Operation: "getOrder", Own: &read}, Pause: 5 * time.Second, Copies: 3, Together: true, Cleanup: true,
			Compare: []plumbline.Compare{{With: "sent:create", At: "/order", Strict: true}, {With: "answer:again"}},
		},
		{Call: plumbline.Call{Name: "raw", Operation: "createOrder", Own: &raw}, Each: "read", Poll: &plumbline.Poll{Every: time.Second, Within: time.Minute, Statuses: []int{200, 404}}},
		{Call: plumbline.Call{Name: "left", Operation: "getStock"}, Criteria: []plumbline.Criterion{{Text: "as much is left", Term: same}, {Text: "or not", Term: put}}, Poll: &plumbline.Poll{Every: time.Second, Within: time.Minute, When: []plumbline.Criterion{{Text: "later", Term: fine}}}},
		{Call: plumbline.Call{Name: "list again", Operation: "listOrders"}, Walk: &plumbline.Walk{Since: "list", Like: "create"}},
	}
	return plumbline.Experiment{
		ID: "data/orders", Title: "orders are made", Kind: plumbline.KindScenario, Claims: []string{"data/read-your-writes/orders"},
		Phases: []plumbline.Phase{{
			Name: "rounds", Role: plumbline.RoleProbe, Faults: []plumbline.Fault{{Dependency: "inventory", Kind: plumbline.FaultDelay, Latency: time.Second, Scope: plumbline.ScopeRun}},
			Flows: []plumbline.Flow{{Name: "orders", Why: "an order is made", Steps: steps}, {Name: "none"}},
		}},
	}
}

func rendered(t *testing.T, x plumbline.Experiment) string {
	t.Helper()
	var out bytes.Buffer
	if err := Render(&out, Feature{Name: "f", Experiments: []plumbline.Experiment{x}}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestFlowsReadBack(t *testing.T) {
	t.Parallel()
	want := walked()
	text := rendered(t, want)
	got, err := Parse("f.feature", strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if d := cmp.Diff(want, got[0].Experiment, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("read back (-want +got):\n%s\n%s", d, text)
	}
	for _, line := range []string{
		`step "again" requests "createOrder", like "create", as "bob", with credentials "none", with trace context "zero-trace", which may be refused`,
		`5s later, step "read" requests "getOrder", case "getOrder/required", 4 times at once, together with its neighbours, even when the flow has ended`,
		`its path parameter "orderId" is "/id" of the answer to "create", known by "link"`,
		`failing that, its path parameter "orderId" is "/items/0/id" of an answer of "listOrders", known by "inferred: listed by the collection"`,
		`its header "If-Match" is the header "ETag" of the answer to "create", written "W/{}"`,
		`its body member "/key" is "sent:Idempotency-Key" of what "create" sent`,
		`its path parameter "of" is what "create" sent there`,
		`its answer has to show that "or not": the status and "a (b) or c" and ((the "/stock" == the "/sto\"ck" of "create") or (the status of "create" < 300))`,
	} {
		if !strings.Contains(text, "And "+line+"\n") {
			t.Errorf("%s\nis not in\n%s", line, text)
		}
	}
}

// What has no word is refused, not left out.
func TestRenderRefusesStepsThatItCannotSay(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*plumbline.Flow){
		"flow that waits for others": func(f *plumbline.Flow) { f.After = []string{"x"} },
		"invalid case":               func(f *plumbline.Flow) { f.Steps[1].Own.Kind = plumbline.CaseInvalid },
		"think time":                 func(f *plumbline.Flow) { f.Steps[0].Think = plumbline.Think{Least: time.Second} },
		"repetitions":                func(f *plumbline.Flow) { f.Steps[4].Poll.Most = 3 },
		"other members are compared": func(f *plumbline.Flow) { f.Steps[3].Compare[0].Ignore = []string{"/x"} },
		"walk there and back":        func(f *plumbline.Flow) { f.Steps[0].Walk.Back = true },
		"operator":                   func(f *plumbline.Flow) { f.Steps[5].Criteria[0].Term.Op = plumbline.TermNot },
		"place of another kind":      func(f *plumbline.Flow) { f.Steps[3].Own.Binds[0].In = "cookie" },
		"later step":                 func(f *plumbline.Flow) { f.Steps[3].Own.Binds[0].From = "step:left" },
	} {
		x := walked()
		change(&x.Phases[0].Flows[0])
		if err := Render(&bytes.Buffer{}, Feature{Name: "f", Experiments: []plumbline.Experiment{x}}); err == nil {
			t.Errorf("%s was rendered without a word", name)
		}
	}
}

func TestMistakesInFlowsAreTold(t *testing.T) {
	t.Parallel()
	const phase = "Feature: f\n  Scenario: s\n    When the probe phase \"p\"\n"
	const head = phase + "    And flow \"f\" is walked\n    And step \"first\" requests \"createOrder\"\n"
	for name, c := range map[string]struct {
		text, message string
		line          int
	}{
		"step without a flow":      {phase + "    And step \"a\" requests \"o\"\n", "which flow of phase", 4},
		"request without a step":   {phase + "    And flow \"f\" is walked\n    And it sends:\n      \"\"\"\n      GET /\n      \"\"\"\n", "which step of flow", 5},
		"flow without a phase":     {"Feature: f\n  Scenario: s\n    And flow \"f\" is walked\n", "which phase", 3},
		"two flows of a name":      {head + "    And flow \"f\" is walked\n", "twice", 6},
		"two steps of a name":      {head + "    And step \"first\" requests \"getOrder\"\n", "twice", 6},
		"like nobody":              {head + "    And step \"b\" requests \"createOrder\", like \"frist\"\n", `no earlier step is called "frist"`, 6},
		"like another operation":   {head + "    And step \"b\" requests \"getOrder\", like \"first\"\n", `requests "createOrder"`, 6},
		"for each of nobody":       {head + "    And step \"b\" requests \"createOrder\", once for each answer to \"x\"\n", "no earlier step", 6},
		"value of nobody":          {head + "    And its header \"a\" is \"/id\" of the answer to \"x\"\n", "no earlier step", 6},
		"failing nothing":          {head + "    And failing that, its header \"a\" is \"/id\" of an answer of \"x\"\n", "what it is that may fail", 6},
		"no request":               {head + "    And it sends:\n", "needs a text", 6},
		"no method":                {head + "    And it sends:\n      \"\"\"\n      orders\n      \"\"\"\n", "no method with a path", 6},
		"no header":                {head + "    And it sends:\n      \"\"\"\n      GET /\n      a\n      \"\"\"\n", "no header", 6},
		"no JSON":                  {head + "    And it sends:\n      \"\"\"json\n      {\"verb\": 1}\n      \"\"\"\n", "unknown field", 6},
		"while, of once":           {head + "    And it is repeated only while \"x\": the status == 429\n", "how often", 6},
		"criterion of nobody":      {head + "    And its answer has to show that \"x\": the status of \"y\" < 300\n", `no earlier step is called "y"`, 6},
		"criterion without an end": {head + "    And its answer has to show that \"x\": (the status < 300\n", "not closed", 6},
		"criterion with more":      {head + "    And its answer has to show that \"x\": the status < 300 of them\n", "not understood", 6},
		"criterion of two minds":   {head + "    And its answer has to show that \"x\": the status == 1 and 2 or 3\n", "parentheses", 6},
		"criterion without values": {head + "    And its answer has to show that \"x\": stock == 3\n", "no value", 6},
		"pointer without quotes":   {head + "    And its answer has to show that \"x\": the stock == 3\n", "in quotes", 6},
	} {
		_, err := Parse("x.feature", strings.NewReader(c.text))
		var e *Error
		if !errors.As(err, &e) || e.Line != c.line || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s: got %v, want line %d, %q", name, err, c.line, c.message)
		}
	}
}

// FuzzFlows checks Parse(Render(x)) == x over random flows.
func FuzzFlows(f *testing.F) {
	f.Add(uint64(1), "a")
	f.Add(uint64(7), "quo\"te \\ | # @ <x>\n\n \"\"\" \\\"\\\"\\\"")
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		x := walked()
		x.Phases[0].Flows = []plumbline.Flow{randomFlow(rand.New(rand.NewPCG(seed, 3)), strings.ToValidUTF8(text, ""))}
		rendered(t, x)
	})
}

func randomFlow(r *rand.Rand, text string) plumbline.Flow {
	f := plumbline.Flow{Name: text, Why: text}
	for i := range 2 + r.IntN(4) {
		name := string(rune('a'+i)) + text
		s := plumbline.Step{Call: plumbline.Call{Name: name, Operation: text, Identity: text, Case: text}}
		s.Must, s.Cleanup, s.Together = r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0
		s.Pause, s.Copies = time.Duration(r.IntN(3))*time.Millisecond, r.IntN(3)
		if r.IntN(3) > 0 {
			s.Case, s.Own = "", randomCase(r, text)
		}
		if i > 0 {
			earlier := string(rune('a'+r.IntN(i))) + text
			s.Compare = []plumbline.Compare{{With: "sent:" + earlier, At: text, Strict: r.IntN(2) == 0}}
			s.Criteria = []plumbline.Criterion{{Text: text, Term: randomTerm(r, text, "step:"+earlier, 2)}}
			s.Walk = &plumbline.Walk{Items: text, ItemID: text, ID: text, Since: earlier, Most: r.IntN(2), Paging: plumbline.Paging{Style: text, Max: r.IntN(2)}}
			if s.Own != nil {
				s.Own.Binds = []plumbline.Bind{{In: "path", Name: text, From: "step:" + earlier, Pointer: []string{"/id", "field:", "sent:"}[r.IntN(3)] + text, Why: text, Format: text}}
			}
		}
		f.Steps = append(f.Steps, s)
	}
	return f
}

func randomCase(r *rand.Rand, text string) *plumbline.Case {
	c := plumbline.Case{ID: text, Operation: text, Origin: text, Proof: text, Pointer: text, Expect: []string{text}, Request: plumbline.Request{Method: "GET", Path: "/" + text, Query: text}}
	c.Kind = []plumbline.CaseKind{plumbline.CaseValid, plumbline.CaseRobust}[r.IntN(2)]
	if r.IntN(2) == 0 {
		c.Request.Header = map[string][]string{text + "h": {text, ""}}
	}
	if r.IntN(2) == 0 {
		c.Request.Body = []byte(strings.Repeat(text+"\n ", r.IntN(3)) + text)
	}
	return &c
}

func randomTerm(r *rand.Rand, text, from string, deep int) plumbline.Term {
	if n := r.IntN(4); deep == 0 || n == 0 {
		return []plumbline.Term{{From: plumbline.TermAnswer, Pointer: text}, {From: from, Pointer: "status:"}, {Value: text}, {Value: r.Float64()}, {Value: true}}[r.IntN(5)]
	}
	t := plumbline.Term{Op: []string{"and", "or", "==", "!=", "<", "<=", ">", ">="}[r.IntN(8)], Terms: []plumbline.Term{randomTerm(r, text, from, deep-1), randomTerm(r, text, from, deep-1)}}
	if (t.Op == "and" || t.Op == "or") && r.IntN(2) == 0 {
		t.Terms = append(t.Terms, randomTerm(r, text, from, deep-1))
	}
	return t
}

// A step says what of its request is not that of the design.
func TestStepsAreCompleted(t *testing.T) {
	t.Parallel()
	create := plumbline.Case{
		ID: "createOrder/required", Operation: "createOrder", Proof: "valid",
		Request: plumbline.Request{Method: "POST", Path: "/orders", Header: map[string][]string{"Accept": {"*/*"}, "idempotency-key": {"k"}}, Body: []byte(`{}`)},
		Unique:  []plumbline.Bind{{In: "body", Name: "/note", From: plumbline.FromNew, Pointer: "text:1-8", Why: "tells apart"}},
	}
	full := create
	full.ID, full.Request.Body = "createOrder/full", []byte(`{"a":1}`)
	read := plumbline.Case{
		ID: "getOrder/required", Operation: "getOrder", Request: plumbline.Request{Method: "GET", Path: "/shops/s-1/orders/o-1", Query: "a=1&b=2"},
		Binds: []plumbline.Bind{{In: "path", Name: "shopId", From: "createShop", Pointer: "/id", Why: "link"}, {In: "query", Name: "b", From: "createOrder", Pointer: "/b", Why: "link"}},
	}
	d := plumbline.Design{Identities: []plumbline.Identity{{Name: "bob"}}, Operations: []plumbline.Operation{
		{ID: "createOrder", Method: "POST", Path: "/orders", Cases: []plumbline.Case{create, full}},
		{ID: "getOrder", Method: "GET", Path: "/shops/{shopId}/orders/{orderId}", Cases: []plumbline.Case{read}},
		{ID: "listOrders"},
	}}
	const head = "Feature: f\n  Scenario: s\n    When the probe phase \"p\"\n    And flow \"f\" is walked\n"
	completed := func(steps ...string) (plumbline.Experiment, error) {
		got, err := Parse("x.feature", strings.NewReader(head+"    And "+strings.Join(steps, "\n    And ")+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		return got[0].Experiment, Complete(d, got[0].Experiment)
	}
	x, err := completed(`step "seed" requests "createOrder"`, `step "full" requests "createOrder", case "createOrder/full", as "bob", which may be refused`,
		`its header "Idempotency-Key" is a new "uuid"`, `step "read" requests "getOrder"`,
		`its path parameter "orderId" is "/id" of the answer to "full"`, `its query parameter "b" is "/b" of the answer to "full"`,
		"step \"mine\" requests \"getOrder\"\n    And it sends:\n      \"\"\"\n      GET /x\n      \"\"\"")
	if err != nil {
		t.Fatal(err)
	}
	wantFull := full
	wantFull.Kind, wantFull.Request.Header = plumbline.CaseRobust, map[string][]string{"Accept": {"*/*"}}
	wantFull.Unique = append(wantFull.Unique[:1:1], plumbline.Bind{In: "header", Name: "Idempotency-Key", From: plumbline.FromNew, Pointer: "uuid", Why: "flow"})
	wantRead := read
	wantRead.Request.Path, wantRead.Request.Query = "/shops/s-1/orders/{orderId}", "a=1"
	wantRead.Binds = []plumbline.Bind{read.Binds[0], {In: "path", Name: "orderId", From: "step:full", Pointer: "/id", Why: "flow"}, {In: "query", Name: "b", From: "step:full", Pointer: "/b", Why: "flow"}}
	want := []*plumbline.Case{nil, &wantFull, &wantRead, {ID: "f/mine", Operation: "getOrder", Request: plumbline.Request{Method: "GET", Path: "/x"}}}
	for i, s := range x.Phases[0].Flows[0].Steps {
		if d := cmp.Diff(want[i], s.Own, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("step %q (-want +got):\n%s", s.Name, d)
		}
	}
	if len(create.Request.Header) != 2 {
		t.Errorf("the design was changed: %v", create.Request.Header)
	}
	rendered(t, x)
	for step, says := range map[string]string{
		`step "a" requests "createOder"`:                                  `no operation is called "createOder"`,
		`step "a" requests "createOrder", case "x"`:                       `"createOrder" has no case "x"`,
		`step "a" requests "createOrder", case "x", which may be refused`: `"createOrder" has no case "x"`,
		`step "a" requests "createOrder", as "eve"`:                       `no identity is called "eve"`,
		`step "a" requests "listOrders"`:                                  `nothing is known that "listOrders" could be sent`,
	} {
		if _, err := completed(step); err == nil || !strings.Contains(err.Error(), `flow "f", step "a": `+says) {
			t.Errorf("%s: got %v, want %s", step, err, says)
		}
	}
}
