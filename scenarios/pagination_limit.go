package scenarios

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/plumbline-dev/plumbline"
)

const paginationLimit = "api/pagination-limit"

// What is asked for beside the documented maximum and one.
const hugePage = "1000000"

func init() {
	register(plumbline.Function{
		ID:    paginationLimit,
		Title: "The size of a page is capped",
		Doc: `Method: the first page of every list whose size of a page can be chosen is asked for with the documented maximum and one, a million, zero, minus one, the text abc, and without a size; after the load, when lists are long.
Criterion: a page never holds more than the documented maximum (without one: 1,000 items), nor, without a size, more than the documented default; none is answered by a 5xx.
Guard: a size that is refused with 4xx, and one that is cut down, are both right. What is wrong with a page that no size was asked for warns, since the document bounds only sizes that are sent. A page shorter than the maximum shows nothing: where no request was refused, and no page was full, nothing is judged. A failure is not repeated: a repetition begins with lists that are empty, and a page that was too long was so.`,
		Standard: "OWASP API4:2023",
		Mutants:  []string{"limit-ignored"},
		Order:    43,
		Plan:     planLimit,
		Judge:    judgeLimit,
	})
}

// limited are the lists whose size of a page can be chosen.
func limited(d plumbline.Design) []plumbline.Family {
	return slices.DeleteFunc(slices.Clone(d.Families), func(f plumbline.Family) bool {
		op, ok := d.Operation(f.List)
		return !ok || f.Paging == nil || f.Paging.Limit == "" || !callable(d, op)
	})
}

// limitSizes are the sizes that are asked for, by the name of the step; an empty
// one asks for none.
func limitSizes(f plumbline.Family) map[string]string {
	return map[string]string{"above": strconv.Itoa(pageCap(f) + 1), "huge": hugePage, "zero": "0", "negative": "-1", "text": "abc", "none": ""}
}

// pageCap is the most that a page may hold.
func pageCap(f plumbline.Family) int {
	if f.Paging.Max > 0 {
		return f.Paging.Max
	}
	return 1000
}

func planLimit(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "sizes", Role: plumbline.RoleProbe}
	for _, f := range limited(d) {
		l := life{d, f}
		flow := plumbline.Flow{Name: l.subject(), Why: "pages of " + f.Name + " of all sizes"}
		sizes := limitSizes(f)
		for _, name := range sortedKeys(sizes) {
			step, ok := l.list(name, 1)
			if !ok {
				continue
			}
			step.Own.Request.Query = paged(step.Own.Request.Query, *f.Paging, sizes[name], "")
			flow.Steps = append(flow.Steps, provoking(step))
		}
		if len(flow.Steps) == 0 {
			continue
		}
		op, _ := d.Operation(f.List)
		ph.Flows = append(ph.Flows, flow)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: paginationLimit + "/" + l.subject(), Function: paginationLimit, Operation: f.List, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: fmt.Sprintf("%s: a page never holds more than %d items", f.Name, pageCap(f)), Experiments: []string{apiLimit},
		})
	}
	if len(p.Claims) == 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{{
			Function: paginationLimit, Reason: plumbline.ReasonNotApplicable,
			Detail: "no list is known whose size of a page can be chosen", Unlock: "a query parameter that bounds the page",
		}}}
	}
	p.Experiments = []plumbline.Experiment{{ID: apiLimit, Title: "pages of all sizes", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	return p
}

func judgeLimit(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject := c.ID[len(paginationLimit)+1:]
	l, ok := lifeOfPages(d, subject)
	if !ok {
		return broken("the design has no family %s with pages", subject)
	}
	family := l.f
	found, sent, shown, longest := tooLong(family, flownOf(e, apiLimit, subject), e)
	switch {
	case len(found) > 0:
		v := accuse(e, sent, "pages", found)
		v.Remedy = "cut the size of a page down to a maximum, or refuse more"
		return v
	case sent == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no page was asked for")
	case shown == 0:
		return skipped(plumbline.ReasonNotApplicable, "no size was refused, and the list is too short to fill a page (%s): not covered", plural(longest, "item"))
	}
	return pass(figure{float64(longest), float64(pageCap(family)), "items", sent}, "more than %d is refused or cut down in %d of 2 requests; the longest page has %s", pageCap(family), shown, plural(longest, "item"))
}

// tooLong finds pages that are too long; it counts those that were asked for,
// those that show that there is a bound, and the items of the longest.
func tooLong(family plumbline.Family, f flown, e *plumbline.Evidence) (found []wrongdoing, sent, shown, longest int) {
	sizes := limitSizes(family)
	for _, name := range sortedKeys(sizes) {
		o, ok := f.made(name)
		if !ok {
			continue
		}
		sent++
		n := f.walk(e, name).Items
		longest = max(longest, n)
		if w, bad := unbounded(family, f, name, n, o); bad {
			found = append(found, w)
			continue
		}
		if (name == "above" || name == "huge") && (o.Status/100 == 4 || n == pageCap(family)) {
			shown++
		}
	}
	return found, sent, shown, longest
}

// unbounded is what is wrong with a page of n items.
func unbounded(family plumbline.Family, f flown, name string, n int, o plumbline.Observation) (wrongdoing, bool) {
	p := family.Paging
	asked := p.Limit + "=" + limitSizes(family)[name]
	if name == "none" {
		asked = "a page without " + p.Limit
	}
	cause := "accepts " + family.List + " query/" + p.Limit + " maximum"
	switch {
	case o.Status >= 500:
		return f.wrong(plumbline.LevelProved, asked+" is answered "+answer(o), "server error "+family.List, o), true
	case !succeeded(o):
	case name == "none" && n > pageCap(family):
		return f.wrong(plumbline.LevelLikely, fmt.Sprintf("%s holds %d items: there is no default size", asked, n), "default size of "+family.List, o), true
	case name == "none" && p.Default > 0 && n > p.Default:
		return f.wrong(plumbline.LevelLikely, fmt.Sprintf("%s holds %d items; the documented default is %d", asked, n, p.Default), "default size of "+family.List, o), true
	case n > pageCap(family):
		return f.wrong(limitLevel(family), fmt.Sprintf("%s gets %d items", asked, n), cause, o), true
	}
	return wrongdoing{}, false
}

// limitLevel is how sure it is that a page is too long: the document says so,
// or practice does.
func limitLevel(f plumbline.Family) plumbline.Level {
	if f.Paging.Max > 0 {
		return plumbline.LevelProved
	}
	return plumbline.LevelLikely
}
