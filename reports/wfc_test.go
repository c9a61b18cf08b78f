package reports

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// TestWFCHasWhatItsSchemaWants holds the members that the schema of Web Fuzzing
// Commons requires, and its bounds: codes of its list, statuses below 600, no
// fault without a test.
func TestWFCHasWhatItsSchemaWants(t *testing.T) {
	t.Parallel()
	for name, r := range runs(t) {
		data := written(t, "wfc", r)
		var top map[string]json.RawMessage
		var got wfcReport
		if err := json.Unmarshal(data, &top); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"schemaVersion", "toolName", "toolVersion", "creationTime", "faults", "problemDetails", "totalTests", "testFilePaths", "testCases"} {
			if string(top[key]) == "null" || top[key] == nil {
				t.Errorf("%s: %s is missing", name, key)
			}
		}
		for _, f := range got.Faults.Found {
			i := slices.IndexFunc(got.Tests, func(x wfcTest) bool { return x.ID == f.Test })
			if i < 0 || f.Endpoint == "" || f.Operation != f.Endpoint || f.Categories[0].Code < 100 || f.Categories[0].Code > 310 {
				t.Errorf("%s: %+v", name, f)
			}
		}
		for _, x := range got.Details.REST.Covered {
			if len(x.Statuses) > 0 && (x.Statuses[0] < 100 || x.Statuses[len(x.Statuses)-1] > 599) {
				t.Errorf("%s: %+v", name, x)
			}
		}
	}
}

func TestFailuresHaveCodesOfWFC(t *testing.T) {
	t.Parallel()
	for want, f := range map[int]plumbline.Finding{
		100: {Function: "contract/no-5xx-on-valid-input", Claim: "contract/no-5xx-on-valid-input/a"},
		109: {Function: "contract/status-rules", Claim: "contract/status-rules/a", Reason: "401 without WWW-Authenticate"},
		110: {Function: "contract/method-semantics", Claim: "contract/method-semantics/a", Reason: "TRACE is answered 405 without Allow"},
		113: {Function: "contract/roundtrip", Claim: "contract/roundtrip/orders/deleted-gone"},
		118: {Function: "contract/roundtrip", Claim: "contract/roundtrip/orders/put-idempotent"},
		201: {Function: "contract/method-semantics", Claim: "contract/method-semantics/a", Reason: "Allow lacks DELETE"},
		206: {Function: "contract/invalid-input-rejected", Claim: "contract/invalid-input-rejected/a"},
		0:   {Function: "resilience/breaker-opens", Claim: "resilience/breaker-opens/payment"},
	} {
		if got := wfcCode(f); got != want {
			t.Errorf("%s %s: got %d, want %d", f.Claim, f.Reason, got, want)
		}
	}
}
