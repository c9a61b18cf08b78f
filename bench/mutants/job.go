package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline/examples/shop"
)

// A job is one run of the whole: of the right system, or of one with a defect,
// or of another shape.
type job struct {
	kind    kind
	defect  shop.Mutant
	variant shop.Variant
	number  int // of several of the same, from 1; it is the seed, too
}

func (j job) name() string {
	switch j.kind {
	case kindDefect:
		return j.defect.Name
	case kindBenign, kindNull:
		return j.variant.Name
	case kindLoaded:
		return "loaded"
	case kindRight:
	}
	return "none"
}

// dir is where the run goes.
func (c config) dir(j job) string {
	return filepath.Join(c.out, fmt.Sprintf("%s-%02d", j.name(), j.number))
}

// jobs are those that were asked for.
func (c config) jobs() ([]job, error) {
	if c.target != processes && c.target != containers {
		return nil, fmt.Errorf("-target %s: known are processes and compose", c.target)
	}
	if c.benign || c.null {
		return c.shapes()
	}
	mutants, err := selected(c.mutants)
	if err != nil {
		return nil, err
	}
	var out []job
	seen := map[string]int{}
	for _, m := range slices.Repeat(mutants, max(c.times, 1)) {
		seen[m.Name]++
		out = append(out, job{kind: kindDefect, defect: m, number: seen[m.Name]})
	}
	for i := range c.good {
		out = append(out, job{kind: kindRight, number: c.first + i})
	}
	for i := range c.loaded {
		out = append(out, job{kind: kindLoaded, number: c.first + i})
	}
	return out, nil
}

// shapes are the variants that were asked for.
func (c config) shapes() ([]job, error) {
	var out []job
	for _, v := range shop.Variants() {
		if v.Null == c.null && (c.mutants == "all" || slices.Contains(strings.Split(c.mutants, ","), v.Name)) {
			j := job{kind: kindBenign, variant: v, number: 1}
			if v.Null {
				j.kind = kindNull
			}
			out = append(out, j)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("-mutants %s: no variant is called so", c.mutants)
	}
	return out, nil
}

// mainJob names the defects of the first job.
const mainJob = "no-timeout,unbounded-retry,retry-without-jitter,retry-nonidempotent-post,breaker-never-opens,breaker-never-closes," +
	"optional-is-critical,dependency-error-is-500,liveness-depends-on-db,no-recovery-latch,shared-pool-no-bulkhead," +
	"response-type-drift,500-on-invalid-input,slow-at-load,leaks-stacktrace,missing-401"

func selected(names string) ([]shop.Mutant, error) {
	switch names {
	case "all":
		return shop.Mutants(), nil
	case "none":
		return nil, nil
	case "main":
		names = mainJob
	case "core":
		names = core
	}
	var out []shop.Mutant
	for name := range strings.SplitSeq(names, ",") {
		name, times, err := repeated(name)
		if err != nil {
			return nil, err
		}
		m, ok := named(name)
		if !ok {
			return nil, fmt.Errorf("no defect is called %q", name)
		}
		out = append(out, slices.Repeat([]shop.Mutant{m}, times)...)
	}
	return out, nil
}

func named(defect string) (shop.Mutant, bool) {
	all := shop.Mutants()
	i := slices.IndexFunc(all, func(m shop.Mutant) bool { return m.Name == defect })
	if i < 0 {
		return shop.Mutant{}, false
	}
	return all[i], true
}

// repeated reads "name*10": a defect and how often it is run.
func repeated(text string) (name string, times int, err error) {
	name, count, many := strings.Cut(text, "*")
	if !many {
		return name, 1, nil
	}
	if times, err = strconv.Atoi(count); err != nil || times < 1 {
		return name, times, fmt.Errorf("-mutants %s: a defect, or a defect and how often: metastable-retry-storm*10", text)
	}
	return name, times, nil
}
