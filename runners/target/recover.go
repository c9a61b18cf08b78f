package target

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// Recover deletes what a run that was killed has left, as its ledger on disk
// tells: what it created and had not deleted, children first; and of what was
// sent and never answered, that which carries a value that the run made for
// it. It deletes nothing else. What it does is written to the same ledger, so
// that a second time there is nothing to do. It returns what there was to do.
func (p *Pool) Recover(ctx context.Context, name string) ([]plumbline.Resource, error) {
	entries, err := readLedger(name)
	if err != nil {
		return nil, err
	}
	if err := p.Open(name); err != nil {
		return nil, err
	}
	var lost []plumbline.Resource
	things := map[int]*thing{}
	for _, s := range stories(entries) {
		if s.over() {
			continue
		}
		t, known := p.restored(ctx, s, things)
		if t == nil {
			if !known {
				lost = append(lost, doubtful(s))
			}
			continue
		}
		things[s.n] = t
		p.mu.Lock()
		for _, a := range p.ledger {
			if a.path != "" && strings.HasPrefix(t.path, a.path+"/") && !slices.Contains(t.above, a) {
				t.above = append(t.above, a)
			}
		}
		p.ledger = append(p.ledger, t)
		p.index(t)
		p.mu.Unlock()
	}
	return append(p.teardown(ctx, true), lost...), p.Close()
}

// A story is what the lines of one number tell together.
type story struct {
	n      int
	intent entry
	last   entry // that has values
	state  string
}

// over tells whether nothing is left to do.
func (s story) over() bool { return s.state == entryDeleted || s.state == entryRefused }

// stories puts the lines of a ledger together, in the order of their numbers.
func stories(entries []entry) []story {
	var out []story
	at := map[int]int{}
	for _, e := range entries {
		i, known := at[e.N]
		if !known {
			i = len(out)
			at[e.N], out = i, append(out, story{n: e.N})
		}
		s := &out[i]
		s.state = e.State
		switch e.State {
		case entryIntent:
			s.intent = e
		case entryCreated, entryDeleted, entrySurvives:
			s.last = e
		}
	}
	slices.SortFunc(out, func(a, b story) int { return a.n - b.n })
	return out
}

// restored is the thing that a story tells of; nil when there is none, or when
// it cannot be shown that the run created it. known is false when it may be
// there all the same.
func (p *Pool) restored(ctx context.Context, s story, things map[int]*thing) (t *thing, known bool) {
	t = &thing{operation: s.intent.Operation, values: map[string]string{}, own: true, entry: s.n}
	if s.last.N != 0 {
		t.operation, t.path, t.monitor = s.last.Operation, s.last.Thing, s.last.Monitor
		maps.Copy(t.values, s.last.Values)
		for _, n := range s.last.Above {
			if a := things[n]; a != nil {
				t.above = append(t.above, a)
			}
		}
		return t, true
	}
	if s.intent.Method == http.MethodPut && (len(s.intent.Nonces) > 0 || randomly(s.intent.Path)) {
		maps.Copy(t.values, s.intent.Values)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.place(t)
		return t, true
	}
	found, looked := p.sought(ctx, s, t)
	if !found {
		return nil, looked
	}
	return t, true
}

// randomly tells whether a path ends with a random UUID: no other than the run
// has had it.
func randomly(path string) bool {
	last := path[strings.LastIndex(path, "/")+1:]
	return len(last) == 36 && last[8] == '-' && last[14] == '4'
}

// sought looks for a thing whose creation was never answered: in the list of
// its family, by a value that the run made for it. looked is false when that
// cannot be told from there.
func (p *Pool) sought(ctx context.Context, s story, t *thing) (found, looked bool) {
	f, list, ok := p.listOf(s)
	if !ok {
		return false, false
	}
	req := clone(list.Cases[0].Request)
	req.Path = s.intent.Path
	for page := range mostPages {
		a := p.Client.Do(ctx, Shot{Operation: list.ID, Request: req, Trace: p.trace()})
		if a.Error == "" && a.Status == http.StatusNotFound {
			return false, true // what it would lie below is gone
		}
		if a.Error != "" || a.Status != http.StatusOK {
			return false, false
		}
		items := itemsAt(a.Response.Body, f.Items)
		for _, item := range items {
			if carries(item, s.intent.Nonces) {
				return p.identify(t, f, s, item), true
			}
		}
		if !nextPage(&req, f.Paging, a.Response, page, len(items)) {
			return false, true
		}
	}
	return false, false
}

