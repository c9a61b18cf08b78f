package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A stroll is a walk that was made, with what of it is ours.
type stroll struct {
	plumbline.Walked
	outing
	twice []string // of our own members
	shown plumbline.Observation
}

// whole tells whether a walk saw all that there is to see: it came to the end,
// or found all of ours before its bound.
func (s stroll) whole() bool {
	return s.Ended == "end" || s.Ended == "bound" && s.Expected > 0 && len(s.Missing) == 0
}

// how is in which way the list was walked, in words.
func (s stroll) how() string {
	words := "in pages of the default size"
	if s.size != 0 {
		words = "in pages of " + strconv.Itoa(s.size)
	}
	if s.key != "" {
		words += " sorted by " + s.key
	}
	if s.Back {
		words += " from the end back"
	}
	return words
}

// strolls are the walks of a flow, in the order of the outings. A walk that is
// sorted by a guess and shows none of ours was filtered by it, not sorted.
func (l life) strolls(e *plumbline.Evidence, f flown, all []outing) []stroll {
	var walks []plumbline.Walked
	own := map[string]bool{}
	for _, w := range e.Walked {
		if w.Experiment == f.experiment && w.Flow == f.flow {
			walks = append(walks, w)
			for _, id := range w.Order {
				own[id] = true
			}
		}
	}
	var out []stroll
	for _, way := range all {
		for _, w := range walks {
			if w.Step != way.step || way.key != "" && len(w.Order) == 0 {
				continue
			}
			s := stroll{Walked: w, outing: way, shown: f.steps[way.step]}
			s.twice = slices.DeleteFunc(slices.Clone(w.Twice), func(id string) bool { return !own[id] })
			out = append(out, s)
		}
	}
	return out
}

// lost finds members that a walk lacks or shows twice. What another walk of the
// same flow has shown is there: not to show it is proved. What no walk shows
// may be filtered, or late.
func (l life) lost(f flown, all []stroll, judged func(stroll) bool) []wrongdoing {
	var found []wrongdoing
	there := map[string]bool{}
	for _, s := range all {
		for _, id := range s.Order {
			there[id] = true
		}
	}
	for _, s := range all {
		if !judged(s) {
			continue
		}
		say := func(level plumbline.Level, what string) {
			if l.guessed(s) {
				level = plumbline.LevelLikely
			}
			found = append(found, f.wrong(level, s.how()+", "+what, "pages of "+l.f.Name, s.shown))
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
		if slices.ContainsFunc(s.Missing, func(id string) bool { return there[id] }) {
			level = plumbline.LevelProved
		}
		say(level, fmt.Sprintf("%d of %s are missing", len(s.Missing), plural(s.Expected, "item")))
	}
	return found
}

// guessed tells whether a walk rests on what no standard and no document says:
// how a cursor leads back, or what a list can be sorted by.
func (l life) guessed(s stroll) bool {
	return s.Back && l.f.Paging.Style != "link" || s.key != "" && len(l.f.Paging.Keys) == 0
}

// disordered finds walks in which our members come in another order than in the
// first one. No document promises an order, so it warns.
func (l life) disordered(f flown, all []stroll) []wrongdoing {
	var found []wrongdoing
	for _, s := range all[min(1, len(all)):] {
		if !s.whole() || !all[0].whole() || len(s.Missing)+len(all[0].Missing)+len(s.twice) > 0 || slices.Equal(s.Order, all[0].Order) {
			continue
		}
		what := fmt.Sprintf("%s, the items come in another order than %s", s.how(), all[0].how())
		found = append(found, f.wrong(plumbline.LevelLikely, what, "order of "+l.f.Name, s.shown))
	}
	return found
}

// walkedOut says why walks prove nothing, or an empty text.
func walkedOut(f flown, all []stroll, fewest int) (plumbline.Reason, string) {
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
		case s.Expected == 0:
			return plumbline.ReasonNoPositiveControl, "the answers to the creations do not name what was created"
		case s.Expected < fewest:
			return plumbline.ReasonTooFewSamples, fmt.Sprintf("only %s could be created; a walk is judged by %d", plural(s.Expected, "item"), fewest)
		}
	}
	whole := slices.DeleteFunc(slices.Clone(all), func(s stroll) bool { return !s.whole() })
	if len(whole) < min(2, len(all)) {
		return plumbline.ReasonUndecided, fmt.Sprintf("the list is longer than %d pages, and not all of ours are on them (%s)", walkPages, all[0].how())
	}
	return "", ""
}

// A ramble is which walks a function judges.
type ramble struct {
	experiment string
	outings    func(life) []outing
	judged     func(stroll) bool
	fewest     int  // members that have to be there
	ordered    bool // the order has to be that of the first walk
}

// judge is the verdict on the walks of a family.
func (r ramble) judge(d plumbline.Design, e *plumbline.Evidence, subject string) plumbline.Verdict {
	l, ok := lifeOfPages(d, subject)
	if !ok {
		return broken("the design has no family %s with pages", subject)
	}
	f := flownOf(e, r.experiment, subject)
	all := l.strolls(e, f, r.outings(l))
	if o, ok := f.made("create-1"); ok && !succeeded(o) {
		return skipped(plumbline.ReasonNotApplicable, "the creation was answered %s: not covered", answer(o))
	}
	found := l.lost(f, all, r.judged)
	if r.ordered {
		found = append(found, l.disordered(f, all)...)
	}
	if len(found) > 0 {
		v := accuse(e, len(all), "walks", found)
		v.Remedy = "let the cursor name a place that no other item has: the sort key and then the identifier"
		return v
	}
	if why, detail := walkedOut(f, all, r.fewest); why != "" {
		return inconclusive(why, "%s", detail)
	}
	judged := slices.DeleteFunc(slices.Clone(all), func(s stroll) bool { return !r.judged(s) || !s.whole() })
	if len(judged) == 0 {
		return skipped(plumbline.ReasonNotApplicable, "the size of a page cannot be chosen, or no such walk came to its end: not covered")
	}
	return pass(figure{0, 0, "items", all[0].Expected}, "each of %d of ours was found once in each of %s: %s", all[0].Expected, plural(len(judged), "walk"), ways(judged))
}

// ways names walks.
func ways(all []stroll) string {
	var out []string
	for _, s := range all {
		out = append(out, s.how())
	}
	return strings.Join(out, "; ")
}

func lifeOfPages(d plumbline.Design, subject string) (life, bool) {
	i := slices.IndexFunc(d.Families, func(f plumbline.Family) bool { return subjectOf(f) == subject })
	if i < 0 || d.Families[i].Paging == nil {
		return life{}, false
	}
	return life{d, d.Families[i]}, true
}
