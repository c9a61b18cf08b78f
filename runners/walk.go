package runners

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// Bounds of a walk.
const (
	mostPages = 200
	mostNamed = 16
	mostNew   = 64
)

// A walking is a walk on its way, in one direction.
type walking struct {
	plumbline.Walk
	seen     map[string]int    // by identifier
	pages    map[string]bool   // by the identifiers on them
	steps    map[string]string // names of the steps that made what is expected, by identifier
	latest   string            // of those, the one that was shown last
	excused  map[string]bool   // identifiers of which a call between the pages disposed
	longest  int               // items on a page
	since    map[string]int    // what the walk that Since names saw; nil when there was none
	like     any               // the body that what is new has to agree with; nil: none
	backward bool
	out      plumbline.Walked
}

func (x *passage) walking(s plumbline.Step, backward bool) *walking {
	w := &walking{
		Walk: *s.Walk, seen: map[string]int{}, pages: map[string]bool{}, steps: map[string]string{}, excused: map[string]bool{}, backward: backward,
		out: plumbline.Walked{Experiment: x.at.Experiment, Phase: x.at.Phase, Flow: x.flow, Step: s.Name, Back: backward, Ended: "bound"},
	}
	if w.Most == 0 {
		w.Most = mostPages
	}
	for _, step := range w.Expect {
		if a, ok := x.answers[step]; ok && a.Status/100 == 2 {
			if id, ok := target.Value(a, w.ID); ok {
				w.steps[id] = step
			}
		}
	}
	w.since = x.walked[w.Since]
	if made, ok := x.answers[w.Like]; ok {
		w.like, _ = decoded(made.Request.Body, headerOf(made.Request.Header, "Content-Type"), "")
	}
	return w
}

// walk follows the pages of a list whose first answer is there, to the end and,
// where that is asked for and the answers name the way, back again.
func (x *passage) walk(ctx context.Context, s plumbline.Step, first target.Answer) {
	forth := x.walking(s, false)
	last := x.follow(ctx, s, forth, first)
	x.walked[s.Name] = forth.seen
	x.told.Walked = append(x.told.Walked, forth.sum())
	if !s.Walk.Back || forth.out.Ended != "end" || len(forth.out.Pages) < 2 {
		return
	}
	back := x.walking(s, true)
	back.Between = nil
	if _, ok := back.before(last); ok {
		x.follow(ctx, s, back, last)
		x.told.Walked = append(x.told.Walked, back.sum())
	}
}

// follow books the pages from a first one on. It returns the last of them.
func (x *passage) follow(ctx context.Context, s plumbline.Step, w *walking, first target.Answer) target.Answer {
	a, towards := first, ""
	if w.backward {
		towards = " back"
	}
	for n := 1; ; n++ {
		request, more := w.page(a, n)
		if !more || n >= w.Most {
			return a
		}
		x.meanwhile(ctx, w, n)
		shot := x.shot(x.at, s.Call)
		shot.Stream, shot.Request = fmt.Sprintf("%s/%s page %d%s", x.flow, s.Name, n+1, towards), request
		next := x.do(ctx, shot, plumbline.Case{Operation: s.Operation, ID: first.Case, Kind: w.kind(first)}, s.Call)
		x.told.Observations = append(x.told.Observations, next.Observation)
		if next.Error == "" && w.refusedEnd(next.Status) {
			w.out.Ended = "end"
			return a
		}
		if next.Error != "" || next.Status/100 != 2 {
			w.out.Ended, w.out.Detail = "error", fmt.Sprintf("page %d was answered %s", n+1, wordOf(next.Observation))
			return a
		}
		a = next
	}
}

