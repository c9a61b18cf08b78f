package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

func (r row) String() string {
	return fmt.Sprintf("%-13s exit %d  %d/%d operations, %d confirmed, %d false alarms, %d warnings, %d requests, %.0f s, %d MiB", r.service.name, r.exit,
		r.report.Coverage.Exercised, r.report.Coverage.Declared, len(r.confirmed), len(r.alarms), len(r.warned), r.report.Requests.Sent, r.took.Seconds(), r.memory)
}

func table(rows []row) string {
	var b strings.Builder
	by := "bench-services` on %s/%s, %d cores, with default flags"
	if slices.ContainsFunc(rows, func(r row) bool { return len(r.kept) > 0 }) {
		by = "bench-outages` on %s/%s, %d cores, with `--only harness,resilience`"
	}
	fmt.Fprintf(&b, "# Real services\n\nMade by `make "+by+". What the columns mean and what is measured stands in [README.md](README.md).\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	b.WriteString("| service | version | operations with 2xx | gating findings | confirmed by hand | false alarms | warnings | exit | requests | seconds | MiB |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range rows {
		name := r.service.name
		if r.service.control {
			name += " (control)"
		}
		fmt.Fprintf(&b, "| %s | %s | %d/%d | %d | %d | %d | %d | %d | %d | %.0f | %d |\n", name, r.service.version, r.report.Coverage.Exercised, r.report.Coverage.Declared,
			len(r.confirmed)+len(r.alarms), len(r.confirmed), len(r.alarms), len(r.warned), r.exit, r.report.Requests.Sent, r.took.Seconds(), r.memory)
	}
	for _, r := range rows {
		r.details(&b)
	}
	return b.String()
}

func (r row) details(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n", r.service.name)
	if missed := r.missed(); len(missed) > 0 {
		b.WriteString("\nOperations without a 2xx:\n\n" + strings.Join(missed, ""))
	}
	if len(r.confirmed) > 0 {
		b.WriteString("\nGating findings, confirmed:\n\n")
		for _, f := range r.confirmed {
			fmt.Fprintf(b, "- `%s`: %s\n  - %s\n", f.Claim, oneLine(f.Reason), oneLine(f.by.Why))
		}
	}
	r.list(b, "Gating findings that nobody confirmed", r.alarms)
	r.list(b, "Warnings", r.warned)
	r.list(b, "Kept", r.kept)
}

func (r row) missed() []string {
	var out []string
	for _, o := range r.report.Coverage.Operations {
		reached := false
		for status := range o.Statuses {
			reached = reached || strings.HasPrefix(status, "2")
		}
		if !reached {
			seen := make([]string, 0, len(o.Statuses))
			for status, n := range o.Statuses {
				seen = append(seen, fmt.Sprintf("%s: %d", status, n))
			}
			slices.Sort(seen)
			out = append(out, fmt.Sprintf("- %s (%s) %s\n", o.Operation, strings.Join(seen, ", "), oneLine(o.Reason)))
		}
	}
	return out
}

func (r row) list(b *strings.Builder, title string, findings []plumbline.Finding) {
	if len(findings) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n\n", title)
	for _, f := range findings {
		fmt.Fprintf(b, "- `%s`: %s\n", f.Claim, oneLine(f.Reason))
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
