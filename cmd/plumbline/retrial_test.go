package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports/history"
)

// loaded is the report of a night in which two operations were loaded, and so
// many of the thousand requests to the second took 350 ms.
func loaded(n int, slow int64) plumbline.Report {
	began := time.Date(2026, 10, 1, 2, 0, 0, 0, time.UTC).AddDate(0, 0, n)
	series := func(operation string, slow int64) plumbline.Series {
		x := plumbline.Series{Experiment: "load/target", Phase: "steady", Operation: operation, Class: "2xx", Count: 1000, Latency: []plumbline.Bin{{UpTo: 20 * time.Millisecond, Count: 1000 - slow}}}
		if slow > 0 {
			x.Latency = append(x.Latency, plumbline.Bin{UpTo: 350 * time.Millisecond, Count: slow})
		}
		x.Service = x.Latency
		for s := range 10 {
			x.Slices = append(x.Slices, plumbline.Slice{Second: s, Count: 100, P50: 20 * time.Millisecond, P99: 350 * time.Millisecond, Max: 350 * time.Millisecond})
		}
		return x
	}
	return plumbline.Report{
		Schema: plumbline.ReportSchema, Service: "shop", Outcome: plumbline.Fit, Findings: []plumbline.Finding{},
		Run: plumbline.Run{ID: fmt.Sprintf("%012x", n), Began: began, Tool: "0.1.0", Ended: true},
		Load: &plumbline.Recording{
			Operations: []plumbline.RecordedOperation{{ID: "listOrders", Method: "GET", Path: "/orders"}, {ID: "createOrder", Method: "POST", Path: "/orders", Tags: []string{"checkout"}}},
			Phases:     []plumbline.PhaseMark{{Experiment: "load/target", Phase: "steady", Role: plumbline.RoleBaseline, Ended: 10 * time.Second, Complete: true}},
			Series:     []plumbline.Series{series("listOrders", 0), series("createOrder", slow)},
			Health:     []plumbline.Health{{Experiment: "load/target", Phase: "steady", Planned: 2000, Sent: 2000, Workers: 8}},
		},
	}
}

func folderOf(tb testing.TB, nights ...plumbline.Report) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "nights")
	h, err := history.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	for _, r := range nights {
		if err := h.Add(r); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// commanded runs a command and gives what it says.
func commanded(t *testing.T, args ...string) (code int, out, said string) {
	t.Helper()
	var o, e strings.Builder
	a := &app{args: args, in: strings.NewReader(""), out: &o, err: &e, env: func(string) (string, bool) { return "", false }}
	code = execute(t.Context(), a)
	return code, o.String(), e.String()
}

// fourNights are: good, slow, one without histograms, one whose generator could
// not keep up.
func fourNights(t *testing.T) string {
	t.Helper()
	mute, starved := loaded(2, 0), loaded(3, 0)
	mute.Load = nil
	starved.Load.Health[0].Sent, starved.Load.Health[0].Skipped = 1000, 1000
	return folderOf(t, loaded(0, 0), loaded(1, 60), mute, starved)
}

func TestEarlierNightsAreJudgedAgain(t *testing.T) {
	t.Parallel()
	dir := fourNights(t)
	native := filepath.Join(t.TempDir(), "new-slo.yaml")
	if err := os.WriteFile(native, []byte("slos:\n  - name: checkout\n    operations: [\"tag:checkout\"]\n    p99: 300ms\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, slo := range map[string]string{"a file": native, "an expression": "POST /orders: p(99)<300ms", "another": "createOrder: p99<=300ms"} {
		code, out, said := commanded(t, "history", dir, "--slo", slo, "--json")
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", name, code, said)
		}
		var r history.Retrial
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		o := r.Objectives[0]
		if len(r.Nights) != 4 || o.Kept != 1 || o.Failed != 1 || o.Unproven != 2 || o.Target != 0.99 || o.Within != 300*time.Millisecond {
			t.Errorf("%s: %+v of %d nights", name, o, len(r.Nights))
		}
		var got []string
		for _, n := range r.Nights {
			got = append(got, strings.TrimSpace(string(n.Verdicts[0].Outcome)+" "+string(n.Verdicts[0].Reason)))
		}
		if want := "pass, fail, inconclusive incomplete, inconclusive generator-saturated"; strings.Join(got, ", ") != want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, ", "), want)
		}
	}
}

func TestARetrialIsTold(t *testing.T) {
	t.Parallel()
	code, out, said := commanded(t, "history", fourNights(t), "--slo", "POST /orders: p(99)<300ms", "--slo", "availability>99%", "--last", "3")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	for _, want := range []string{
		"shop: the last 3 runs against 2 objectives",
		"99 % of the requests to createOrder good within 300ms",
		"would have been kept in 0, broken in 1, unproven in 2",
		"Fri 02 Oct, 02:00  ✗ broken   6 % bad of 1000, 1 % may be",
		"would have been kept in 1, broken in 0, unproven in 2",
		"its report keeps no histograms of the load",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it lacks %q:\n%s", want, out)
		}
	}
}

func TestARetrialRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	dir := fourNights(t)
	renamed := loaded(9, 0)
	renamed.Load.Operations[1].Path = "/purchases"
	mute := loaded(1, 0)
	mute.Load = nil
	for _, c := range []struct {
		name, dir, slo string
		code           int
		want           string
	}{
		{"an operation that no night had", dir, "POST /purchases: p(99)<300ms", 2, "SLO102"},
		{"an operation that one night had", folderOf(t, loaded(0, 0), renamed), "POST /purchases: p(99)<300ms", 0, "its load did not reach what the objective names"},
		{"no objective", dir, "quickly", 2, "SLO101"},
		{"no file", dir, "missing.yaml", 2, "FLG202"},
		{"no runs", t.TempDir(), "p(99)<300ms", 2, "no run to judge again"},
		{"no histograms", folderOf(t, mute), "p(99)<300ms", 2, "keeps histograms"},
	} {
		code, out, said := commanded(t, "history", c.dir, "--slo", c.slo)
		if code != c.code || !strings.Contains(out+said, c.want) {
			t.Errorf("%s: exit code %d, want %d with %q:\n%s%s", c.name, code, c.code, c.want, out, said)
		}
	}
}

// BenchmarkRetrial judges the last 30 nights of a service with twenty loaded
// operations against three objectives that they did not know: reading the
// reports included.
func BenchmarkRetrial(b *testing.B) {
	var nights []plumbline.Report
	for n := range 30 {
		r := loaded(n, int64(n))
		one := r.Load.Series[1]
		one.Latency = nil
		for k := range 300 {
			one.Latency = append(one.Latency, plumbline.Bin{UpTo: time.Duration(k+1) * time.Millisecond, Count: 10})
		}
		one.Service, one.Count = one.Latency, 3000
		for i := range 20 {
			one.Operation = fmt.Sprint("op", i)
			r.Load.Series = append(r.Load.Series, one)
		}
		nights = append(nights, r)
	}
	dir := folderOf(b, nights...)
	want, err := promises([]string{"p(99)<150ms", "availability>99.9%", "POST /orders: p(95)<100ms"}, os.LookupEnv)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		h, err := history.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		if r, err := retry(h, history.View{}, want); err != nil || len(r.Nights) != 30 {
			b.Fatal(len(r.Nights), err)
		}
	}
}
