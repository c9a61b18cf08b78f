package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios/profile"
)

// declared prepares a run against the shop with a declaration of its own.
func declared(t *testing.T, text string) (*session, error) {
	t.Helper()
	spec, err := filepath.Abs("../../examples/shop/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	stated, err := filepath.Abs("../../examples/shop/flows.arazzo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text = strings.ReplaceAll("openapi: "+spec+"\n"+text, "STATED", stated)
	if err := os.WriteFile(filepath.Join(dir, "plumbline.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{out: io.Discard, err: io.Discard, env: func(string) (string, bool) { return "", false }}
	return a.prepare(options{seed: 1, config: filepath.Join(dir, "plumbline.yaml")})
}

// The mix names flows that are stated, and lives of resources that are not.
func TestTheMixNamesFlows(t *testing.T) {
	t.Parallel()
	s, err := declared(t, "flows: [STATED]\nslos: [{name: life, operations: [\"flow:order-life\"], p90: 1s}]\nload: {rate: 20, duration: 60s, think_time: 1s..1.5s, mix: {\"flow:order-life\": 1, \"flow:life-of-orders\": 1, listProducts: 3}}\n")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, f := range s.design.Load.Flows {
		for _, step := range f.Steps {
			got[f.Name] = append(got[f.Name], step.Name)
		}
		n := float64(len(f.Steps) - 1)
		if f.Thinking() != (plumbline.Think{Least: time.Duration(n * 1e9), Most: time.Duration(n * 1.5e9)}) {
			t.Errorf("the users of %s think %+v", f.Name, f.Thinking())
		}
	}
	want := map[string][]string{
		"order-life":     {"create", "read", "change", "read-again", "remove", "gone"},
		"life-of-orders": got["life-of-orders"],
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got["life-of-orders"]) < 3 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.design.Flows[0].Thinking() != (plumbline.Think{}) {
		t.Error("whoever checks a flow does not think")
	}
	x, ok := s.plan.Experiment("load/target")
	if !ok || len(x.Phases[1].Streams) != 3 || len(x.Phases[1].Streams[1].Flow) == 0 {
		t.Fatalf("got %+v", x)
	}
	if got := length(s.design, x); got != 66250*time.Millisecond { // the users of an order's life think five times, for 1.25 s on average
		t.Errorf("the load takes %s", got)
	}
	for name, c := range map[string]struct{ was, is, wrong string }{
		"as it is":          {"", "", ""},
		"another rate":      {"rate:", "rate: 0.5 #", ""},
		"without its steps": {"flow: [", "# [", ""},
		"other steps":       {"flow: [createOrder, getOrder", "flow: [createOrder, listOrders", "changed where they are stated"},
		"no such flow":      {"operation: flow:order-life", "operation: flow:order-live", "did you mean"},
	} {
		var b strings.Builder
		if err := profile.Render(&b, x); err != nil {
			t.Fatal(err)
		}
		edited, err := profile.Parse(name, []byte(strings.Replace(b.String(), c.was, c.is, 1)))
		if err == nil {
			err = s.known(name, edited)
		}
		if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
	}
}

// What no flow of a load can be is told with its place.
func TestMistakesAboutFlowsAreTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, wrong string }{
		"no such flow":            {"load: {mix: {\"flow:life-of-order\": 1}}\n", `did you mean "flow:life-of-orders"`},
		"nothing like it":         {"load: {mix: {\"flow:sesame\": 1}}\n", "there is no flow:sesame; there are "},
		"no such flow promised":   {"slos: [{name: a, operations: [\"flow:sesame\"], p90: 1s}]\n", "there is no flow:sesame"},
		"a throughput of it":      {"slos: [{name: a, operations: [\"flow:life-of-orders\"], throughput: 5/s}]\n", "a throughput is of requests, and not of flows"},
		"beside an operation":     {"slos: [{name: a, operations: [getOrder, \"flow:life-of-orders\"], p90: 1s}]\n", "of operations or of flows"},
		"no time":                 {"load: {think_time: soon}\n", "think_time"},
		"a range turned round":    {"load: {think_time: 3s..1s}\n", `"3s..1s" is neither a duration such as 2s nor a range`},
		"no time at all":          {"load: {think_time: 0s}\n", "without it users do not think"},
		"a weight of nothing":     {"load: {mix: {\"flow:life-of-orders\": 0}}\n", "not above zero"},
		"promised and not loaded": {"slos: [{name: a, operations: [\"flow:life-of-orders\"], p90: 1s}]\n", ""},
	} {
		_, err := declared(t, c.text)
		if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
	}
}
