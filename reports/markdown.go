package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("markdown", "report.md", Markdown) }

// markdownLimit keeps the page below the 1 MiB that CI systems accept as a job
// summary.
const markdownLimit = 1 << 20

// Markdown writes the report as a page of Markdown for a job summary, at most
// 1 MiB: sections that do not fit are left out whole, from the bottom, and the
// page says so.
func Markdown(w io.Writer, r plumbline.Report) error {
	n := count(r)
	var head strings.Builder
	fmt.Fprintf(&head, "# %s %s: %s\n\n**%s**\n\n", badge(r.Outcome), text(r.Service), r.Outcome, text(r.Sentence))
	head.WriteString(markdownSince(r))
	fmt.Fprintf(&head, "%d kept · %d broken · %d unproven · %d skipped%s — %s, %s requests, seed %d\n\n",
		n[plumbline.Pass], n[plumbline.Fail], n[plumbline.Inconclusive], n[plumbline.Skipped], warnings(n), seconds(r.Seconds), grouped(r.Requests.Sent), r.Seed)
	if r.Incomplete {
		head.WriteString("> The run ended before its plan; what it did not get to is unproven.\n\n")
	}
	for _, x := range r.NotRestored {
		fmt.Fprintf(&head, "> **Not restored:** %s\n\n", text(x))
	}
	page := head.String()
	for _, section := range []string{markdownFindings(r), markdownCapacity(r), markdownMap(r), markdownMatrix(r), markdownKept(r), markdownSkipped(r)} {
		if len(page)+len(section) > markdownLimit-200 {
			page += "\n_Further sections did not fit; report.html has them._\n"
			break
		}
		page += section
	}
	_, err := io.WriteString(w, page)
	return err
}

func badge(o plumbline.Overall) string {
	switch o {
	case plumbline.Fit:
		return "✅"
	case plumbline.Unfit:
		return "❌"
	default:
		return "⚠️"
	}
}

// text makes words of the target harmless inside Markdown.
func text(s string) string {
	return strings.NewReplacer("@", "@\u200b", "|", `\|`, "<", "&lt;", "\n", " ", "\r", "", "`", "'", "*", `\*`, "_", `\_`, "[", `\[`).Replace(s)
}

func markdownFindings(r plumbline.Report) string {
	var b strings.Builder
	for _, f := range withOutcome(r, plumbline.Fail, plumbline.Error, plumbline.Inconclusive, plumbline.Waived) {
		if symptom(f) {
			continue
		}
		fmt.Fprintf(&b, "### %s %s — %s\n\n- claimed: %s\n- observed: %s\n", glyph(f.Outcome), text(f.Claim), told(f), text(f.Statement), text(f.Reason))
		b.WriteString(markdownBasis(f))
		for _, x := range f.Evidence[:min(3, len(f.Evidence))] {
			fmt.Fprintf(&b, "- evidence: %s\n", text(x.Summary))
			if x.Request != nil && x.Request.Curl != "" {
				b.WriteString("\n" + fenced("sh", strings.ReplaceAll(x.Request.Curl, "\n", " ")) + "\n")
			}
		}
		if f.Remedy != "" {
			fmt.Fprintf(&b, "- remedy: %s\n", text(f.Remedy))
		}
		if n := len(f.Symptoms); n > 0 {
			fmt.Fprintf(&b, "- also, for the same cause: %s\n", text(shortList(f.Symptoms)))
		}
		if f.Patch != "" {
			b.WriteString("\n" + fenced("yaml", f.Patch))
		}
		if f.Replay != "" && f.Outcome == plumbline.Fail {
			b.WriteString("\n" + fenced("sh", f.Replay))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// markdownBasis says where a claim is declared, and what its severity does.
func markdownBasis(f plumbline.Finding) string {
	var b strings.Builder
	if f.Source.File != "" {
		fmt.Fprintf(&b, "- declared at %s\n", text(place(f.Source)))
	}
	if mildly(f) {
		fmt.Fprintf(&b, "- severity %s\n", mildness(f))
	}
	return b.String()
}

func markdownMap(r plumbline.Report) string {
	if len(r.Wires) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("## Measured dependency map\n\n" + mermaidMap(r) + "| operation | dependency | calls for one request | needed | declared |\n|---|---|--:|---|---|\n")
	for _, u := range r.Wires {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", text(u.Operation), text(u.Dependency), calls(u), u.Needed, u.Declared)
	}
	return b.String() + "\n"
}

func markdownMatrix(r plumbline.Report) string {
	if len(r.Matrix) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("## Fault × operation\n\n| dependency | fault | operation | outcome | answers | slowest |\n|---|---|---|---|---|--:|\n")
	for _, c := range r.Matrix {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", text(c.Dependency), c.Fault, text(c.Operation), c.Outcome, text(c.Statuses), amount(c.Slowest, "ms"))
	}
	return b.String() + "\n"
}

func markdownKept(r plumbline.Report) string {
	var b strings.Builder
	b.WriteString("<details><summary>Claims kept</summary>\n\n| claim | observed |\n|---|---|\n")
	for _, f := range withOutcome(r, plumbline.Pass) {
		fmt.Fprintf(&b, "| %s | %s |\n", text(f.Claim), text(f.Reason))
	}
	return b.String() + "\n</details>\n\n"
}

func markdownSkipped(r plumbline.Report) string {
	var b strings.Builder
	b.WriteString("<details><summary>Not judged</summary>\n\n| function | why | unlock |\n|---|---|---|\n")
	for _, c := range r.Coverage.Functions {
		if c.Outcome == plumbline.Skipped {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.Function, text(c.Reason), text(c.Unlock))
		}
	}
	return b.String() + "\n</details>\n"
}
