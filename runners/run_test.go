package runners

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/faults"
	"github.com/plumbline-dev/plumbline/runners/progress"
)

// stream is one that the fake runs every ten seconds.
func stream(name string) plumbline.Stream {
	return plumbline.Stream{Name: name, Operation: "getOrder", Arrivals: plumbline.ArrivalsConstant, Stages: []plumbline.Stage{{From: 1, To: 1, Duration: 20 * time.Second}}}
}

// outage is an experiment of three phases; its fault lasts longer than a lease.
func outage(kind plumbline.Kind) plumbline.Experiment {
	return plumbline.Experiment{
		ID: "outage/payment", Title: "payment is out", Kind: kind,
		Phases: []plumbline.Phase{
			{Name: "before", Role: plumbline.RoleBaseline, Duration: 20 * time.Second, Streams: []plumbline.Stream{stream("reads")}},
			{
				Name: "down", Role: plumbline.RoleFault, Duration: 20 * time.Second, Streams: []plumbline.Stream{stream("reads")},
				Faults: []plumbline.Fault{{Dependency: "payment", Kind: plumbline.FaultHang, Scope: plumbline.ScopeAll}},
			},
			{Name: "after", Role: plumbline.RoleRecovery, Duration: 20 * time.Second, Streams: []plumbline.Stream{stream("reads")}},
		},
	}
}

func TestAWholeRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.Feed = &progress.Feed{}
		watcher := r.Feed.Watch(1000)
		got, err := r.carry(t.Context(), t, plumbline.Plan{Experiments: []plumbline.Experiment{
			{
				ID: "surface", Title: "surface", Kind: plumbline.KindContract,
				Phases: []plumbline.Phase{{
					Name: "probe", Role: plumbline.RoleProbe, Checks: []string{"pass-through", "moon"},
					Calls: []plumbline.Call{{Name: "create", Operation: "createOrder"}, {Name: "read", Operation: "getOrder", Repeat: 2}},
					Pacts: []string{"contracts/shop.pact.json"},
				}},
			},
			outage(plumbline.KindLoad),
		}})
		if err != nil {
			t.Error(err)
		}
		want := []string{
			"1ns run began",
			"0s check pass-through: true",
			"0s check moon: false (not available in this run)",
			"1s create in surface/probe: 200",
			"2s read in surface/probe: 200",
			"3s read in surface/probe: 200",
			"3s pact contracts/shop.pact.json: ok",
			"3s phase surface/probe from 0s to 3s, complete: true",
			"3s reads in outage/payment/before: 200",
			"13s reads in outage/payment/before: 200",
			"23s phase outage/payment/before from 3s to 23s, complete: true",
			"24s hang of payment from 24s to 0s, 0 hits",
			"24s reads in outage/payment/down: 200",
			"34s reads in outage/payment/down: 200",
			"45s hang of payment from 24s to 45s, 3 hits",
			"45s exchange on payment",
			"45s phase outage/payment/down from 23s to 45s, complete: true",
			"45s reads in outage/payment/after: 200",
			"55s reads in outage/payment/after: 200",
			"1m5s phase outage/payment/after from 45s to 1m5s, complete: true",
			"1m6s resource /orders/7 deleted: true",
			"1m6s check pass-through: true",
			"1m6s run ended",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("the journal (-want +got):\n%s", d)
		}
		wantEvents := []string{
			"0s surface probe: 3 calls; 1 pact files; self-checks pass-through, moon", "3s probe has ended", "3s payment is out before: 1 requests/s for 20s", "23s before has ended",
			"23s payment is out down: payment hang; 1 requests/s for 20s", "24s payment hang: injected, 0 hits", "45s payment hang: healed, 3 hits", "45s down has ended",
			"45s payment is out after: 1 requests/s for 20s", "1m5s after has ended",
		}
		if d := cmp.Diff(wantEvents, watched(r.Feed, watcher)); d != "" {
			t.Errorf("those who watch (-want +got):\n%s", d)
		}
		e := r.Journal.Evidence()
		if m, ok := e.Phase("outage/payment", "down"); !ok || m.Role != plumbline.RoleFault || len(e.Observations) != 9 || !e.Run.Ended || e.Ended != 66*time.Second {
			t.Errorf("the evidence in memory differs from the journal: %+v", e)
		}
	})
}

// watched tells what a watcher has seen beside the pulses.
func watched(f *progress.Feed, w *progress.Watcher) []string {
	f.Close()
	var out []string
	for e := range w.Events {
		switch {
		case e.Phase != nil:
			out = append(out, fmt.Sprintf("%s %s %s: %s", e.At, e.Phase.Title, e.Phase.Name, e.Phase.Text))
		case e.Ended != nil:
			out = append(out, fmt.Sprintf("%s %s has ended", e.At, e.Ended.Phase))
		case e.Fault != nil:
			out = append(out, fmt.Sprintf("%s %s: %s, %d hits", e.At, e.Fault.Text, e.Fault.State, e.Fault.Hits))
		}
	}
	return out
}

func TestFaultsAreOrderedForTheirTracesAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.Lease = 9 * time.Second
		f := plumbline.Fault{Dependency: "payment", Kind: plumbline.FaultStatus, Status: 503}
		one, all := f, f
		one.Streams, all.Scope = []string{"writes", "first"}, plumbline.ScopeAll
		unable := f
		unable.Dependency = "db"
		got, err := r.carry(t.Context(), t, plumbline.Plan{Experiments: []plumbline.Experiment{{ID: "x", Phases: []plumbline.Phase{
			{Name: "idle", Role: plumbline.RoleProbe},
			{
				Name: "down", Role: plumbline.RoleFault, Duration: 20 * time.Second, Faults: []plumbline.Fault{f, one, all, unable},
				Streams: []plumbline.Stream{stream("reads"), stream("writes")}, Calls: []plumbline.Call{{Name: "first"}},
			},
		}}}})
		if err != nil {
			t.Error(err)
		}
		order := func(n string, f plumbline.Fault, traces ...string) faults.Order {
			return faults.Order{ID: "a1b2c3d4e5f6-0000-01-" + n, Fault: f, Traces: traces, TTL: 9 * time.Second, Seed: 7 ^ 1}
		}
		want := []faults.Order{
			order("00", f, "a1b2c3d4e5f6"),
			order("01", one, "a1b2c3d4e5f600000101", "a1b2c3d4e5f600000102"),
			order("02", all),
		}
		if d := cmp.Diff(want, r.wires.orders); d != "" {
			t.Errorf("orders (-want +got):\n%s", d)
		}
		if refused := "3s status of db from 3s to 0s, 0 hits (no status on db: unsupported operation)"; !slices.Contains(got, refused) {
			t.Errorf("the journal does not say %q:\n%s", refused, strings.Join(got, "\n"))
		}
		in := r.Journal.Evidence().Injections
		if i := slices.IndexFunc(in, func(i plumbline.Injection) bool { return i.Fault.Dependency == "db" }); len(in) != 7 || !in[i].Unsupported {
			t.Errorf("injections: %+v", in)
		}
	})
}

func TestARunThatIsInterruptedLeavesNothingBroken(t *testing.T) {
	t.Parallel()
	down := []string{
		"1ns run began",
		"0s reads in outage/payment/before: 200",
		"10s reads in outage/payment/before: 200",
		"20s phase outage/payment/before from 0s to 20s, complete: true",
	}
	for name, c := range map[string]struct {
		at   time.Duration
		want []string // after the journal of the phase before
	}{
		"while the fault is in force": {33 * time.Second, []string{
			"21s hang of payment from 21s to 0s, 0 hits",
			"21s reads in outage/payment/down: 200",
			"31s reads in outage/payment/down: 200",
			"34s hang of payment from 21s to 34s, 3 hits",
			"34s exchange on payment",
			"34s phase outage/payment/down from 20s to 34s, complete: false",
			"35s resource /orders/7 deleted: true",
			"35s check pass-through: true",
			"35s run interrupted",
		}},
		"while the fault is injected": {20500 * time.Millisecond, []string{
			"20.5s hang of payment from 20.5s to 0s, 0 hits (context canceled)",
			"20.5s reads in outage/payment/down: 200",
			"20.5s phase outage/payment/down from 20s to 20.5s, complete: false",
			"21.5s resource /orders/7 deleted: true",
			"21.5s check pass-through: true",
			"21.5s run interrupted",
		}},
		"while the fault is healed": {41500 * time.Millisecond, []string{
			"21s hang of payment from 21s to 0s, 0 hits",
			"21s reads in outage/payment/down: 200",
			"31s reads in outage/payment/down: 200",
			"42s hang of payment from 21s to 42s, 3 hits",
			"42s exchange on payment",
			"42s phase outage/payment/down from 20s to 42s, complete: false",
			"43s resource /orders/7 deleted: true",
			"43s check pass-through: true",
			"43s run interrupted",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(c.at, cancel)
				r := newRig(t)
				got, err := r.carry(ctx, t, plumbline.Plan{Experiments: []plumbline.Experiment{outage(plumbline.KindLoad), {ID: "never", Phases: []plumbline.Phase{{Name: "never"}}}}})
				if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "outage/payment") {
					t.Errorf("got %v, want the end of the context in outage/payment", err)
				}
				if d := cmp.Diff(append(slices.Clone(down), c.want...), got); d != "" {
					t.Errorf("the journal (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestARunThatWasCarriedOutIsNotInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(90*time.Second, cancel)
		r := newRig(t)
		r.target.teardown = 50 * time.Second
		got, err := r.carry(ctx, t, plumbline.Plan{Experiments: []plumbline.Experiment{outage(plumbline.KindLoad)}})
		if last := got[len(got)-1]; err != nil || last != "1m52s run ended" {
			t.Errorf("the context ended while resources were deleted: %s, %v", last, err)
		}
	})
}

func TestTheHarnessGivesUpWithAReason(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.streams.err = errors.New("no port is left")
		got, err := r.carry(t.Context(), t, plumbline.Plan{Experiments: []plumbline.Experiment{outage(plumbline.KindLoad)}})
		if err == nil || err.Error() != "experiment outage/payment: no port is left" {
			t.Errorf("got %v", err)
		}
		want := []string{
			"20s phase outage/payment/before from 0s to 20s, complete: false",
			"21s resource /orders/7 deleted: true",
			"21s check pass-through: true",
			"21s run ended (experiment outage/payment: no port is left)",
		}
		if d := cmp.Diff(want, got[3:]); d != "" {
			t.Errorf("the journal (-want +got):\n%s", d)
		}
	})
}

func TestWithoutWiresNoFaultIsClaimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.Wires, r.Pacts = nil, nil
		x := outage(plumbline.KindLoad)
		x.Phases[0].Pacts = []string{"a.json"}
		if _, err := r.carry(t.Context(), t, plumbline.Plan{Experiments: []plumbline.Experiment{x}}); err != nil {
			t.Error(err)
		}
		e := r.Journal.Evidence()
		if len(e.Injections) != 1 || !e.Injections[0].Unsupported || e.Injections[0].Error == "" || e.Injections[0].Healed != 0 {
			t.Errorf("injections: %+v", e.Injections)
		}
		if len(e.Doubts) != 1 || e.Doubts[0].Reason != plumbline.ReasonNoLibrary {
			t.Errorf("doubts: %+v", e.Doubts)
		}
	})
}
