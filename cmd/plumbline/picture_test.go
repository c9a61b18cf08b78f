package main

import (
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/progress"
)

// busy is a run in the middle of an outage.
func busy() *progress.State {
	s := &progress.State{}
	for _, e := range []progress.Event{
		{At: 1, Run: &progress.Run{ID: "1", Service: "shop", Target: "http://shop", Claims: 40, Steps: []progress.Step{
			{Experiment: "baseline", Length: 10 * time.Second}, {Experiment: "outage/payment", Title: "t", Length: 20 * time.Second},
		}}},
		{At: 10 * time.Second, Phase: &progress.Phase{Experiment: "outage/payment", Name: "down", Role: plumbline.RoleFault, Text: "payment status 503; 20 requests/s for 8s", Rate: 20}},
		{At: 10 * time.Second, Fault: &progress.Fault{Lease: "a", Text: "payment status 503", State: progress.FaultInjected}},
		{At: 15 * time.Second, Pulse: &progress.Pulse{Rate: 19.5, Bad: 4, Answers: 100, P50: 1234567, P99: 30 * time.Millisecond, Standing: []progress.Standing{
			{Objective: "fast", Target: 0.99, Good: 1, Within: 300 * time.Millisecond, Latency: 30 * time.Millisecond, Answers: 100},
			{Objective: "available", Target: 0.99, Good: 0.96, Answers: 100},
		}}},
		{At: 15 * time.Second, Judged: &progress.Judged{Kept: 5, Broken: 1, Unproven: 2, Findings: []progress.Finding{{Claim: "resilience/breaker-opens/payment", Reason: "said \x1b[2J\x07of it"}}}},
	} {
		s.Add(e)
	}
	return s
}

func TestPictureOfARun(t *testing.T) {
	t.Parallel()
	s := busy()
	text := picture{run: s, now: 17 * time.Second, width: 80}.String()
	for _, want := range []string{
		"shop", "17s, about 13s left", "outage/payment · down", "(experiment 2 of 2)", "payment status 503; 20 requests/s for 8s",
		"19.5/s of 20/s", "p50 1.23ms  p99 30ms", "4 of 100 bad", "fast     ", "p99 30ms of 300ms", "available", "96 % good of 99 %",
		"⚡", "5 kept · 1 broken · 2 unproven, of 40 claims", "resilience/breaker-opens/payment", "ctrl+c heals every fault",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Index(text, "available") > strings.Index(text, "fast") {
		t.Error("what is missed does not come first")
	}
	if strings.Contains(text, "\x1b[2J") || strings.Contains(text, "\x07") {
		t.Errorf("the target commands the terminal: %q", text)
	}
}

// What grows leaves its head behind at the foot of a terminal, and what is too
// wide wraps.
func TestPictureFits(t *testing.T) {
	t.Parallel()
	full := busy()
	for range 9 {
		full.Faults = append(full.Faults, full.Faults[0])
		full.Judged.Findings = append(full.Judged.Findings, full.Judged.Findings[0])
	}
	for _, s := range []*progress.State{{}, busy(), full} {
		for _, size := range [][2]int{{80, 24}, {40, 10}, {200, 0}, {1, 1}} {
			lines := strings.Split(picture{run: s, width: size[0], height: size[1]}.String(), "\n")
			want := pictureHigh
			if size[1] > 0 {
				want = min(want, max(size[1]-1, 4))
			}
			if len(lines) != want {
				t.Errorf("%v: %d lines, want %d", size, len(lines), want)
			}
			for _, line := range lines {
				if lipgloss.Width(line) > max(size[0], 20) {
					t.Errorf("%v: too wide: %q", size, line)
				}
			}
		}
	}
}

func TestPictureOfAnInterruptedRun(t *testing.T) {
	t.Parallel()
	s := busy()
	if text := (picture{run: s, now: 17 * time.Second, width: 100, interrupted: true}).String(); !strings.Contains(text, "interrupted after 17s") || !strings.Contains(text, "being healed") {
		t.Error(text)
	}
	if got := breaking(s); !strings.HasPrefix(got, "interrupted: healing payment status 503; then") {
		t.Error(got)
	}
	if got := breaking(&progress.State{}); !strings.Contains(got, "no fault is in force") {
		t.Error(got)
	}
	if got := mended(progress.Fault{Text: "payment hang", State: progress.FaultFailed, Detail: "no route"}); got != "not healed: payment hang: no route" {
		t.Error(got)
	}
}

func TestLatenciesAreBrief(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{1234567: "1.23ms", 123456789: "123ms", 1234567891: "1.23s", 12345678912: "12.3s", 0: "0s"} {
		if got := brief(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}
