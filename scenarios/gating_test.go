package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// unrepeated holds the functions about requests and answers that gate and are
// not repeated, with the reason. A stale line fails.
var unrepeated = map[string]string{
	"contract/spec-is-served":    "it compares two documents",
	"contract/pacts-verified":    "Pact's own verifier sends the requests, and replays by interaction",
	"contract/consumer-kept":     "as for pacts-verified",
	"contract/outbound-conforms": "the target sends what is judged; each breach is on the wire, whole",
	"contract/examples-valid":    "it is about the document, and warns",
	"contract/minimum-coverage":  "it is about the run, and finds no breach",
	"obs/metrics-truthful":       "it is about the sum of all requests, of which all that one kind has must agree",
	"api/pagination-limit":       "a page that was too long was too long; a repetition begins with lists that are empty",
	"obs/traceparent":            "every request of the experiment is judged, and several must agree",
	"security/rate-limit":        "it counts what is let in over several windows, and several refusals must agree",
	"security/rate-limit-bypass": "every way is tried twice in the experiment, and both must agree",
	"security/error-leak":        "what was shown once was shown; it is judged wherever it is seen",
}

// A finding of a contract function that gates is reproduced from a clean state,
// names its cause and what shows it, and can be replayed.
func TestGatingFindingsCanBeRepeatedAndNameTheirCause(t *testing.T) {
	t.Parallel()
	for _, f := range Functions() {
		group, _, _ := strings.Cut(f.ID, "/")
		if !contains([]string{"contract", "auth", "api", "obs", "http", "security"}, group) {
			continue
		}
		why, waived := unrepeated[f.ID]
		switch {
		case f.Repeats && waived:
			t.Errorf("%s is repeated; its line in unrepeated is stale", f.ID)
		case !f.Repeats && why == "" && levelOf(f, plumbline.Verdict{}) == plumbline.LevelProved:
			t.Errorf("%s gates, and its failures are not repeated", f.ID)
		}
		if !f.Repeats {
			continue
		}
		d, c, e := specimens[f.ID].broken(t)
		v := f.Judge(d, c, e)
		if v.Cause == "" || len(v.Evidence) == 0 || v.Remedy == "" && v.Level == "" {
			t.Errorf("%s: cause %q, %d exhibits, remedy %q", f.ID, v.Cause, len(v.Evidence), v.Remedy)
		}
		if len(v.Suspects) == 0 {
			t.Errorf("%s names nothing that could be repeated", f.ID)
		}
		p := drawn(t, d, f.ID)
		for _, s := range v.Suspects {
			if _, _, ok := planned(p, s); !ok {
				t.Errorf("%s: the plan has no %s %s %s to repeat", f.ID, s.Experiment, s.Phase, s.Stream)
			}
		}
		told := finding(f, c, v, 1)
		if told.Replay != "plumbline replay "+c.ID {
			t.Errorf("%s: %s", f.ID, told.Replay)
		}
	}
}
