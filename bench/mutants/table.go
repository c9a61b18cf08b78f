package main

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

func (m measurement) took() time.Duration {
	return time.Duration(m.Seconds * float64(time.Second)).Round(time.Second)
}

// apart is the claim without the folder of a file that it names: the two
// declarations lie in different ones.
func (f finding) apart() string {
	if strings.HasSuffix(f.Claim, ".json") {
		return f.Function + "/" + path.Base(f.Claim)
	}
	return f.Claim
}

// otherwise are the claims with another verdict in processes, each with both.
func (m measurement) otherwise() []string {
	there := map[string]string{}
	for _, f := range m.beside.findings {
		there[f.apart()] = f.Outcome
	}
	var out []string
	for _, f := range m.findings {
		if was := cmp.Or(there[f.apart()], "not judged"); was != f.Outcome {
			out = append(out, fmt.Sprintf("%s (%s, in processes %s)", f.Claim, f.Outcome, was))
		}
		delete(there, f.apart())
	}
	for _, claim := range slices.Sorted(maps.Keys(there)) {
		out = append(out, fmt.Sprintf("%s (not judged, in processes %s)", claim, there[claim]))
	}
	return out
}

// table is what is told of a measurement in containers.
func table(all []measurement, host string) string {
	var b strings.Builder
	b.WriteString("# Containers beside processes\n\nWritten by `make bench-mutants-compose`; host: " + host + ".\n\n")
	writeDefects(&b, all)
	b.WriteString("\n| Run of the right system | Exit | Claims kept | Failures | Unproven | Time |\n|---|---|---|---|---|---|\n")
	for _, m := range all {
		if m.Kind == kindRight {
			fmt.Fprintf(&b, "| %d | %d | %d | %s | %s | %s |\n", m.Number, m.Exit, m.Passed, list(m.Failed), list(m.Unproven), m.took())
		}
	}
	writeBeside(&b, all)
	return b.String()
}

// writeDefects tells of every defect how it was found.
func writeDefects(b *strings.Builder, all []measurement) {
	b.WriteString("| Defect | Must be caught by | Run | Exit | Place among failures | Other failures it explains | False alarms | Unproven | Judged alone | Time | Revision |\n|---|---|--:|--:|---|---|---|--:|---|--:|---|\n")
	right, defects := 0, 0
	for _, m := range all {
		if m.Kind != kindDefect {
			continue
		}
		defects++
		place := "–"
		if r := m.rank(); r > 0 {
			place = fmt.Sprint(r)
		}
		if m.caught() && m.rank() <= 2 {
			right++
		}
		fmt.Fprintf(b, "| `%s` | %s | %d | %d | %s | %s | %s | %d | %s | %s | %s |\n", m.Name, m.defect.Caught, m.Number, m.Exit, place,
			list(m.explained()), list(m.alarms()), len(m.Unproven), cmp.Or(strings.ReplaceAll(m.Judged, ",", ", "), "–"), m.took(), m.Revision)
	}
	fmt.Fprintf(b, "\nDetected: in %d of %d runs, by the right function among the first two failures.\n", right, defects)
}

// writeBeside tells what came out otherwise in processes, where each was run
// there as well.
func writeBeside(b *strings.Builder, all []measurement) {
	var rows, judged, other int
	for _, m := range all {
		if m.beside == nil {
			continue
		}
		if rows++; rows == 1 {
			b.WriteString("\nEach was run in processes as well, and the verdicts were laid beside each other, claim by claim; self-checks of the harness, which say how well it could see, stand apart.\n\n| Run | Claims judged | Claims with another verdict in processes | Self-checks that came out otherwise |\n|---|---|---|---|\n")
		}
		own := func(claim string) bool { return strings.HasPrefix(claim, "harness/") }
		both := m.otherwise()
		differs := slices.DeleteFunc(slices.Clone(both), own)
		checks := slices.DeleteFunc(both, func(claim string) bool { return !own(claim) })
		n := len(slices.DeleteFunc(slices.Clone(m.findings), func(f finding) bool { return own(f.Claim) || f.Outcome == "skipped" }))
		judged, other = judged+n, other+len(differs)
		fmt.Fprintf(b, "| `%s` | %d | %s | %s |\n", m.Name, n, list(differs), list(checks))
	}
	if rows > 0 {
		fmt.Fprintf(b, "\nOf %d claims judged, %d have another verdict in processes.\n", judged, other)
	}
}
