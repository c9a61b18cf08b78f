package sample

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// TestWhatIsSent holds the tables of testdata: below each schema stand the valid
// bodies that are made of it, and then those that are proved invalid, each with
// what it stands at the edge of, or breaks. The schema of schemas.txt is that of
// a required member of a JSON object and its values alone are shown; media.txt
// shows whole bodies. UPDATE=1 writes both anew: look at what has changed.
func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]func(*testing.T, string) plumbline.Operation{"schemas.txt": ofMember, "media.txt": ofMedia} {
		file := filepath.Join("testdata", name)
		want, err := os.ReadFile(file) //nolint:gosec // of this package
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for line := range strings.Lines(string(want)) {
			if strings.HasPrefix(line, "  ") {
				continue
			}
			got.WriteString(line)
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			op := one(t, line)
			for _, c := range op.Cases {
				writeSent(&got, "+", name, c)
			}
			for _, c := range op.Invalid {
				writeSent(&got, "-", name, c)
			}
		}
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		} else if got.String() != string(want) {
			t.Errorf("%s: what is sent has changed; UPDATE=1 writes\n%s", name, got.String())
		}
	}
}

// writeSent writes the line of one case. Those that claim nothing, and those of
// the path, are not what the tables are about.
func writeSent(w *strings.Builder, sign, name string, c plumbline.Case) {
	if c.Kind == plumbline.CaseRobust || strings.HasPrefix(c.Pointer, "path/") {
		return
	}
	body, media := string(c.Request.Body), strings.Join(c.Request.Header["Content-Type"], "")
	label := strings.TrimSpace(c.Keyword + " " + strings.TrimPrefix(strings.TrimPrefix(c.Pointer, "body"), "/v"))
	if name == "schemas.txt" {
		var v struct{ V json.RawMessage }
		if dec := json.NewDecoder(bytes.NewReader(c.Request.Body)); dec.Decode(&v) != nil || v.V == nil {
			return
		}
		fmt.Fprintf(w, "  %s %s: %s\n", sign, label, v.V)
		return
	}
	if strings.HasPrefix(media, "multipart/") {
		body = strings.ReplaceAll(body, boundary, "B")
	}
	fmt.Fprintf(w, "  %s %s: %q\n", sign, label, body)
}

func ofMember(t *testing.T, schema string) plumbline.Operation {
	t.Helper()
	version := "3.1.0"
	if rest, older := strings.CutPrefix(schema, "3.0 "); older {
		version, schema = "3.0.3", rest
	}
	op, _, _ := casesOf(t, version, "      parameters:\n"+idParameter+"      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [v], properties: {v: "+schema+"}}}}}\n", Options{Seed: 1, MaxValid: 64, MaxInvalid: 120})
	return op
}

func ofMedia(t *testing.T, line string) plumbline.Operation {
	t.Helper()
	media, schema, _ := strings.Cut(line, " ")
	op, _, _ := casesOf(t, "3.0.3", "      parameters:\n"+idParameter+"      requestBody: {required: true, content: {"+media+": {schema: "+schema+"}}}\n", Options{Seed: 1, MaxValid: 64, MaxInvalid: 120})
	return op
}