// listOf is the operation that lists what an intent was to create, with its
// family, when what was to be created can be told apart there.
func (p *Pool) listOf(s story) (f plumbline.Family, list plumbline.Operation, ok bool) {
	i := slices.IndexFunc(p.Families, func(f plumbline.Family) bool { return f.Create == s.intent.Operation && f.List != "" && f.ItemID != "" })
	if i < 0 || len(s.intent.Nonces) == 0 {
		return f, list, false
	}
	f = p.Families[i]
	list, ok = p.operation(f.List)
	return f, list, ok && len(list.Cases) > 0 && list.Safe() && fits(list.Path, s.intent.Path)
}

// mostPages bounds the search for one thing.
const mostPages = 50

// itemsAt are the members of the array at a pointer.
func itemsAt(body []byte, pointer string) []json.RawMessage {
	var at any
	if json.Unmarshal(body, &at) != nil {
		return nil
	}
	for _, t := range tokens(pointer) {
		at = child(at, t)
	}
	all, _ := at.([]any)
	var out []json.RawMessage
	for _, v := range all {
		if data, err := json.Marshal(v); err == nil {
			out = append(out, data)
		}
	}
	return out
}

// carries tells whether an item has one of the values as a whole.
func carries(item json.RawMessage, nonces []string) bool {
	return slices.ContainsFunc(stringsIn(plumbline.Response{Body: item}), func(s keyed) bool {
		return slices.Contains(nonces, strings.TrimSuffix(s.text, "@example.com"))
	})
}

// identify takes the identifier out of an item of a list, and the path below
// which it stands out of the request that made it.
func (p *Pool) identify(t *thing, f plumbline.Family, s story, item json.RawMessage) bool {
	text, ok := extract(plumbline.Response{Body: item}, f.ItemID)
	if !ok {
		return false
	}
	t.values[f.ID] = text
	p.mu.Lock()
	defer p.mu.Unlock()
	op, _ := p.op(s.intent.Operation)
	for name, v := range placeholders(op.Path, s.intent.Path) {
		t.values["path:"+name] = v
	}
	p.place(t)
	return t.path != ""
}

// nextPage changes the request of a list to that of the page after; it is false
// at the end.
func nextPage(req *plumbline.Request, paging *plumbline.Paging, r plumbline.Response, page, items int) bool {
	if paging == nil || items == 0 || paging.Param == "" {
		return false
	}
	value := ""
	switch paging.Style {
	case "cursor":
		value, _ = extract(r, paging.Next)
	case "page":
		value = fmt.Sprint(paging.First + page + 1)
	case "offset":
		value = fmt.Sprint((page + 1) * items)
	}
	if value == "" {
		return false
	}
	kept := slices.DeleteFunc(strings.Split(req.Query, "&"), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return name == paging.Param || name == ""
	})
	req.Query = strings.Join(kept, "&")
	return put(req, plumbline.Bind{In: "query", Name: paging.Param}, value) == nil
}

// doubtful reports what was sent, may have been created and cannot be found.
func doubtful(s story) plumbline.Resource {
	detail := "it was sent at " + s.intent.At.Format("15:04:05") + " and never answered; whether it was created cannot be told, for "
	if len(s.intent.Nonces) > 0 {
		detail += "it is found in no list: if it was, it carries " + strings.Join(s.intent.Nonces, ", ")
	} else {
		detail += "it carries no value by which it could be known"
	}
	return plumbline.Resource{Operation: s.intent.Operation, URL: s.intent.Path, Survives: true, Doubtful: true, Detail: detail}
}
