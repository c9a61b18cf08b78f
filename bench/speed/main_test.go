package main

import (
	"strings"
	"testing"
)

func TestMediansOfBenchmarks(t *testing.T) {
	t.Parallel()
	got := read(`goos: linux
BenchmarkInspect/decode_alone-2     	 1000	 900.0 ns/op	 480 B/op	 12 allocs/op
BenchmarkInspect/decode_alone-2     	 1000	 700.0 ns/op	 480 B/op	 12 allocs/op
BenchmarkInspect/decode_alone-2     	 1000	 5000 ns/op	 480 B/op	 13 allocs/op
BenchmarkVerify/pact-go/100         	    1	 3100000000 ns/op	 3.1 s/op
BenchmarkVerify/ffi/100-2           	    1	 310000000 ns/op	 0.31 s/op
--- BENCH: BenchmarkOther-2
PASS
`)
	for _, want := range []struct {
		name, unit string
		v          float64
	}{
		{"Inspect/decode_alone", "ns/op", 900},
		{"Inspect/decode_alone", "allocs/op", 12},
		{"Verify/pact-go/100", "s/op", 3.1},
		{"Verify/ffi/100", "s/op", 0.31},
	} {
		if v := got[want.name][want.unit]; v != want.v {
			t.Errorf("%s is %v %s, want %v", want.name, v, want.unit, want.v)
		}
	}
	if len(got) != 3 {
		t.Errorf("%d benchmarks were read, want 3", len(got))
	}
}

// A figure that misses what is wanted is told as such, and so is one that could
// not be had.
func TestThePageHidesNothing(t *testing.T) {
	t.Parallel()
	got := page([]row{
		{"a", "1 s", "≤ 2 s", true},
		{"b", "3 s", "≤ 2 s", false},
		{what: "c", got: "9 s"},
	}, []string{"d (npm is not there)"}, "Medians of 5 runs.")
	for _, want := range []string{"| a | 1 s | ≤ 2 s | yes |", "| b | 3 s | ≤ 2 s | **no** |", "| c | 9 s |  |  |", "Not measured: d (npm is not there)."} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q:\n%s", want, got)
		}
	}
}
