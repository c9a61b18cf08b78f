package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// alone decodes with a decoder that has read nothing before.
func alone(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty")
		}
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return v, nil
}

// What a decoder has read before changes nothing of what it reads.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", " ", "1", "-1.5e3 ", "true\n", "null", `"a"`, `{"a":[1,{"b":null}]}`, "\xef\xbb\xbf{}", "{} \r\n\t", "{}{}", "{} x", "[1,", "1 2", "nul", "\"", "\x00",
		`{"a":1,"a":2}`, `"\ud800"`, "\"\xff\"", strings.Repeat(" ", 2000) + "7" + strings.Repeat(" ", 2000), `"` + strings.Repeat("x", 70000) + `"`,
	} {
		f.Add([]byte(s), []byte(`{"id":"1"}`+"\n"))
		f.Add([]byte("3"), []byte(s))
	}
	f.Fuzz(func(t *testing.T, before, body []byte) {
		_, _ = decode(before)
		got, err := decode(body)
		want, wanted := alone(body)
		if (err == nil) != (wanted == nil) || !errors.Is(wanted, errTrailing) && err != nil && err.Error() != wanted.Error() {
			t.Fatalf("after %q: %v, want %v", before, err, wanted)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
