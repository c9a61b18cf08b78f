package load

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// patient is the stream of n clients a second that wait 50 ms and try thrice.
func patient(rate float64, lasts time.Duration) plumbline.Stream {
	s := stream(plumbline.ArrivalsConstant, steady(rate, lasts))
	s.Patience = &plumbline.Patience{Timeout: 50 * ms, Attempts: 3, Pause: ms}
	return s
}

// A client that gives up tries again; what it wanted is recorded once, with the
// last answer and the time since it was due.
func TestPatience(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	e, _ := bench(t, func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) % 3 {
		case 1:
			<-r.Context().Done() // nobody answers
		case 2:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}, nil)
	l := &log{}
	s, made := session(patient(4, 500*ms)), atomic.Int32{}
	shot := s.Shot
	s.Shot = func(stream int, number uint64) target.Shot {
		made.Add(1)
		return shot(stream, number)
	}
	if err := e.Run(t.Context(), s, l.record); err != nil {
		t.Fatal(err)
	}
	if made.Load() != 2 {
		t.Errorf("%d requests were made up for two wishes", made.Load())
	}
	requests, attempts := int64(0), int64(0)
	for _, x := range l.series {
		requests, attempts = requests+x.Count, attempts+x.Attempts
		if x.Class == "2xx" && Quantile(x.Latency, 0) < 50*ms {
			t.Errorf("the time of the first attempt is missing: %+v", x.Latency)
		}
	}
	if requests != 2 || attempts < 3 || l.health[0].Lag99 > 50*ms {
		t.Errorf("%d requests, %d attempts, lag %s", requests, attempts, l.health[0].Lag99)
	}
}

// An answer that refuses for want of capacity is told apart from others of its
// class.
func TestShed(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	e, _ := bench(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) % 3 {
		case 0:
			w.WriteHeader(http.StatusInternalServerError)
		case 1:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}, nil)
	l := &log{}
	if err := e.Run(t.Context(), session(stream(plumbline.ArrivalsConstant, steady(300, 100*ms))), l.record); err != nil {
		t.Fatal(err)
	}
	for i, want := range []plumbline.Series{{Class: "4xx", Shed: true, Count: 10}, {Class: "5xx", Count: 10}, {Class: "5xx", Shed: true, Count: 10, Advised: 10}} {
		if x := l.series[i]; x.Class != want.Class || x.Shed != want.Shed || x.Count != want.Count || x.Advised != want.Advised || x.Attempts != 0 {
			t.Errorf("%d: %+v, want %+v", i, x, want)
		}
	}
}

func TestAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		class  plumbline.ErrorClass
		want   bool
	}{
		{200, "", false},
		{404, "", false},
		{429, "", true},
		{500, "", true},
		{503, "", true},
		{0, plumbline.ErrorTimeout, true},
		{200, plumbline.ErrorEOF, true},
		{0, plumbline.ErrorCanceled, false},
		{0, plumbline.ErrorPorts, false},
		{0, plumbline.ErrorUnbound, false},
	} {
		if got := again(plumbline.Observation{Status: c.status, Error: c.class}); got != c.want {
			t.Errorf("%d %s: %t", c.status, c.class, got)
		}
	}
}

// So many clients as Little's law calls for are enough, and their pauses are
// drawn anew for each of them.
func TestPatienceBoundsClients(t *testing.T) {
	t.Parallel()
	p := &plumbline.Patience{Timeout: time.Second, Attempts: 3, Pause: 100 * ms}
	if got := patience(p, 10*time.Second); got != 3300*ms {
		t.Errorf("busy for %s", got)
	}
	if got := patience(nil, 10*time.Second); got != 10*time.Second {
		t.Errorf("without patience for %s", got)
	}
	seen := map[time.Duration]bool{}
	for i := range uint64(50) {
		d := pause(p, 7, hit{number: i}, 2)
		if d < 0 || d > 200*ms || d != pause(p, 7, hit{number: i}, 2) {
			t.Fatalf("pause %s", d)
		}
		seen[d] = true
	}
	if len(seen) < 40 {
		t.Errorf("only %d different pauses", len(seen))
	}
}
