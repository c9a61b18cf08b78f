package deploy

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// sleeper is a group of one process, "a", which does nothing.
func sleeper(t *testing.T) (*Group, *Process) {
	t.Helper()
	c := Command{Name: "sh", Argv: []string{"sh", "-c", "echo ready; exec sleep 60"}, Ready: "ready"}
	p, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	g := &Group{}
	g.Add("a", p, c, 2*time.Second)
	t.Cleanup(g.Stop)
	return g, p
}

// Each upset is seen to have happened, and its mending to have worked, twice.
func TestProcessesAreUpsetAndMended(t *testing.T) {
	t.Parallel()
	g, _ := sleeper(t)
	for _, kind := range []plumbline.FaultKind{plumbline.FaultPause, plumbline.FaultStop, plumbline.FaultKill, plumbline.FaultRestart} {
		before := g.all["a"].process.PID()
		seen, mend, err := g.Upset(t.Context(), plumbline.Fault{Kind: kind, Dependency: "a"})
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err != nil || seen != 1 {
			t.Errorf("%s: %d, %v", kind, seen, err)
		}
		for range 2 {
			if err := mend(t.Context()); err != nil {
				t.Errorf("mend %s: %v", kind, err)
			}
		}
		if again := g.all["a"].process.PID() != before; again != (kind != plumbline.FaultPause) {
			t.Errorf("%s: started again: %t", kind, again)
		}
	}
	for _, f := range []plumbline.Fault{{Kind: plumbline.FaultPause, Dependency: "b"}, {Kind: plumbline.FaultSqueeze, Dependency: "a"}, {Kind: plumbline.FaultHook, Dependency: "a"}} {
		if _, _, err := g.Upset(t.Context(), f); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// A hook of the name of a fault does it to the target, and to nothing else.
func TestHooksStandInForAnOrchestrator(t *testing.T) {
	t.Parallel()
	said := filepath.Join(t.TempDir(), "said")
	h := Hooks{"scale": {Run: "echo $PLUMBLINE_INSTANCES > " + said, Done: "grep -q 3 " + said, Undo: "rm " + said}, "restart": {Run: "true"}, "zone": {Run: "true"}}
	if got := h.Faults(); !slices.Equal(got, []plumbline.FaultKind{plumbline.FaultRestart, plumbline.FaultScale}) {
		t.Errorf("they can do %v", got)
	}
	seen, mend, err := h.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultScale, Dependency: Target, Instances: 3})
	if err != nil || seen != 3 {
		t.Fatalf("%d, %v", seen, err)
	}
	if err := mend(t.Context()); err != nil {
		t.Error(err)
	}
	if seen, _, err := h.Upset(t.Context(), plumbline.Fault{Kind: plumbline.FaultRestart, Dependency: Target}); err != nil || seen != 1 {
		t.Errorf("%d, %v", seen, err)
	}
	for _, f := range []plumbline.Fault{{Kind: plumbline.FaultKill, Dependency: Target}, {Kind: plumbline.FaultRestart, Dependency: "payment"}, {Kind: plumbline.FaultHook, Dependency: Target}} {
		if _, _, err := h.Upset(t.Context(), f); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestHooksAreDoneAndUndone(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "mark")
	h := Hooks{
		"lose":  {Run: "touch " + mark, Done: "test -f " + mark, Undo: "rm " + mark, Undone: "test ! -f " + mark},
		"fails": {Run: "echo no such zone >&2; exit 3"},
		"never": {Run: "true", Done: "false", Within: 300 * time.Millisecond},
		"hangs": {Run: "sleep 60", Within: 300 * time.Millisecond},
		"stays": {Run: "true", Undo: "true", Undone: "false", Within: 300 * time.Millisecond},
	}
	hook := func(name string) plumbline.Fault {
		return plumbline.Fault{Kind: plumbline.FaultHook, Dependency: name}
	}
	seen, mend, err := h.Upset(t.Context(), hook("lose"))
	if _, there := os.Stat(mark); err != nil || seen != 1 || there != nil {
		t.Fatalf("%d, %v, %v", seen, err, there)
	}
	if err := mend(t.Context()); err != nil {
		t.Error(err)
	}
	if _, there := os.Stat(mark); there == nil {
		t.Error("it was not undone")
	}
	for name, want := range map[string]string{"fails": "no such zone", "never": "not so after 300ms", "hangs": "sleep 60"} {
		if _, _, err := h.Upset(t.Context(), hook(name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, mend, err = h.Upset(t.Context(), hook("stays"))
	if err != nil || mend(t.Context()) == nil {
		t.Errorf("stays: %v, and is taken for undone", err)
	}
	if _, _, err := h.Upset(t.Context(), hook("unknown")); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}
