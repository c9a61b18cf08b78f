package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

const paginationStable = "api/pagination-stable"

func init() {
	register(plumbline.Function{
		ID:    paginationStable,
		Title: "What is added or deleted during a walk makes no old item skip or come twice",
		Doc: `Method: 10 members of a list are made, and the list is walked in pages of 3, or the smallest that the document allows. After the first page two more are made and, where there is an operation for it, the one that was shown last is deleted; after the second page a third is made.
Criterion: each of those that were there all the time is found exactly once.
Guard: pages by number or by offset cannot satisfy it, and no document promises it: a failure warns, and with page or offset it informs. Only what the run made is looked for. Where all of it is on one page, or nothing could be added, nothing is judged.`,
		Standard: "general practice, no standard",
		Mutants:  []string{"cursor-is-offset"},
		Order:    42,
		Repeats:  true,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perPagedFamily(d, paginationStable, stableExperiment(d), "what is added or deleted during a walk moves nothing")
		},
		Judge: judgeStable,
	})
}

// The calls between the pages.
const (
	stepRemoved = "remove"
	inserts     = 3
)

func insertStep(i int) string { return fmt.Sprintf("insert-%d", i) }

func stableExperiment(d plumbline.Design) plumbline.Experiment {
	ph := plumbline.Phase{Name: "walks", Role: plumbline.RoleProbe}
	for _, f := range pagedFamilies(d) {
		l := life{d, f}
		made, remove, names := l.members(stableMembers)
		for i, s := range remove {
			remove[i] = provoking(s) // one of them is gone by then
		}
		flow := l.onAll("others of "+f.Name+" are made, and one is deleted, during a walk", made, remove, names, l.stableOutings())
		flow.Steps[len(made)].Walk.Between = l.disturbance()
		ph.Flows = append(ph.Flows, flow)
	}
	return plumbline.Experiment{ID: apiStable, Title: "items are added and deleted during a walk", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

func (l life) stableOutings() []outing {
	size := l.fitting(stableSize)[0]
	return []outing{{step: walkStep(size), size: size}}
}

// disturbance are the calls between the pages. Two are made where one is
// deleted, lest a list that counts from its start be as long as before.
func (l life) disturbance() []plumbline.Meanwhile {
	out := []plumbline.Meanwhile{{Call: l.make(insertStep(1)).Call, After: 1}, {Call: l.make(insertStep(2)).Call, After: 1}}
	if s, ok := l.removal(stepRemoved, plumbline.StepSeen); ok {
		out = append(out, plumbline.Meanwhile{Call: s.Call, After: 1})
	}
	return append(out, plumbline.Meanwhile{Call: l.make(insertStep(inserts)).Call, After: 2})
}

func judgeStable(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject := c.ID[len(paginationStable)+1:]
	v := ramble{apiStable, life.stableOutings, func(stroll) bool { return true }, stableSize + 1, false}.judge(d, e, subject)
	f := flownOf(e, apiStable, subject)
	added, removed := 0, 0
	for i := range inserts {
		if _, ok := f.fine(insertStep(i + 1)); ok {
			added++
		}
	}
	if _, ok := f.fine(stepRemoved); ok {
		removed = 1
	}
	l, _ := lifeOfPages(d, subject)
	switch {
	case v.Outcome == plumbline.Pass && added == 0:
		if _, ok := f.made(insertStep(1)); ok {
			return inconclusive(plumbline.ReasonNoPositiveControl, "nothing could be added during the walk: %s", f.told(insertStep(1)))
		}
		return skipped(plumbline.ReasonNotApplicable, "all items are on one page, and there is no time to add others: not covered")
	case v.Outcome == plumbline.Pass:
		v.Statement += fmt.Sprintf("; meanwhile %d were added and %d was deleted", added, removed)
	case v.Outcome == plumbline.Fail:
		v.Level = plumbline.LevelLikely
		if style := l.f.Paging.Style; style == "page" || style == "offset" {
			v.Level = plumbline.LevelAdvisory
		}
	}
	return v
}
