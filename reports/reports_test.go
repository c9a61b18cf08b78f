package reports

import (
	"bytes"
	"encoding/json"
	"html"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	invopop "github.com/invopop/jsonschema"
	"github.com/joshdk/go-junit"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/plumbline-dev/plumbline"
)

// samples are three reports that every format is shown with.
func samples() map[string]plumbline.Report {
	base := plumbline.Report{
		Schema: plumbline.ReportSchema, Service: "shop", Target: "http://127.0.0.1:8080", Seed: 7, Seconds: 182.4,
		Document: plumbline.Document{File: "openapi.yaml", Title: "Shop", Version: "1.2.0", OpenAPI: "3.1.0"},
		Run:      plumbline.Run{ID: "a1b2c3d4e5f6", Began: time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC), Tool: "0.1.0", Seed: 7, Ended: true},
		Coverage: plumbline.Coverage{
			Functions: []plumbline.FunctionCoverage{
				{Function: "load/slo-at-target", Outcome: plumbline.Pass, Claims: 1},
				{Function: "resilience/retry-jitter", Outcome: plumbline.Skipped, Reason: "not declared", Unlock: "dependencies[].retry"},
			},
			Operations: []plumbline.OperationCoverage{{Operation: "createOrder", Statuses: map[string]int{"201": 20, "503": 3}}},
			Judged:     2, Skipped: 1, Exercised: 8, Declared: 9,
		},
		Requests:  plumbline.Requests{Sent: 9412, OnWires: 12034, Faulted: 811, Created: 300},
		Quantiles: []plumbline.Quantile{{Operation: "createOrder", Q: 0.99, Value: 12.4, Low: 11.9, High: 14.2, Samples: 3000}, {Operation: "getOrder", Q: 0.99, Value: 3, Low: 2, Samples: 100}},
		Health:    []plumbline.Health{{Experiment: "load/target", Phase: "steady", Planned: 3000, Sent: 3000, Lag99: 3 * time.Millisecond, CPU: 0.4}},
		Wires:     []plumbline.WireUse{{Dependency: "payment", Operation: "createOrder", Calls: 1, Needed: "critical", Declared: plumbline.ClassCritical}, {Dependency: "recs", Operation: "getProduct", Calls: 1, Needed: "optional"}},
		Matrix:    []plumbline.Cell{{Operation: "createOrder", Dependency: "payment", Fault: "hang", Outcome: plumbline.CellClean, Statuses: "504 ×3", Slowest: 1004}},
		Timeline: []plumbline.Timeline{{
			Experiment: "outage/payment", Title: "payment fails", Phases: []plumbline.PhaseMark{
				{Phase: "baseline", Role: plumbline.RoleBaseline, Ended: 5 * time.Second},
				{Phase: "down", Role: plumbline.RoleFault, Began: 5 * time.Second, Ended: 15 * time.Second},
				{Phase: "recovery", Role: plumbline.RoleRecovery, Began: 15 * time.Second, Ended: 20 * time.Second},
			},
			Points: []plumbline.Point{{Second: 0, Count: 20, P50: 3, P99: 9}, {Second: 6, Count: 20, Bad: 20, P50: 1, P99: 700}, {Second: 16, Count: 20, P50: 3, P99: 8}},
		}},
		Findings: []plumbline.Finding{kept(), {Function: "harness/wire-is-live", Claim: "harness/wire-is-live/payment", Title: "The wire carries traffic", Statement: "calls are seen", Outcome: plumbline.Pass, Reason: "12 calls seen", Evidence: []plumbline.Exhibit{}}},
	}
	fit, unfit, unproven := base, base, base
	unfit.Capacity = carried()
	unfit.Flows = []plumbline.FlowUse{lived()}
	fit.Outcome, fit.Sentence = plumbline.Fit, "fit: 1 of 1 claims kept"
	unfit.Outcome, unfit.ExitCode, unfit.Sentence = plumbline.Unfit, plumbline.ExitUnfit, "unfit: 1 of 2 claims broken; first: the breaker to payment never opens"
	unfit.Findings = append([]plumbline.Finding{broken()}, base.Findings...)
	unproven.Outcome, unproven.ExitCode, unproven.Sentence = plumbline.NotProven, plumbline.ExitNotProven, "not proven: 1 of 2 claims could not be judged"
	unproven.Incomplete, unproven.NotRestored = true, []string{"wire payment still holds fault x"}
	unproven.Findings = append([]plumbline.Finding{unclear()}, base.Findings...)
	return map[string]plumbline.Report{"fit": fit, "unfit": unfit, "unproven": unproven}
}

