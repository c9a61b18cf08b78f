package scenarios

import (
	"slices"

	"github.com/plumbline-dev/plumbline"
)

const paginationStable = "api/pagination-stable"

func init() {
	register(plumbline.Function{
		ID:    paginationStable,
		Title: "What is added during a walk makes no old item skip or come twice",
		Doc: `Method: 7 members of a list are made, and the list is walked in pages of 3; after the first page another one is made.
Criterion: each of the 7 is found exactly once.
Guard: pages by number or by offset cannot satisfy it, and no document promises it: a failure warns, and with page or offset it informs. Only what the run made is looked for.`,
		Standard: "general practice, no standard",
		Mutants:  []string{"cursor-is-offset"},
		Order:    42,
		Repeats:  true,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perPagedFamily(d, paginationStable, stableExperiment(d), "what is added during a walk moves nothing")
		},
		Judge: judgeStable,
	})
}

func stableExperiment(d plumbline.Design) plumbline.Experiment {
	ph := plumbline.Phase{Name: "walks", Role: plumbline.RoleProbe}
	for _, f := range pagedFamilies(d) {
		l := life{d, f}
		made, remove, names := l.members(stableMembers)
		flow := plumbline.Flow{Name: l.subject(), Why: "another of " + f.Name + " is made during a walk", Steps: made}
		walk, _ := l.list(walkStep(stableSize), stableSize, walkPages)
		between := l.make("insert").Call
		walk.Walk.Expect, walk.Walk.Between = names, &between
		flow.Steps = append(append(flow.Steps, walk), remove...)
		ph.Flows = append(ph.Flows, flow)
	}
	return plumbline.Experiment{ID: apiStable, Title: "items are added during a walk", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

func judgeStable(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject := c.ID[len(paginationStable)+1:]
	v := ramble{apiStable, func(life) []int { return []int{stableSize} }, func(stroll) bool { return true }}.judge(d, e, subject)
	if v.Outcome != plumbline.Fail {
		return v
	}
	v.Level = plumbline.LevelLikely
	i := slices.IndexFunc(d.Families, func(f plumbline.Family) bool { return subjectOf(f) == subject })
	if style := d.Families[i].Paging.Style; style == "page" || style == "offset" {
		v.Level = plumbline.LevelAdvisory
	}
	return v
}
