package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

const ms = time.Millisecond

// answered is an observation of the second request of a session that began at
// ten seconds.
func answered(due, latency time.Duration, status int) plumbline.Observation {
	return plumbline.Observation{
		Experiment: "x", Phase: "p", Stream: "s", Operation: "op",
		Due: 10*time.Second + due, Sent: 10*time.Second + due, Latency: latency, Status: status,
	}
}

func foldAll(s Session, all ...plumbline.Observation) []plumbline.Series {
	f := newFolds(s, 10*time.Second, 20*time.Second)
	for _, o := range all {
		f.add(0, 0, o, asked{})
	}
	return f.series()
}

func TestFoldCounts(t *testing.T) {
	t.Parallel()
	undocumented := answered(1100*ms, 5*ms, 418)
	undocumented.Marks = []plumbline.Mark{{Kind: plumbline.MarkStatus, Message: "418"}}
	both := answered(1200*ms, 5*ms, 500)
	both.Marks = []plumbline.Mark{{Kind: plumbline.MarkStatus, Message: "500"}}
	reset := answered(1300*ms, 5*ms, 200)
	reset.Error, reset.Retries, reset.Bytes = plumbline.ErrorReset, 1, 4
	late := answered(1400*ms, 50*ms, 200)
	late.Sent, late.Bytes, late.Retries = late.Due+30*ms, 7, 2
	got := foldAll(Session{Thresholds: []time.Duration{5 * ms, 20 * ms}, Streams: lasting(2 * time.Second)},
		answered(100*ms, 5*ms, 200), answered(200*ms, 5*ms+1, 204), answered(300*ms, 20*ms, 201), undocumented, both, reset, late)
	for i := range got {
		got[i].Latency, got[i].Service = nil, nil
	}
	series := func(class string, count int64, slices ...plumbline.Slice) plumbline.Series {
		return plumbline.Series{Experiment: "x", Phase: "p", Stream: "s", Operation: "op", Class: class, Began: 10 * time.Second, Count: count, Slices: slices}
	}
	slice := func(second int, count int64, p50, most time.Duration, within ...int64) plumbline.Slice {
		return plumbline.Slice{Second: second, Count: count, P50: p50, P99: most, Max: most, Within: within}
	}
	want := []plumbline.Series{
		series("2xx", 4, slice(0, 3, 5007*time.Microsecond, 20*ms, 1, 3), slice(1, 1, 50*ms, 50*ms, 0, 0)),
		series("4xx", 1, slice(1, 1, 5*ms, 5*ms, 0, 0)),
		series("5xx", 1, slice(1, 1, 5*ms, 5*ms, 0, 0)),
		series("reset", 1, slice(1, 1, 5*ms, 5*ms, 0, 0)),
	}
	for i, w := range [][2]int64{{1, 3}, {1, 1}, {1, 1}, {1, 1}} {
		want[i].Within = []plumbline.Within{{Threshold: 5 * ms, Count: w[0]}, {Threshold: 20 * ms, Count: w[1]}}
	}
	want[0].Bytes, want[0].Retries = 7, 2
	want[1].Bad, want[1].Marks = 1, undocumented.Marks
	want[2].Marks = both.Marks
	want[3].Bytes, want[3].Retries = 4, 1
	near := cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() <= max(a, b)/100 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// lasting is a stream of that length.
func lasting(d time.Duration) []plumbline.Stream {
	return []plumbline.Stream{{Name: "s", Stages: []plumbline.Stage{{From: 1, To: 1, Duration: d / 2}, {From: 1, To: 1, Duration: d / 2}}}}
}

// What is answered well after the time of the streams is counted.
func TestFoldCountsWhatComesAfterwards(t *testing.T) {
	t.Parallel()
	got := foldAll(Session{Streams: lasting(2 * time.Second)},
		answered(100*ms, 5*ms, 200), answered(100*ms, 1900*ms, 200), answered(100*ms, 1901*ms, 200), answered(1999*ms, 5*time.Second, 204), answered(1999*ms, 5*time.Second, 500))
	if len(got) != 2 || got[0].Class != "2xx" || got[0].Late != 2 || got[1].Late != 0 {
		t.Errorf("%+v", got)
	}
}

// quantileOf reads a quantile off exported bins, as a judge does.
func quantileOf(bins []plumbline.Bin, q float64) time.Duration {
	total, sum := int64(0), int64(0)
	for _, b := range bins {
		total += b.Count
	}
	for _, b := range bins {
		if sum += b.Count; float64(sum) >= q*float64(total) {
			return b.UpTo
		}
	}
	return 0
}

// The percentiles are those of the requests and no invention between them:
// also where a share of them is a hundred times as slow as the rest.
func TestPercentilesAreOfRequestsThatWere(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for name, latency := range map[string]func(i int) time.Duration{
		"even": func(i int) time.Duration { return time.Duration(i+1) * 100 * time.Microsecond },
		"cliff": func(i int) time.Duration {
			return map[bool]time.Duration{true: 105 * ms, false: 1500 * time.Microsecond}[i%10000 < 95]
		},
		"tail": func(int) time.Duration { return time.Duration(random.ExpFloat64() * float64(20*ms)) },
		"one":  func(int) time.Duration { return 3333333 },
	} {
		t.Run(name, func(t *testing.T) {
			var all []plumbline.Observation
			var exact []time.Duration
			for i := range 10000 {
				o := answered(time.Duration(i)*100*time.Microsecond, max(latency(i), time.Microsecond), 200)
				all, exact = append(all, o), append(exact, o.Latency)
			}
			slices.Sort(exact)
			s := foldAll(Session{}, all...)[0]
			count := int64(0)
			for _, b := range s.Latency {
				count += b.Count
			}
			if count != 10000 || s.Count != 10000 || len(s.Slices) != 1 || s.Slices[0].Max != exact[9999] {
				t.Errorf("%d in bins, %d in all, slices %+v, want a largest of %s", count, s.Count, s.Slices, exact[9999])
			}
			for q, got := range map[float64][]time.Duration{0.5: {s.Slices[0].P50}, 0.9: nil, 0.99: {s.Slices[0].P99}, 0.999: nil, 1: nil} {
				want := exact[int(q*10000)-1]
				for i, got := range append([]time.Duration{quantileOf(s.Latency, q), quantileOf(s.Service, q)}, got...) {
					tolerance := want/1000 + 2*time.Microsecond
					if i == 2 {
						tolerance = want/100 + 2*time.Microsecond
					}
					if got < want || got-want > tolerance {
						t.Errorf("p%g (%d): got %s, want %s", 100*q, i, got, want)
					}
				}
			}
		})
	}
}

func TestLatenciesOutOfRangeAreCounted(t *testing.T) {
	t.Parallel()
	s := foldAll(Session{Thresholds: []time.Duration{time.Hour}}, answered(0, -time.Second, 200), answered(0, 0, 200), answered(0, 20*time.Minute, 200))[0]
	if s.Count != 3 || len(s.Latency) != 2 || s.Latency[0].Count != 2 || s.Within[0].Count != 3 {
		t.Errorf("got %+v", s)
	}
}

func TestServiceIsWithoutTheLag(t *testing.T) {
	t.Parallel()
	o := answered(0, 500*ms, 200)
	o.Sent = o.Due + 400*ms
	s := foldAll(Session{}, o)[0]
	if l, v := quantileOf(s.Latency, 1), quantileOf(s.Service, 1); l < 500*ms || l > 501*ms || v < 100*ms || v > 101*ms {
		t.Errorf("got a latency of %s and a service of %s", l, v)
	}
}

func TestMarksAreDistinctAndFew(t *testing.T) {
	t.Parallel()
	var all []plumbline.Observation
	for i := range 100 {
		o := answered(0, ms, 200)
		o.Marks = []plumbline.Mark{{Kind: plumbline.MarkBody, Message: fmt.Sprint(i % 40)}, {Kind: plumbline.MarkBody, Message: "0"}}
		all = append(all, o)
	}
	s := foldAll(Session{}, all...)[0]
	if len(s.Marks) != mostMarks || s.Marks[0].Message != "0" || s.Marks[1].Message != "1" {
		t.Errorf("got %v", s.Marks)
	}
}

// What the seconds of a run take is taken at its first request, and by it alone.
func TestSecondsTakeTheirRoomAtOnce(t *testing.T) {
	t.Parallel()
	s := stream(plumbline.ArrivalsConstant, steady(10, time.Hour))
	f := newFolds(Session{Streams: []plumbline.Stream{s}, Thresholds: []time.Duration{ms, 5 * ms}}, 10*time.Second, time.Second)
	f.add(0, 0, answered(0, 2*ms, 200), asked{})
	x := f.byKey[foldKey{stream: 0, class: "2xx"}]
	first, within := &x.seconds[0], &x.within[0]
	for i := range 3600 {
		f.add(0, 0, answered(time.Duration(i)*time.Second, 2*ms, 200), asked{})
	}
	if len(x.seconds) != 3601 || &x.seconds[0] != first || &x.within[0] != within {
		t.Errorf("room for %d seconds was taken, or it was taken anew", len(x.seconds))
	}
	f.add(0, 0, answered(2*time.Hour, 2*ms, 200), asked{}) // what nobody has foreseen
	got := f.series()[0].Slices
	if len(got) != 3601 || got[3600].Second != 7200 || got[3600].Within[0] != 0 || got[3600].Within[1] != 1 || got[0].Within[1] != 2 {
		t.Errorf("%d slices, the last %+v", len(got), got[len(got)-1])
	}
}

// A run of hours holds as many histograms as a run of a minute.
func TestSecondsAreSealed(t *testing.T) {
	t.Parallel()
	f := newFolds(Session{}, 10*time.Second, 20*time.Second)
	most := 0
	for i := range 7200 {
		f.add(0, 0, answered(time.Duration(i)*500*ms, time.Duration(i%2+1)*ms, 200), asked{})
		if i%600 != 599 {
			continue
		}
		most = max(most, len(f.byKey[foldKey{stream: 0, class: "2xx"}].hists))
	}
	if most > 25 {
		t.Errorf("%d histograms at once", most)
	}
	f.add(0, 0, answered(0, 40*ms, 200), asked{}) // when its second is long over
	s := f.series()[0]
	if len(s.Slices) != 3600 || s.Count != 7201 {
		t.Fatalf("%d slices of %d requests", len(s.Slices), s.Count)
	}
	for i, x := range s.Slices {
		want := plumbline.Slice{Second: i, Count: 2, P50: ms, P99: 2 * ms, Max: 2 * ms}
		if i == 0 {
			want.Count, want.Max = 3, 40*ms
		}
		near := cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() <= max(a, b)/100 })
		if diff := cmp.Diff(want, x, near); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}
