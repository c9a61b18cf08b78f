package progress

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/plumbline-dev/plumbline"
)

// story is a run with an outage, of which one event comes too late and one too
// early.
func story() []Event {
	return []Event{
		{At: 1, Run: &Run{ID: "a1b2", Service: "shop", Claims: 2, Steps: []Step{
			{"surface", "Surface", 10 * time.Second}, {"outage/payment", "Payment is out", 60 * time.Second},
		}}},
		{At: 1 * time.Second, Phase: &Phase{Experiment: "surface", Name: "probe", Role: plumbline.RoleProbe}},
		{At: 9 * time.Second, Ended: &plumbline.PhaseMark{Experiment: "surface", Phase: "probe", Ended: 9 * time.Second, Complete: true}},
		{At: 9 * time.Second, Judged: &Judged{Kept: 1, Broken: 1, Findings: []Finding{{Claim: "contract/response-conforms/getOrder"}}}},
		{At: 10 * time.Second, Phase: &Phase{Experiment: "outage/payment", Name: "down", Role: plumbline.RoleFault}},
		{At: 11 * time.Second, Fault: &Fault{Lease: "l1", Text: "payment hang", State: FaultInjected}},
		{At: 11 * time.Second, Fault: &Fault{Lease: "l2", Text: "stock refuse", State: FaultFailed}},
		{At: 20 * time.Second, Pulse: &Pulse{Rate: 25}},
	}
}

func added(events []Event) State {
	var s State
	for _, e := range events {
		s.Add(e)
	}
	return s
}

func TestEventsAddUp(t *testing.T) {
	t.Parallel()
	s := added(story())
	if p, ok := s.Phase(); !ok || p.Name != "down" || p.Began != 10*time.Second {
		t.Errorf("phase %+v, %t", p, ok)
	}
	if left, known := s.Left(); !known || left != 50*time.Second {
		t.Errorf("%s left, %t; want 50s", left, known)
	}
	if n, of := s.Step(); n != 2 || of != 2 {
		t.Errorf("experiment %d of %d", n, of)
	}
	if len(s.Faults) != 1 || s.Faults[0].Text != "payment hang" || len(s.Failed) != 1 || s.Pulse().Rate != 25 || len(s.Found()) != 1 {
		t.Errorf("%+v", s)
	}
	before := s.Clone()
	s.Add(Event{At: 30 * time.Second, Fault: &Fault{Lease: "l1", State: FaultHealed, Hits: 3}})
	s.Add(Event{At: 30 * time.Second, Fault: &Fault{Lease: "l3", State: FaultHealed}})
	s.Add(Event{At: 31 * time.Second, Fault: &Fault{Lease: "l3", State: FaultInjected}}) // the news of it was overtaken
	if len(s.Faults) != 0 || len(before.Faults) != 1 {
		t.Errorf("in force: %v, before %v", s.Faults, before.Faults)
	}
	s.Add(Event{At: 40 * time.Second, Phase: &Phase{Experiment: "repeat/1"}})
	if _, known := s.Left(); known {
		t.Error("how long the repetitions take is not known")
	}
	s.Add(Event{At: 41 * time.Second, Verdict: &Verdict{Outcome: plumbline.Unfit, Findings: []Finding{{}, {}}}})
	if _, ok := s.Phase(); ok || len(s.Found()) != 2 {
		t.Error("a run that is over is in a phase")
	}
	for range 300 {
		s.Add(Event{Pulse: &Pulse{}})
	}
	if len(s.Pulses) != keptPulses {
		t.Errorf("%d pulses are kept", len(s.Pulses))
	}
}

