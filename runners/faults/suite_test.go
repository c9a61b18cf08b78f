package faults_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A maker makes rigs whose proxies talk to an upstream at host:port.
type maker struct {
	scheme string
	make   func(t *testing.T, upstream string) rig
	// kinds are those that the driver can inflict on everybody. Whatever is
	// not among them it has to refuse, as it must never do nothing.
	kinds []plumbline.FaultKind
}

// anyWire are the faults that need no HTTP wire; every driver can make them.
func anyWire() []plumbline.FaultKind {
	return []plumbline.FaultKind{plumbline.FaultHang, plumbline.FaultRefuse, plumbline.FaultResetBefore, plumbline.FaultLatency}
}

// onlyTCP are the faults of bytes and connections.
func onlyTCP() []plumbline.FaultKind {
	return []plumbline.FaultKind{plumbline.FaultBandwidth, plumbline.FaultSlowClose, plumbline.FaultTimeout, plumbline.FaultSlicer, plumbline.FaultLimit}
}

// connectionFaults show only on a connection that is kept: the tests of the wires
// look at what they do.
func connectionFaults() []plumbline.Fault {
	return []plumbline.Fault{{Kind: plumbline.FaultCut}, {Kind: plumbline.FaultMoved}, {Kind: plumbline.FaultStale}}
}

// conform is what every driver has to pass.
func conform(t *testing.T, m maker) {
	t.Helper()
	for _, e := range effects() {
		t.Run(string(e.fault.Kind), func(t *testing.T) {
			t.Parallel()
			if slices.Contains(m.kinds, e.fault.Kind) {
				takesHoldAndHeals(t, m, e)
			} else {
				isRefused(t, m, e.fault)
			}
		})
	}
	for _, f := range connectionFaults() {
		if !slices.Contains(m.kinds, f.Kind) {
			t.Run(string(f.Kind), func(t *testing.T) {
				t.Parallel()
				isRefused(t, m, f)
			})
		}
	}
	for name, f := range map[string]func(*testing.T, maker){
		"open connections are hit":            openConnections,
		"healing twice is harmless":           healsTwice,
		"a lease ends without its controller": leaseEnds,
		"a renewed lease goes on":             leaseGoesOn,
		"two faults do not mend each other":   twoFaults,
		"an order of the same ID replaces":    replaces,
		"closing heals":                       closingHeals,
		"a fault of one run spares others":    sparesOthers,
		"only the asked for share is hit":     share,
		"what is narrowed is not widened":     narrowed,
		"nonsense is refused":                 nonsense,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, m)
		})
	}
}

// An effect is a fault and how it looks from outside.
type effect struct {
	fault plumbline.Fault
	limit time.Duration
	seen  func(outcome) bool
}

func effects() []effect {
	lost := func(o outcome) bool { return o.err != nil && !errors.Is(o.err, context.DeadlineExceeded) }
	hung := func(o outcome) bool { return errors.Is(o.err, context.DeadlineExceeded) }
	slow := func(o outcome) bool { return o.err == nil && o.body == intact && o.took >= late }
	return []effect{
		{plumbline.Fault{Kind: plumbline.FaultStatus, Status: 503}, patience, func(o outcome) bool { return o.status == 503 }},
		{plumbline.Fault{Kind: plumbline.FaultDelay, Latency: late}, patience, slow},
		{plumbline.Fault{Kind: plumbline.FaultDelayBody, Latency: late}, patience, slow},
		{plumbline.Fault{Kind: plumbline.FaultResetBefore}, patience, lost},
		{plumbline.Fault{Kind: plumbline.FaultResetBody}, patience, lost},
		{plumbline.Fault{Kind: plumbline.FaultLostResponse}, patience, lost},
		{plumbline.Fault{Kind: plumbline.FaultDrip, Latency: late}, moment, hung},
		{plumbline.Fault{Kind: plumbline.FaultTruncate}, patience, func(o outcome) bool { return o.err == nil && strings.HasPrefix(intact, o.body) && o.body != intact }},
		{plumbline.Fault{Kind: plumbline.FaultGarbage}, patience, func(o outcome) bool { return o.status == 200 && strings.Contains(o.body, "<html>") }},
		{plumbline.Fault{Kind: plumbline.FaultHang}, moment, hung},
		{plumbline.Fault{Kind: plumbline.FaultRefuse}, patience, lost},
		{plumbline.Fault{Kind: plumbline.FaultLatency, Latency: late}, patience, slow},
		{plumbline.Fault{Kind: plumbline.FaultLatency, Latency: 2 * late, Jitter: late}, patience, slow},
		{plumbline.Fault{Kind: plumbline.FaultBandwidth, Bytes: 1000}, patience, func(o outcome) bool { return o.err == nil && o.body == intact }},
		{plumbline.Fault{Kind: plumbline.FaultSlowClose, Latency: late}, patience, func(o outcome) bool { return o.err == nil && o.body == intact }},
		{plumbline.Fault{Kind: plumbline.FaultTimeout, Latency: late}, patience, func(o outcome) bool { return lost(o) && o.took >= late }},
		{plumbline.Fault{Kind: plumbline.FaultSlicer, Bytes: 20, Latency: late / 2}, patience, slow},
		{plumbline.Fault{Kind: plumbline.FaultLimit, Bytes: 30}, patience, lost},
		{plumbline.Fault{Kind: plumbline.FaultUnreachable}, moment, hung},
	}
}

