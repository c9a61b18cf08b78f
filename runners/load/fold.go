package load

import (
	"cmp"
	"net/http"
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

// folds aggregate the requests of a session by stream, step and status class,
// and its flows.
type folds struct {
	session Session
	began   time.Duration
	ends    time.Duration // of the streams: what is answered later was not carried in their time
	open    int           // seconds that stay open for answers
	mu      sync.Mutex
	byKey   map[foldKey]*fold
}

type foldKey struct {
	stream int
	step   int // of a flow, from 1; zero: the hit is one request, or it is the flow as a whole
	class  string
	shed   bool
}

// asked is what an observation does not tell of a request.
type asked struct {
	attempts int  // of a client with patience; zero: it has none
	advised  bool // the answer says when to try again
}

// A fold is one series in the making.
type fold struct {
	series           plumbline.Series
	latency, service *hdr.Histogram
	rare             [3]*hdr.Histogram      // first byte, connect, TLS; nil while there were none
	seconds          []plumbline.Slice      // by their number; without a count where nothing was due
	within           []int64                // of the seconds, one after the other: good, for each threshold
	hists            map[int]*hdr.Histogram // of the seconds that are open
	open, newest     int
	sealed           int              // all seconds before it
	spare            []*hdr.Histogram // of sealed seconds
}

// foreseen bounds the seconds for which a series takes room at once. A run that
// is longer takes more as it goes.
const foreseen = 2 * time.Hour

// newFolds starts the folds of a session whose requests are answered, or given
// up, within the wait.
func newFolds(s Session, began, wait time.Duration) *folds {
	lasts := time.Duration(0)
	for _, x := range s.Streams {
		all := time.Duration(0)
		for _, g := range x.Stages {
			all += g.Duration
		}
		lasts = max(lasts, all)
	}
	return &folds{session: s, began: began, ends: began + lasts, open: int(wait/time.Second) + 1, byKey: map[foldKey]*fold{}}
}

// class is the status class of an observation, or its error class.
func class(o plumbline.Observation) string {
	if o.Error != "" {
		return string(o.Error)
	}
	if k := o.Status / 100; k >= 0 && k < 10 {
		return "0xx1xx2xx3xx4xx5xx6xx7xx8xx9xx"[3*k : 3*k+3]
	}
	return strconv.Itoa(o.Status/100) + "xx"
}

func (f *folds) add(stream, step int, o plumbline.Observation, how asked) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := foldKey{stream, step, class(o), shed(o)}
	x := f.of(key, o)
	x.series.Attempts += int64(how.attempts)
	if key.shed && how.advised {
		x.series.Advised++
	}
	if o.OK() && o.Done() > f.ends && o.Due <= f.ends {
		x.series.Late++
	}
	x.add(o, f.began)
}

// flow adds a flow as a whole, of which so many steps were made. How many came
// after the end of the streams is not told: with think time most do.
func (f *folds) flow(stream int, o plumbline.Observation, made int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := f.of(foldKey{stream, 0, class(o), shed(o)}, o)
	for i := range min(made, len(x.series.Reached)) {
		x.series.Reached[i].Count++
	}
	x.add(o, f.began)
}

// of is the fold of a key.
func (f *folds) of(key foldKey, o plumbline.Observation) *fold {
	x, ok := f.byKey[key]
	if !ok {
		x = f.fresh(o, key.class)
		x.series.Shed = key.shed
		f.name(x, key)
		f.byKey[key] = x
	}
	return x
}

// name says which step of a flow a fold is of, or which steps its flow has. The
// slices of flows stay open for as long as their users think.
func (f *folds) name(x *fold, key foldKey) {
	if key.stream >= len(f.session.Streams) || len(f.session.Streams[key.stream].Flow) == 0 {
		return
	}
	step := func(i int) string {
		if key.stream < len(f.session.Steps) && i < len(f.session.Steps[key.stream]) {
			return f.session.Steps[key.stream][i]
		}
		return strconv.Itoa(i + 1)
	}
	if key.step > 0 {
		x.series.Step = step(key.step - 1)
		return
	}
	for i, id := range f.session.Streams[key.stream].Flow {
		x.series.Reached = append(x.series.Reached, plumbline.Reached{Step: step(i), Operation: id})
	}
	x.open += int(f.session.thinking(key.stream) / time.Second)
}

// shed tells whether an answer refuses for want of capacity (RFC 6585 §4,
// RFC 9110 §15.6.4).
func shed(o plumbline.Observation) bool {
	return o.Error == "" && (o.Status == http.StatusTooManyRequests || o.Status == http.StatusServiceUnavailable)
}