// meanwhile makes the calls that come after a page. What such a call takes from
// plumbline.StepSeen it may dispose of.
func (x *passage) meanwhile(ctx context.Context, w *walking, page int) {
	for _, m := range w.Between {
		if m.After != page {
			continue
		}
		delete(x.answers, plumbline.StepSeen)
		if made, ok := x.answers[w.steps[w.latest]]; ok {
			x.answers[plumbline.StepSeen] = made
		}
		a := x.send(ctx, m.Call, nil)
		if a.Status != 0 {
			x.answers[m.Name] = a
		}
		if a.Status != 0 && m.Own != nil && slices.ContainsFunc(m.Own.Binds, func(b plumbline.Bind) bool { return b.From == "step:"+plumbline.StepSeen }) {
			w.excused[w.latest] = true
		}
		x.told.Observations = append(x.told.Observations, a.Observation)
	}
}

// page books the items of an answer and makes the request for the next page;
// more is false at the end.
func (w *walking) page(a target.Answer, n int) (next plumbline.Request, more bool) {
	v, err := decoded(a.Response.Body, headerOf(a.Response.Header, "Content-Type"), w.Items)
	items, ok := v.([]any)
	if err != nil || !ok {
		w.out.Ended, w.out.Detail = "error", "the answer has no list at "+w.Items
		return next, false
	}
	w.out.Pages = append(w.out.Pages, len(items))
	w.out.Items += len(items)
	var ids []string
	for _, item := range items {
		id := w.identifier(item)
		ids = append(ids, id)
		w.notice(id, item)
	}
	for _, id := range ids {
		w.book(id)
	}
	w.longest = max(w.longest, len(items))
	print := strings.Join(ids, "\x00")
	if len(items) > 0 && w.pages[print] {
		w.out.Ended, w.out.Detail = "loop", fmt.Sprintf("page %d has the items of an earlier one", n)
		return next, false
	}
	w.pages[print] = true
	next, more = w.next(a, len(items))
	if !more {
		w.out.Ended = "end"
	}
	return next, more
}

// book counts an item that a page has.
func (w *walking) book(id string) {
	w.seen[id]++
	if _, ok := w.steps[id]; !ok {
		return
	}
	w.latest = id
	if w.seen[id] == 1 {
		w.out.Order = append(w.out.Order, id)
	}
}

// counted tells whether pages are asked for by number or by offset: until one
// is empty, since a server may have a shorter page in mind than was asked for.
func (w *walking) counted() bool { return w.Paging.Style == "page" || w.Paging.Style == "offset" }

// notice names an item that an earlier walk did not see, and that is as what is
// looked for.
func (w *walking) notice(id string, item any) {
	if _, old := w.since[id]; w.since == nil || old || w.seen[id] > 0 || len(w.out.New) >= mostNew {
		return
	}
	if w.Like != "" {
		var m plumbline.Match
		comparison{match: &m}.value("", item, w.like)
		if m.Fields == 0 || len(m.Marks) > 0 {
			return
		}
	}
	w.out.New = append(w.out.New, id)
}

// refusedEnd tells whether a status says that there is no such page: some
// servers answer the page after the last one with 404, and some with another
// refusal, which counts where the page before it was short.
func (w *walking) refusedEnd(status int) bool {
	n := w.out.Pages[len(w.out.Pages)-1]
	return w.counted() && (status == http.StatusNotFound || status/100 == 4 && n < max(w.Size, w.longest))
}

// kind is what a right server owes to the request for another page: of a page
// that is counted it need not have any.
func (w *walking) kind(first target.Answer) plumbline.CaseKind {
	if w.counted() {
		return plumbline.CaseRobust
	}
	return first.Kind
}

func (w *walking) identifier(item any) string {
	if w.ItemID == "" {
		return brief(item)
	}
	for _, t := range strings.Split(strings.TrimPrefix(w.ItemID, "/"), "/") {
		item, _ = member(item, t)
	}
	if s, ok := item.(string); ok {
		return s
	}
	return brief(item)
}

