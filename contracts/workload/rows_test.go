package workload

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, data string
		want       []map[string]any
		wrong      string
	}{
		"csv":           {"u.csv", "\ufeffuser,note\nann,\"a, b\"\nbob,\n", []map[string]any{{"user": "ann", "note": "a, b"}, {"user": "bob", "note": ""}}, ""},
		"jsonl":         {"u.JSONL", "{\"n\": 9007199254740993, \"ok\": true}\n\n{\"n\": null}", []map[string]any{{"n": json.Number("9007199254740993"), "ok": true}, {"n": nil}}, ""},
		"ragged":        {"u.csv", "a,b\n1\n", nil, "wrong number of fields"},
		"twice":         {"u.csv", "a,a\n1,2\n", nil, "two columns"},
		"head alone":    {"u.csv", "a,b\n", nil, "no row"},
		"nothing":       {"u.csv", "", nil, "no row"},
		"no object":     {"u.jsonl", "{}\n[1]\n", nil, "line 2 is no JSON object"},
		"null":          {"u.jsonl", "null\n", nil, "line 1 is no single"},
		"two on a line": {"u.jsonl", "{} {}\n", nil, "line 1 is no single"},
		"another kind":  {"u.txt", "a\n1\n", nil, ".csv"},
	} {
		got, err := Rows(c.file, []byte(c.data))
		if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
		if diff := cmp.Diff(c.want, got); err == nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
