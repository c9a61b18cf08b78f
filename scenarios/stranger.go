package scenarios

import (
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// stepsOf gathers the steps of one flow by name. Those that were made more
// than once are as they were last.
func stepsOf(e *plumbline.Evidence, experiment, flow string) map[string]plumbline.Observation {
	out := map[string]plumbline.Observation{}
	for o := range e.Of(experiment, "") {
		if name, ok := strings.CutPrefix(o.Stream, flow+"/"); ok && !strings.Contains(name, "/") {
			out[name] = o
		}
	}
	return out
}

// stepTold is what a step was answered, or that it was not made.
func stepTold(seen map[string]plumbline.Observation, step string) string {
	if o, ok := seen[step]; ok {
		return answer(o)
	}
	return "not made"
}

// placeIn is where a path has the place of a name; below zero when it has none.
func placeIn(path, name string) int { return strings.Index(path, "{"+name+"}") }
