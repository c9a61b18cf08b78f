package load

import (
	"slices"
	"strconv"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/plumbline-dev/plumbline"
)

// Histograms count whole microseconds up to ten minutes; three significant
// digits keep the error of a value below 0.1 %.
const (
	longest = int64(10 * time.Minute / time.Microsecond)
	digits  = 3
	// sliceDigits is enough for the picture of one second.
	sliceDigits = 2
	// mostMarks bounds the distinct marks that a series keeps.
	mostMarks = 16
)

// folds aggregate the requests of a session by stream and status class.
type folds struct {
	session Session
	began   time.Duration
	mu      sync.Mutex
	byKey   map[foldKey]*fold
}

type foldKey struct {
	stream int
	class  string
}

// A fold is one series in the making.
type fold struct {
	series           plumbline.Series
	latency, service *hdr.Histogram
	slices           map[int]*secondFold
}

type secondFold struct {
	count  int64
	hist   *hdr.Histogram
	within []int64
}

func newFolds(s Session, began time.Duration) *folds {
	return &folds{session: s, began: began, byKey: map[foldKey]*fold{}}
}

// class is the status class of an observation, or its error class.
func class(o plumbline.Observation) string {
	if o.Error != "" {
		return string(o.Error)
	}
	return strconv.Itoa(o.Status/100) + "xx"
}

func (f *folds) add(stream int, o plumbline.Observation) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := foldKey{stream, class(o)}
	x, ok := f.byKey[key]
	if !ok {
		x = f.fresh(o, key.class)
		f.byKey[key] = x
	}
	x.add(o, f.began)
}

func (f *folds) fresh(o plumbline.Observation, class string) *fold {
	x := &fold{
		series:  plumbline.Series{Experiment: o.Experiment, Phase: o.Phase, Stream: o.Stream, Operation: o.Operation, Class: class, Began: f.began},
		latency: hdr.New(1, longest, digits), service: hdr.New(1, longest, digits), slices: map[int]*secondFold{},
	}
	for _, t := range f.session.Thresholds {
		x.series.Within = append(x.series.Within, plumbline.Within{Threshold: t})
	}
	return x
}

func (x *fold) add(o plumbline.Observation, began time.Duration) {
	s := &x.series
	s.Count++
	s.Bytes += o.Bytes
	s.Retries += int64(o.Retries)
	record(x.latency, o.Latency)
	record(x.service, o.Latency-(o.Sent-o.Due))
	bad := o.OK() != (o.Error == "" && o.Status < 500) // an undocumented status
	if bad {
		s.Bad++
	}
	second := x.second(int((o.Due-began)/time.Second), len(s.Within))
	second.count++
	record(second.hist, o.Latency)
	for i := range s.Within {
		if o.Latency <= s.Within[i].Threshold {
			s.Within[i].Count++
			if o.OK() {
				second.within[i]++
			}
		}
	}
	for _, m := range o.Marks {
		if len(s.Marks) < mostMarks && !slices.Contains(s.Marks, m) {
			s.Marks = append(s.Marks, m)
		}
	}
}

func (x *fold) second(n, thresholds int) *secondFold {
	s, ok := x.slices[n]
	if !ok {
		s = &secondFold{hist: hdr.New(1, longest, sliceDigits), within: make([]int64, thresholds)}
		x.slices[n] = s
	}
	return s
}

func record(h *hdr.Histogram, d time.Duration) {
	us := min(max(int64((d+time.Microsecond-1)/time.Microsecond), 1), longest)
	_ = h.RecordValue(us) // cannot be out of range
}

// series returns what was folded, in the order of the streams.
func (f *folds) series() []plumbline.Series {
	f.mu.Lock()
	defer f.mu.Unlock()
	keys := make([]foldKey, 0, len(f.byKey))
	for k := range f.byKey {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b foldKey) int {
		if a.stream != b.stream {
			return a.stream - b.stream
		}
		if a.class < b.class {
			return -1
		}
		return 1
	})
	var out []plumbline.Series
	for _, k := range keys {
		out = append(out, f.byKey[k].finish())
	}
	return out
}

func (x *fold) finish() plumbline.Series {
	s := x.series
	s.Latency, s.Service = bins(x.latency), bins(x.service)
	for n, sec := range x.slices {
		s.Slices = append(s.Slices, plumbline.Slice{
			Second: n, Count: sec.count, Within: sec.within,
			P50: quantile(sec.hist, 50), P99: quantile(sec.hist, 99), Max: time.Duration(sec.hist.Max()) * time.Microsecond,
		})
	}
	slices.SortFunc(s.Slices, func(a, b plumbline.Slice) int { return a.Second - b.Second })
	return s
}

func quantile(h *hdr.Histogram, q float64) time.Duration {
	return time.Duration(h.ValueAtQuantile(q)) * time.Microsecond
}

// bins exports the occupied bins of a histogram.
func bins(h *hdr.Histogram) []plumbline.Bin {
	var out []plumbline.Bin
	for _, b := range h.Distribution() {
		if b.Count > 0 {
			out = append(out, plumbline.Bin{UpTo: time.Duration(b.To) * time.Microsecond, Count: b.Count})
		}
	}
	return out
}
