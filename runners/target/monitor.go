package target

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Bounds of waiting for what a 202 promised (RFC 9110 §15.3.3).
const (
	settleTime  = 10 * time.Second
	settleFirst = 20 * time.Millisecond
	settleMost  = 400 * time.Millisecond
)

// promised notes the status monitor of a thing that a 202 promised. Until it
// has been followed nothing is believed about the identifier, for what the
// answer names may be the monitor itself; unless the answer points to a path
// that names such a thing.
func (p *Pool) promised(t *thing, a Answer) {
	monitor := monitorOf(a.Response)
	if monitor == "" {
		return
	}
	t.monitor = monitor
	if d, ok := retryAfter(a, time.Now()); ok {
		t.ready = time.Now().Add(d)
	}
	for pointer := range t.values {
		if kind, _, ok := strings.Cut(pointer, ":"); ok && kind != "header" {
			continue
		}
		if text, ok := p.named202(t.operation, pointer, plumbline.Response{Header: map[string][]string{"Location": {monitor}}}); ok {
			t.values[pointer] = text
		} else if !p.elsewhere(t.operation, pointer) {
			delete(t.values, pointer)
		}
	}
}

// elsewhere tells whether a place of an answer names something else than what
// the operation creates, such as the monitor.
func (p *Pool) elsewhere(operation, pointer string) bool {
	op, _ := p.op(operation)
	del, ok := p.op(op.Deletes)
	if !ok || len(del.Cases) == 0 {
		return false
	}
	return !slices.ContainsFunc(del.Cases[0].Binds, func(b plumbline.Bind) bool { return b.From == operation && b.Pointer == pointer })
}

// settle waits until what a 202 promised is there, and takes its identifier
// from the last answer of the status monitor. What never comes is left as it
// is.
func (p *Pool) settle(ctx context.Context, t *thing) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	p.mu.Lock()
	monitor, ready := t.monitor, t.ready
	t.monitor = ""
	p.mu.Unlock()
	if !ready.IsZero() {
		Wait(ctx, time.Until(ready))
	}
	if last, ok := p.follow(ctx, monitor); ok {
		p.mu.Lock()
		p.adopt(t, last)
		p.write(t, entryCreated)
		p.mu.Unlock()
	}
	p.appear(ctx, t)
}

// monitorOf is the path and query of the status monitor that an answer names.
func monitorOf(r plumbline.Response) string {
	for _, h := range []string{"Location", "Operation-Location", "Azure-AsyncOperation", "Content-Location"} {
		if text, ok := headerValue(r.Header, h); ok && text != "" {
			return text
		}
	}
	return ""
}

// follow asks the status monitor until it has nothing more to say, no sooner
// than it asks for (RFC 9110 §10.2.3). One that was there and is gone has said
// all that it will.
func (p *Pool) follow(ctx context.Context, monitor string) (Answer, bool) {
	req, ok := p.local(monitor)
	if !ok {
		return Answer{}, false
	}
	there := false
	for pause := settleFirst; ; pause = min(2*pause, settleMost) {
		a := p.Client.Do(ctx, Shot{Operation: "", Request: req, Trace: p.trace()})
		answered := a.Error == ""
		switch {
		case answered && there && gone(a):
			return a, false
		case answered && settled(a):
			return a, true
		}
		there = there || answered && a.Status != 0 && a.Status < 300
		if !Wait(ctx, max(pause, bidden(a))) {
			return a, false
		}
	}
}

// bidden is the pause that an answer asks for; zero when it asks for none, or
// for one that is too long.
func bidden(a Answer) time.Duration {
	if asked, ok := retryAfter(a, time.Now()); ok {
		return asked
	}
	return 0
}

// gone tells whether an answer says that there is nothing, or no more.
func gone(a Answer) bool { return a.Status == http.StatusNotFound || a.Status == http.StatusGone }

// local is a request for a URL of the deployment itself.
func (p *Pool) local(text string) (plumbline.Request, bool) {
	u, err := url.Parse(text)
	if err != nil || text == "" || u.Host != "" && u.Host != p.Client.base.Host {
		return plumbline.Request{}, false
	}
	path := strings.TrimPrefix(u.EscapedPath(), strings.TrimSuffix(p.Client.base.EscapedPath(), "/"))
	if !strings.HasPrefix(path, "/") {
		return plumbline.Request{}, false
	}
	return plumbline.Request{Method: http.MethodGet, Path: path, Query: u.RawQuery}, true
}

// settled tells whether an answer of a status monitor is its last.
func settled(a Answer) bool {
	if a.Status == http.StatusAccepted || a.Status == http.StatusNotFound || a.Status >= 500 || a.Status == http.StatusTooManyRequests {
		return false
	}
	var body map[string]any
	if json.Unmarshal(a.Response.Body, &body) != nil {
		return true
	}
	for _, k := range []string{"status", "state", "phase"} {
		if s, ok := body[k].(string); ok {
			s = strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(s))
			return !slices.Contains([]string{"pending", "running", "processing", "queued", "accepted", "inprogress", "notstarted", "started", "working", "new", "waiting", "scheduled"}, s)
		}
	}
	return true
}

// adopt takes the identifier of a thing from the last answer of a status
// monitor: from a URL in it that is one of the paths that name such a thing,
// or from the place where the document has it.
func (p *Pool) adopt(t *thing, last Answer) {
	for _, pointer := range p.places[t.operation] {
		kind, _, _ := strings.Cut(pointer, ":")
		if kind == "path" || kind == "request" || kind == "query" || kind == "sent" {
			continue
		}
		if text, ok := p.named202(t.operation, pointer, last.Response); ok {
			t.values[pointer] = text
			continue
		}
		at := strings.TrimPrefix(pointer, "monitor:")
		if _, had := t.values[pointer]; had && at == pointer {
			continue
		}
		if text, ok := extract(last.Response, at); ok {
			t.values[pointer] = text
		}
	}
	p.place(t)
	p.index(t)
}

