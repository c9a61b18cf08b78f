package runners

import (
	"context"
	"fmt"
	"maps"
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
)

// A walking is a walk on its way.
type walking struct {
	plumbline.Walk
	seen  map[string]int // by identifier
	pages map[string]bool
	out   plumbline.Walked
}

// walk follows the pages of a list whose first answer is there.
func (x *passage) walk(ctx context.Context, s plumbline.Step, first target.Answer) {
	w := &walking{Walk: *s.Walk, seen: map[string]int{}, pages: map[string]bool{}, out: plumbline.Walked{Experiment: x.at.Experiment, Phase: x.at.Phase, Flow: x.flow, Step: s.Name, Ended: "bound"}}
	most := w.Most
	if most == 0 {
		most = mostPages
	}
	a, between := first, w.Between
	for n := 1; ; n++ {
		request, more := w.page(a, n)
		if !more || n >= most {
			break
		}
		if between != nil {
			b := x.send(ctx, *between, nil)
			if b.Status != 0 {
				x.answers[between.Name] = b
			}
			x.told.Observations = append(x.told.Observations, b.Observation)
			between = nil
		}
		shot := x.shot(x.at, s.Call)
		shot.Stream, shot.Request = fmt.Sprintf("%s/%s page %d", x.flow, s.Name, n+1), request
		a = x.do(ctx, shot, plumbline.Case{Operation: s.Operation, ID: first.Case, Kind: first.Kind}, s.Call)
		x.told.Observations = append(x.told.Observations, a.Observation)
		if a.Error != "" || a.Status/100 != 2 {
			w.out.Ended, w.out.Detail = "error", fmt.Sprintf("page %d was answered %s", n+1, wordOf(a.Observation))
			break
		}
	}
	x.told.Walked = append(x.told.Walked, w.sum(x.answers))
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
		ids = append(ids, w.identifier(item))
	}
	for _, id := range ids {
		w.seen[id]++
	}
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

// next is the request for the page after an answer. Pages by number and by
// offset end with an empty one; where the size is known, with a short one.
func (w *walking) next(a target.Answer, items int) (plumbline.Request, bool) {
	r := a.Request
	query, err := url.ParseQuery(r.Query)
	if err != nil {
		return r, false
	}
	switch w.Paging.Style {
	case "cursor":
		cursor, ok := w.cursor(a)
		if !ok {
			return r, false
		}
		query.Set(w.Paging.Param, cursor)
	case "page":
		at := w.Paging.First
		if n, err := strconv.Atoi(query.Get(w.Paging.Param)); err == nil {
			at = n
		}
		query.Set(w.Paging.Param, strconv.Itoa(at+1))
		r.Query = query.Encode()
		return r, items > 0 && (w.Size == 0 || items >= w.Size)
	case "offset":
		at, _ := strconv.Atoi(query.Get(w.Paging.Param)) // none is the first
		query.Set(w.Paging.Param, strconv.Itoa(at+items))
		r.Query = query.Encode()
		return r, items > 0 && (w.Size == 0 || items >= w.Size)
	case "link":
		return w.linked(a)
	default:
		return r, false
	}
	r.Query = query.Encode()
	return r, true
}

// cursor is what an answer names for the next page; null, false and the empty
// text name none. A link in its place gives the parameter out of its query.
func (w *walking) cursor(a target.Answer) (string, bool) {
	if w.Paging.Next == "" {
		return "", false
	}
	v, err := decoded(a.Response.Body, headerOf(a.Response.Header, "Content-Type"), w.Paging.Next)
	if err != nil || v == nil || v == "" || v == false {
		return "", false
	}
	s, ok := v.(string)
	if !ok {
		s = brief(v)
	}
	if u, err := url.Parse(s); err == nil && strings.Contains(s, "?") {
		s = u.Query().Get(w.Paging.Param)
	}
	return s, s != ""
}

// linked follows the next relation of a Link header (RFC 8288), or of the link
// in the body.
func (w *walking) linked(a target.Answer) (plumbline.Request, bool) {
	r := a.Request
	to := nextLink(headerOf(a.Response.Header, "Link"))
	if to == "" && w.Paging.Next != "" {
		if v, err := decoded(a.Response.Body, headerOf(a.Response.Header, "Content-Type"), w.Paging.Next); err == nil {
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

// nextLink is the target of rel="next" in a Link header.
func nextLink(header string) string {
	for _, part := range strings.Split(header, ",") {
		target, params, ok := strings.Cut(part, ";")
		params = strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(params), `"`, ""), " ", "")
		if ok && slices.Contains(strings.Split(params, ";"), "rel=next") {
			return strings.Trim(strings.TrimSpace(target), "<>")
		}
	}
	return ""
}

// sum adds up what was seen.
func (w *walking) sum(answers map[string]target.Answer) plumbline.Walked {
	w.out.Distinct = len(w.seen)
	for _, id := range slices.Sorted(maps.Keys(w.seen)) {
		if w.seen[id] > 1 && len(w.out.Twice) < mostNamed {
			w.out.Twice = append(w.out.Twice, id)
		}
	}
	for _, step := range w.Expect {
		a, ok := answers[step]
		if !ok {
			continue
		}
		id, ok := target.Value(a, w.ID)
		if !ok {
			continue
		}
		w.out.Expected++
		if w.seen[id] == 0 && len(w.out.Missing) < mostNamed {
			w.out.Missing = append(w.out.Missing, id)
		}
	}
	return w.out
}
