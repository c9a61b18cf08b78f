package scenarios

import (
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// stepTold is what a step was answered, or that it was not made.
func stepTold(seen map[string]plumbline.Observation, step string) string {
	if o, ok := seen[step]; ok {
		return answer(o)
	}
	return "not made"
}

// placeIn is where a path has the place of a name; below zero when it has none.
func placeIn(path, name string) int { return strings.Index(path, "{"+name+"}") }
