package scenarios

import (
	"cmp"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// joinCauses makes one finding of the failures that one mistake is behind: the
// severest, and of these the most certain, of the lowest order tells the cause and lists the others as its
// symptoms; these point at it and do not gate a second time. Causes are
// parallel to findings; those that are empty join nothing.
func joinCauses(findings []plumbline.Finding, causes []string, byID map[string]plumbline.Function) {
	groups := map[string][]int{}
	for i, f := range findings {
		if f.Outcome == plumbline.Fail && causes[i] != "" {
			groups[causes[i]] = append(groups[causes[i]], i)
		}
	}
	for _, cause := range sortedKeys(groups) {
		group := groups[cause]
		slices.SortStableFunc(group, func(a, b int) int {
			return cmp.Or(
				cmp.Compare(mildness(findings[a]), mildness(findings[b])),
				cmp.Compare(doubts(findings[a]), doubts(findings[b])),
				cmp.Compare(byID[findings[a].Function].Order, byID[findings[b].Function].Order),
				cmp.Compare(findings[a].Claim, findings[b].Claim),
			)
		})
		first := &findings[group[0]]
		for _, i := range group[1:] {
			findings[i].Because, findings[i].Gates = first.Claim, false
			first.Symptoms = append(first.Symptoms, findings[i].Claim)
		}
		slices.Sort(first.Symptoms)
	}
}

// doubts orders levels: what is proved comes first.
func doubts(f plumbline.Finding) int {
	return slices.Index([]plumbline.Level{plumbline.LevelProved, plumbline.LevelLikely, plumbline.LevelAdvisory}, f.Level)
}
