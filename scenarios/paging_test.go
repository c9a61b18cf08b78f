package scenarios

import (
	"fmt"
	"slices"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// loses makes a walk lack the first of ours.
func loses(w *plumbline.Walked) {
	if len(w.Order) > 0 {
		w.Missing, w.Order = w.Order[:1], w.Order[1:]
	}
}

// repeats makes a walk show one of ours twice.
func repeats(w *plumbline.Walked) { w.Twice = w.Order[:1] }

func ended(how string) func(*plumbline.Walked) {
	return func(w *plumbline.Walked) { loses(w); w.Ended = how }
}

// only changes the walks of one direction.
func only(back bool, change func(*plumbline.Walked)) func(*plumbline.Walked) {
	return func(w *plumbline.Walked) {
		if w.Back == back {
			change(w)
		}
	}
}

func TestWalks(t *testing.T) {
	t.Parallel()
	complete, ties, stable := paginationComplete+"/orders", paginationTies+"/orders", paginationStable+"/orders"
	foreign := func(w *plumbline.Walked) { w.Twice = []string{"theirs"} }
	turned := func(w *plumbline.Walked) { w.Order = slices.Clone(w.Order); slices.Reverse(w.Order) }
	sorted := []func(*plumbline.Design){lists(func(p *plumbline.Paging) { p.Sort = "sort" })}
	listed := []func(*plumbline.Design){lists(func(p *plumbline.Paging) { p.Sort, p.Keys = "sort", []string{"-created", "-quantity"} })}
	linked := []func(*plumbline.Design){lists(func(p *plumbline.Paging) { p.Style, p.Param, p.Next = "link", "", "" })}
	fixed := []func(*plumbline.Design){lists(func(p *plumbline.Paging) { p.Limit = "" })}
	judgings(t, []judging{
		{"one comes twice", complete, walked(apiPages, "walk-7", repeats), plumbline.Fail, plumbline.LevelProved, nil},
		{"one of others comes twice", complete, walked(apiPages, "walk-7", foreign), plumbline.Pass, "", nil},
		{"lost in one walk", complete, walked(apiPages, "walk-10", loses), plumbline.Fail, plumbline.LevelProved, nil},
		{"in none", complete, walked(apiPages, "", loses), plumbline.Fail, plumbline.LevelLikely, nil},
		{"a loop", complete, walked(apiPages, "walk-1", func(w *plumbline.Walked) { w.Ended = "loop" }), plumbline.Fail, plumbline.LevelProved, nil},
		{"another order", complete, walked(apiPages, "walk-7", turned), plumbline.Fail, plumbline.LevelLikely, nil},
		{"a list too long for pages of one", complete, walked(apiPages, "walk-1", ended("bound")), plumbline.Pass, "", nil},
		{"a list too long for all but one size", complete, func(e *plumbline.Evidence) {
			for _, s := range []string{"walk-10", "walk-7", "walk-1"} {
				walked(apiPages, s, ended("bound"))(e)
			}
		}, plumbline.Inconclusive, "", nil},
		{"a walk broke off", complete, walked(apiPages, "walk-7", func(w *plumbline.Walked) { w.Ended = "error" }), plumbline.Inconclusive, "", nil},
		{"few could be made", complete, walked(apiPages, "", func(w *plumbline.Walked) { w.Expected = 7 }), plumbline.Inconclusive, "", nil},
		{"no size can be chosen", complete, nil, plumbline.Pass, "", fixed},
		{"ties are judged by their own walks", ties, walked(apiPages, "", loses), plumbline.Pass, "", nil},
		{"the page of all is the measure", ties, walked(apiTies, "walk-100", loses), plumbline.Pass, "", nil},
		{"a tie is lost", ties, walked(apiTies, "walk-5", only(false, loses)), plumbline.Fail, plumbline.LevelProved, nil},
		{"on the way back by a cursor", ties, walked(apiTies, "walk-5", only(true, loses)), plumbline.Fail, plumbline.LevelLikely, nil},
		{"on the way back by a link", ties, walked(apiTies, "walk-5", only(true, loses)), plumbline.Fail, plumbline.LevelProved, linked},
		{"sorted by a guess", ties, walked(apiTies, "walk-5-sorted", loses), plumbline.Fail, plumbline.LevelLikely, sorted},
		{"sorted as documented", ties, walked(apiTies, "walk-5-sorted", loses), plumbline.Fail, plumbline.LevelProved, listed},
		{"the guess was a filter", ties, walked(apiTies, "walk-5-sorted", func(w *plumbline.Walked) { w.Missing, w.Order = w.Order, nil }), plumbline.Pass, "", sorted},
		{"no border can be chosen", ties, nil, plumbline.Skipped, "", fixed},
		{"stable by cursor", stable, walked(apiStable, "", loses), plumbline.Fail, plumbline.LevelLikely, nil},
		{"stable by offset", stable, walked(apiStable, "", loses), plumbline.Fail, plumbline.LevelAdvisory, []func(*plumbline.Design){offsets}},
		{"nothing could be added", stable, step(apiStable, "insert-1", status(409)), plumbline.Pass, "", nil},
		{"nothing at all", stable, func(e *plumbline.Evidence) {
			for i := range inserts {
				step(apiStable, insertStep(i+1), status(409))(e)
			}
		}, plumbline.Inconclusive, "", nil},
		{"all on one page", stable, func(e *plumbline.Evidence) {
			for i := range inserts {
				step(apiStable, insertStep(i+1), unsent)(e)
			}
		}, plumbline.Skipped, "", nil},
		{"minus one breaks it", paginationLimit + "/orders", step(apiLimit, "negative", status(500)), plumbline.Fail, plumbline.LevelProved, nil},
		{"a text breaks it", paginationLimit + "/orders", step(apiLimit, "text", status(500)), plumbline.Fail, plumbline.LevelProved, nil},
		{"too short to tell", paginationLimit + "/orders", step(apiLimit, "above", status(200)), plumbline.Skipped, "", nil},
		{"no default size", paginationLimit + "/orders", walked(apiLimit, "none", func(w *plumbline.Walked) { w.Items = 101 }), plumbline.Fail, plumbline.LevelLikely, nil},
		{"another default size", paginationLimit + "/orders", walked(apiLimit, "none", func(w *plumbline.Walked) { w.Items = 21 }), plumbline.Fail, plumbline.LevelLikely, []func(*plumbline.Design){lists(func(p *plumbline.Paging) { p.Default = 20 })}},
	})
}

func TestSizesThatFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    plumbline.Paging
		want string
	}{
		{plumbline.Paging{}, "[0]"},
		{plumbline.Paging{Limit: "limit"}, "[100 10 7 1]"},
		{plumbline.Paging{Limit: "limit", Min: 5, Max: 50}, "[50 10 7 5]"},
		{plumbline.Paging{Limit: "limit", Max: 8}, "[8 7 1]"},
		{plumbline.Paging{Limit: "limit", Sizes: []int{10, 25, 50}, Max: 50}, "[50 10]"},
	} {
		if got := fmt.Sprint(life{f: plumbline.Family{Paging: &c.p}}.fitting(wholePage, 10, 7, 1)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.p, got, c.want)
		}
	}
}

func TestPagesAreLeftAloneByAnObserver(t *testing.T) {
	t.Parallel()
	d := shop()
	withOrders(&d)
	d.Mode = plumbline.ModeObserve
	for _, f := range Functions() {
		if !slices.Contains([]string{paginationComplete, paginationTies, paginationStable}, f.ID) {
			continue
		}
		p := f.Plan(d)
		if len(p.Claims)+len(p.Experiments) != 0 || len(p.Skips) != 1 || p.Skips[0].Reason != plumbline.ReasonUnsafe {
			t.Errorf("%s: %+v", f.ID, p)
		}
	}
}