// named202 looks for a URL in an answer that has the shape of a path of the
// document which names such a thing, or for a member called like it.
func (p *Pool) named202(operation, pointer string, r plumbline.Response) (string, bool) {
	found := stringsIn(r)
	for _, o := range p.Operations {
		if len(o.Cases) == 0 {
			continue
		}
		for _, b := range o.Cases[0].Binds {
			if b.In != "path" || b.From != operation || b.Pointer != pointer || !strings.HasSuffix(o.Path, "{"+b.Name+"}") {
				continue
			}
			if text, ok := p.inURL(found, o.Path, b.Name); ok {
				return text, true
			}
			if text, ok := calledLike(found, b.Name); ok {
				return text, true
			}
		}
	}
	return "", false
}

// inURL is the value of a place in the first URL that has the shape of a path.
func (p *Pool) inURL(found []keyed, path, place string) (string, bool) {
	for _, s := range found {
		if req, ok := p.local(s.text); ok && strings.Contains(s.text, "/") && fits(path, req.Path) {
			if text := placeholders(path, req.Path)[place]; text != "" {
				return text, true
			}
		}
	}
	return "", false
}

// calledLike is the first value with the name of a place.
func calledLike(found []keyed, place string) (string, bool) {
	for _, s := range found {
		if k := plainName(s.key); k != "" && (k == plainName(place) || k == plainName(place)+"id" || k == "resourceid" || k == "resultid") {
			return s.text, true
		}
	}
	return "", false
}

func plainName(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(s))
}

// A keyed is a string of an answer with the name that it has there.
type keyed struct{ key, text string }

// stringsIn are the scalar members of an answer, and its Location.
func stringsIn(r plumbline.Response) []keyed {
	var out []keyed
	if text, ok := headerValue(r.Header, "Location"); ok {
		out = append(out, keyed{"", text})
	}
	dec := json.NewDecoder(bytes.NewReader(r.Body))
	dec.UseNumber()
	var body any
	if dec.Decode(&body) != nil {
		return out
	}
	var walk func(key string, v any, depth int)
	walk = func(key string, v any, depth int) {
		switch x := v.(type) {
		case string:
			out = append(out, keyed{key, x})
		case json.Number:
			out = append(out, keyed{key, x.String()})
		case map[string]any:
			for _, k := range sortedNames(x) {
				if depth < 4 {
					walk(k, x[k], depth+1)
				}
			}
		}
	}
	walk("", body, 0)
	return out
}

func sortedNames(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// appear waits until a thing can be read, where the document has an operation
// that reads it.
func (p *Pool) appear(ctx context.Context, t *thing) {
	req, ok := p.reading(t)
	if !ok {
		return
	}
	for pause := settleFirst; ; pause = min(2*pause, settleMost) {
		a := p.Client.Do(ctx, Shot{Request: req, Trace: p.trace()})
		if a.Error == "" && a.Status != http.StatusNotFound && a.Status != http.StatusAccepted && a.Status < 500 || !Wait(ctx, pause) {
			return
		}
	}
}

// reading is the request that reads a thing.
func (p *Pool) reading(t *thing) (plumbline.Request, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	op, _ := p.op(t.operation)
	del, hasDel := p.op(op.Deletes)
	for _, o := range p.Operations {
		if !readsOne(o) || hasDel && o.Path != del.Path {
			continue
		}
		if req, ok := t.readBy(o); ok {
			return req, true
		}
	}
	return plumbline.Request{}, false
}

// readsOne tells whether an operation reads what its path ends with.
func readsOne(o plumbline.Operation) bool {
	return o.Method == http.MethodGet && o.Safe() && len(o.Cases) > 0 && lastPlace(o.Path) != "" && strings.HasSuffix(o.Path, "}")
}

// readBy is the request by which an operation reads the thing.
func (t *thing) readBy(o plumbline.Operation) (plumbline.Request, bool) {
	req := clone(o.Cases[0].Request)
	whole, named := true, false
	for _, b := range o.Cases[0].Binds {
		text, of, found := t.find(source{b.From, b.Pointer})
		whole = whole && found && put(&req, b, text) == nil
		named = named || found && of == t && b.In == "path" && b.Name == lastPlace(o.Path)
	}
	return req, whole && named
}

// saysDeleted tells whether a body says of its thing that it is deleted.
func saysDeleted(r plumbline.Response) bool {
	for _, s := range stringsIn(r) {
		k := plainName(s.key)
		if (k == "deletedat" || k == "deletedon" || k == "deletiontime") && s.text != "" {
			return true
		}
		if (k == "status" || k == "state") && slices.Contains([]string{"deleted", "removed", "archived", "trashed"}, strings.ToLower(s.text)) {
			return true
		}
	}
	var body any
	return json.Unmarshal(r.Body, &body) == nil && flagged(body, 2)
}

// flagged tells whether an object has a flag that says that it is deleted,
// itself or in an envelope of the given depth.
func flagged(v any, depth int) bool {
	body, _ := v.(map[string]any)
	for k, v := range body {
		if b, ok := v.(bool); ok && b && slices.Contains([]string{"deleted", "isdeleted", "removed", "archived"}, plainName(k)) {
			return true
		}
		if depth > 0 && flagged(v, depth-1) {
			return true
		}
	}
	return false
}