// next is the request for the page after an answer, or for the one before it.
func (w *walking) next(a target.Answer, items int) (plumbline.Request, bool) {
	if w.backward {
		return w.before(a)
	}
	r := a.Request
	query, err := url.ParseQuery(r.Query)
	if err != nil {
		return r, false
	}
	more := false
	switch w.Paging.Style {
	case "cursor":
		cursor, ok := w.cursor(a, w.Paging.Next, w.Paging.Param)
		query.Set(w.Paging.Param, cursor)
		more = ok
	case "page":
		at := w.Paging.First
		if n, err := strconv.Atoi(query.Get(w.Paging.Param)); err == nil {
			at = n
		}
		query.Set(w.Paging.Param, strconv.Itoa(at+1))
		more = items > 0
	case "offset":
		at, _ := strconv.Atoi(query.Get(w.Paging.Param)) // none is the first
		query.Set(w.Paging.Param, strconv.Itoa(at+items))
		more = items > 0
	case "link":
		return w.linked(a, "next", w.Paging.Next)
	}
	r.Query = query.Encode()
	return r, more
}

// before is the request for the page before an answer, where it is named.
func (w *walking) before(a target.Answer) (plumbline.Request, bool) {
	if w.Paging.Style == "link" {
		if r, ok := w.linked(a, "prev", w.Paging.Back); ok {
			return r, true
		}
		return w.linked(a, "previous", "")
	}
	r := a.Request
	query, err := url.ParseQuery(r.Query)
	if err != nil || w.Paging.Style != "cursor" {
		return r, false
	}
	param := cmp.Or(w.Paging.Before, w.Paging.Param)
	cursor, ok := w.cursor(a, w.Paging.Back, param)
	query.Del(w.Paging.Param)
	query.Set(param, cursor)
	r.Query = query.Encode()
	return r, ok
}

// cursor is what an answer names for another page; null, false and the empty
// text name none. A link in its place gives the parameter out of its query.
func (w *walking) cursor(a target.Answer, at, param string) (string, bool) {
	if at == "" {
		return "", false
	}
	v, err := decoded(a.Response.Body, headerOf(a.Response.Header, "Content-Type"), at)
	if err != nil || v == nil || v == "" || v == false {
		return "", false
	}
	s, ok := v.(string)
	if !ok {
		s = brief(v)
	}
	if u, err := url.Parse(s); err == nil && strings.Contains(s, "?") {
		s = u.Query().Get(param)
	}
	return s, s != ""
}

// linked follows a relation of a Link header (RFC 8288), or the link in the
// body.
func (w *walking) linked(a target.Answer, relation, at string) (plumbline.Request, bool) {
	r := a.Request
	to := linkTo(headerOf(a.Response.Header, "Link"), relation)
	if to == "" && at != "" {
		if v, err := decoded(a.Response.Body, headerOf(a.Response.Header, "Content-Type"), at); err == nil {
			to, _ = v.(string)
		}
	}
	u, err := url.Parse(to)
	if err != nil || to == "" {
		return r, false
	}
	if u.RawQuery != "" {
		r.Query = u.RawQuery
	}
	return r, true
}

// linkTo is the target of a relation in a Link header.
func linkTo(header, relation string) string {
	for _, part := range strings.Split(header, ",") {
		target, params, ok := strings.Cut(part, ";")
		params = strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(params), `"`, ""), " ", "")
		if ok && slices.Contains(strings.Split(params, ";"), "rel="+relation) {
			return strings.Trim(strings.TrimSpace(target), "<>")
		}
	}
	return ""
}

// sum adds up what was seen.
func (w *walking) sum() plumbline.Walked {
	w.out.Distinct = len(w.seen)
	for _, id := range slices.Sorted(maps.Keys(w.seen)) {
		if w.seen[id] > 1 && !w.excused[id] && len(w.out.Twice) < mostNamed {
			w.out.Twice = append(w.out.Twice, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.steps)) {
		if w.excused[id] {
			continue
		}
		w.out.Expected++
		if w.seen[id] == 0 && len(w.out.Missing) < mostNamed {
			w.out.Missing = append(w.out.Missing, id)
		}
	}
	return w.out
}
