package scenarios

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/plumbline-dev/plumbline"
)

// How many members the pagination functions make, as the catalogue has it, and
// with how few a walk can still be judged: some services keep a caller from
// making many.
const (
	pagedMembers  = 25
	fewestMembers = 8
	tiedMembers   = 12
	stableMembers = 10
	wholePage     = 100 // shows all members at once, as far as the document lets it
	tieSize       = 5
	stableSize    = 3
)

// walkPages bounds a walk on a list that holds much that is not ours.
const walkPages = 60

// An outing is one way in which a list is walked.
type outing struct {
	step string
	size int    // items asked for on a page; zero asks for none
	key  string // that the list is sorted by; empty for as it comes
	back bool   // from the end to the beginning as well
}

// list is the step that walks the list of the family, in pages as long as the
// server likes.
func (l life) list(step string, most int) (plumbline.Step, bool) {
	return l.walk(outing{step: step}, most)
}

func (l life) walk(o outing, most int) (plumbline.Step, bool) {
	op, ok := l.d.Operation(l.f.List)
	if !ok || len(op.Cases) == 0 {
		return plumbline.Step{}, false
	}
	c := op.Cases[0]
	w := plumbline.Walk{Items: l.f.Items, ItemID: l.f.ItemID, Most: most, ID: l.f.ID, Back: o.back}
	if l.f.Paging != nil {
		w.Paging = *l.f.Paging
		size := ""
		if o.size != 0 {
			size = strconv.Itoa(o.size)
		}
		c.Request.Query = paged(c.Request.Query, w.Paging, size, o.key)
		if w.Paging.Limit != "" {
			w.Size = o.size
		}
	}
	s := plumbline.Step{Call: plumbline.Call{Name: o.step, Operation: op.ID, Own: &c}, Walk: &w}
	if o.key != "" {
		s = provoking(s) // that the list can be sorted by it is a guess
	}
	return s, true
}

// paged is a query that begins at the first page and asks for a size and an
// order; empty texts ask for none.
func paged(query string, p plumbline.Paging, size, key string) string {
	q, err := url.ParseQuery(query)
	if err != nil {
		return query
	}
	q.Del(p.Param)
	q.Del(p.Before)
	if p.Limit != "" {
		q.Del(p.Limit)
		if size != "" {
			q.Set(p.Limit, size)
		}
	}
	if key != "" {
		q.Set(p.Sort, key)
	}
	return q.Encode()
}

// pagedFamilies are those whose members a run can make and whose list has pages.
func pagedFamilies(d plumbline.Design) []plumbline.Family {
	return slices.DeleteFunc(livable(d), func(f plumbline.Family) bool {
		_, ok := life{d, f}.list("list", 0)
		return !ok || f.Paging == nil
	})
}

// withoutPages is the skip of a function that finds no list with pages, or none
// that the mode lets it fill.
func withoutPages(d plumbline.Design, function string) plumbline.Proposal {
	s := plumbline.Skip{
		Function: function, Reason: plumbline.ReasonNotApplicable,
		Detail: "no list with pages is known whose items the run may create",
		Unlock: "mode own, and a list with a cursor, page, offset or Link beside an operation that creates its items",
	}
	own := d
	own.Mode = plumbline.ModeOwn
	if d.Mode == plumbline.ModeObserve && len(pagedFamilies(own)) > 0 {
		s.Reason, s.Unlock = plumbline.ReasonUnsafe, "mode: own"
		s.Detail = "items would have to be created, for what others have in a list may change while it is walked"
	}
	return plumbline.Proposal{Skips: []plumbline.Skip{s}}
}

// members are the steps that make n members, and those that delete them again.
// Only the first has to succeed: some services let nobody make as many.
func (l life) members(n int) (made, remove []plumbline.Step, names []string) {
	for i := range n {
		name := fmt.Sprintf("create-%d", i+1)
		names = append(names, name)
		s := l.make(name)
		s.Must = i == 0
		made = append(made, s)
		if s, ok := l.removal(fmt.Sprintf("delete-%d", i+1), name); ok {
			remove = append(remove, s)
		}
	}
	slices.Reverse(remove)
	return made, remove, names
}

// fitting are the sizes of pages that the document allows, of those that are
// wanted: the nearest to each.
func (l life) fitting(wanted ...int) []int {
	p := l.f.Paging
	if p.Limit == "" {
		return []int{0}
	}
	var out []int
	for _, n := range wanted {
		if n < p.Min {
			n = p.Min
		}
		if p.Max > 0 && n > p.Max {
			n = p.Max
		}
		if len(p.Sizes) > 0 {
			n = nearestSize(p.Sizes, n)
		}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func nearestSize(all []int, n int) int {
	return slices.MinFunc(all, func(a, b int) int { return max(a-n, n-a) - max(b-n, n-b) })
}

// outings are the walks in all sizes: the first shows all members on one page,
// as far as the document lets it.
func (l life) outings() []outing {
	var out []outing
	for _, size := range l.fitting(wholePage, 10, 7, 1) {
		out = append(out, outing{step: walkStep(size), size: size})
	}
	return out
}

func walkStep(size int) string { return fmt.Sprintf("walk-%d", size) }

// onAll is a flow that makes members and walks the list in several ways.
func (l life) onAll(why string, made, remove []plumbline.Step, names []string, all []outing) plumbline.Flow {
	flow := plumbline.Flow{Name: l.subject(), Why: why, Steps: made}
	for _, o := range all {
		walk, _ := l.walk(o, walkPages)
		walk.Walk.Expect = names
		flow.Steps = append(flow.Steps, walk)
	}
	flow.Steps = append(flow.Steps, remove...)
	return flow
}

// pagesExperiment walks the lists of all families.
func pagesExperiment(d plumbline.Design) plumbline.Experiment {
	ph := plumbline.Phase{Name: "walks", Role: plumbline.RoleProbe}
	for _, f := range pagedFamilies(d) {
		l := life{d, f}
		made, remove, names := l.members(pagedMembers)
		ph.Flows = append(ph.Flows, l.onAll("members of "+f.Name+" are walked in pages of several sizes", made, remove, names, l.outings()))
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
		return withoutPages(d, function)
	}
	return p
}
