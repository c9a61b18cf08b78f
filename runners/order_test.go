package runners_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// The journal tells of the calls in the order of the plan, whatever the number
// of cores and of calls under way. It sets GOMAXPROCS, and so is not parallel.
func TestCallRecordsKeepTheirOrderWhateverTheConcurrency(t *testing.T) {
	c := newContractRun(t, trivialTarget(t))
	var want []string
	for _, at := range []struct{ cores, workers int }{{1, 1}, {1, 8}, {2, 4}, {2, 16}} {
		before := runtime.GOMAXPROCS(at.cores)
		dir := t.TempDir()
		_, err := c.carry(t.Context(), dir, c.phase(120, at.workers))
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		got := callsOf(t, filepath.Join(dir, "evidence.jsonl"))
		if want == nil {
			want = got
		}
		if d := cmp.Diff(want, got); d != "" || len(got) != 120 {
			t.Errorf("%d cores, %d calls at a time: %d records (-want +got):\n%s", at.cores, at.workers, len(got), d)
		}
	}
}

// callsOf are the calls of a journal in the order of its lines.
func callsOf(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		var r plumbline.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if o := r.Observation; o != nil {
			out = append(out, strings.Join([]string{o.Phase, o.Stream, o.Operation, o.Case, string(o.Kind), strconv.Itoa(o.Status)}, " "))
		}
	}
	return out
}
