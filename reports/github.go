package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("github", "", GitHub) }

// githubMost is how many annotations of one kind GitHub shows for a step.
const githubMost = 10

// GitHub writes workflow commands that put the failures beside the lines of
// the documents that claim otherwise. GitHub shows ten of a kind for each
// step, so the tenth says how many more there are.
func GitHub(w io.Writer, r plumbline.Report) error {
	kinds := map[string][]plumbline.Finding{}
	for _, f := range withOutcome(r, plumbline.Fail, plumbline.Error, plumbline.Inconclusive) {
		if kind := githubKind(f); kind != "" {
			kinds[kind] = append(kinds[kind], f)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "::notice title=%s::%s\n", property("Plumbline: "+r.Service), message(r.Sentence))
	for _, kind := range []string{"error", "warning", "notice"} {
		all := kinds[kind]
		for i, f := range all {
			if i == githubMost-1 && len(all) > githubMost {
				fmt.Fprintf(&b, "::%s title=%s::%s\n", kind, property("Plumbline"), message(fmt.Sprintf("%d more findings of this kind are in report.html", len(all)-i)))
				break
			}
			b.WriteString(annotation(kind, f))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// githubKind is the kind of annotation that tells a finding; empty for none.
func githubKind(f plumbline.Finding) string {
	switch {
	case symptom(f) || f.Outcome != plumbline.Fail && !f.Gates:
		return ""
	case f.Outcome == plumbline.Fail && f.Gates:
		return "error"
	case f.Outcome == plumbline.Fail && f.Severity == plumbline.SeverityInfo:
		return "notice"
	}
	return "warning"
}

func annotation(kind string, f plumbline.Finding) string {
	at := ""
	if f.Source.File != "" {
		at = "file=" + property(f.Source.File) + ","
		if f.Source.Line > 0 {
			at += fmt.Sprintf("line=%d,", f.Source.Line)
		}
	}
	text := f.Reason
	if f.Replay != "" && f.Outcome == plumbline.Fail {
		text += "\nagain: " + f.Replay
	}
	return fmt.Sprintf("::%s %stitle=%s::%s\n", kind, at, property(told(f)+": "+f.Claim), message(text))
}

// message and property escape as the runner of GitHub Actions reads commands.
func message(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(message(s))
}
