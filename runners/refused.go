package runners

import (
	"net/http"
	"slices"
	"sync"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A reception is how the target has received each case so far. A document
// cannot say everything that a service asks of its input: what it refuses when
// it is asked once is no load, however valid.
type reception struct {
	mu       sync.Mutex
	accepted map[string]bool
	refused  map[string]bool
}

// note takes in the answer to a case. What depends on the moment or on the
// caller, and not on the case, is no refusal.
func (r *reception) note(a target.Answer) {
	if a.Case == "" || a.Error != "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.accepted == nil {
		r.accepted, r.refused = map[string]bool{}, map[string]bool{}
	}
	switch {
	case a.Status/100 == 2:
		r.accepted[a.Case] = true
	case slices.Contains([]int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity}, a.Status):
		r.refused[a.Case] = true
	}
}

// welcome are the cases that were accepted once or never refused; all of them
// where that leaves none.
func (r *reception) welcome(cases []plumbline.Case) []plumbline.Case {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []plumbline.Case
	for _, c := range cases {
		if r.accepted[c.ID] || !r.refused[c.ID] {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return cases
	}
	return out
}
