package scenarios

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The servers of the specimens, all of which carry 160 requests a second: one
// that does everything right, and defects.
func rightServer() queueing {
	return queueing{width: 8, service: 50 * time.Millisecond, queue: 16, drops: true}
}

func defective(change func(*queueing)) queueing {
	q := rightServer()
	change(&q)
	return q
}

// overloaded is the evidence of an overload of a server, with the claim of one
// function on it.
func overloaded(function string, q queueing, changes ...func(*plumbline.Design)) func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
	return func(t *testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
		t.Helper()
		d := carrying(100)
		d.Load.Search = &plumbline.Search{Start: 90, Precision: 0.1}
		for _, c := range changes {
			c(&d)
		}
		p := drawn(t, d, function)
		r := newReplay(q, d, 3)
		r.run(p)
		i := slices.IndexFunc(p.Claims, func(c plumbline.Claim) bool { return c.Function == function })
		if i < 0 {
			t.Fatalf("%s claims nothing", function)
		}
		return d, p.Claims[i], r.e
	}
}

func init() {
	unbounded := func(q *queueing) { q.queue = -1 }
	storm := func(q *queueing) { q.queue, q.drops = -1, false }
	nearly := func(d *plumbline.Design) { d.Load.Overload = 200 } // which is no overload
	for function, change := range map[string]func(*queueing){
		goodputPlateau:   func(q *queueing) { q.queue, q.convoy = -1, true },
		shedsFast:        unbounded,
		overloadRecovers: func(q *queueing) { q.scar = 600 },
		queueBounded:     unbounded,
		noMetastability:  storm,
	} {
		specimens[function] = specimen{
			kept: overloaded(function, rightServer()), broken: overloaded(function, defective(change)), unproven: overloaded(function, rightServer(), nearly),
		}
	}
}

// A defect is caught by its function, and the right server by none, whatever
// the seed.
func TestOverloadTellsDefectsFromTheRightServer(t *testing.T) {
	t.Parallel()
	for function, c := range map[string]struct {
		q    queueing
		want plumbline.Outcome
	}{
		shedsFast:       {defective(func(q *queueing) { q.limping = true }), plumbline.Fail},
		noMetastability: {rightServer(), plumbline.Pass},
	} {
		for range 3 {
			d, claim, e := overloaded(function, c.q)(t)
			f := functionsByID(Functions())[function]
			if v := f.Judge(d, claim, e); v.Outcome != c.want {
				t.Errorf("%s: %s %s: %s", function, v.Outcome, v.Reason, v.Statement)
			}
		}
	}
}

// Clients that do not try again would not see a metastable failure.
func TestStormNeedsClientsThatTryAgain(t *testing.T) {
	t.Parallel()
	d, claim, e := overloaded(noMetastability, defective(func(q *queueing) { q.queue, q.drops = -1, false }))(t)
	if v := functionsByID(Functions())[noMetastability].Judge(d, claim, e); v.Outcome != plumbline.Fail {
		t.Errorf("%s %s: %s", v.Outcome, v.Reason, v.Statement)
	}
	attempts, requests := int64(0), int64(0)
	for _, x := range e.Series {
		if x.Experiment == overloadStorm && x.Phase == phaseThen {
			attempts, requests = attempts+x.Attempts, requests+x.Count
		}
	}
	if attempts < 2*requests {
		t.Errorf("%d attempts for %d requests", attempts, requests)
	}
}

// Nothing beyond what is allowed is ever asked for.
func TestOverloadStaysBelowItsPermission(t *testing.T) {
	t.Parallel()
	d, _, e := overloaded(goodputPlateau, rightServer(), func(d *plumbline.Design) { d.Load.Overload, d.Load.Limit = 900, 330 })(t)
	seen := false
	for _, m := range e.Phases {
		seen = seen || m.Experiment == overloadBurst
		if m.Rate > ceilingOf(d)*1.001 {
			t.Errorf("%s %s: %.4g a second, %.4g are allowed", m.Experiment, m.Phase, m.Rate, ceilingOf(d))
		}
	}
	if !seen {
		t.Error("there was no overload")
	}
}

// What was answered well was no overload, and shows nothing of one.
func TestWhatIsAnsweredWellWasNoOverload(t *testing.T) {
	t.Parallel()
	beats := slices.Repeat([]beat{{n: 20, good: 20}}, 40)
	phases := map[string]*wave{}
	for name, times := range map[string]float64{phaseCalm: 0.5, phaseTrigger: 2, burstPhase(1): 1, burstPhase(3): 3, phaseThen: 0.5} {
		phases[name] = &wave{rate: times * 50, total: 800, good: 790, seconds: beats}
	}
	for name, judge := range map[string]func(*onslaught) plumbline.Verdict{goodputPlateau: judgePlateau, noMetastability: judgeStorm, overloadRecovers: judgeRecovery} {
		if v := judge(&onslaught{knee: 50, phases: phases}); v.Outcome != plumbline.Inconclusive || v.Reason != plumbline.ReasonNoPositiveControl {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Reason, v.Statement)
		}
	}
}

// served is a wave of a server with four workers, asked at random, of which each
// request takes so long.
func served(seed uint64, rate float64, work time.Duration, seconds int) *wave {
	const operations = 8
	draw := rand.New(rand.NewPCG(seed, 1))
	w, free := &wave{rate: rate}, [4]float64{}
	took := map[[2]int][]time.Duration{}
	for at := draw.ExpFloat64() / rate; at < float64(seconds); at += draw.ExpFloat64() / rate {
		next := slices.Index(free[:], slices.Min(free[:]))
		free[next] = max(free[next], at) + work.Seconds()
		part := [2]int{int(at), draw.IntN(operations)}
		took[part] = append(took[part], time.Duration((free[next]-at)*float64(time.Second)))
		w.total, w.good = w.total+1, w.good+1
	}
	for second := range seconds {
		b := beat{}
		for op := range operations {
			all := took[[2]int{second, op}]
			if len(all) == 0 {
				continue
			}
			slices.Sort(all)
			b.n, b.good = b.n+int64(len(all)), b.good+int64(len(all))
			b.parts = append(b.parts, plumbline.Slice{Second: second, Count: int64(len(all)), P50: all[(len(all)-1)/2], P99: all[len(all)-1]})
			for _, t := range all {
				w.accepted = append(w.accepted, plumbline.Bin{UpTo: t, Count: 1})
			}
		}
		w.seconds = append(w.seconds, b)
	}
	w.accepted = mergedBins(w.accepted)
	return w
}

// What single requests take by chance is no lack of recovery; what all of them
// take is one.
func TestRecoveryIsNotJudgedByChance(t *testing.T) {
	t.Parallel()
	const work = 40 * time.Millisecond
	for _, rate := range []float64{10, 27, 54} {
		for seed := range uint64(200) {
			before := served(seed, rate, work, 8)
			for name, c := range map[string]struct {
				after *wave
				want  plumbline.Outcome
			}{
				"as before": {served(seed+1000, rate, work, 30), plumbline.Pass},
				"scarred":   {served(seed+1000, rate, 3*work, 30), plumbline.Fail},
			} {
				o := &onslaught{d: plumbline.Design{Recovery: 10 * time.Second}, knee: 2 * rate, phases: map[string]*wave{phaseCalm: before, phaseThen: c.after}}
				if v := judgeRecovery(o); v.Outcome != c.want {
					t.Errorf("%s at %g a second, seed %d: %s: %s", name, rate, seed, v.Outcome, v.Statement)
				}
			}
		}
	}
}
