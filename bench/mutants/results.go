package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline/bench/host"
	"github.com/plumbline-dev/plumbline/examples/shop"
)

// measuredOf gives rows back what their names stand for. Rows of what is no more
// are left out.
func measuredOf(rows []row) []measurement {
	var out []measurement
	for _, r := range rows {
		m := measurement{row: r}
		ok := true
		switch r.Kind {
		case kindDefect:
			m.defect, ok = named(r.Name)
		case kindBenign, kindNull:
			v, err := shop.Named(r.Name)
			m.variant, ok = v, err == nil
		case kindRight, kindLoaded:
		}
		if ok {
			out = append(out, m)
		}
	}
	return out
}

// results is everything that the rows tell.
func results(rows []row) string {
	all := measuredOf(rows)
	quiet := of(all, func(m measurement) bool { return m.Noise == "" })
	noisy := of(all, func(m measurement) bool { return m.Noise != "" })
	var b strings.Builder
	b.WriteString("# How often Plumbline is right\n\nWritten by `make bench-mutants` and its kin from RESULTS.json, which they fill piece by piece; each row says which revision of the program it was measured with. Host of the last piece: " + host.Now() + ".\n\n")
	b.WriteString("| What | Wanted | Measured |\n|---|---|---|\n")
	for _, m := range metrics(quiet, noisy) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", m[0], m[1], m[2])
	}
	b.WriteString("\n## Defects\n\n")
	writeDefects(&b, ofKind(quiet, kindDefect))
	writeRight(&b, slices.Concat(ofKind(quiet, kindRight), ofKind(quiet, kindLoaded)))
	writeShapes(&b, ofKind(quiet, kindBenign))
	writeNull(&b, ofKind(quiet, kindNull))
	writeNoise(&b, quiet, noisy)
	return b.String()
}

func of(all []measurement, is func(measurement) bool) []measurement {
	return slices.DeleteFunc(slices.Clone(all), func(m measurement) bool { return !is(m) })
}

func ofKind(all []measurement, k kind) []measurement {
	return of(all, func(m measurement) bool { return m.Kind == k })
}

// metrics are the rates, what was wanted of each, and what came out.
func metrics(quiet, noisy []measurement) [][3]string {
	defects, right := ofKind(quiet, kindDefect), ofKind(quiet, kindRight)
	isCore := func(name string) bool { return slices.Contains(strings.Split(core, ","), name) }
	found, coreFound, names, cores, first := 0, 0, 0, 0, 0
	for name, runs := range byName(defects) {
		names++
		ok := !slices.ContainsFunc(runs, func(m measurement) bool { return !m.caught() })
		found += count(ok)
		if isCore(name) {
			cores++
			coreFound += count(ok)
		}
		first += count(ok && !slices.ContainsFunc(runs, func(m measurement) bool { return m.rank() > 2 }))
	}
	alarms, judged, unproven, wellJudged, kept := 0, 0, 0, 0, 0
	for _, m := range quiet {
		kept += len(m.Kept)
		if m.Kind == kindNull {
			continue
		}
		alarms, judged = alarms+len(m.alarms()), judged+m.judged()
		if m.Kind != kindDefect {
			unproven, wellJudged = unproven+len(m.Unproven), wellJudged+m.judged()+len(m.Unproven)
		}
	}
	clean := of(quiet, func(m measurement) bool { return m.Kind == kindRight || m.Kind == kindLoaded })
	wrong := len(of(clean, func(m measurement) bool { return m.wrong() != "" }))
	changed, verdicts := flips(right)
	out := [][3]string{
		{"Core defects found by their function, in every run", fmt.Sprintf("%d of %[1]d", len(strings.Split(core, ","))), fmt.Sprintf("%d of %d that were run", coreFound, cores)},
		{"All defects found", "≥ 95 %", share(found, names) + fmt.Sprintf("; %d exist", len(shop.Mutants()))},
		{"Their function the first or second failure", "≥ 90 %", share(first, names)},
		{"False alarms, of verdicts on what is right, legitimate or defective", "≤ 0.2 %", share(alarms, judged) + bound(alarms, judged)},
		{"Runs of the right system that were not fit", "0 of 20", share(wrong, len(clean)) + bound(wrong, len(clean))},
		{"Claims kept for nothing, by what is empty", "0", fmt.Sprintf("%d on %d targets", kept, len(ofKind(quiet, kindNull)))},
		{"Verdicts that change with the seed", "≤ 0.5 %", share(changed, verdicts) + fmt.Sprintf(" in %d runs", len(right))},
		{"Unproven, of claims about what is right or legitimate", "≤ 2 %", share(unproven, wellJudged)},
		{"Verdicts that noise has turned", "0", fmt.Sprint(turns(quiet, noisy))},
		{"Cost of a run of everything on the right system, median", "≤ 8 min, ≤ 60,000 requests", cost(right)},
	}
	return append(out, openBeside(noisy)...)
}

