package target

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// A dictionary is read by words that nothing yields: the second of them is
// there.
func newDictionary(t *testing.T, mode plumbline.Mode) (*Pool, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.Path)
		if !strings.HasPrefix(r.URL.Path, "/words/two") {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	op := func(id, method, path string, words ...string) plumbline.Operation {
		o := plumbline.Operation{ID: id, Method: method, Path: path}
		for _, word := range words {
			o.Cases = append(o.Cases, plumbline.Case{ID: id + "/" + word, Operation: id, Request: plumbline.Request{Method: method, Path: strings.Replace(path, "{word}", word, 1)}})
		}
		return o
	}
	p := &Pool{Client: newClient(t, base, nil), Mode: mode, Operations: []plumbline.Operation{
		op("deleteWord", http.MethodDelete, "/words/{word}", "one"),
		op("getMeaning", http.MethodGet, "/words/{word}/meaning", "two"),
		op("getWord", http.MethodGet, "/words/{word}", "one", "two", "three"),
		op("getUse", http.MethodGet, "/words/{word}/use", "none"),
		op("getOther", http.MethodGet, "/other/{word}", "one"),
	}}
	return p, func() []string { mu.Lock(); defer mu.Unlock(); return asked }
}

// Where nothing yields what a path names, a valid request that is answered
// tells; nothing that the run did not create is handed to what changes it.
func TestAStateOfWhatNothingYields(t *testing.T) {
	t.Parallel()
	const given = "there is a thing for word"
	for name, c := range map[string]struct {
		mode  plumbline.Mode
		of    string
		want  string
		error error
		asked []string
	}{
		"read by itself":            {plumbline.ModeOwn, "getWord", "two", nil, []string{"GET /words/one", "GET /words/two"}},
		"in observe as well":        {plumbline.ModeObserve, "getWord", "two", nil, []string{"GET /words/one", "GET /words/two"}},
		"as what stands above it":   {plumbline.ModeOwn, "getUse", "two", nil, []string{"GET /words/none/use", "GET /words/two/meaning"}},
		"not there":                 {plumbline.ModeOwn, "getOther", "", ErrUnbound, []string{"GET /other/one"}},
		"changes what was there":    {plumbline.ModeOwn, "deleteWord", "", ErrUnbound, nil},
		"changes everything":        {plumbline.ModeFull, "deleteWord", "two", nil, []string{"GET /words/one", "GET /words/two"}},
		"of no operation":           {plumbline.ModeOwn, "nothing", "", ErrUnknownState, nil},
		"of an operation elsewhere": {plumbline.ModeOwn, "getWord", "", ErrUnknownState, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, asked := newDictionary(t, c.mode)
			as := "word"
			if name == "of an operation elsewhere" {
				as = "sentence"
			}
			for range 2 { // the second time it is known
				got, err := p.SetState(t.Context(), given, map[string]any{"as": as, "for": c.of})
				if c.error != nil {
					if !errors.Is(err, c.error) {
						t.Fatalf("got %v %v, want %v", got, err, c.error)
					}
					break
				}
				if diff := cmp.Diff(map[string]any{"word": c.want}, got); diff != "" || err != nil {
					t.Fatalf("%v (-want +got):\n%s", err, diff)
				}
			}
			if diff := cmp.Diff(c.asked, asked()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A place of an answer that no case takes a value from is read all the same
// when a state asks for it, also of what was answered before.
func TestAStateOfAPlaceThatNoCaseNeeds(t *testing.T) {
	t.Parallel()
	_, p := newShop(t, plumbline.ModeOwn)
	call(t, p, "createCustomer")
	got, err := p.SetState(t.Context(), "createCustomer has answered", map[string]any{"operation": "createCustomer", "pointer": "header:Location", "as": "customer", "changes": true})
	if diff := cmp.Diff(map[string]any{"customer": "2"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