func takesHoldAndHeals(t *testing.T, m maker, e effect) {
	t.Helper()
	b := newBench(t, m)
	if o := b.get(t, ours, patience); !o.passed() {
		t.Fatalf("before the fault: %+v", o)
	}
	held := b.inject(t, e.fault, time.Minute)
	o := b.get(t, ours, e.limit)
	if !e.seen(o) {
		t.Errorf("in force, but seen: %+v", o)
	}
	hits, err := held.Hits(t.Context())
	if err != nil && !errors.Is(err, errors.ErrUnsupported) || err == nil && hits == 0 {
		t.Errorf("%d hits, %v", hits, err)
	}
	healed, err := held.Heal(t.Context())
	if err != nil || healed < hits {
		t.Errorf("healed after %d hits, %v; before it were %d", healed, err, hits)
	}
	b.expectHealed(t)
}

func isRefused(t *testing.T, m maker, f plumbline.Fault) {
	t.Helper()
	b := newBench(t, m)
	_, err := b.order(t, f, time.Minute)
	if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), string(f.Kind)) {
		t.Errorf("got %v, want an unsupported %s", err, f.Kind)
	}
	b.expectHealed(t)
}

func openConnections(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	b.client = &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	t.Cleanup(b.client.CloseIdleConnections)
	for _, f := range []plumbline.Fault{{Kind: plumbline.FaultResetBefore}, {Kind: plumbline.FaultHang}, {Kind: plumbline.FaultLatency, Latency: late}} {
		if o := b.get(t, ours, patience); !o.passed() {
			t.Fatalf("before %s: %+v", f.Kind, o)
		}
		held := b.inject(t, f, time.Minute)
		if o := b.get(t, ours, moment); o.passed() && o.took < late {
			t.Errorf("%s: the open connection was spared", f.Kind)
		}
		if _, err := held.Heal(t.Context()); err != nil {
			t.Errorf("heal %s: %v", f.Kind, err)
		}
		b.expectHealed(t)
	}
}

func healsTwice(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	for _, kind := range []plumbline.FaultKind{plumbline.FaultHang, plumbline.FaultRefuse} {
		ctx, cancel := context.WithCancel(t.Context())
		held, err := b.open.Inject(ctx, order(plumbline.Fault{Kind: kind}, time.Minute))
		cancel() // the run is over; healing has to work all the same
		if err != nil {
			t.Fatal(err)
		}
		_ = b.get(t, ours, moment)
		first, err := held.Heal(t.Context())
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		b.expectHealed(t)
		if again, err := held.Heal(t.Context()); again != first || err != nil {
			t.Errorf("%s: healed again after %d hits, %v; the first time after %d", kind, again, err, first)
		}
		b.expectHealed(t)
	}
}

func leaseEnds(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	const ttl = 500 * time.Millisecond
	for _, kind := range []plumbline.FaultKind{plumbline.FaultHang, plumbline.FaultRefuse} {
		began := time.Now()
		held := b.inject(t, plumbline.Fault{Kind: kind}, ttl)
		if o := b.get(t, ours, moment); o.passed() && time.Since(began) < ttl {
			t.Errorf("%s: in force, but seen: %+v", kind, o)
		}
		b.expectPassing(t, patience)
		if took := time.Since(began); took < ttl {
			t.Errorf("%s: a lease of %s ended after %s", kind, ttl, took)
		}
		if err := held.Renew(t.Context()); err == nil {
			t.Errorf("%s: a lease that has ended was renewed", kind)
		}
		if _, err := held.Heal(t.Context()); err != nil {
			t.Errorf("%s: heal what has ended: %v", kind, err)
		}
		b.expectHealed(t)
	}
}

func leaseGoesOn(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	const ttl = 900 * time.Millisecond
	tick := time.NewTicker(ttl / 10)
	defer tick.Stop()
	began := time.Now()
	held := b.inject(t, plumbline.Fault{Kind: plumbline.FaultRefuse}, ttl)
	for time.Since(began) < ttl+ttl/3 {
		<-tick.C
		if o := b.get(t, ours, patience); o.passed() {
			t.Fatalf("%s after the order the fault is gone", time.Since(began))
		}
		if err := held.Renew(t.Context()); err != nil {
			t.Fatalf("renew after %s: %v", time.Since(began), err)
		}
	}
	if _, err := held.Heal(t.Context()); err != nil {
		t.Error(err)
	}
	b.expectHealed(t)
}

