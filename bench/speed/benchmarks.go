package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// figures are the medians of a benchmark, by its name and the unit:
// "Inspect/inspect" and "ns/op".
type figures map[string]map[string]float64

// A benchmark of a package, how long one run of it is, and what it is told by
// the environment.
type benchmark struct {
	pkg, name, long string
	env             []string
}

// medians runs the benchmark so many times.
func (b benchmark) medians(ctx context.Context, runs int) (figures, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", b.name, "-benchmem", "-benchtime", b.long, "-count", strconv.Itoa(runs), "-timeout", "60m", b.pkg) //nolint:gosec // names of this file
	cmd.Env = append(os.Environ(), b.env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out[max(0, len(out)-400):])
	}
	all := read(string(out))
	if len(all) == 0 {
		return nil, errors.New("no benchmark ran: it was skipped")
	}
	return all, nil
}

// read takes the medians out of what go test prints.
func read(out string) figures {
	runs := map[string]map[string][]float64{}
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(f[0], "Benchmark")
		if cut := strings.LastIndex(name, "-"); cut > 0 {
			if _, err := strconv.Atoi(name[cut+1:]); err == nil {
				name = name[:cut] // without the number of processors
			}
		}
		if runs[name] == nil {
			runs[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(f); i += 2 {
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				runs[name][f[i+1]] = append(runs[name][f[i+1]], v)
			}
		}
	}
	all := figures{}
	for name, units := range runs {
		all[name] = map[string]float64{}
		for unit, v := range units {
			all[name][unit] = median(v)
		}
	}
	return all
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if len(v) == 0 {
		return 0
	}
	return v[len(v)/2]
}

func inspection(ctx context.Context, c config) ([]row, error) {
	all, err := benchmark{pkg: "./contracts/schema", name: "^BenchmarkInspect$", long: "1s"}.medians(ctx, c.runs)
	if err != nil {
		return nil, err
	}
	whole, decoding := all["Inspect/inspect"], all["Inspect/decode_alone"]
	if whole == nil || decoding == nil {
		return nil, errors.New("the benchmark has no figures of inspection and of decoding")
	}
	took, beyond := whole["ns/op"]/1000, whole["allocs/op"]-decoding["allocs/op"]
	return []row{
		{"inspection of a small response", fmt.Sprintf("%.2f µs", took), "≤ 5 µs", took <= 5},
		{"its allocations beyond decoding", fmt.Sprintf("%.0f", beyond), "0", beyond <= 0},
	}, nil
}

func cases(ctx context.Context, c config) ([]row, error) {
	all, err := benchmark{pkg: "./runners", name: "^BenchmarkCases$", long: "5x"}.medians(ctx, c.runs)
	if err != nil {
		return nil, err
	}
	rate := all["Cases"]["cases/s"]
	return []row{{"contract cases against a trivial server, on one core", fmt.Sprintf("%.0f a second", rate), "≥ 1,000 a second", rate >= 1000}}, nil
}

// pacts are verified by each engine; what is wanted is wanted of the default one.
func pacts(ctx context.Context, c config) ([]row, error) {
	var env []string
	if second, err := filepath.Abs(c.second); err == nil {
		if _, err := os.Stat(second); err == nil {
			env = append(env, "PLUMBLINE_PACT_GO="+second)
		}
	}
	all, err := benchmark{pkg: "./runners/pact", name: "^BenchmarkVerify$", long: "1x", env: env}.medians(ctx, c.runs)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, w := range []struct {
		n      int
		within float64
	}{{100, 0.5}, {500, 2.5}, {1000, 6}} {
		for _, engine := range []string{"ffi", "pact-go"} {
			took, there := all[fmt.Sprintf("Verify/%s/%d", engine, w.n)]["s/op"]
			if !there {
				continue
			}
			r := row{what: fmt.Sprintf("verification of %d interactions with states, engine %s", w.n, engine), got: fmt.Sprintf("%.2f s", took)}
			if engine == "ffi" {
				r.wanted, r.kept = fmt.Sprintf("≤ %g s", w.within), took <= w.within
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// wires are measured with the upstream, the proxy on one core and the caller each
// a process of its own.
func wires(ctx context.Context, c config) ([]row, error) {
	added, err := benchmark{pkg: "./runners/wire", name: "^BenchmarkOverhead$", long: "5x"}.medians(ctx, c.runs)
	if err != nil {
		return nil, err
	}
	carried, err := benchmark{pkg: "./runners/wire", name: "^BenchmarkThroughput$", long: "3x"}.medians(ctx, c.runs)
	if err != nil {
		return nil, err
	}
	o, t := added["Overhead"], carried["Throughput"]
	if o == nil || t == nil {
		return nil, errors.New("the benchmarks of the wire have no figures")
	}
	var rows []row
	for _, q := range []struct {
		name string
		most float64
	}{{"p50", 150}, {"p99", 400}} {
		v := o[q.name+"-added-µs"]
		rows = append(rows, row{"added to a small exchange at 500 a second, " + q.name, fmt.Sprintf("%.0f µs (%.2f times the direct way; a relay that copies bytes adds %.0f µs)", v, o[q.name+"-ratio"], o[q.name+"-relay-µs"]), fmt.Sprintf("≤ %.0f µs", q.most), v <= q.most})
	}
	core, rate := t["exchanges/core-s"], t["exchanges/s"]
	return append(rows,
		row{"exchanges through one wire on one core, journal on", fmt.Sprintf("%.0f a second of its processor (%.0f a second by the clock, the direct way %.1f times as many)", core, rate, t["direct/wired"]), "≥ 5,000 a second", core >= 5000},
	), nil
}
