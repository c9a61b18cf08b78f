package load

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

func stream(arrivals plumbline.Arrivals, stages ...plumbline.Stage) plumbline.Stream {
	return plumbline.Stream{Name: "s", Operation: "op", Arrivals: arrivals, Stages: stages}
}

func steady(rate float64, d time.Duration) plumbline.Stage {
	return plumbline.Stage{From: rate, To: rate, Duration: d}
}

func hits(streams []plumbline.Stream, seed uint64) []hit {
	var out []hit
	for s := newSchedule(streams, seed); ; {
		h, ok := s.pop()
		if !ok {
			return out
		}
		out = append(out, h)
	}
}

func dues(all []hit) []time.Duration {
	var out []time.Duration
	for _, h := range all {
		out = append(out, h.due)
	}
	return out
}

func TestDueTimesAtAConstantRate(t *testing.T) {
	t.Parallel()
	ms := func(all ...int) []time.Duration {
		var out []time.Duration
		for _, n := range all {
			out = append(out, time.Duration(n)*time.Millisecond)
		}
		return out
	}
	for name, c := range map[string]struct {
		stages []plumbline.Stage
		want   []time.Duration
	}{
		"steady":          {[]plumbline.Stage{steady(4, time.Second)}, ms(250, 500, 750, 1000)},
		"no whole number": {[]plumbline.Stage{steady(4, 1100*time.Millisecond)}, ms(250, 500, 750, 1000)},
		"two steps":       {[]plumbline.Stage{steady(2, time.Second), steady(4, time.Second)}, ms(500, 1000, 1250, 1500, 1750, 2000)},
		"half a request":  {[]plumbline.Stage{steady(1, 500*time.Millisecond), steady(2, 500*time.Millisecond)}, ms(750)},
		"a pause":         {[]plumbline.Stage{steady(2, 500*time.Millisecond), steady(0, time.Second), steady(2, 500*time.Millisecond)}, ms(500, 2000)},
		"up from nothing": {[]plumbline.Stage{{From: 0, To: 8, Duration: time.Second}}, ms(500, 707, 866, 1000)},
		"down to nothing": {[]plumbline.Stage{{From: 8, To: 0, Duration: time.Second}}, ms(134, 293, 500, 1000)},
		"nothing":         {[]plumbline.Stage{steady(0, time.Second)}, nil},
		"no time":         {[]plumbline.Stage{steady(9, 0), {From: 1, To: 9}}, nil},
		"no stage":        {nil, nil},
		"too few for one": {[]plumbline.Stage{steady(0.5, time.Second)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := dues(hits([]plumbline.Stream{stream(plumbline.ArrivalsConstant, c.stages...)}, 1))
			for i := range got {
				got[i] = got[i].Round(time.Millisecond)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A slope next to nothing is where the schoolbook solution of the quadratic
// equation loses all its digits.
func TestAlmostSteadyIsSteady(t *testing.T) {
	t.Parallel()
	for _, slope := range []float64{0, 1e-13, 1e-11, 1e-9, 1e-7, -1e-11, -1e-9} {
		st := stream(plumbline.ArrivalsConstant, plumbline.Stage{From: 1000, To: 1000 + 10*slope, Duration: 10 * time.Second})
		for _, h := range hits([]plumbline.Stream{st}, 1) {
			if want := time.Duration(h.number+1) * time.Millisecond; (h.due - want).Abs() > time.Microsecond {
				t.Fatalf("slope %g: request %d is due at %s, want %s", slope, h.number, h.due, want)
			}
		}
	}
}

func TestPoissonArrivals(t *testing.T) {
	t.Parallel()
	const rate, seconds = 500, 20
	streams := []plumbline.Stream{stream(plumbline.ArrivalsPoisson, steady(rate, seconds*time.Second)), stream(plumbline.ArrivalsPoisson, steady(rate, seconds*time.Second))}
	first := hits(streams, 7)
	if !slices.Equal(first, hits(streams, 7)) {
		t.Error("the same seed gives other arrivals")
	}
	if slices.Equal(dues(first), dues(hits(streams, 8))) {
		t.Error("another seed gives the same arrivals")
	}
	byStream := map[int][]time.Duration{}
	for _, h := range first {
		byStream[h.stream] = append(byStream[h.stream], h.due)
	}
	if slices.Equal(byStream[0], byStream[1]) {
		t.Error("two streams arrive together")
	}
	for i, due := range byStream {
		if n, sigma := float64(len(due)), math.Sqrt(rate*seconds); math.Abs(n-rate*seconds) > 4*sigma {
			t.Errorf("stream %d: %.0f requests, want %d ± %.0f", i, n, rate*seconds, 4*sigma)
		}
		// The gaps of a Poisson process have a standard deviation like their mean.
		var sum, squares float64
		for k := 1; k < len(due); k++ {
			gap := (due[k] - due[k-1]).Seconds()
			sum, squares = sum+gap, squares+gap*gap
		}
		n := float64(len(due) - 1)
		mean := sum / n
		if cv := math.Sqrt(squares/n-mean*mean) / mean; math.Abs(cv-1) > 0.05 {
			t.Errorf("stream %d: the gaps have a coefficient of variation of %.3f, want 1", i, cv)
		}
	}
}

// A ramp has half of its requests in the last 29 % of its time, whatever the
// process.
func TestArrivalsFollowARamp(t *testing.T) {
	t.Parallel()
	for _, arrivals := range []plumbline.Arrivals{plumbline.ArrivalsConstant, plumbline.ArrivalsPoisson} {
		all := hits([]plumbline.Stream{stream(arrivals, plumbline.Stage{To: 1000, Duration: 10 * time.Second})}, 3)
		early := 0
		for _, h := range all {
			if h.due < time.Duration(math.Sqrt(0.5)*float64(10*time.Second)) {
				early++
			}
		}
		if share := float64(early) / float64(len(all)); math.Abs(share-0.5) > 0.03 {
			t.Errorf("%s: %.3f of %d in the first 71 %% of the time, want 0.5", arrivals, share, len(all))
		}
	}
}

// The mix is the rates of the streams, at every moment and not only in the end.
func TestMixFollowsTheWeights(t *testing.T) {
	t.Parallel()
	rates := []float64{70, 20, 10}
	var streams []plumbline.Stream
	for _, r := range rates {
		streams = append(streams, stream(plumbline.ArrivalsConstant, steady(r, 3*time.Second)))
	}
	seen := make([]float64, len(rates))
	for _, h := range hits(streams, 1) {
		if float64(h.number) != seen[h.stream] {
			t.Fatalf("number %d of stream %d after %.0f", h.number, h.stream, seen[h.stream])
		}
		seen[h.stream]++
		for i, r := range rates {
			if want := r * h.due.Seconds(); math.Abs(seen[i]-want) > 1.001 {
				t.Fatalf("at %s: %.0f of stream %d, want %.1f", h.due, seen[i], i, want)
			}
		}
	}
	if diff := cmp.Diff([]float64{210, 60, 30}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// cumulated is the number of requests that the stages have called for at t.
func cumulated(stages []plumbline.Stage, at time.Duration) float64 {
	n := 0.0
	for _, g := range stages {
		d := min(at, g.Duration)
		if d <= 0 {
			continue
		}
		end := g.From + (g.To-g.From)*d.Seconds()/g.Duration.Seconds()
		n += (g.From + end) / 2 * d.Seconds()
		at -= d
	}
	return n
}

// Laws: due times are sorted and within the duration, numbers follow each
// other, the same seed gives the same, and constant arrivals are due when the
// rate has called for them.
func FuzzSchedule(f *testing.F) {
	f.Add(100.0, 100.0, uint16(1000), 0.0, 50.0, uint16(500), uint64(1), false)
	f.Add(0.0, 1000.0, uint16(2000), 1000.0, 0.0, uint16(2000), uint64(2), true)
	f.Add(1000.0, 1000.0000001, uint16(3000), 0.0, 0.0, uint16(0), uint64(3), false)
	f.Add(1e-9, 1e-12, uint16(1), 0.1, 7.0, uint16(65535), uint64(4), true)
	f.Fuzz(func(t *testing.T, from1, to1 float64, d1 uint16, from2, to2 float64, d2 uint16, seed uint64, poisson bool) {
		for _, r := range []float64{from1, to1, from2, to2} {
			if !(r >= 0 && r <= 2000) {
				t.Skip("no rate")
			}
		}
		st := stream(plumbline.ArrivalsConstant, plumbline.Stage{From: from1, To: to1, Duration: time.Duration(d1%4000) * time.Millisecond}, plumbline.Stage{From: from2, To: to2, Duration: time.Duration(d2%4000) * time.Millisecond})
		if poisson {
			st.Arrivals = plumbline.ArrivalsPoisson
		}
		whole := st.Stages[0].Duration + st.Stages[1].Duration
		all := hits([]plumbline.Stream{st, stream(plumbline.ArrivalsConstant, steady(10, whole))}, seed)
		if !slices.IsSortedFunc(all, func(a, b hit) int { return int(a.due - b.due) }) {
			t.Error("due times are not sorted")
		}
		next := [2]uint64{}
		for _, h := range all {
			if h.due < 0 || h.due > whole || h.number != next[h.stream] {
				t.Fatalf("got %+v within %s, want number %d", h, whole, next[h.stream])
			}
			next[h.stream]++
			if n := cumulated(st.Stages, h.due); h.stream == 0 && !poisson && math.Abs(n-float64(h.number+1)) > 1e-4 {
				t.Fatalf("request %d is due at %s, when %f are called for", h.number, h.due, n)
			}
		}
		if want := st.Expected(); !poisson && math.Abs(float64(next[0])-want) > 1 {
			t.Errorf("%d requests, want %f", next[0], want)
		}
		if !slices.Equal(all, hits([]plumbline.Stream{st, stream(plumbline.ArrivalsConstant, steady(10, whole))}, seed)) {
			t.Error("the same seed gives another schedule")
		}
	})
}