func twoFaults(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	for _, pair := range [][2]plumbline.FaultKind{{plumbline.FaultLatency, plumbline.FaultHang}, {plumbline.FaultRefuse, plumbline.FaultRefuse}} {
		one := order(plumbline.Fault{Kind: pair[0], Latency: late}, time.Minute)
		two := order(plumbline.Fault{Kind: pair[1]}, time.Minute)
		two.ID += "-2"
		stays, err1 := b.open.Inject(t.Context(), one)
		goes, err2 := b.open.Inject(t.Context(), two)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if _, err := goes.Heal(t.Context()); err != nil {
			t.Error(err)
		}
		if o := b.get(t, ours, patience); o.passed() && o.took < late {
			t.Errorf("%s was mended with %s", pair[0], pair[1])
		}
		if _, err := stays.Heal(t.Context()); err != nil {
			t.Error(err)
		}
		b.expectHealed(t)
	}
}

func replaces(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	for _, kinds := range [][2]plumbline.FaultKind{{plumbline.FaultHang, plumbline.FaultResetBefore}, {plumbline.FaultRefuse, plumbline.FaultLatency}} {
		_ = b.inject(t, plumbline.Fault{Kind: kinds[0]}, time.Minute)
		held := b.inject(t, plumbline.Fault{Kind: kinds[1], Latency: late}, time.Minute)
		for _, e := range effects() {
			if e.fault.Kind != kinds[1] {
				continue
			}
			if o := b.get(t, ours, patience); !e.seen(o) {
				t.Errorf("%s after %s, but seen: %+v", kinds[1], kinds[0], o)
			}
		}
		if _, err := held.Heal(t.Context()); err != nil {
			t.Error(err)
		}
		b.expectHealed(t)
	}
}

func closingHeals(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	held := b.inject(t, plumbline.Fault{Kind: plumbline.FaultRefuse}, time.Minute)
	if o := b.get(t, ours, patience); o.passed() {
		t.Errorf("in force, but seen: %+v", o)
	}
	if err := b.open.Close(t.Context()); err != nil {
		t.Error(err)
	}
	b.expectHealed(t)
	if _, err := held.Heal(t.Context()); err != nil {
		t.Errorf("heal what was closed: %v", err)
	}
}

func sparesOthers(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	o := order(plumbline.Fault{Kind: plumbline.FaultResetBefore}, time.Minute)
	o.Fault.Scope, o.Traces = plumbline.ScopeRun, []string{run}
	held, err := b.open.Inject(t.Context(), o)
	if errors.Is(err, errors.ErrUnsupported) {
		b.expectHealed(t)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if o := b.get(t, ours, patience); o.passed() {
		t.Errorf("our trace was spared: %+v", o)
	}
	if o := b.get(t, foreign, patience); !o.passed() {
		t.Errorf("a foreign trace was hit: %+v", o)
	}
	if _, err := held.Heal(t.Context()); err != nil {
		t.Error(err)
	}
}

func share(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	for _, kind := range []plumbline.FaultKind{plumbline.FaultResetBefore, plumbline.FaultRefuse} {
		held, err := b.order(t, plumbline.Fault{Kind: kind, Toxicity: 0.5}, time.Minute)
		if errors.Is(err, errors.ErrUnsupported) {
			b.expectHealed(t)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		const all = 60
		n := 0
		for range all {
			if o := b.get(t, ours, patience); !o.passed() {
				n++
			}
		}
		if n < all/4 || n > all*3/4 { // beyond it by chance: 1 in 10,000
			t.Errorf("%s: %d of %d were hit, asked for was half", kind, n, all)
		}
		if _, err := held.Heal(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// narrowed orders faults for requests other than those that are made.
func narrowed(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	for _, kind := range anyWire() {
		for _, f := range []plumbline.Fault{{Method: http.MethodDelete}, {Path: "/other"}} {
			f.Kind, f.Latency = kind, late
			held, err := b.order(t, f, time.Minute)
			if errors.Is(err, errors.ErrUnsupported) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if !b.quick(t) {
				t.Errorf("%s %s%s was inflicted on GET /", kind, f.Method, f.Path)
			}
			if _, err := held.Heal(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

func nonsense(t *testing.T, m maker) {
	t.Helper()
	b := newBench(t, m)
	for name, c := range map[string]struct {
		fault plumbline.Fault
		ttl   time.Duration
		says  string
	}{
		"unknown kind":       {plumbline.Fault{Kind: "earthquake"}, time.Minute, `"earthquake"`},
		"no kind":            {plumbline.Fault{}, time.Minute, `""`},
		"unknown dependency": {plumbline.Fault{Kind: plumbline.FaultHang, Dependency: "nobody"}, time.Minute, "nobody"},
		"no time to live":    {plumbline.Fault{Kind: plumbline.FaultHang}, 0, "time to live"},
		"toxicity above 1":   {plumbline.Fault{Kind: plumbline.FaultHang, Toxicity: 2}, time.Minute, "toxicity"},
	} {
		_, err := b.order(t, c.fault, c.ttl)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error that says %s", name, err, c.says)
		}
		if unknown := strings.HasSuffix(name, "kind"); unknown != errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: unsupported is %t: %v", name, !unknown, err)
		}
	}
	b.expectHealed(t)
}
