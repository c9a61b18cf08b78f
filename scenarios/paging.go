package scenarios

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/plumbline-dev/plumbline"
)

// How many members the pagination functions make, and the sizes of the pages
// in which they walk. The sizes share no factor with the number, so that no
// page ends where the members do.
const (
	pagedMembers  = 12
	stableMembers = 7
	tieSize       = 5
	stableSize    = 3
)

// walkPages bounds a walk on a list that holds much that is not ours.
const walkPages = 60

// list is the step that walks the list of the family in pages of a size; zero
// leaves the size to the server.
func (l life) list(step string, size, most int) (plumbline.Step, bool) {
	op, ok := l.d.Operation(l.f.List)
	if !ok || len(op.Cases) == 0 {
		return plumbline.Step{}, false
	}
	c := op.Cases[0]
	w := plumbline.Walk{Items: l.f.Items, ItemID: l.f.ItemID, Most: most, ID: l.f.ID}
	if l.f.Paging != nil {
		w.Paging = *l.f.Paging
		c.Request.Query = paged(c.Request.Query, w.Paging, size)
		if w.Paging.Limit != "" {
			w.Size = size
		}
	}
	return plumbline.Step{Call: plumbline.Call{Name: step, Operation: op.ID, Own: &c}, Walk: &w}, true
}

// paged is a query that begins at the first page and asks for a size.
func paged(query string, p plumbline.Paging, size int) string {
	q, err := url.ParseQuery(query)
	if err != nil {
		return query
	}
	q.Del(p.Param)
	if p.Limit != "" {
		q.Del(p.Limit)
		if size != 0 {
			q.Set(p.Limit, strconv.Itoa(size))
		}
	}
	return q.Encode()
}

// pagedFamilies are those whose members a run can make and whose list has pages.
func pagedFamilies(d plumbline.Design) []plumbline.Family {
	return slices.DeleteFunc(livable(d), func(f plumbline.Family) bool {
		_, ok := life{d, f}.list("list", 0, 0)
		return !ok || f.Paging == nil
	})
}

// withoutPages is the skip of a function that finds no list with pages.
func withoutPages(function string) plumbline.Proposal {
	return plumbline.Proposal{Skips: []plumbline.Skip{{
		Function: function, Reason: plumbline.ReasonNotApplicable,
		Detail: "no list with pages is known whose items the run may create",
		Unlock: "mode own, and a list with a cursor, page, offset or Link beside an operation that creates its items",
	}}}
}

// members are the steps that make n members, and those that delete them again.
func (l life) members(n int) (made, remove []plumbline.Step, names []string) {
	for i := range n {
		name := fmt.Sprintf("create-%d", i+1)
		names = append(names, name)
		made = append(made, l.make(name))
		if s, ok := l.removal(fmt.Sprintf("delete-%d", i+1), name); ok {
			remove = append(remove, s)
		}
	}
	slices.Reverse(remove)
	return made, remove, names
}

// pageSizes are the sizes in which the members are walked: the first shows
// them all on one page, as far as the document lets it.
func (l life) pageSizes() []int {
	if l.f.Paging.Limit == "" {
		return []int{0}
	}
	sizes := []int{100, 7, tieSize, 2}
	if most := l.f.Paging.Max; most > 0 {
		sizes[0] = min(sizes[0], most)
		sizes = slices.DeleteFunc(sizes, func(n int) bool { return n > most })
	}
	return slices.Compact(sizes)
}

// pages makes members as quickly as it can and walks them in all sizes.
func (l life) pages() plumbline.Flow {
	made, remove, names := l.members(pagedMembers)
	flow := plumbline.Flow{Name: l.subject(), Why: "members of " + l.f.Name + " are walked in pages of several sizes", Steps: made}
	for _, size := range l.pageSizes() {
		walk, _ := l.list(walkStep(size), size, walkPages)
		walk.Walk.Expect = names
		flow.Steps = append(flow.Steps, walk)
	}
	flow.Steps = append(flow.Steps, remove...)
	return flow
}

func walkStep(size int) string { return fmt.Sprintf("walk-%d", size) }

// pagesExperiment walks the lists of all families.
func pagesExperiment(d plumbline.Design) plumbline.Experiment {
	ph := plumbline.Phase{Name: "walks", Role: plumbline.RoleProbe}
	for _, f := range pagedFamilies(d) {
		ph.Flows = append(ph.Flows, life{d, f}.pages())
	}
	return plumbline.Experiment{ID: apiPages, Title: "lists are walked page by page", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

// perPagedFamily claims something of every list with pages.
func perPagedFamily(d plumbline.Design, function string, x plumbline.Experiment, statement string) plumbline.Proposal {
	p := plumbline.Proposal{Experiments: []plumbline.Experiment{x}}
	for _, f := range pagedFamilies(d) {
		op, _ := d.Operation(f.List)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: function + "/" + subjectOf(f), Function: function, Operation: f.List, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: f.Name + ": " + statement, Experiments: []string{x.ID},
		})
	}
	if len(p.Claims) == 0 {
		return withoutPages(function)
	}
	return p
}