// openBeside are the claims that could not be proved beside each kind of noise. A
// bound is wanted beside busy loops alone: a client that is guarded ends a run, and
// a target that is started anew has to take the proof.
func openBeside(noisy []measurement) [][3]string {
	var out [][3]string
	for _, n := range noises() {
		open, asked, runs := 0, 0, 0
		for _, m := range noisy {
			if m.Noise == n[0] {
				open, asked, runs = open+len(m.Unproven), asked+m.judged()+len(m.Unproven), runs+1
			}
		}
		wanted := map[string]string{busy: "≤ 15 %", redeploy: "more than none"}[n[0]]
		out = append(out, [3]string{"Unproven beside " + n[0], cmp.Or(wanted, "–"), share(open, asked) + fmt.Sprintf(" in %d runs", runs)})
	}
	return out
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

func share(n, of int) string {
	if of == 0 {
		return "not measured"
	}
	digits := 2
	if 200*n >= 199*of {
		digits = 3 // of 100
	}
	return fmt.Sprintf("%d of %d (%.*g %%)", n, of, digits, 100*float64(n)/float64(of))
}

// bound is Clopper and Pearson's exact bound for none of n, one-sided at 95 %.
func bound(k, n int) string {
	if k > 0 || n == 0 {
		return ""
	}
	return fmt.Sprintf("; with none of %d, up to %.2g %% may be (exact, 95 %%)", n, 100*(1-math.Pow(0.05, 1/float64(n))))
}

func byName(all []measurement) map[string][]measurement {
	out := map[string][]measurement{}
	for _, m := range all {
		out[m.Name] = append(out[m.Name], m)
	}
	return out
}

// flips counts the verdicts on the right system that differ from what most runs
// have said of the same claim; a claim that is unproven has no verdict, and is a
// flip all the same.
func flips(right []measurement) (changed, verdicts int) {
	var doubtful []string
	for _, m := range right {
		verdicts += m.judged() + len(m.Unproven)
		doubtful = slices.Concat(doubtful, m.Failed, m.undecided())
	}
	slices.Sort(doubtful)
	for _, claim := range slices.Compact(doubtful) {
		n := map[string]int{}
		for _, m := range right {
			n[m.outcome(claim)]++
		}
		changed += len(right) - max(n["pass"], n["fail"], n["inconclusive"])
	}
	return changed, verdicts
}

func cost(right []measurement) string {
	if len(right) == 0 {
		return "not measured"
	}
	byTime := slices.SortedFunc(slices.Values(right), func(a, b measurement) int { return cmp.Compare(a.Seconds, b.Seconds) })
	byRequests := slices.SortedFunc(slices.Values(right), func(a, b measurement) int { return cmp.Compare(a.Requests, b.Requests) })
	return fmt.Sprintf("%s, %d requests", byTime[len(right)/2].took(), byRequests[len(right)/2].Requests)
}

func writeRight(b *strings.Builder, right []measurement) {
	b.WriteString("\n## The right system\n\n| Run | Seed | Load average | Exit | Claims kept | Failures | Unproven | Requests | Time | Revision |\n|---|--:|--:|--:|--:|---|---|--:|--:|---|\n")
	for _, m := range right {
		fmt.Fprintf(b, "| %s | %d | %s | %d | %d | %s | %s | %d | %s | %s |\n", m.Kind, m.Seed, m.Load, m.Exit, m.Passed, list(m.Failed), list(m.Unproven), m.Requests, m.took(), m.Revision)
	}
}

func writeShapes(b *strings.Builder, shapes []measurement) {
	b.WriteString("\n## Legitimate shapes of it\n\nEach is the right shop with one thing that is done another way, and declared where that is declared; nothing may be said to be broken. Of each the functions are judged that look at what differs, and the harness. A shape that the right shop has anyhow is not in the list: not to tell that another's order exists, 422 for what is not valid, 503 for what is too much, a readiness that reflects the store, fields that are not known refused, 404 before 401 where there is no path, a breaker for each instance.\n\n")
	b.WriteString("| Shape | What differs | Exit | Claims kept | False alarms | Unproven | Time | Revision |\n|---|---|--:|--:|---|---|--:|---|\n")
	for _, m := range shapes {
		fmt.Fprintf(b, "| `%s` | %s | %d | %d | %s | %s | %s | %s |\n", m.Name, m.variant.What, m.Exit, m.Passed, list(m.Failed), list(m.Unproven), m.took(), m.Revision)
	}
}

func writeNull(b *strings.Builder, empty []measurement) {
	b.WriteString("\n## What is empty\n\nEach stands in the place of the shop, or is a shop whose dependencies do not matter; of what its design promises nothing may be said to be kept that cannot be shown. Judged are " + strings.ReplaceAll(promised, ",", ", ") + ", and the harness. A shop that answers as it should keeps claims about its answers; those are not counted.\n\n")
	b.WriteString("| In the place of the shop | What it does | Exit | Claims broken | Unproven | Kept | Kept for nothing | Time | Revision |\n|---|---|--:|--:|--:|--:|---|--:|---|\n")
	for _, m := range empty {
		if m.Refused != "" {
			fmt.Fprintf(b, "| `%s` | %s | %d | nothing was judged: %s | – | – | – | – | %s |\n", m.Name, m.variant.What, m.Exit, m.Refused, m.Revision)
			continue
		}
		fmt.Fprintf(b, "| `%s` | %s | %d | %d | %d | %d | %s | %s | %s |\n", m.Name, m.variant.What, m.Exit, len(m.Failed), len(m.Unproven), m.Passed, list(m.Kept), m.took(), m.Revision)
	}
}

// partner is the same run without noise, of which the same was judged; ok is false when there is none.
func partner(quiet []measurement, noisy measurement) (measurement, bool) {
	i := slices.IndexFunc(quiet, func(m measurement) bool {
		return m.Kind == noisy.Kind && m.Name == noisy.Name && m.Number == noisy.Number && m.Judged == noisy.Judged
	})
	if i < 0 {
		return measurement{}, false
	}
	return quiet[i], true
}

func turns(quiet, noisy []measurement) (n int) {
	for _, m := range noisy {
		if q, ok := partner(quiet, m); ok {
			n += len(turned(q.row, m.row))
		}
	}
	return n
}

func writeNoise(b *strings.Builder, quiet, noisy []measurement) {
	b.WriteString("\n## Beside noise\n\nThe same runs while something else goes on. What cannot be proved then is unproven; nothing may come out otherwise.\n\n")
	for _, n := range noises() {
		fmt.Fprintf(b, "- `%s`: %s.\n", n[0], n[1])
	}
	b.WriteString("\n| Noise | Run | What there was of it | Exit | Claims kept | Failures | Unproven | Came out otherwise | Time | Revision |\n|---|---|---|--:|--:|---|--:|---|--:|---|\n")
	for _, m := range noisy {
		other := "was not run without it"
		if q, ok := partner(quiet, m); ok {
			other = list(turned(q.row, m.row))
		}
		fmt.Fprintf(b, "| %s | %s `%s` %d | %s | %d | %d | %s | %d | %s | %s | %s |\n", m.Noise, m.Kind, m.Name, m.Number, cmp.Or(m.Disturbed, "–"), m.Exit, m.Passed, list(m.Failed), len(m.Unproven), other, m.took(), m.Revision)
	}
}
