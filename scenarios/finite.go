package scenarios

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// takings are the finite things of which the run may take some, and read how
// much is left.
func takings(d plumbline.Design) []plumbline.Finite {
	if d.Mode == plumbline.ModeObserve {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.Finite), func(f plumbline.Finite) bool {
		op, _ := d.Operation(f.Operation)
		_, readable := leftStep(d, f, "left")
		return len(op.Cases) == 0 || !callable(d, op) || !readable
	})
}

// untaken is the skip of a function that has nothing finite to take of.
func untaken(d plumbline.Design, function string) plumbline.Proposal {
	s := plumbline.Skip{Function: function, Reason: plumbline.ReasonNotDeclared, Detail: "nothing is declared of which there is only so much", Unlock: "finite"}
	if len(d.Finite) > 0 {
		s.Reason, s.Detail, s.Unlock = plumbline.ReasonNotApplicable, "the run cannot take of what is finite, or not read how much is left", "mode own, and an operation with a safe method that reads it"
	}
	return plumbline.Proposal{Skips: []plumbline.Skip{s}}
}

// takeStep is the step that takes its part of something finite. It may be refused.
func takeStep(d plumbline.Design, f plumbline.Finite, step string) plumbline.Step {
	op, _ := d.Operation(f.Operation)
	c := op.Cases[0]
	if len(f.Body) > 0 {
		body, _ := objectIn(c.Request.Body)
		if body == nil {
			body = map[string]any{}
		}
		maps.Copy(body, f.Body)
		c.Request.Body, _ = json.Marshal(body) // of a file and of JSON
		given := func(b plumbline.Bind) bool {
			_, is := f.Body[firstToken(b.Name, "")]
			return b.In == "body" && is
		}
		c.Binds = slices.DeleteFunc(slices.Clone(c.Binds), given)
		c.Unique = slices.DeleteFunc(slices.Clone(c.Unique), given)
	}
	return provoking(plumbline.Step{Call: plumbline.Call{Name: step, Operation: op.ID, Own: &c}})
}

// leftStep is the step that reads how much is left. It is not ok when there is
// no such operation, or one that may change something.
func leftStep(d plumbline.Design, f plumbline.Finite, step string) (plumbline.Step, bool) {
	op, ok := d.Operation(f.Left.Operation)
	if !ok || !op.Safe() || len(op.Cases) == 0 {
		return plumbline.Step{}, false
	}
	c := op.Cases[0]
	c.Binds = slices.DeleteFunc(slices.Clone(c.Binds), func(b plumbline.Bind) bool {
		_, given := f.Left.Parameters[b.Name]
		return given && (b.In == "path" || b.In == "query")
	})
	query, _ := url.ParseQuery(c.Request.Query)
	for name, value := range f.Left.Parameters {
		if !strings.Contains(op.Path, "{"+name+"}") {
			query.Set(name, value)
			c.Request.Query = query.Encode()
			continue
		}
		path, _ := replaced(op.Path, c.Request.Path, name)
		c.Request.Path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	return plumbline.Step{Call: plumbline.Call{Name: step, Operation: op.ID, Own: &c}}, true
}

// asBefore makes a reading wait until it says what an earlier one said, or until
// a step was answered 2xx, if one is named.
func asBefore(s plumbline.Step, at, before, unless string, within time.Duration) plumbline.Step {
	same := plumbline.Term{Op: plumbline.TermEqual, Terms: []plumbline.Term{{From: plumbline.TermAnswer, Pointer: at}, {From: "step:" + before, Pointer: at}}}
	if unless != "" {
		fine := plumbline.Term{Op: plumbline.TermLess, Terms: []plumbline.Term{{From: "step:" + unless, Pointer: "status:"}, {Value: 300}}}
		same = plumbline.Term{Op: plumbline.TermOr, Terms: []plumbline.Term{same, fine}}
	}
	s.Criteria = []plumbline.Criterion{{Text: "as much is left as before", Term: same}}
	s.Poll = &plumbline.Poll{Every: 2 * settleEvery, Within: within}
	return s
}

// leftIn is the number that a reading showed.
func (f flown) leftIn(step, at string) (float64, bool) {
	o, ok := f.fine(step)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseFloat(valueAt(o.Transcript, at), 64)
	return n, err == nil
}

// finiteOf is the finite thing that a claim of a function is about.
func finiteOf(d plumbline.Design, c plumbline.Claim) (plumbline.Finite, bool) {
	i := slices.IndexFunc(d.Finite, func(f plumbline.Finite) bool { return c.ID == c.Function+"/"+f.Name })
	if i < 0 {
		return plumbline.Finite{}, false
	}
	return d.Finite[i], true
}
