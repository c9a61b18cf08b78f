package workload

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

func expected(stages []plumbline.Stage) (n float64, lasts time.Duration) {
	for _, g := range stages {
		n += (g.From + g.To) / 2 * g.Duration.Seconds()
		lasts += g.Duration
	}
	return n, lasts
}

func TestShapes(t *testing.T) {
	t.Parallel()
	sine, err := Sine(100, 50, 10*time.Second, 20*time.Second)
	if n, lasts := expected(sine); err != nil || math.Abs(n-2000) > 1 || lasts != 20*time.Second {
		t.Errorf("got %v, %g requests in %s", err, n, lasts)
	}
	highest := 0.0
	for i, g := range sine {
		highest = max(highest, g.From)
		if i > 0 && math.Abs(g.From-sine[i-1].To) > 1e-9 {
			t.Errorf("a jump at stage %d", i)
		}
	}
	if math.Abs(highest-150) > 1 {
		t.Errorf("highest %g", highest)
	}
	flat := func(r float64, s int) plumbline.Stage {
		return plumbline.Stage{From: r, To: r, Duration: time.Duration(s) * time.Second}
	}
	spike, err := Spike(10, 100, 10*time.Second)
	if diff := cmp.Diff([]plumbline.Stage{flat(10, 4), flat(100, 2), flat(10, 4)}, spike); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	steps, err := Steps(10, 30, 3, 6*time.Second)
	if diff := cmp.Diff([]plumbline.Stage{flat(10, 2), flat(20, 2), flat(30, 2)}, steps); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	fast, err := Scaled(steps, 3, 2)
	if diff := cmp.Diff([]plumbline.Stage{flat(60, 1), flat(120, 1), flat(180, 1)}, fast); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for i, bad := range []func() ([]plumbline.Stage, error){
		func() ([]plumbline.Stage, error) { return Sine(10, 11, time.Second, time.Second) },
		func() ([]plumbline.Stage, error) { return Sine(10, 5, 0, time.Second) },
		func() ([]plumbline.Stage, error) { return Spike(10, 10, time.Second) },
		func() ([]plumbline.Stage, error) { return Steps(1, 2, 1, time.Second) },
		func() ([]plumbline.Stage, error) { return Scaled(steps, 0, 1) },
	} {
		if got, err := bad(); err == nil {
			t.Errorf("%d: got %v", i, got)
		}
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	stage := func(from, to float64, d time.Duration) plumbline.Stage {
		return plumbline.Stage{From: from, To: to, Duration: d}
	}
	for name, c := range map[string]struct {
		file, data string
		want       []plumbline.Stage
		wrong      string
	}{
		"curve":             {"c.csv", "0,10\n5,20\n10, 0\n", []plumbline.Stage{stage(10, 20, 5*time.Second), stage(20, 0, 5*time.Second)}, ""},
		"curve with a head": {"c.CSV", "time,rps\n# night\n2026-01-02T03:04:05Z,1\n2026-01-02T03:04:06Z,2\n", []plumbline.Stage{stage(1, 2, time.Second)}, ""},
		"curve backwards":   {"c.csv", "0,10\n5,20\n5,30\n", nil, "row 3 is not later"},
		"curve below zero":  {"c.csv", "0,10\n5,-1\n", nil, "row 2 is no time and rate"},
		"curve of nothing":  {"c.csv", "", nil, "at least two points"},
		"curve of one":      {"c.csv", "0,1\n", nil, "at least two points"},
		"curve of no rates": {"c.csv", "0\n1\n", nil, "row 1 has no rate"},
		"curve of years":    {"c.csv", "0,1\n99999999,1\n", nil, "at most"},
		"common log": {
			"access.log", "127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 2326\n" +
				"::1 - - [10/Oct/2000:20:55:36 +0000] \"GET /[x] HTTP/1.1\" 200 1\nnoise\n\n" +
				"::1 - - [10/Oct/2000:20:55:39 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"agent [1]\"\n",
			[]plumbline.Stage{stage(2, 2, time.Second), stage(0, 0, 2*time.Second), stage(1, 1, time.Second)},
			"",
		},
		"log out of order": {"a.log", "x [10/Oct/2000:20:55:37 +0000]\nx [10/Oct/2000:20:55:36 +0000]\n", []plumbline.Stage{stage(1, 1, 2*time.Second)}, ""},
		"no log":           {"a.log", "one\ntwo\nthree [x]\n", nil, "3 of 3 lines"},
		"log of one":       {"a.log", "x [10/Oct/2000:20:55:37 +0000]\n", nil, "fewer than two"},
		"log of years":     {"a.log", "x [10/Oct/2000:20:55:37 +0000]\nx [10/Oct/2001:20:55:37 +0000]\n", nil, "at most"},
		"har":              {"a.har", `{"log":{"entries":[{"startedDateTime":"2026-01-02T03:04:05.100Z"},{"startedDateTime":"2026-01-02T03:04:05.9Z"},{"startedDateTime":"2026-01-02T04:04:06.2+01:00"}]}}`, []plumbline.Stage{stage(2, 2, time.Second), stage(1, 1, time.Second)}, ""},
		"no har":           {"a.har", `{"log":{}}`, nil, "fewer than two"},
		"not JSON":         {"a.har", `<html>`, nil, "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Replay(c.file, []byte(c.data))
			if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Fatalf("got %v, want %q", err, c.wrong)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
