package history

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// slowly is what a decoder that looks at everything makes of a report.
func slowly(data []byte) (plumbline.Report, bool) {
	var r plumbline.Report
	err := json.Unmarshal(data, &r)
	return r, err == nil && r.Schema == plumbline.ReportSchema
}

func TestWhatIsPassedOverChangesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"fit", "unfit", "not-proven"} {
		data, err := os.ReadFile(filepath.Join("..", "testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		if err := json.Compact(&packed, data); err != nil {
			t.Fatal(err)
		}
		want, _ := slowly(data)
		for _, data := range [][]byte{data, packed.Bytes()} {
			got, ok := extracted(data)
			if d := cmp.Diff(Summary(want), Summary(got), cmp.AllowUnexported(Run{})); d != "" || !ok {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
			for n := range 200 {
				if _, ok := extracted(data[:len(data)*n/200]); ok {
					t.Errorf("%s: the first %d of 200 parts pass for a report", name, n)
				}
			}
		}
	}
}

func FuzzExtracted(f *testing.F) {
	for _, seed := range []string{
		`{"schema":"` + plumbline.ReportSchema + `","service":"a\"b\\","findings":[{"claim":"c","outcome":"pass","gates":true,"evidence":[{"x":"]}\\\""}]}],"seed":7}`,
		`{"schema":"` + plumbline.ReportSchema + `","findings":null}`, `[]`, `{"a":1,}`, `{"a" 1}`, `{"schema":7}`, ` `, `{"findings":[{}]`, `{"a":"\`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want, right := slowly(data)
		got, ok := extracted(data)
		if !right || bytes.Contains(bytes.ToLower(data), []byte(`\u`)) || !json.Valid(data) {
			return // what is wrong where nobody looks is passed over
		}
		if !ok {
			t.Fatalf("a report is none: %s", data)
		}
		if twice(data) {
			return
		}
		if d := cmp.Diff(Summary(want), Summary(got), cmp.AllowUnexported(Run{})); d != "" {
			t.Errorf("%s (-want +got):\n%s", data, d)
		}
	})
}

// twice tells whether the names of a document are not to be told apart as a
// decoder does, which takes a name in any case, and the last of two.
func twice(data []byte) bool {
	var any map[string]json.RawMessage
	_ = json.Unmarshal(data, &any)
	back, _ := json.Marshal(any)
	var packed bytes.Buffer
	_ = json.Compact(&packed, data)
	return len(back) != packed.Len() || !bytes.Equal(bytes.ToLower(data), data)
}
