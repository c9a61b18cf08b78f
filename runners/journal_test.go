package runners

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func TestJournalReadsBackAndSurvivesACut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "evidence.jsonl")
	j, err := OpenJournal(path, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	j.Record(plumbline.Record{Run: &plumbline.Run{ID: "abc"}})
	for range 3 {
		j.Record(plumbline.Record{Observation: &plumbline.Observation{Operation: "a<b>", Status: 200}})
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := ReadEvidence(path)
	if err != nil || e.Run.ID != "abc" || len(e.Observations) != 3 || e.Observations[0].Operation != "a<b>" {
		t.Fatalf("got %+v, %v", e, err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err = readEvidence("cut", strings.NewReader(string(whole[:len(whole)-9])))
	if err != nil || len(e.Observations) != 2 {
		t.Errorf("a cut journal gave %d observations, %v", len(e.Observations), err)
	}
	if _, err = readEvidence("bad", strings.NewReader("{}\nnonsense\n{}\n")); err == nil || !strings.Contains(err.Error(), "bad:2") {
		t.Errorf("got %v, want an error that names line 2", err)
	}
}