// A stroll is a walk that was made, with what of it is ours.
type stroll struct {
	plumbline.Walked
	size  int
	twice []string // of our own members
	shown plumbline.Observation
}

// strolls are the walks of a flow, in the order of their sizes.
func (l life) strolls(e *plumbline.Evidence, f flown, sizes []int) []stroll {
	own := map[string]bool{}
	for name, o := range f.steps {
		if len(name) > 7 && name[:7] == "create-" {
			if id := valueAt(o.Transcript, l.f.ID); id != "" {
				own[id] = true
			}
		}
	}
	var out []stroll
	for _, size := range sizes {
		w := f.walk(e, walkStep(size))
		if w.Ended == "" {
			continue
		}
		s := stroll{Walked: w, size: size, shown: f.steps[walkStep(size)]}
		for _, id := range s.Twice {
			if own[id] {
				s.twice = append(s.twice, id)
			}
		}
		out = append(out, s)
	}
	return out
}

// lost finds members that a walk lacks or shows twice. What another walk of the
// same flow has shown before is there: not to show it is proved. What no walk
// shows may be filtered, or late.
func (l life) lost(f flown, all []stroll, judged func(stroll) bool) []wrongdoing {
	var found []wrongdoing
	missingEverywhere := map[string]int{}
	for _, s := range all {
		for _, id := range s.Missing {
			missingEverywhere[id]++
		}
	}
	for _, s := range all {
		if !judged(s) {
			continue
		}
		say := func(level plumbline.Level, what string) {
			found = append(found, f.wrong(level, fmt.Sprintf("in pages of %s, %s", sizeWord(s.size), what), "pages of "+l.f.Name, s.shown))
		}
		if len(s.twice) > 0 {
			say(plumbline.LevelProved, fmt.Sprintf("%d of %s come twice", len(s.twice), plural(s.Expected, "item")))
		}
		if s.Ended == "loop" {
			say(plumbline.LevelProved, "the walk does not end: "+s.Detail)
		}
		if len(s.Missing) == 0 || s.Ended != "end" {
			continue
		}
		level := plumbline.LevelLikely
		if slices.ContainsFunc(s.Missing, func(id string) bool { return missingEverywhere[id] < len(all) }) {
			level = plumbline.LevelProved
		}
		say(level, fmt.Sprintf("%d of %s are missing", len(s.Missing), plural(s.Expected, "item")))
	}
	return found
}

func sizeWord(size int) string {
	if size == 0 {
		return "the default size"
	}
	return strconv.Itoa(size)
}

// walkedOut says why walks prove nothing, or an empty text.
func walkedOut(f flown, all []stroll) (plumbline.Reason, string) {
	if _, ok := f.made("create-1"); !ok {
		return plumbline.ReasonIncomplete, "nothing was created: " + f.told("create-1")
	}
	if len(all) == 0 {
		return plumbline.ReasonIncomplete, "the list was not walked"
	}
	for _, s := range all {
		switch {
		case s.Ended == "error":
			return plumbline.ReasonUndecided, "a walk ended early: " + s.Detail
		case s.Ended == "bound" && len(s.Missing) > 0:
			return plumbline.ReasonUndecided, fmt.Sprintf("the list is longer than %d pages of %s, and not all of ours are on them", len(s.Pages), sizeWord(s.size))
		case s.Expected == 0:
			return plumbline.ReasonNoPositiveControl, "the answers to the creations do not name what was created"
		}
	}
	return "", ""
}

// A ramble is which walks a function judges.
type ramble struct {
	experiment string
	sizes      func(life) []int
	judged     func(stroll) bool
}

// judge is the verdict on the walks of a family.
func (r ramble) judge(d plumbline.Design, e *plumbline.Evidence, subject string) plumbline.Verdict {
	i := slices.IndexFunc(d.Families, func(f plumbline.Family) bool { return subjectOf(f) == subject })
	if i < 0 || d.Families[i].Paging == nil {
		return broken("the design has no family %s with pages", subject)
	}
	l := life{d, d.Families[i]}
	f := flownOf(e, r.experiment, subject)
	all := l.strolls(e, f, r.sizes(l))
	if o, ok := f.made("create-1"); ok && !succeeded(o) {
		return skipped(plumbline.ReasonNotApplicable, "the creation was answered %s: not covered", answer(o))
	}
	if found := l.lost(f, all, r.judged); len(found) > 0 {
		v := accuse(e, len(all), "walks", found)
		v.Remedy = "let the cursor name a place that no other item has: the sort key and then the identifier"
		return v
	}
	if why, detail := walkedOut(f, all); why != "" {
		return inconclusive(why, "%s", detail)
	}
	n := len(slices.DeleteFunc(slices.Clone(all), func(s stroll) bool { return !r.judged(s) }))
	if n == 0 {
		return skipped(plumbline.ReasonNotApplicable, "the size of a page cannot be chosen: not covered")
	}
	return pass(figure{0, 0, "items", all[0].Expected}, "each of %d of ours was found once in each of %s", all[0].Expected, plural(n, "walk"))
}
