package scenarios

import (
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A server may set a moment by its own clock, and may not move one that was sent.
func TestMomentsOfTheRunAreNotProved(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	l := tale{
		f: flown{steps: map[string]plumbline.Observation{"create": {Sent: 10 * time.Second}}},
		e: &plumbline.Evidence{Run: plumbline.Run{Began: began}},
	}
	for is, want := range map[string]plumbline.Level{
		`"2026-03-04T05:06:17.5Z"`:    plumbline.LevelLikely,
		`"2026-03-04T06:07:00+01:00"`: plumbline.LevelLikely,
		`"2026-03-04T06:06:17Z"`:      plumbline.LevelProved, // an hour off
		`"2098-01-02T02:04:05Z"`:      plumbline.LevelProved,
		`"not a moment"`:              plumbline.LevelProved,
	} {
		got, counts := l.weight(plumbline.Mark{Pointer: "/startsAt", Message: "is " + is + `, was "2098-01-02T03:04:05Z"`})
		if !counts || got != want {
			t.Errorf("%s: %s, want %s", is, got, want)
		}
	}
}
