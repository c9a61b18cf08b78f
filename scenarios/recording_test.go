package scenarios

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// keptRecording is what comes back of a recording that was written and read again.
func keptRecording(t *testing.T, d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) *plumbline.Recording {
	t.Helper()
	data, err := json.Marshal(Judge(d, p, Functions(), e))
	if err != nil {
		t.Fatal(err)
	}
	var r plumbline.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if r.Load == nil {
		t.Fatal("the report keeps nothing of the load")
	}
	return r.Load
}

// What is judged of a recording is what was judged of the run, whatever went
// wrong in it.
func TestARecordingIsJudgedAsTheRunWas(t *testing.T) {
	t.Parallel()
	cut := func(e *plumbline.Evidence) {
		e.Phases = slices.DeleteFunc(e.Phases, func(m plumbline.PhaseMark) bool { return m.Experiment == loadTarget && m.Phase != warmUp })
	}
	for name, change := range map[string]func(*plumbline.Evidence){
		"good":     nil,
		"broken":   slow(60),
		"unproven": slow(10),
		"cut":      cut,
		"doubtful": func(e *plumbline.Evidence) {
			e.Doubts = append(e.Doubts, plumbline.Doubt{Reason: plumbline.ReasonNoise, Detail: "the machine was busy"})
		},
		"of a wire": func(e *plumbline.Evidence) {
			e.Doubts = append(e.Doubts, plumbline.Doubt{Dependency: "payment", Reason: plumbline.ReasonNoise, Detail: "not about the load"})
		},
		"saturated": sent(func(h *plumbline.Health) { h.Planned, h.Sent, h.Skipped = 2400, 1200, 1200 }),
		"unhealthy": sent(func(h *plumbline.Health) { h.Planned = 0 }),
		"lagging": func(e *plumbline.Evidence) {
			slow(60)(e)
			sent(func(h *plumbline.Health) { h.Lag99 = 50 * time.Millisecond })(e)
		},
		"stopped":   sent(func(h *plumbline.Health) { h.Stopped = "half of the answers were errors" }),
		"closed":    sent(func(h *plumbline.Health) { h.Closed = true }),
		"no health": func(e *plumbline.Evidence) { e.Health = nil },
	} {
		d, claim, e := spoil(sloAtTarget+"/orders-latency", change)(t)
		p := drawn(t, d, sloAtTarget)
		kept := keptRecording(t, d, p, e)
		for _, o := range d.Objectives {
			if o.During != "" {
				continue
			}
			claim.ID = sloAtTarget + "/" + o.Name
			f := functionsByID(Functions())[sloAtTarget]
			want := proofsOf(d, p, e).weigh(f, claim, judged(f, d, claim, e))
			got := JudgeRecorded(*kept, e.Run, o)
			if got.Outcome != want.Outcome || got.Reason != want.Reason || got.Statement != want.Statement || got.Measured != want.Measured {
				t.Errorf("%s, %s:\ngot  %s %s\nwant %s %s", name, o.Name, got.Outcome, got.Statement, want.Outcome, want.Statement)
			}
		}
	}
}

func TestAnObjectiveForFaultsIsNotJudgedOfTheLoad(t *testing.T) {
	t.Parallel()
	d, _, e := spoil(sloAtTarget+"/orders-latency", nil)(t)
	kept := keptRecording(t, d, drawn(t, d, sloAtTarget), e)
	if v := JudgeRecorded(*kept, e.Run, plumbline.Objective{Name: "x", Target: 0.9, During: "fault"}); v.Outcome != plumbline.Skipped {
		t.Errorf("%s: %s", v.Outcome, v.Statement)
	}
	if v := JudgeRecorded(*kept, e.Run, plumbline.Objective{Name: "x", Target: 0.9, Operations: []string{"nobody"}}); v.Outcome != plumbline.Inconclusive {
		t.Errorf("%s: %s", v.Outcome, v.Statement)
	}
}

func TestJoiningBinsMakesNothingQuicker(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var bins []plumbline.Bin
		at := time.Millisecond
		for range 400 {
			at += time.Duration(1 + rnd.IntN(200_000))
			bins = append(bins, plumbline.Bin{UpTo: at, Count: int64(1 + rnd.IntN(5))})
		}
		got := coarser(bins)
		for limit := time.Millisecond; limit < at; limit += at / 97 {
			if fine, rough := below(bins, limit), below(got, limit); rough > fine || rough < below(bins, time.Duration(float64(limit)*(1-recordedGrain))) {
				t.Fatalf("%d of %d below %s, in %d of %d bins", rough, fine, limit, len(got), len(bins))
			}
		}
	}
}

