package arazzo

import (
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Bounds of a retry.
const (
	retryEvery  = time.Second // where retryAfter is not stated
	retryWithin = 2 * time.Minute
)

// actions are those of the step, or those of its workflow where it has none.
func (b *stepping) actions(ofStep, ofWorkflow, group string) []*node {
	list := b.step.list(ofStep)
	if len(list) == 0 {
		list = b.workflow.list(ofWorkflow)
	}
	var out []*node
	for _, n := range list {
		if a := b.referred(n, group); a != nil {
			b.only(a, "an action", "name", "type", "workflowId", "stepId", "retryAfter", "retryLimit", "criteria")
			out = append(out, a)
		}
	}
	return out
}

// next is the index of the step that comes after a success. The way of a flow
// is known before it runs: an action that depends on the answer would make it
// another one.
func (b *stepping) next(steps []*node, i int) int {
	for _, a := range b.actions("onSuccess", "successActions", "successActions") {
		if len(a.list("criteria")) > 0 {
			b.unsupported(a, "write a workflow for each way", "a flow takes the same way every time, and this action depends on the answer")
			continue
		}
		switch a.get("type").text() {
		case "end":
			return len(steps)
		case "goto":
			to := slices.IndexFunc(steps, func(s *node) bool { return a.get("stepId") != nil && s.get("stepId").text() == a.get("stepId").text() })
			if to > i {
				return to
			}
			b.unsupported(a, "", "goto leads on to a later step of the same workflow")
		default:
			b.unsupported(a, "known are end and goto", "%q is nothing to do after a success", a.get("type").text())
		}
	}
	return i + 1
}

// retry is how a step is repeated when it fails. A flow ends with a failure by
// itself, so that end says nothing new.
func (b *stepping) retry() *plumbline.Poll {
	var out *plumbline.Poll
	for _, a := range b.actions("onFailure", "failureActions", "failureActions") {
		switch a.get("type").text() {
		case "end":
		case "retry":
			if a.get("stepId") != nil || a.get("workflowId") != nil || out != nil {
				b.unsupported(a, "", "a retry repeats the step itself, and there is one of them")
				continue
			}
			out = &plumbline.Poll{Every: retryEvery, Within: retryWithin, Most: 1, When: b.criteria(a.list("criteria"))}
			if s, ok := number(a.get("retryAfter")); ok {
				out.Every = time.Duration(s * float64(time.Second))
			}
			if n, ok := number(a.get("retryLimit")); ok {
				out.Most = int(n)
			}
		default:
			b.unsupported(a, "known are end and retry", "a flow that failed ends: %q cannot be done then", a.get("type").text())
		}
	}
	return out
}

func number(n *node) (float64, bool) {
	if n == nil {
		return 0, false
	}
	switch x := n.scalar.(type) {
	case float64:
		return x, true
	case uint64:
		return float64(x), true
	case int64:
		return float64(x), true
	case int:
		return float64(x), true
	}
	return 0, false
}
