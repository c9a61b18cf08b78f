package target

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// deletions are the paths that the shop deleted, in that order.
func (s *shop) deletions() []string {
	var out []string
	for _, line := range s.changes() {
		if f := strings.Fields(line); f[0] == http.MethodDelete && f[2] == "204" {
			out = append(out, f[1])
		}
	}
	return out
}

func TestTeardownDeletesTheLastFirst(t *testing.T) {
	t.Parallel()
	s, p := newShop(t, plumbline.ModeOwn)
	for range 3 {
		call(t, p, "createCustomer")
		call(t, p, "createOrder")
	}
	// The deletion of an order takes so long that all others could begin before it ends.
	s.slow = func(method, path string) time.Duration {
		if method == http.MethodDelete && strings.Contains(path, "/orders/") {
			return 30 * time.Millisecond
		}
		return 0
	}
	out := p.Teardown(t.Context())
	if left := s.left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	var want []plumbline.Resource
	for _, x := range []string{"createOrder /customers/5/orders/6", "createCustomer /customers/5", "createOrder /customers/3/orders/4", "createCustomer /customers/3", "createOrder /customers/1/orders/2", "createCustomer /customers/1"} {
		op, url, _ := strings.Cut(x, " ")
		want = append(want, plumbline.Resource{Operation: op, URL: url, Deleted: true})
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got := s.deletions()
	if len(got) != 6 || slices.ContainsFunc(got[:3], func(p string) bool { return !strings.Contains(p, "/orders/") }) {
		t.Errorf("deleted in the order %v", got)
	}
	for _, line := range s.changes() {
		if strings.HasSuffix(line, "409") {
			t.Errorf("before what lies below it: %s", line)
		}
	}
	if again := p.Teardown(t.Context()); len(again) > 0 {
		t.Errorf("a second time: %v", again)
	}
}

// More of a kind than there are workers: the first is still the last to go.
func TestTeardownEndsWithTheFirst(t *testing.T) {
	t.Parallel()
	s, p := newShop(t, plumbline.ModeOwn)
	for range 3 * tearDownWorkers {
		call(t, p, "createCustomer")
	}
	s.slow = func(string, string) time.Duration { return 10 * time.Millisecond }
	p.Teardown(t.Context())
	got := s.deletions()
	if len(got) != 3*tearDownWorkers {
		t.Fatalf("deleted %v", got)
	}
	// It begins when all but as many as there are workers have ended.
	if slices.Contains(got[:2*tearDownWorkers], "/customers/1") {
		t.Errorf("deleted in the order %v", got)
	}
}

func TestTeardownSaysWhatSurvives(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before []string
		refuse func(method, path string) int
		want   []plumbline.Resource
	}{
		"nothing":        {nil, nil, []plumbline.Resource{}},
		"nothing to ask": {[]string{"createNote"}, nil, []plumbline.Resource{{Operation: "createNote", URL: "something (header:location 1)", Survives: true, Detail: "no operation of the document deletes it"}}},
		"refused": {[]string{"createCustomer"}, onDelete(403), []plumbline.Resource{
			{Operation: "createCustomer", URL: "/customers/1", Survives: true, Detail: "deleteCustomer answered 403"},
		}},
		"gone": {[]string{"createCustomer"}, onDelete(410), []plumbline.Resource{{Operation: "createCustomer", URL: "/customers/1", Deleted: true}}},
		"no identifier": {[]string{"createCustomer"}, func(method, _ string) int {
			if method == http.MethodPost {
				return http.StatusAccepted
			}
			return 0
		}, []plumbline.Resource{
			{Operation: "createCustomer", URL: "something", Survives: true, Detail: "its identifier is not known: the answer of createCustomer does not say what customer is"},
		}},
		"deleted in the run": {[]string{"deleteCustomer"}, nil, []plumbline.Resource{{Operation: "createCustomer", URL: "/customers/1", Deleted: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := newShop(t, plumbline.ModeOwn)
			s.refuse = c.refuse
			for _, op := range c.before {
				call(t, p, op)
			}
			if diff := cmp.Diff(c.want, p.Teardown(t.Context())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func onDelete(status int) func(string, string) int {
	return func(method, _ string) int {
		if method == http.MethodDelete {
			return status
		}
		return 0
	}
}

// A deletion of the run that was refused, say for want of credentials, has
// deleted nothing: the tear-down has still to do it.
func TestTeardownAfterARefusedDeletion(t *testing.T) {
	t.Parallel()
	s, p := newShop(t, plumbline.ModeOwn)
	s.refuse = onDelete(http.StatusUnauthorized)
	if a := call(t, p, "deleteCustomer"); a.Status != http.StatusUnauthorized {
		t.Fatalf("got %d", a.Status)
	}
	s.refuse = nil
	if out := p.Teardown(t.Context()); len(out) != 1 || !out[0].Deleted || len(s.left()) > 0 {
		t.Errorf("got %+v, left %v", out, s.left())
	}
}

// What something else refers to, unknown to the document, is refused first and
// goes in the end.
func TestTeardownTriesAgain(t *testing.T) {
	t.Parallel()
	s, p := newShop(t, plumbline.ModeOwn)
	call(t, p, "createCustomer")
	call(t, p, "createCustomer")
	s.refuse = func(method, path string) int {
		if method == http.MethodDelete && path == "/customers/2" && s.things["/customers/1"] {
			return http.StatusConflict
		}
		return 0
	}
	if out := p.Teardown(t.Context()); len(out) != 2 || !out[0].Deleted || !out[1].Deleted || len(s.left()) > 0 {
		t.Errorf("got %+v, left %v", out, s.left())
	}
}

func TestTeardownWorksAfterTheEnd(t *testing.T) {
	t.Parallel()
	s, p := newShop(t, plumbline.ModeOwn)
	call(t, p, "createOrder")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if out := p.Teardown(ctx); len(out) != 2 || len(s.left()) > 0 {
		t.Errorf("got %+v, left %v", out, s.left())
	}
}
