package declaration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestLoadIsFedByFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ feeders, wrong string }{
		"csv":           {"[{file: u.csv, operations: [create], fields: {user: header/X-User, n: body/n}, at_end: again}]", ""},
		"jsonl":         {"[{file: u.jsonl, operations: [create], fields: {user: body/user}, order: random}]", ""},
		"no end":        {"[{file: u.csv, operations: [create], fields: {user: query/u}}]", "needs at_end"},
		"random end":    {"[{file: u.csv, operations: [create], fields: {user: query/u}, order: random, at_end: stop}]", "a random one has no end"},
		"no place":      {"[{file: u.csv, operations: [create], fields: {user: cookie/u}, order: random}]", `"cookie/u" is no place`},
		"no fields":     {"[{file: u.csv, operations: [create], order: random}]", "fields that it feeds"},
		"no column":     {"[{file: u.csv, operations: [create], fields: {users: query/u}, order: random}]", `row 1 of u.csv has no "users"`},
		"no such file":  {"[{file: no.csv, operations: [create], fields: {user: query/u}, order: random}]", "no.csv"},
		"no rows":       {"[{file: plumbline.yaml, operations: [create], fields: {user: query/u}, order: random}]", "end with .csv"},
		"no operation":  {"[{file: u.csv, operations: [creat], fields: {user: query/u}, order: random}]", `did you mean "create"`},
		"no value":      {"[{file: u.jsonl, operations: [create], fields: {list: query/u}, order: random}]", `"list" of row 1 of u.jsonl is no single value`},
		"twice":         {"[{file: u.csv, operations: [create], fields: {user: query/u}, order: random}, {file: u.jsonl, operations: [create], fields: {user: query/u}, order: random}]", "u.csv and u.jsonl both fill query u of create"},
		"unknown order": {"[{file: u.csv, operations: [create], fields: {user: query/u}, order: shuffled}]", "shuffled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, data := range map[string]string{"plumbline.yaml": "load:\n  feeders: " + c.feeders + "\n", "u.csv": "user,n\nann,1\nbob,2\n", "u.jsonl": `{"user":"ann","list":[1]}`} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			d, err := Read(filepath.Join(dir, "plumbline.yaml"), func(string) (string, bool) { return "", false })
			design := plumbline.Design{Operations: []plumbline.Operation{{ID: "create", Method: "POST", Path: "/things"}}}
			if err == nil {
				_, err = d.Fill(&design)
			}
			if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Fatalf("got %v, want %q", err, c.wrong)
			}
			if f := design.Load.Feeders; err == nil && (len(f) != 1 || f[0].Count != len(f[0].Rows) || f[0].Count == 0 || !f[0].Feeds("create")) {
				t.Errorf("%+v", f)
			}
		})
	}
}
