package scenarios

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const paginationTies = "api/pagination-ties"

func init() {
	register(plumbline.Function{
		ID:    paginationTies,
		Title: "Items with equal sort keys are not skipped",
		Doc: `Method: 12 equal members of a list are made at the same time, so that times of creation, names and prices tie, and the list is walked in pages of 5, whose borders fall between them: from the beginning to the end, back again where the last page names the one before it, and sorted by a property that all of them share, where the list has a parameter for that.
Criterion: each of the members is found exactly once in every walk.
Guard: as for api/pagination-complete; a page of 100 shows what there is. Where the size of a page cannot be chosen, borders cannot be made to fall between equals, and nothing is judged. How a cursor leads back, and by what a list can be sorted, is a guess unless RFC 8288 or the document says so: there a failure warns, and a sorted walk that shows none of ours was filtered, and is left out. Pages by number and by offset are the same requests in both directions.`,
		Standard: "keyset pagination needs a unique key; general practice",
		Mutants:  []string{"cursor-pagination-skips"},
		Order:    40,
		Repeats:  true,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perPagedFamily(d, paginationTies, tiesExperiment(d), "items with equal sort keys are not skipped")
		},
		Judge: func(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			judged := func(s stroll) bool { return s.size != 0 && s.size < tiedMembers }
			return ramble{apiTies, life.tiedOutings, judged, tieSize + 1, false}.judge(d, e, c.ID[len(paginationTies)+1:])
		},
	})
}

func tiesExperiment(d plumbline.Design) plumbline.Experiment {
	ph := plumbline.Phase{Name: "walks", Role: plumbline.RoleProbe}
	for _, f := range pagedFamilies(d) {
		l := life{d, f}
		made, remove, names := l.members(tiedMembers)
		for i := range made {
			made[i].Together = true
		}
		ph.Flows = append(ph.Flows, l.onAll("equal members of "+f.Name+" are made at the same time and walked", made, remove, names, l.tiedOutings()))
	}
	return plumbline.Experiment{ID: apiTies, Title: "lists of equal items are walked page by page", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

// tiedOutings are the walks over equal members: one that shows them all, and
// those whose pages end between them.
func (l life) tiedOutings() []outing {
	var out []outing
	for _, size := range l.fitting(wholePage, tieSize) {
		out = append(out, outing{step: walkStep(size), size: size})
	}
	out[len(out)-1].back = true
	last := out[len(out)-1]
	if key, ok := l.tieKey(); ok && last.size != 0 {
		out = append(out, outing{step: last.step + "-sorted", size: last.size, key: key})
	}
	return out
}

// tieKey is what the list can be sorted by that all members have in common: of
// the values that the document allows, one that is called as a property of the
// request that makes them, and where it allows any, the property itself.
func (l life) tieKey() (string, bool) {
	p := l.f.Paging
	if p.Sort == "" {
		return "", false
	}
	shared := l.shared()
	for _, key := range p.Keys {
		if slices.Contains(shared, bareKey(key)) {
			return key, true
		}
	}
	if len(p.Keys) > 0 || len(shared) == 0 {
		return "", false
	}
	return shared[0], true
}

// shared are the properties with a scalar value that are the same in every
// request that makes a member.
func (l life) shared() []string {
	op, _ := l.d.Operation(l.f.Create)
	c, ok := seed(op)
	if !ok {
		return nil
	}
	body, _ := objectIn(c.Request.Body)
	for _, b := range slices.Concat(c.Binds, c.Unique) {
		if b.In == "body" {
			name, _, _ := strings.Cut(strings.TrimPrefix(b.Name, "/"), "/")
			delete(body, name)
		}
	}
	return slices.DeleteFunc(sortedKeys(body), func(k string) bool {
		switch body[k].(type) {
		case string, float64, bool:
			return false
		}
		return true
	})
}

// bareKey is a sort key without its direction.
func bareKey(key string) string {
	key = strings.TrimLeft(key, "+-")
	if i := strings.IndexAny(key, ": "); i > 0 {
		key = key[:i]
	}
	for _, way := range []string{"_asc", "_desc", ".asc", ".desc"} {
		key = strings.TrimSuffix(key, way)
	}
	return key
}
