package plumbline

import (
	"encoding/json"
	"testing"
	"time"
)

func TestThinkTimeIsAFixedOneOrARange(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]struct {
		want          Think
		mean, longest time.Duration
		written       string
	}{
		"2s":          {Think{Least: 2 * time.Second}, 2 * time.Second, 2 * time.Second, "2s"},
		"1s..3s":      {Think{Least: time.Second, Most: 3 * time.Second}, 2 * time.Second, 3 * time.Second, "1s..3s"},
		"0s..500ms":   {Think{Most: 500 * time.Millisecond}, 250 * time.Millisecond, 500 * time.Millisecond, "0s..500ms"},
		"0..1m":       {Think{Most: time.Minute}, 30 * time.Second, time.Minute, "0s..1m0s"},
		"1.5s..1.5s":  {Think{Least: 1500 * time.Millisecond}, 1500 * time.Millisecond, 1500 * time.Millisecond, "1.5s"},
		"0":           {Think{}, 0, 0, "0s"},
		"0.5s..1.25s": {Think{Least: 500 * time.Millisecond, Most: 1250 * time.Millisecond}, 875 * time.Millisecond, 1250 * time.Millisecond, "500ms..1.25s"},
	} {
		got, err := ParseThink(text)
		if err != nil || got != c.want || got.Mean() != c.mean || got.Longest() != c.longest || got.Text() != c.written {
			t.Errorf("%s: %+v, mean %s, longest %s, written %s, %v; want %+v", text, got, got.Mean(), got.Longest(), got.Text(), err, c)
		}
		if again, err := ParseThink(got.Text()); again != got {
			t.Errorf("%s: read again as %+v, %v", text, again, err)
		}
	}
	for _, text := range []string{"", "soon", "-1s", "3s..1s", "1s..", "..1s", "1s..2s..3s", "1s...3s", "-1s..1s", "1s-3s"} {
		if got, err := ParseThink(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
	if none := (Think{Least: -1}); none.Mean() != 0 || none.Longest() != 0 || none.Text() != "0s" {
		t.Errorf("who expressly does not think does for %s, %s at most", none.Mean(), none.Longest())
	}
}

// Designs of stored runs have think time as one number.
func TestThinkTimeOfStoredRunsIsRead(t *testing.T) {
	t.Parallel()
	var got Step
	if err := json.Unmarshal([]byte(`{"name":"read","think":1000000000}`), &got); err != nil || got.Name != "read" || got.Think != (Think{Least: time.Second}) {
		t.Errorf("got %+v, %v", got, err)
	}
}
