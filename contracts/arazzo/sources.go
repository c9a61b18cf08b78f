package arazzo

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// Sources are the sources of the places of paths that flows state, by the ID of
// the operation that needs them: a value that a step takes out of the answer to
// an earlier one comes from the operation of that step.
func Sources(flows []plumbline.Flow) map[string][]plumbline.Bind {
	out := map[string][]plumbline.Bind{}
	for _, f := range flows {
		calls := map[string]string{}
		for _, s := range f.Steps {
			calls[s.Name] = s.Operation
			if s.Own == nil {
				continue
			}
			for _, b := range s.Own.Binds {
				from := calls[strings.TrimPrefix(b.From, "step:")]
				if !yields(b) || from == "" || from == s.Operation {
					continue
				}
				b.From, b.Why = from, "flow "+f.Name
				known := func(x plumbline.Bind) bool { return x.Name == b.Name && x.From == b.From }
				if !slices.ContainsFunc(out[s.Operation], known) {
					out[s.Operation] = append(out[s.Operation], b)
				}
			}
		}
	}
	return out
}

// yields tells whether a bind takes an identifier for a path out of an answer.
func yields(b plumbline.Bind) bool {
	return b.In == "path" && b.Format == "" && (strings.HasPrefix(b.Pointer, "/") || strings.HasPrefix(b.Pointer, "header:"))
}