// TestWhoDoesNotReadHoldsNobodyUp tells ten thousand events to somebody who
// never reads and to somebody who does.
func TestWhoDoesNotReadHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	f := &Feed{}
	stalled, keen := f.Watch(3), f.Watch(1)
	seen := make(chan int)
	go func() {
		n := 0
		for e := range keen.Events {
			n += 1 + e.Lost
		}
		seen <- n
	}()
	const all = 10000
	for i := range all {
		f.Tell(Event{At: time.Duration(i + 1)})
	}
	if at := f.State().At; at != all {
		t.Errorf("the feed is at %d", at)
	}
	<-stalled.Events // there is room for one
	f.Tell(Event{At: all + 1})
	f.Close()
	f.Tell(Event{At: all + 2})
	var last Event
	for e := range stalled.Events {
		last = e
	}
	if last.At != all+1 || last.Lost != all-3 {
		t.Errorf("the last event is %+v; want it to tell of %d that were lost", last, all-3)
	}
	if n := <-seen; n > all+1 {
		t.Errorf("%d events were seen or lost of %d", n, all+1)
	}
	stalled.Close()
	(*Feed)(nil).Tell(Event{})
	if _, open := <-f.Watch(1).Events; open {
		t.Error("a feed that has ended goes on")
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	m := NewMeter([]plumbline.Objective{
		{Name: "fast", Target: 0.9, Within: 100 * time.Millisecond, Operations: []string{"read"}},
		{Name: "there", Target: 0.99},
		{Name: "degraded", Target: 0.5, During: "fault"},
		{Name: "unasked", Target: 0.9, Operations: []string{"nobody"}},
	})
	m.Begin(plumbline.RoleBaseline)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			o := plumbline.Observation{Operation: "read", Status: 200, Latency: time.Duration(i+1) * time.Millisecond}
			if i >= 95 {
				o.Status = 503
			}
			m.Answered(o)
			m.Count("write", time.Second, true)
		})
	}
	wg.Wait()
	p := m.Pulse(2 * time.Second)
	if p.Rate != 100 || p.Answers != 200 || p.Bad != 5 {
		t.Errorf("%+v", p)
	}
	roughly := cmpopts.EquateApprox(0.04, 0)
	want := []Standing{
		{Objective: "fast", Target: 0.9, Good: 0.95, Within: 100 * time.Millisecond, Latency: 90 * time.Millisecond, Answers: 100},
		{Objective: "there", Target: 0.99, Good: 0.975, Failed: true, Answers: 200},
	}
	if d := cmp.Diff(want, p.Standing, roughly, cmp.Comparer(func(a, b time.Duration) bool { return math.Abs(float64(a-b)) <= 0.035*float64(max(a, b)) })); d != "" {
		t.Errorf("standing (-want +got):\n%s", d)
	}
	if !p.Standing[0].Kept() || p.Standing[1].Kept() {
		t.Errorf("the first is kept, the second is not: %+v", p.Standing)
	}
	m.Begin(plumbline.RoleFault)
	m.Count("read", time.Millisecond, false)
	if p := m.Pulse(time.Second); len(p.Standing) != 1 || p.Standing[0].Objective != "degraded" || !p.Standing[0].Failed || p.Answers != 1 {
		t.Errorf("in the fault: %+v", p)
	}
	for range spread {
		m.Pulse(time.Second)
	}
	if p := m.Pulse(time.Second); p.P99 != 0 || p.Rate != 0 {
		t.Errorf("ten seconds later: %+v", p)
	}
	(*Meter)(nil).Begin("")
	(*Meter)(nil).Count("", 0, true)
	if p := (*Meter)(nil).Pulse(1); p.Rate != 0 {
		t.Error("nobody counts")
	}
}

func TestBins(t *testing.T) {
	t.Parallel()
	before := -1
	for _, d := range []time.Duration{0, 1, time.Microsecond, 31 * time.Microsecond, 32 * time.Microsecond, 65 * time.Microsecond, time.Millisecond, 299 * time.Millisecond, time.Minute, 100 * time.Hour} {
		b := bin(d)
		if b < before || b >= bins {
			t.Errorf("%s is in bin %d, behind %d", d, b, before)
		}
		if up := top(b); d < time.Hour && (up < d || d > time.Millisecond && float64(up) > 1.04*float64(d)) {
			t.Errorf("%s is read as %s", d, up)
		}
		before = b
	}
}

func TestAFileIsFollowed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), File)
	f := &Feed{}
	done, err := Keep(f, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range story() {
		f.Tell(e)
	}
	f.Close()
	<-done
	var got State
	if _, err := NewTail(path).Next(&got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(added(story()), got, cmp.AllowUnexported(State{})); d != "" {
		t.Errorf("what was written and read (-want +got):\n%s", d)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// By and by, cut anywhere, with a line that is none.
	whole = append([]byte("not an event\n"), whole...)
	path += "2"
	var s State
	tail := NewTail(path)
	if _, err := tail.Next(&s); err == nil {
		t.Error("a file that is not there can be followed")
	}
	for n := 0; n < len(whole); n += 37 {
		appendTo(t, path, whole[n:min(n+37, len(whole))])
		if more, err := tail.Next(&s); err != nil || !more {
			t.Fatal(more, err)
		}
	}
	if d := cmp.Diff(got, s, cmp.AllowUnexported(State{})); d != "" {
		t.Errorf("by and by (-want +got):\n%s", d)
	}
	if more, _ := tail.Next(&s); more {
		t.Error("there is more in a file that is read")
	}
	line, _ := json.Marshal(Event{At: 5, Run: &Run{ID: "another"}})
	if err := os.WriteFile(path, append(line, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tail.Next(&s); err != nil || s.Run.ID != "another" || len(s.Phases) > 0 {
		t.Errorf("a run that began anew: %+v, %v", s.Run, err)
	}
}

// TestTheVerdictIsNeverLost tells more than there is room for to a file that
// takes nothing until the end.
func TestTheVerdictIsNeverLost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), File)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	begun := make(chan (<-chan struct{}))
	f := &Feed{}
	go func() {
		done, err := Keep(f, path) // opens when somebody reads
		if err != nil {
			t.Error(err)
		}
		begun <- done
	}()
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	done := <-begun
	const all = 10000
	for range all {
		f.Tell(Event{At: 1, Phase: &Phase{Name: strings.Repeat("x", 100)}})
	}
	f.Tell(Event{At: 2, Verdict: &Verdict{Sentence: "fit"}})
	f.Close()
	var s State
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		s.Add(e)
	}
	<-done
	if s.Verdict == nil || s.Lost == 0 || len(s.Phases)+s.Lost != all {
		t.Errorf("verdict %v; %d phases and %d lost, of %d", s.Verdict, len(s.Phases), s.Lost, all)
	}
}

func appendTo(t *testing.T, path string, data []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
}
