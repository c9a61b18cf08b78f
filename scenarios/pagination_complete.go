package scenarios

import (
	"github.com/plumbline-dev/plumbline"
)

const paginationComplete = "api/pagination-complete"

func init() {
	register(plumbline.Function{
		ID:    paginationComplete,
		Title: "Walking all pages yields every item exactly once",
		Doc: `Method: 25 members of a list are made, and the list is walked to its end in pages of 100, 10, 7 and 1, or what the document allows that is nearest to them.
Criterion: each of the members is found exactly once in every walk, in the same order in all of them, and the walk ends.
Guard: only what the run made is looked for, so that what others add or take away does not matter. What one walk shows and another of the same flow lacks is proved; what no walk shows may be filtered or late, and warns, and so does another order, which no document promises. Fewer than 8 members prove nothing. A walk that does not find all of them within 60 pages is left out; where fewer than two walks are left, nothing is judged.`,
		Standard: "RFC 8288; the document's own paging",
		Mutants:  []string{"page-drops-one"},
		Order:    41,
		Repeats:  true,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perPagedFamily(d, paginationComplete, pagesExperiment(d), "every item is on some page, once")
		},
		Judge: func(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			return ramble{apiPages, life.outings, func(stroll) bool { return true }, fewestMembers, true}.judge(d, e, c.ID[len(paginationComplete)+1:])
		},
	})
}
