package runners

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A shelf is a list with every style of paging, right unless a mistake is made:
// it serves pages of size items by number, offset, cursor and Link.
type shelf struct {
	mu        sync.Mutex
	next      int
	ids       []string
	most      int  // cuts pages down to this; zero does not
	refuses   int  // status of a page after the last; zero serves an empty one
	backLoses bool // the way back lacks an item of each page
	arrived   chan struct{}
	gate      chan struct{} // creations wait for it; nil for none
}

func (s *shelf) create(w http.ResponseWriter, _ *http.Request) {
	if s.gate != nil {
		s.arrived <- struct{}{}
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	id := fmt.Sprintf("t%02d", s.next)
	s.ids = append(s.ids, id)
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintf(w, `{"id":%q}`, id)
}

func (s *shelf) remove(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.ids, r.PathValue("id"))
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	s.ids = slices.Delete(s.ids, i, i+1)
	w.WriteHeader(http.StatusNoContent)
}

// list serves the page that begins at an offset, after an identifier, or before
// one.
func (s *shelf) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("limit"))
	if size == 0 || s.most > 0 && size > s.most {
		size = max(s.most, 2)
	}
	from := 0
	switch {
	case q.Has("page"):
		n, _ := strconv.Atoi(q.Get("page"))
		from = (n - 1) * size
	case q.Has("offset"):
		from, _ = strconv.Atoi(q.Get("offset"))
	case q.Has("cursor"):
		for from < len(s.ids) && s.ids[from] <= q.Get("cursor") {
			from++
		}
	case q.Has("before"):
		to := slices.Index(s.ids, q.Get("before"))
		from, size = max(0, to-size), min(size, to)
	}
	if from >= len(s.ids) && from > 0 && s.refuses != 0 {
		http.Error(w, "{}", s.refuses)
		return
	}
	shown := s.ids[min(from, len(s.ids)):min(from+size, len(s.ids))]
	s.answer(w, r, from, slices.Clone(shown))
}

func (s *shelf) answer(w http.ResponseWriter, r *http.Request, from int, shown []string) {
	page := map[string]any{"items": []any{}, "next": nil, "previous": nil}
	link := func(rel, param, value string) string {
		q := url.Values{"limit": r.URL.Query()["limit"], param: {value}}
		return fmt.Sprintf(`</things?%s>; rel="%s"`, q.Encode(), rel)
	}
	var links []string
	if n := len(shown); n > 0 && from+n < len(s.ids) {
		page["next"] = shown[n-1]
		links = append(links, link("next", "cursor", shown[n-1]))
	}
	if from > 0 && len(shown) > 0 {
		page["previous"] = shown[0]
		links = append(links, link("prev", "before", shown[0]))
	}
	w.Header().Set("Link", strings.Join(links, ", "))
	if s.backLoses && r.URL.Query().Has("before") {
		shown = shown[:len(shown)-1]
	}
	for _, id := range shown {
		page["items"] = append(page["items"].([]any), map[string]any{"id": id})
	}
	_ = json.NewEncoder(w).Encode(page)
}

