package main

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/examples/shop"
)

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, claim string
		want           bool
	}{
		{"auth/", "auth/bola/getOrder", true},
		{"resilience/*/store", "resilience/db-outage/store", true},
		{"resilience/*/store", "resilience/db-outage/payment", false},
		{"resilience/*/store", "resilience/db-outage", false},
		{"obs/metrics", "obs/metrics-truthful/shop", false},
	} {
		if got := covers(tt.pattern, tt.claim); got != tt.want {
			t.Errorf("%s covers %s: %t", tt.pattern, tt.claim, got)
		}
	}
}

// What is empty keeps for nothing what was promised; the harness, the document
// and what the target keeps by itself do not count.
func TestKeptForNothing(t *testing.T) {
	t.Parallel()
	s := shape{Variant: shop.Variant{Name: "x", Null: true, Kept: []string{"auth/"}}, measurement: measurement{Findings: []finding{
		{"harness/wire-is-live", "harness/wire-is-live/payment", "pass"},
		{"contract/response-conforms", "contract/response-conforms/getMe", "pass"},
		{"auth/bola", "auth/bola/getOrder", "pass"},
		{"resilience/breaker-opens", "resilience/breaker-opens/recs", "inconclusive"},
		{"resilience/retry-bounded", "resilience/retry-bounded/recs", "pass"},
	}}}
	if got := list(s.kept()); got != "resilience/retry-bounded/recs" {
		t.Errorf("kept for nothing: %s", got)
	}
	if text := empty([]shape{s}); !strings.Contains(text, "Kept for nothing: 1 claims on 1 targets") {
		t.Error(text)
	}
	s.Null = false
	if s.kept() != nil {
		t.Errorf("of a right shop: %v", s.kept())
	}
}

func TestBenignCountsFalseAlarms(t *testing.T) {
	t.Parallel()
	s := shape{Variant: shop.Variant{Name: "x"}, measurement: measurement{Findings: failures("auth/bola")}}
	if text := benign([]shape{s}); !strings.Contains(text, "False alarms: 1 in 2 verdicts on 1 shapes.") {
		t.Error(text)
	}
	s.Findings = failures()
	if text := benign([]shape{s}); !strings.Contains(text, "with none of 1, up to 95.00 %") {
		t.Error(text)
	}
}

func TestOtherwise(t *testing.T) {
	t.Parallel()
	m := measurement{Findings: failures("auth/bola"), beside: &measurement{Findings: []finding{
		{"auth/bola", "auth/bola/x", "pass"}, {"auth/bfla", "auth/bfla/x", "pass"},
	}}}
	want := "harness/baseline-healthy/x (pass, in processes not judged), auth/bola/x (fail, in processes pass), auth/bfla/x (not judged, in processes pass)"
	if got := list(m.otherwise()); got != want {
		t.Errorf("%s", got)
	}
}
