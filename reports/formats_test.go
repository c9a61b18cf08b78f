package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/prometheus/common/expfmt"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports/readers"
)

func written(t *testing.T, format string, r plumbline.Report) []byte {
	t.Helper()
	f, ok := Lookup(format)
	if !ok {
		t.Fatalf("no format %s", format)
	}
	var out bytes.Buffer
	if err := f(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSARIFIsValid(t *testing.T) {
	t.Parallel()
	for name, r := range runs(t) {
		log, err := sarif.FromBytes(written(t, "sarif", r))
		if err != nil {
			t.Fatal(err)
		}
		if err := log.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, x := range log.Runs[0].Results {
			if x.Locations[0].PhysicalLocation.Region.StartLine == nil {
				t.Errorf("%s: %v has no line", name, x.Message)
			}
		}
		if want := map[string]int{"fit": 0, "unfit": 4, "not-proven": 0}[name]; len(log.Runs[0].Results) != want {
			t.Errorf("%s: %d results, want %d: one pact has no line", name, len(log.Runs[0].Results), want)
		}
	}
}

func TestSARIFSuppressesWhatIsWaived(t *testing.T) {
	t.Parallel()
	r := runs(t)["unfit"]
	for i := range r.Findings {
		if r.Findings[i].Claim == "resilience/breaker-opens/payment" {
			r.Findings[i].Outcome = plumbline.Waived
		}
	}
	log, err := sarif.FromBytes(written(t, "sarif", r))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(log.Runs[0].Results, func(x *sarif.Result) bool { return len(x.Suppressions) == 1 })
	if i < 0 || !strings.HasPrefix(*log.Runs[0].Results[i].Message.Text, "resilience/breaker-opens/payment") {
		t.Error("the waived finding is not suppressed")
	}
}

// valid checks a document against a published schema of testdata/schemas; a
// bundle of schemas is told apart by their names.
func valid(t *testing.T, file, root string, doc []byte) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "schemas", file))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]json.RawMessage{root: data}
	if root != file {
		if err := json.Unmarshal(data, &parts); err != nil {
			t.Fatal(err)
		}
	}
	c := jsonschema.NewCompiler()
	for name, part := range parts {
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		if object, ok := schema.(map[string]any); ok {
			delete(object, "$id") // a name, not an address
		}
		if err := c.AddResource("https://schemas.test/"+name, schema); err != nil {
			t.Fatal(err)
		}
	}
	compiled, err := c.Compile("https://schemas.test/" + root)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Error(err)
	}
}

func TestCTRFIsValid(t *testing.T) {
	t.Parallel()
	for _, r := range runs(t) {
		valid(t, "ctrf.json", "ctrf.json", written(t, "ctrf", r))
	}
}

func TestHARIsValid(t *testing.T) {
	t.Parallel()
	for _, r := range runs(t) {
		valid(t, "har-1.2.json", "har.json", written(t, "har", r))
	}
}