// carried is the answer of a search for capacity.
func carried() *plumbline.Capacity {
	step := func(rate, goodput, p99 float64, verdict, why string) plumbline.CapacityStep {
		return plumbline.CapacityStep{Kind: "step", Rate: rate, Offered: rate, Goodput: goodput, Verdict: verdict, Why: why, Objective: "fast", Operation: "createOrder", Seconds: 10, Requests: int64(10 * rate), P50: 4, P99: p99}
	}
	return &plumbline.Capacity{
		Outcome: plumbline.Pass, Sentence: "between 195 requests a second, which keep every objective, and 203, which break fast (most at createOrder); 1.63 times the promised peak of 120",
		Kept: 195, Broken: 203, Objective: "fast", Operation: "createOrder", Peak: 120, Headroom: 1.625,
		Steps:   []plumbline.CapacityStep{step(100, 100, 45, plumbline.StepKept, ""), step(203, 170, 500, plumbline.StepBroken, "fast: 320 of 2030 requests were bad, 1 % may be")},
		Scaling: &plumbline.Scaling{Gamma: 25, Alpha: 0.02, AlphaLow: 0.01, AlphaHigh: 0.03, Beta: 0.0004, BetaLow: 0.0001, BetaHigh: 0.0009, Most: 210, MostLow: 201, MostHigh: 230, Within: 49, Error: 0.02, Levels: 7},
	}
}

func kept() plumbline.Finding {
	return plumbline.Finding{
		Function: "load/slo-at-target", Claim: "load/slo-at-target/orders", Title: "The SLO holds at the declared rate", Statement: "99% of createOrder within 400ms",
		Outcome: plumbline.Pass, Reason: "2 of 3000 late", Measured: 0.0007, Allowed: 0.01, Unit: "ratio", Samples: 3000, Gates: true, Evidence: []plumbline.Exhibit{},
	}
}

func broken() plumbline.Finding {
	return plumbline.Finding{
		Function: "resilience/breaker-opens", Claim: "resilience/breaker-opens/payment", Title: "The breaker stops hammering a failing dependency",
		Statement: "after 20 failures calls to payment stop", Basis: plumbline.BasisDeclared, Source: plumbline.Source{File: "plumbline.yaml", Line: 21}, Dependency: "payment",
		Outcome: plumbline.Fail, Reason: "1.0 calls for each request in the tail <script>alert(1)</script> | `x`", Measured: 1, Allowed: 0.1, Unit: "calls/request", Samples: 240, Gates: true,
		Remedy: "evaluate the failure counter", Standard: "Nygard, Release It!", Replay: "plumbline run --only resilience/breaker-opens --seed 7",
		Evidence: []plumbline.Exhibit{{
			Summary: "240 requests, 240 calls", Trace: "a1b2c3d4e5f600010001000000000001",
			Request:   &plumbline.Transcript{Method: "POST", URL: "http://127.0.0.1:8080/orders", Curl: `curl -X POST 'http://127.0.0.1:8080/orders' -H "Authorization: Bearer $PLUMBLINE_TOKEN_ALICE"`, ResponseBody: `{"title":"<b>"}`},
			Exchanges: []plumbline.Exchange{{Wire: "payment", Method: "POST", Path: "/charge", Attempt: 1, Began: time.Second, Status: 503, FaultKind: plumbline.FaultStatus}},
		}},
	}
}

func unclear() plumbline.Finding {
	return plumbline.Finding{
		Function: "resilience/retry-jitter", Claim: "resilience/retry-jitter/payment", Title: "Retries are not synchronised", Statement: "gaps differ", Gates: true,
		Outcome: plumbline.Inconclusive, Code: plumbline.ReasonTooFewSamples, Reason: "too-few-samples: 9 gaps, 30 are needed", Evidence: []plumbline.Exhibit{},
	}
}

// lived is a flow of the load of which some ended before their last step.
func lived() plumbline.FlowUse {
	step := func(name, operation string, reached int64) plumbline.FlowStep {
		return plumbline.FlowStep{Step: name, Operation: operation, Reached: reached, Quantiles: []plumbline.Quantile{
			{Operation: operation, Q: 0.5, Value: 4, Low: 3.9, High: 4.2, Samples: reached}, {Operation: operation, Q: 0.99, Value: 9, Low: 8.1, Samples: reached},
		}}
	}
	return plumbline.FlowUse{
		Flow: "flow:order-life", Hits: 1012, Whole: 1000, Ended: map[string]int64{"ended": 6, "5xx": 3, "unbound": 1, "canceled": 1, "reset": 1},
		Why:   []string{"read: it was answered 404", "create: reset"},
		Steps: []plumbline.FlowStep{step("create", "createOrder", 1011), step("read", "getOrder", 1007), {Step: "remove", Operation: "deleteOrder"}},
	}
}

// golden compares with a file of testdata; UPDATE=1 rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil { //nolint:gosec // a golden file
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got; UPDATE=1 rewrites):\n%s", path, d)
	}
}

// runs are the reports of three real runs of the sample system, shortened: the
// right one, one with three defects, and one that was killed half way.
func runs(t *testing.T) map[string]plumbline.Report {
	t.Helper()
	out := map[string]plumbline.Report{}
	for _, name := range []string{"fit", "unfit", "not-proven"} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Read(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = r
	}
	return out
}