func (s *shelf) live(t *testing.T) *Live {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /things", s.create)
	mux.HandleFunc("GET /things", s.list)
	mux.HandleFunc("DELETE /things/{id}", s.remove)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client, err := target.New(target.Config{Base: server.URL, Run: "a1b2c3d4e5f6", Began: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	one := func(id, method, path string) plumbline.Operation {
		return plumbline.Operation{ID: id, Method: method, Path: path, Cases: []plumbline.Case{{ID: id + "/required", Operation: id, Request: plumbline.Request{Method: method, Path: path}}}}
	}
	create := one("create", "POST", "/things")
	create.Produces, create.Deletes = []string{"id"}, "delete"
	remove := one("delete", "DELETE", "/things/{id}")
	remove.Cases[0].Binds = []plumbline.Bind{{In: "path", Name: "id", From: "create", Pointer: "/id"}}
	d := plumbline.Design{Mode: plumbline.ModeOwn, Operations: []plumbline.Operation{create, one("list", "GET", "/things"), remove}}
	return &Live{Design: d, Run: plumbline.Run{ID: "a1b2c3d4e5f6"}, Client: client, Pool: &target.Pool{Client: client, Operations: d.Operations, Mode: d.Mode}}
}

// walked makes n things and walks them.
func (s *shelf) walked(t *testing.T, n int, w plumbline.Walk) Told {
	t.Helper()
	l := s.live(t)
	f := plumbline.Flow{Name: "f"}
	for i := range n {
		name := fmt.Sprintf("create-%d", i)
		w.Expect = append(w.Expect, name)
		f.Steps = append(f.Steps, plumbline.Step{Call: plumbline.Call{Name: name, Operation: "create"}, Must: true})
	}
	w.Items, w.ItemID, w.ID = "/items", "/id", "/id"
	query := ""
	if w.Size > 0 {
		query = fmt.Sprintf("limit=%d", w.Size)
	}
	list := plumbline.Case{ID: "list/own", Operation: "list", Request: plumbline.Request{Method: "GET", Path: "/things", Query: query}}
	f.Steps = append(f.Steps, plumbline.Step{Call: plumbline.Call{Name: "list", Operation: "list", Own: &list}, Walk: &w})
	return l.Flow(t.Context(), Place{}, f)
}

func TestWalksOfEveryStyle(t *testing.T) {
	t.Parallel()
	cursor := plumbline.Paging{Style: "cursor", Param: "cursor", Limit: "limit", Next: "/next", Back: "/previous", Before: "before"}
	link := plumbline.Paging{Style: "link", Limit: "limit"}
	page := plumbline.Paging{Style: "page", Param: "page", First: 1, Limit: "limit"}
	offset := plumbline.Paging{Style: "offset", Param: "offset", Limit: "limit"}
	noWay := cursor
	noWay.Back = ""
	cases := []struct {
		name   string
		shelf  *shelf
		paging plumbline.Paging
		size   int
		pages  string // forth, and back when there is a way
		lost   int    // on the way back
	}{
		{"cursor", &shelf{}, cursor, 2, "[2 2 1] [1 2 2]", 0},
		{"cursor that does not lead back", &shelf{}, noWay, 2, "[2 2 1]", 0},
		{"cursor that loses on the way back", &shelf{backLoses: true}, cursor, 2, "[2 2 1] [1 1 1]", 2},
		{"link", &shelf{}, link, 2, "[2 2 1] [1 2 2]", 0},
		{"one page", &shelf{}, cursor, 9, "[5]", 0},
		{"page", &shelf{}, page, 2, "[2 2 1 0]", 0},
		{"page, the one after the last is not found", &shelf{refuses: 404}, page, 2, "[2 2 1]", 0},
		{"page, the one after the last is refused", &shelf{refuses: 422}, page, 2, "[2 2 1]", 0},
		{"page, cut down without a word", &shelf{most: 3}, page, 100, "[3 2 0]", 0},
		{"offset", &shelf{}, offset, 2, "[2 2 1 0]", 0},
		{"offset, cut down without a word", &shelf{most: 3}, offset, 100, "[3 2 0]", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			told := c.shelf.walked(t, 5, plumbline.Walk{Paging: c.paging, Size: c.size, Back: true})
			var pages []string
			for i, w := range told.Walked {
				pages = append(pages, fmt.Sprint(w.Pages))
				lost := 0
				if i == 1 {
					lost = c.lost
				}
				if w.Ended != "end" || w.Expected != 5 || len(w.Missing) != lost || len(w.Order) != 5-lost || len(w.Twice) != 0 || w.Back != (i == 1) {
					t.Errorf("%+v", w)
				}
			}
			if got := strings.Join(pages, " "); got != c.pages {
				t.Errorf("pages %s, want %s", got, c.pages)
			}
		})
	}
}

// What is between the pages is made in its turn, and what was shown last can
// be taken away; it is expected no longer.
func TestAWalkIsDisturbed(t *testing.T) {
	t.Parallel()
	remove := plumbline.Case{
		ID: "delete/own", Operation: "delete", Request: plumbline.Request{Method: "DELETE", Path: "/things/{id}"},
		Binds: []plumbline.Bind{{In: "path", Name: "id", From: "step:" + plumbline.StepSeen, Pointer: "/id"}},
	}
	between := []plumbline.Meanwhile{
		{Call: plumbline.Call{Name: "insert-1", Operation: "create"}, After: 1},
		{Call: plumbline.Call{Name: "remove", Operation: "delete", Own: &remove}, After: 1},
		{Call: plumbline.Call{Name: "insert-2", Operation: "create"}, After: 2},
		{Call: plumbline.Call{Name: "insert-3", Operation: "create"}, After: 9},
	}
	cases := map[string]struct {
		paging  plumbline.Paging
		missing string
	}{
		"cursor":               {plumbline.Paging{Style: "cursor", Param: "cursor", Limit: "limit", Next: "/next"}, "[]"},
		"offset loses an item": {plumbline.Paging{Style: "offset", Param: "offset", Limit: "limit"}, "[t03]"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{}
			told := s.walked(t, 5, plumbline.Walk{Paging: c.paging, Size: 2, Between: between})
			w := told.Walked[0]
			if w.Expected != 4 || fmt.Sprint(w.Missing) != c.missing || len(w.Twice) != 0 || w.Ended != "end" {
				t.Errorf("%+v", w)
			}
			var got []string
			for _, o := range told.Observations[6:] {
				got = append(got, o.Stream+" "+wordOf(o))
			}
			if text := strings.Join(got, ", "); !strings.HasPrefix(text, "f/insert-1 201, f/remove 204, f/list page 2 200, f/insert-2 201, f/list page 3 200") || strings.Contains(text, "insert-3") {
				t.Error(text)
			}
			if slices.Contains(s.ids, "t02") {
				t.Error("what was shown last is still there")
			}
		})
	}
}

// Steps together are under way at the same time and told in order.
func TestStepsTogether(t *testing.T) {
	t.Parallel()
	s := &shelf{gate: make(chan struct{}), arrived: make(chan struct{})}
	go func() {
		for range 4 {
			<-s.arrived
		}
		close(s.gate)
	}()
	l := s.live(t)
	f := plumbline.Flow{Name: "f"}
	for i := range 4 {
		f.Steps = append(f.Steps, plumbline.Step{Call: plumbline.Call{Name: fmt.Sprintf("create-%d", i), Operation: "create"}, Together: true})
	}
	told := l.Flow(t.Context(), Place{}, f)
	for i, o := range told.Observations {
		if o.Stream != fmt.Sprintf("f/create-%d", i) || o.Status != 201 {
			t.Errorf("%d: %s %s", i, o.Stream, wordOf(o))
		}
	}
	if res := l.Teardown(t.Context()); len(res) != 4 || len(s.ids) != 0 {
		t.Errorf("%d resources, %d left", len(res), len(s.ids))
	}
}
