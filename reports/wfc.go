package reports

import (
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("wfc", "", WFC) }

// wfcVersion is that of the schema of reports of Web Fuzzing Commons.
const wfcVersion = "0.8.0"

type wfcReport struct {
	Schema  string    `json:"schemaVersion"`
	Tool    string    `json:"toolName"`
	Version string    `json:"toolVersion"`
	Created string    `json:"creationTime"`
	Faults  wfcFaults `json:"faults"`
	Details struct {
		REST wfcREST `json:"rest"`
	} `json:"problemDetails"`
	Total int           `json:"totalTests"`
	Files []string      `json:"testFilePaths"`
	Tests []wfcTest     `json:"testCases"`
	Extra []wfcCoverage `json:"extra"`
}

type wfcFaults struct {
	Total int        `json:"totalNumber"` // by code and context
	Found []wfcFault `json:"foundFaults"`
}

// A wfcFault is a failure. The schema asks for endpointId and describes
// operationId; readers find both.
type wfcFault struct {
	Operation  string        `json:"operationId"`
	Endpoint   string        `json:"endpointId"`
	Test       string        `json:"testCaseId"`
	Categories []wfcCategory `json:"faultCategories"`
}

type wfcCategory struct {
	Code    int    `json:"code"`
	Context string `json:"context,omitempty"`
}

type wfcREST struct {
	Calls     int64         `json:"totalHttpCalls"`
	Endpoints []string      `json:"endpointIds"`
	Covered   []wfcStatuses `json:"coveredHttpStatus"`
}

type wfcStatuses struct {
	Endpoint string `json:"endpointId"`
	Test     string `json:"testCaseId"`
	Statuses []int  `json:"httpStatus"`
}

type wfcTest struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type wfcCoverage struct {
	Tool     string         `json:"toolName"`
	Criteria []wfcCriterion `json:"criteria"`
}

type wfcCriterion struct {
	Name    string `json:"name"`
	Covered int    `json:"covered"`
	Total   *int   `json:"total,omitempty"`
}

// WFC writes the report of Web Fuzzing Commons, one test a claim that was
// judged (https://github.com/WebFuzzing/Commons). A failure for which its list
// of faults has no code is counted beside the coverage, and not among them.
func WFC(w io.Writer, r plumbline.Report) error {
	out := wfcReport{
		Schema: wfcVersion, Tool: "plumbline", Version: or(r.Run.Tool, "unknown"), Created: r.Run.Began.Add(time.Duration(r.Seconds * float64(time.Second))).UTC().Format(time.RFC3339),
		Files: []string{}, Tests: []wfcTest{}, Faults: wfcFaults{Found: []wfcFault{}},
	}
	uncoded := 0
	for _, f := range r.Findings {
		if f.Outcome == plumbline.Skipped {
			continue
		}
		out.Tests = append(out.Tests, wfcTest{f.Claim, f.Statement})
		if f.Outcome != plumbline.Fail {
			continue
		}
		code := wfcCode(f)
		if code == 0 {
			uncoded++
			continue
		}
		at := or(f.Operation, f.Claim)
		out.Faults.Found = append(out.Faults.Found, wfcFault{at, at, f.Claim, []wfcCategory{{code, or(f.Because, f.Claim)}}})
	}
	out.Total, out.Faults.Total = len(out.Tests), distinct(out.Faults.Found)
	out.Details.REST = wfcEndpoints(r)
	out.Extra = []wfcCoverage{{"plumbline", []wfcCriterion{
		{"operations answered 2xx", r.Coverage.Exercised, &r.Coverage.Declared},
		{"failures without a code of Web Fuzzing Commons", uncoded, nil},
	}}}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

// distinct counts faults by code and context.
func distinct(all []wfcFault) int {
	seen := map[wfcCategory]bool{}
	for _, f := range all {
		seen[f.Categories[0]] = true
	}
	return len(seen)
}

// wfcEndpoints are the operations with the statuses that they answered, in the
// run as a whole: no test alone has an answer for itself.
func wfcEndpoints(r plumbline.Report) wfcREST {
	out := wfcREST{Calls: r.Requests.Sent, Endpoints: []string{}, Covered: []wfcStatuses{}}
	for _, o := range r.Coverage.Operations {
		out.Endpoints = append(out.Endpoints, o.Operation)
		statuses := []int{}
		for s := range o.Statuses {
			if n, err := strconv.Atoi(s); err == nil && n < 600 {
				statuses = append(statuses, n)
			}
		}
		slices.Sort(statuses)
		out.Covered = append(out.Covered, wfcStatuses{o.Operation, or(r.Run.ID, "run"), statuses})
	}
	return out
}

// wfcCode is the code of a failure in the list of faults of Web Fuzzing Commons
// 0.9.0; zero when the list has none. Where a function judges several things,
// the end of the claim or the words of the finding tell which.
func wfcCode(f plumbline.Finding) int {
	for _, x := range []struct {
		function, part string
		code           int
	}{
		{"contract/no-5xx-on-valid-input", "", 100},
		{"contract/no-5xx-on-invalid-input", "", 100},
		{"contract/status-rules", "201 on DELETE", 102},
		{"contract/status-rules", "201 on GET", 103},
		{"contract/status-rules", "201 on PATCH", 104},
		{"contract/status-rules", "204 announces content", 105},
		{"contract/status-rules", "413 though there was no content", 106},
		{"contract/status-rules", "415 though there was no content", 107},
		{"contract/status-rules", "304 though there was no condition", 108},
		{"contract/status-rules", "401 without WWW-Authenticate", 109},
		{"contract/status-rules", "405 without Allow", 110},
		{"contract/method-semantics", "405 without Allow", 110},
		{"contract/status-rules", "205 has content", 111},
		{"contract/status-rules", "426 without Upgrade", 112},
		{"contract/use-after-delete", "", 113},
		{"contract/roundtrip", "/deleted-gone", 113},
		{"contract/failed-write-changes-nothing", "", 114},
		{"contract/status-rules", "201 to a PUT of what was there already", 116},
		{"contract/roundtrip", "/put-replaces", 117},
		{"contract/roundtrip", "/put-idempotent", 118},
		{"contract/roundtrip", "/patch-partial", 119},
		{"contract/roundtrip", "/patch-null-removes", 119},
		{"contract/roundtrip", "/location-resolves", 120},
		{"contract/response-conforms", "", 200},
		{"contract/method-semantics", "Allow", 201},
		{"contract/invalid-input-rejected", "", 206},
		{"auth/property-level", "", 303},
		{"auth/existence-hidden", "", 304},
		{"auth/forbidden-is-403", "", 305},
		{"auth/bola", "", 306},
		{"auth/bfla", "", 306},
		{"auth/anonymous-rejected", "", 307},
		{"security/error-leak", "", 309},
		{"contract/shadow-endpoints", "", 310},
	} {
		if x.function == f.Function && strings.Contains(f.Claim+" "+f.Reason, x.part) {
			return x.code
		}
	}
	return 0
}