func TestEveryFormatOfEveryRun(t *testing.T) {
	t.Parallel()
	for name, r := range runs(t) {
		for _, format := range Names() {
			f, _ := Lookup(format)
			var out bytes.Buffer
			if err := f(&out, r); err != nil {
				t.Fatalf("%s %s: %v", name, format, err)
			}
			golden(t, name+"."+format, bare(out.Bytes()))
		}
	}
}

// bare takes style sheet, scripts and their hashes out of a page: they have
// files of their own.
func bare(page []byte) []byte {
	page = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>`).ReplaceAll(page, nil)
	return regexp.MustCompile(`sha256-([A-Za-z0-9+/=]|&#43;)+`).ReplaceAll(page, []byte("sha256-…"))
}

func TestJSONMatchesItsPublishedSchema(t *testing.T) {
	t.Parallel()
	reflector := invopop.Reflector{Anonymous: true}
	s := reflector.Reflect(&plumbline.Report{})
	s.ID, s.Title = "https://plumbline.dev/schema/report-1.json", "The report of a Plumbline run"
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("report.schema.json", append(text, '\n'), 0o644); err != nil { //nolint:gosec // published
			t.Fatal(err)
		}
	} else if d := cmp.Diff(strings.TrimSpace(Schema()), string(text)); d != "" {
		t.Errorf("the published schema is not that of the types (UPDATE=1 rewrites):\n%s", d)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range samples() {
		var out bytes.Buffer
		if err := JSON(&out, r); err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		back, err := Read(&out)
		if err != nil || !reflect.DeepEqual(back, r) {
			t.Errorf("%s does not read back: %v\n%s", name, err, cmp.Diff(r, back))
		}
	}
}

func TestJUnitIsUnderstoodByAReader(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := JUnit(&out, samples()["unfit"]); err != nil {
		t.Fatal(err)
	}
	suites, err := junit.Ingest(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	failed, total := 0, 0
	for _, s := range suites {
		failed, total = failed+s.Totals.Failed, total+s.Totals.Tests
	}
	if failed != 1 || total != 3 {
		t.Errorf("a reader counts %d failed of %d", failed, total)
	}
}

func TestHTMLNeedsNothingAndTrustsNothing(t *testing.T) {
	t.Parallel()
	for name, r := range merged(samples(), runs(t)) {
		var out bytes.Buffer
		if err := HTML(&out, r); err != nil {
			t.Fatal(err)
		}
		page := html.UnescapeString(out.String())
		if n := strings.Count(out.String(), "<script"); n != 2 {
			t.Errorf("%s: %d scripts, want uPlot and ours", name, n)
		}
		for _, bad := range []string{"http-equiv=\"refresh\"", "src=\"", "@import", "ZgotmplZ", " style=\"", " onclick", "<link", "unsafe-inline"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: the page holds %q", name, bad)
			}
		}
		for _, want := range []string{"default-src 'none'", "<svg", "How far to trust this", "Contract coverage"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q", name, want)
			}
		}
		if len(page) > 1<<20 {
			t.Errorf("%s: the page has %d bytes", name, len(page))
		}
	}
}

func merged(a, b map[string]plumbline.Report) map[string]plumbline.Report {
	out := maps.Clone(b)
	for name, r := range a {
		out["sample "+name] = r
	}
	return out
}

// TestHTMLHashesWhatItHolds recomputes the hashes of the policy from the page:
// a browser does the same, and blocks what differs.
func TestHTMLHashesWhatItHolds(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := HTML(&out, samples()["fit"]); err != nil {
		t.Fatal(err)
	}
	policy, _, _ := strings.Cut(out.String(), "<style>")
	policy = html.UnescapeString(policy)
	for _, m := range regexp.MustCompile(`(?s)<(?:style|script)>(.*?)</(?:style|script)>`).FindAllStringSubmatch(out.String(), -1) {
		if !strings.Contains(policy, hash(m[1])) {
			t.Errorf("the policy lacks %s", hash(m[1]))
		}
	}
}

func TestMarkdownStaysBelowTheLimit(t *testing.T) {
	t.Parallel()
	r := samples()["unfit"]
	for range 5000 {
		f := broken()
		f.Reason = strings.Repeat("long ", 60)
		r.Findings = append(r.Findings, f)
	}
	var out bytes.Buffer
	if err := Markdown(&out, r); err != nil {
		t.Fatal(err)
	}
	if out.Len() > markdownLimit || !strings.Contains(out.String(), "did not fit") {
		t.Errorf("%d bytes, limit %d", out.Len(), markdownLimit)
	}
}

func TestTerminalFoldsToTheWidth(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := (Terminal{Width: 60}).Write(&out, samples()["unproven"]); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "NOT PROVEN") && !strings.Contains(out.String(), "NOT-PROVEN") {
		t.Error("the verdict is not said")
	}
	var coloured bytes.Buffer
	if err := (Terminal{Colour: true}).Write(&coloured, samples()["unfit"]); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(coloured.String(), "\x1b[") || strings.Contains(out.String(), "\x1b[") {
		t.Error("colour only when asked")
	}
}
