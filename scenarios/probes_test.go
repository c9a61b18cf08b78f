package scenarios

import (
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func TestSharedFateIsNotHeldAgainstAnOptionalDependency(t *testing.T) {
	at := func(ms, status int) trial {
		return trial{seen: plumbline.Observation{Due: time.Duration(ms) * time.Millisecond, Status: status}}
	}
	healthy := []trial{at(0, 200), at(1000, 503), at(2000, 200)}
	for _, c := range []struct {
		name string
		hit  trial
		left int
	}{
		{"fails alone", at(10, 503), 1},
		{"fails like its neighbour", at(1010, 503), 0},
		{"succeeds while its neighbour fails", at(1010, 200), 1},
		{"fails, and no healthy request is near", at(3000, 503), 1},
	} {
		if got := alone([]trial{c.hit}, healthy); len(got) != c.left {
			t.Errorf("%s: %d left, want %d", c.name, len(got), c.left)
		}
	}
}
