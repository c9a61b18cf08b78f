package declaration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

func TestLoadIsOfShapesOrRecorded(t *testing.T) {
	t.Parallel()
	stage := func(from, to float64, d time.Duration) plumbline.Stage {
		return plumbline.Stage{From: from, To: to, Duration: d}
	}
	for name, c := range map[string]struct {
		load  string
		want  []plumbline.Stage
		wrong string
	}{
		"line":   {"stages: [{from: 0, to: 5, for: 1s}]", []plumbline.Stage{stage(0, 5, time.Second)}, ""},
		"steps":  {"stages: [{shape: steps, from: 1, to: 2, levels: 2, for: 2s}]", []plumbline.Stage{stage(1, 1, time.Second), stage(2, 2, time.Second)}, ""},
		"spike":  {"stages: [{shape: spike, from: 1, to: 9, for: 5s}]", []plumbline.Stage{stage(1, 1, 2*time.Second), stage(9, 9, time.Second), stage(1, 1, 2*time.Second)}, ""},
		"replay": {"replay: {file: curve.csv, scale: 2, speed: 5}", []plumbline.Stage{stage(10, 20, time.Second)}, ""},

		"no such shape":         {"stages: [{shape: saw, from: 1, to: 9, for: 5s}]", nil, "saw"},
		"steps without levels":  {"stages: [{shape: steps, from: 1, to: 9, for: 5s}]", nil, "levels"},
		"levels of a line":      {"stages: [{from: 1, to: 9, levels: 3, for: 5s}]", nil, "levels are of steps"},
		"period of a spike":     {"stages: [{shape: spike, from: 1, to: 9, period: 1s, for: 5s}]", nil, "a period is of a sine"},
		"sine upside down":      {"stages: [{shape: sine, from: 9, to: 1, period: 1s, for: 5s}]", nil, "amplitude"},
		"sine without a period": {"stages: [{shape: sine, from: 1, to: 9, for: 5s}]", nil, "period"},
		"no such recording":     {"replay: {file: none.csv}", nil, "none.csv"},
		"no recording":          {"replay: {file: plumbline.yaml}", nil, "no time such as"},
		"both":                  {"{stages: [{from: 0, to: 5, for: 1s}], replay: {file: curve.csv}}", nil, "not both"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			text := "load:\n  " + c.load + "\n"
			if strings.HasPrefix(c.load, "{") {
				text = "load: " + c.load + "\n"
			}
			for file, data := range map[string]string{"plumbline.yaml": text, "curve.csv": "0,1\n5,2\n"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			d, err := Read(filepath.Join(dir, "plumbline.yaml"), func(string) (string, bool) { return "", false })
			if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Fatalf("got %v, want %q", err, c.wrong)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(c.want, d.Load.Stages); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
