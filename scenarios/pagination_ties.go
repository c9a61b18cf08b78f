package scenarios

import (
	"github.com/plumbline-dev/plumbline"
)

const paginationTies = "api/pagination-ties"

func init() {
	register(plumbline.Function{
		ID:    paginationTies,
		Title: "Items with equal sort keys are not skipped",
		Doc: `Method: 12 equal members of a list are made one right after the other, so that times of creation, names and prices tie, and the list is walked in pages of 5, whose borders fall between them.
Criterion: each of the members is found exactly once.
Guard: as for api/pagination-complete. Where the size of a page cannot be chosen, borders cannot be made to fall between equals, and nothing is judged.`,
		Standard: "keyset pagination needs a unique key; general practice",
		Mutants:  []string{"cursor-pagination-skips"},
		Order:    40,
		Repeats:  true,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perPagedFamily(d, paginationTies, pagesExperiment(d), "items with equal sort keys are not skipped")
		},
		Judge: func(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			return ramble{apiPages, life.pageSizes, func(s stroll) bool { return s.size == tieSize }}.judge(d, e, c.ID[len(paginationTies)+1:])
		},
	})
}