func (f *folds) fresh(o plumbline.Observation, class string) *fold {
	x := &fold{
		series:  plumbline.Series{Experiment: o.Experiment, Phase: o.Phase, Stream: o.Stream, Operation: o.Operation, Class: class, Began: f.began},
		latency: hdr.New(1, longest, digits), service: hdr.New(1, longest, digits), hists: map[int]*hdr.Histogram{}, open: f.open,
	}
	for _, t := range f.session.Thresholds {
		x.series.Within = append(x.series.Within, plumbline.Within{Threshold: t})
	}
	x.reach(int(min(f.ends-f.began, foreseen)/time.Second) + 1)
	return x
}

// reach takes room for so many seconds, and writes to it: what is only reserved
// would make the process grow for as long as it runs.
func (x *fold) reach(seconds int) {
	for n := len(x.seconds); n < seconds; n++ {
		x.seconds = append(x.seconds, plumbline.Slice{Second: n})
		x.within = append(x.within, make([]int64, len(x.series.Within))...)
	}
}

func (x *fold) add(o plumbline.Observation, began time.Duration) {
	s := &x.series
	s.Count++
	s.Bytes += o.Bytes
	s.Wire += o.Wire
	s.Retries += int64(o.Retries)
	if o.Unchecked {
		s.Unchecked++
	}
	record(x.latency, o.Latency)
	record(x.service, o.Service())
	x.steps(o)
	bad := o.OK() != (o.Error == "" && o.Status < 500) // an undocumented status
	if bad {
		s.Bad++
	}
	n := max(int((o.Due-began)/time.Second), 0)
	hist := x.second(n)
	second := &x.seconds[n]
	second.Count++
	second.Max = max(second.Max, o.Latency)
	if hist != nil {
		record(hist, o.Latency)
	}
	for i := range s.Within {
		if o.Latency <= s.Within[i].Threshold {
			s.Within[i].Count++
			if o.OK() {
				x.within[n*len(s.Within)+i]++
			}
		}
	}
	for _, m := range o.Marks {
		if len(s.Marks) < mostMarks && !slices.Contains(s.Marks, m) {
			s.Marks = append(s.Marks, m)
		}
	}
}

// steps records how long the parts of an exchange took, those that took place.
func (x *fold) steps(o plumbline.Observation) {
	for i, d := range [3]time.Duration{o.First, o.Connect, o.Handshake} {
		if d <= 0 {
			continue
		}
		if x.rare[i] == nil {
			x.rare[i] = hdr.New(1, longest, digits)
		}
		record(x.rare[i], d)
	}
}

// second is the histogram of the n-th second; nil when it is sealed. A new one
// seals those to which no answer can be due any more: a histogram takes more room
// than all else. Should an answer come all the same, it is counted there, and only
// the percentiles of that second are without it.
func (x *fold) second(n int) *hdr.Histogram {
	if n >= len(x.seconds) {
		x.reach(n + 1)
	}
	if x.seconds[n].Count > 0 {
		return x.hists[n]
	}
	x.newest = max(x.newest, n)
	for ; x.sealed < x.newest-x.open; x.sealed++ {
		if x.hists[x.sealed] != nil {
			x.spare = append(x.spare, x.seal(x.sealed))
		}
	}
	if k := len(x.spare); k > 0 {
		x.hists[n], x.spare = x.spare[k-1], x.spare[:k-1]
		x.hists[n].Reset()
	} else {
		x.hists[n] = hdr.New(1, longest, sliceDigits)
	}
	return x.hists[n]
}

// seal fixes the percentiles of a second and returns its histogram.
func (x *fold) seal(n int) *hdr.Histogram {
	h, s := x.hists[n], &x.seconds[n]
	s.P50, s.P99 = min(quantile(h, 50), s.Max), min(quantile(h, 99), s.Max)
	delete(x.hists, n)
	return h
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
		if c := cmp.Or(a.stream-b.stream, a.step-b.step); c != 0 {
			return c
		}
		if c := cmp.Compare(a.class, b.class); c != 0 {
			return c
		}
		if b.shed {
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
	s.First, s.Connect, s.Handshake = bins(x.rare[0]), bins(x.rare[1]), bins(x.rare[2])
	for n := range x.hists {
		x.seal(n)
	}
	for n, second := range x.seconds {
		if second.Count == 0 {
			continue
		}
		if k := len(s.Within); k > 0 {
			second.Within = x.within[n*k : (n+1)*k : (n+1)*k]
		}
		s.Slices = append(s.Slices, second)
	}
	return s
}

func quantile(h *hdr.Histogram, q float64) time.Duration {
	return time.Duration(h.ValueAtQuantile(q)) * time.Microsecond
}

// bins exports the occupied bins of a histogram.
func bins(h *hdr.Histogram) []plumbline.Bin {
	var out []plumbline.Bin
	if h == nil {
		return nil
	}
	for _, b := range h.Distribution() {
		if b.Count > 0 {
			out = append(out, plumbline.Bin{UpTo: time.Duration(b.To) * time.Microsecond, Count: b.Count})
		}
	}
	return out
}