// What is close above a threshold of which nobody knew is no proof of a breach.
func TestTheHistogramsGrainAccusesNobody(t *testing.T) {
	t.Parallel()
	d, _, e := spoil(sloAtTarget+"/orders-latency", steadyOf("createOrder", func(x *plumbline.Series) {
		x.Latency = []plumbline.Bin{{UpTo: 5 * time.Millisecond, Count: x.Count - 60}, {UpTo: 301 * time.Millisecond, Count: 60}}
	}))(t)
	kept := keptRecording(t, d, drawn(t, d, sloAtTarget), e)
	for within, want := range map[time.Duration]plumbline.Outcome{300 * time.Millisecond: plumbline.Inconclusive, 250 * time.Millisecond: plumbline.Fail, 310 * time.Millisecond: plumbline.Pass} {
		v := JudgeRecorded(*kept, e.Run, plumbline.Objective{Name: "fresh", Operations: []string{"createOrder"}, Target: 0.99, Within: within})
		if v.Outcome != want {
			t.Errorf("%s: %s, want %s: %s", within, v.Outcome, want, v.Statement)
		}
	}
}

// The dispersion that is read off the percentiles of the seconds comes near
// the one of exact counts, for independent requests and for bursts.
func TestBurstsAreSeenInPercentiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		burst       float64 // share of the seconds in which all is slow
		least, most float64 // of the ratio of the dispersions
	}{{"independent", 0, 0.5, 1.5}, {"a second stands still", 0.04, 0.7, 1.4}, {"four do", 0.13, 0.7, 1.4}} {
		ratio, n := 0.0, 0
		rnd := rand.New(rand.NewPCG(3, uint64(len(c.name))))
		for range 200 {
			exact, rough := simulatedSeconds(rnd, c.burst)
			ratio, n = ratio+dispersion(rough)/dispersion(exact), n+1
		}
		if ratio /= float64(n); ratio < c.least || ratio > c.most {
			t.Errorf("%s: the estimate is %.2f of the truth", c.name, ratio)
		} else {
			t.Logf("%s: %.2f", c.name, ratio)
		}
	}
}

// simulatedSeconds are 30 s of 100 requests each, of which 2 % take longer than
// 300 ms, and all in some seconds: as exact counts, and as read off percentiles.
func simulatedSeconds(rnd *rand.Rand, burst float64) (exact, rough []tally) {
	const limit = 300 * time.Millisecond
	x := plumbline.Series{Class: "2xx"}
	slow := int64(0)
	at := map[int]tally{}
	for second := range 30 {
		scale := 1
		if rnd.Float64() < burst {
			scale = 20
		}
		all := make([]time.Duration, 100)
		bad := int64(0)
		for i := range all {
			all[i] = time.Duration(scale*(20+rnd.IntN(60))) * time.Millisecond
			if rnd.Float64() < 0.02 {
				all[i] = time.Duration(300+rnd.IntN(400)) * time.Millisecond
			}
			if all[i] > limit {
				bad++
			}
		}
		slices.Sort(all)
		x.Slices = append(x.Slices, plumbline.Slice{Second: second, Count: 100, P50: all[49], P99: all[98], Max: all[99]})
		exact, slow = append(exact, tally{100, bad}), slow+bad
		at[second] = tally{n: 100}
	}
	allot(stretchesOf(x, limit), slow, at)
	for second := range 30 {
		rough = append(rough, at[second])
	}
	return exact, rough
}

// BenchmarkRecorded judges one night, of twenty operations, against three
// objectives.
func BenchmarkRecorded(b *testing.B) {
	var r plumbline.Recording
	rnd := rand.New(rand.NewPCG(5, 6))
	for i := range 20 {
		x := plumbline.Series{Experiment: loadTarget, Phase: "steady", Operation: fmt.Sprint("op", i), Class: "2xx", Count: 3000}
		for k := range 300 {
			x.Latency = append(x.Latency, plumbline.Bin{UpTo: time.Duration(k+1) * time.Millisecond, Count: 10})
		}
		for s := range 24 {
			x.Slices = append(x.Slices, plumbline.Slice{Second: s, Count: 125, P50: time.Duration(100+rnd.IntN(100)) * time.Millisecond, P99: 290 * time.Millisecond, Max: 300 * time.Millisecond})
		}
		r.Series = append(r.Series, x)
	}
	for b.Loop() {
		for _, within := range []time.Duration{0, 50 * time.Millisecond, 299 * time.Millisecond} {
			JudgeRecorded(r, plumbline.Run{Ended: true}, plumbline.Objective{Name: "o", Target: 0.99, Within: within})
		}
	}
}
