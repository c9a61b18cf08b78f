package scenarios

import (
	"github.com/plumbline-dev/plumbline"
)

const paginationComplete = "api/pagination-complete"

func init() {
	register(plumbline.Function{
		ID:    paginationComplete,
		Title: "Walking all pages yields every item exactly once",
		Doc: `Method: 12 members of a list are made, and the list is walked to its end in pages of 100 (or the documented maximum), 7, 5 and 2.
Criterion: each of the members is found exactly once in every walk, and the walk ends.
Guard: only what the run made is looked for, so that what others add or take away does not matter. What one walk shows and another of the same flow lacks is proved; what no walk shows may be filtered or late, and warns. A list too long to be walked within 60 pages is inconclusive, unless all were found.`,
		Standard: "RFC 8288; the document's own paging",
		Mutants:  []string{"page-drops-one"},
		Order:    41,
		Repeats:  true,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perPagedFamily(d, paginationComplete, pagesExperiment(d), "every item is on some page, once")
		},
		Judge: func(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			return ramble{apiPages, life.pageSizes, func(stroll) bool { return true }}.judge(d, e, c.ID[len(paginationComplete)+1:])
		},
	})
}