func TestOpenMetricsIsReadByPrometheus(t *testing.T) {
	t.Parallel()
	for name, r := range merged(runs(t), map[string]plumbline.Report{"hostile": hostile(t)}) {
		text := written(t, "openmetrics", r)
		var p expfmt.TextParser
		families, err := p.TextToMetricFamilies(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := len(families["plumbline_run_outcome"].GetMetric()); n != 3 {
			t.Errorf("%s: %d outcomes", name, n)
		}
		if !bytes.HasSuffix(text, []byte("\n# EOF\n")) {
			t.Errorf("%s does not end as OpenMetrics does", name)
		}
	}
}

func TestGitHubShowsTenOfAKind(t *testing.T) {
	t.Parallel()
	r := plumbline.Report{Service: "shop", Sentence: "unfit: 100%\nbroken"}
	for range 27 {
		r.Findings = append(r.Findings, broken())
	}
	lines := strings.Split(strings.TrimSpace(string(written(t, "github", r))), "\n")
	if len(lines) != 11 || !strings.Contains(lines[10], "18 more findings") {
		t.Errorf("%d lines, the last is %s", len(lines), lines[len(lines)-1])
	}
	if lines[0] != "::notice title=Plumbline%3A shop::unfit: 100%25%0Abroken" {
		t.Errorf("escaped as %s", lines[0])
	}
	if !strings.HasPrefix(lines[1], "::error file=plumbline.yaml,line=21,title=broken%3A resilience/breaker-opens/payment::") {
		t.Errorf("placed as %s", lines[1])
	}
}

func TestGitLabNeedsALine(t *testing.T) {
	t.Parallel()
	var issues []struct {
		Fingerprint string
		Location    struct {
			Path  string
			Lines struct{ Begin int }
		}
	}
	if err := json.Unmarshal(written(t, "gitlab", runs(t)["unfit"]), &issues); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, x := range issues {
		if x.Location.Path == "" || x.Location.Lines.Begin == 0 || seen[x.Fingerprint] {
			t.Errorf("%+v", x)
		}
		seen[x.Fingerprint] = true
	}
	if len(issues) != 4 {
		t.Errorf("%d issues, want 4", len(issues))
	}
}

func TestCommentStaysBelowTheLimit(t *testing.T) {
	t.Parallel()
	r := runs(t)["unfit"]
	r.Since = someHistory()
	for range 1000 {
		f := broken()
		f.Reason = strings.Repeat("long ``` text @everyone ", 200)
		r.Findings = append(r.Findings, f)
	}
	page := string(written(t, "comment", r))
	if len(page) > 64<<10 || !strings.Contains(page, "did not fit") {
		t.Errorf("%d bytes", len(page))
	}
	if at := strings.Index(page, "Since the last good run"); at < 0 || at > 300 {
		t.Errorf("the delta begins at %d", at)
	}
	if strings.Contains(page, "@everyone") {
		t.Error("words of the target notify people")
	}
}

func TestTextTellsWithoutColour(t *testing.T) {
	t.Parallel()
	r := runs(t)["unfit"]
	r.Since = someHistory()
	text := string(written(t, "text", r))
	if strings.Contains(text, "\x1b") {
		t.Error("coloured without being asked")
	}
	for _, want := range []string{"UNFIT", "Since the last good run", "1 new, 1 still failing, 1 fixed", "2 runs in a row, since 22 Nov", "what changed: image shop", "shifted: p99 of createOrder from 12.1 ms to 16.1 ms"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q", want)
		}
	}
	for _, width := range []int{60, 80, 132} {
		var out bytes.Buffer
		if err := (Terminal{Width: width}).Write(&out, r); err != nil {
			t.Fatal(err)
		}
		long := 0
		for line := range strings.Lines(out.String()) {
			if len([]rune(strings.TrimSpace(line))) > width && strings.Contains(strings.TrimSpace(line[min(len(line), 20):]), " ") && !strings.Contains(line, "curl ") && !strings.Contains(line, "replay ") {
				long++
				t.Logf("%d: %s", width, line)
			}
		}
		if long > 0 {
			t.Errorf("%d lines are wider than %d columns", long, width)
		}
	}
}

// TestJUnitFollowsTheCommonSchema holds the file against the schema that
// Jenkins validates with: junit-10.xsd of its xUnit plug-in.
func TestJUnitFollowsTheCommonSchema(t *testing.T) {
	t.Parallel()
	xsd := filepath.Join("testdata", "schemas", "junit-10.xsd")
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		readers.Lacking(t, "no xmllint on the path")
	}
	for name, r := range merged(runs(t), map[string]plumbline.Report{"hostile": hostile(t)}) {
		c := exec.CommandContext(t.Context(), lint, "--noout", "--schema", xsd, "-") //nolint:gosec // a test
		c.Stdin = bytes.NewReader(written(t, "junit", r))
		if said, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, said)
		}
	}
}
