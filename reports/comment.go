package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("comment", "comment.md", Comment) }

// What a comment may hold: GitHub takes 65,536 characters.
const (
	commentLimit = 64 * 1000
	commentMark  = "<!-- plumbline -->" // by which a pipeline finds its own comment again
	commentMost  = 20                   // findings that are told in full
)

// Comment writes a comment for a pull or merge request, at most 64 KB: first
// what became of the claims since the last good run, then what is broken.
// Sections that do not fit are left out whole.
func Comment(w io.Writer, r plumbline.Report) error {
	n := count(r)
	var head strings.Builder
	fmt.Fprintf(&head, "%s\n### %s %s is %s\n\n%s\n\n", commentMark, badge(r.Outcome), text(r.Service), r.Outcome, text(sentence(r)))
	head.WriteString(markdownSince(r))
	fmt.Fprintf(&head, "%d kept · %d broken · %d unproven · %d skipped%s\n\n", n[plumbline.Pass], n[plumbline.Fail], n[plumbline.Inconclusive], n[plumbline.Skipped], warnings(n))
	page := head.String()
	sections := append(commentFindings(r), folded("Measured dependency map", mermaidMap(r)), commentFoot(r))
	for i, s := range sections {
		if len(page)+len(s) > commentLimit-200 {
			page += fmt.Sprintf("_%s did not fit; report.html has everything._\n", plural(len(sections)-i, "section"))
			break
		}
		page += s
	}
	_, err := io.WriteString(w, page)
	return err
}

func commentFindings(r plumbline.Report) []string {
	var out []string
	all := failures(r)
	for _, f := range all[:min(len(all), commentMost)] {
		var b strings.Builder
		fmt.Fprintf(&b, "<details><summary>%s <b>%s</b> %s</summary>\n\n%s\n\n", glyph(f.Outcome), escape(told(f)), escape(f.Claim), text(f.Reason))
		if f.Source.File != "" {
			fmt.Fprintf(&b, "- claimed at %s: %s\n", text(place(f.Source)), text(f.Statement))
		}
		if mildly(f) {
			fmt.Fprintf(&b, "- severity %s\n", mildness(f))
		}
		if f.Remedy != "" {
			fmt.Fprintf(&b, "- remedy: %s\n", text(f.Remedy))
		}
		if f.Replay != "" {
			fmt.Fprintf(&b, "\n%s", fenced("sh", f.Replay))
		}
		out = append(out, b.String()+"\n</details>\n\n")
	}
	if more := len(all) - commentMost; more > 0 {
		out = append(out, fmt.Sprintf("and %d more that are broken or warned of.\n\n", more))
	}
	return out
}

func commentFoot(r plumbline.Report) string {
	return fmt.Sprintf("<sub>run %s · %s · %s requests · seed %d · plumbline %s</sub>\n", text(r.Run.ID), seconds(r.Seconds), grouped(r.Requests.Sent), r.Seed, text(r.Run.Tool))
}

func folded(title, body string) string {
	if body == "" {
		return ""
	}
	return "<details><summary>" + escape(title) + "</summary>\n\n" + body + "</details>\n\n"
}

// fenced is a block of code that what is in it cannot end.
func fenced(language, body string) string {
	fence := "```"
	for strings.Contains(body, fence) {
		fence += "`"
	}
	return fence + language + "\n" + strings.TrimRight(body, "\n") + "\n" + fence + "\n"
}
