package reports

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// turnMost is how many claims of one kind a delta names.
const turnMost = 10

// markdownSince is the delta as Markdown: what broke, what still fails and for
// how long, what was fixed, and what else changed. It is empty when no history
// was given.
func markdownSince(r plumbline.Report) string {
	if r.NoBaseline != "" {
		return markdownTurns(r) + text(r.NoBaseline) + "\n\n"
	}
	return markdownTurns(r)
}

func markdownTurns(r plumbline.Report) string {
	s := r.Since
	if s == nil {
		return ""
	}
	if s.Against == nil {
		return "**First run:** there is nothing yet to compare with.\n\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** (%s, %s)%s\n\n", sinceWhat(*s), s.Against.Began.UTC().Format("Mon 2 Jan 15:04"), s.Against.Outcome, ": "+sinceCounts(*s))
	if len(s.New)+len(s.Still)+len(s.Fixed)+len(s.Lost) > 0 {
		b.WriteString("| | claim | since |\n|---|---|---|\n")
		for _, k := range turnKinds(*s) {
			for i, t := range k.turns {
				if i == turnMost {
					fmt.Fprintf(&b, "| %s | and %d more | |\n", k.word, len(k.turns)-i)
					break
				}
				fmt.Fprintf(&b, "| %s | %s | %s |\n", k.word, text(t.Claim), text(turnAge(t)))
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString("What changed: " + text(changed(*s)) + ".\n\n")
	for _, line := range shifted(*s) {
		b.WriteString("Shifted: " + text(line) + ".\n\n")
	}
	for _, line := range flaky(*s) {
		b.WriteString("Flaky: " + text(line) + ".\n\n")
	}
	return b.String()
}

type turnKind struct {
	word  string
	turns []plumbline.Turn
}

func turnKinds(s plumbline.Since) []turnKind {
	return []turnKind{{"✗ new", s.New}, {"✗ still failing", s.Still}, {"✓ fixed", s.Fixed}, {"? no longer proved", s.Lost}}
}

func sinceWhat(s plumbline.Since) string {
	if s.Good {
		return "Since the last good run"
	}
	return "Since the run before, for none was good"
}

func sinceCounts(s plumbline.Since) string {
	parts := []string{fmt.Sprintf("%d new", len(s.New)), fmt.Sprintf("%d still failing", len(s.Still)), fmt.Sprintf("%d fixed", len(s.Fixed))}
	if len(s.Lost) > 0 {
		parts = append(parts, fmt.Sprintf("%d no longer proved", len(s.Lost)))
	}
	return strings.Join(parts, ", ")
}

// turnAge says for how long a claim has failed.
func turnAge(t plumbline.Turn) string {
	var out string
	if t.Age > 1 && t.First != nil {
		out = fmt.Sprintf("%d runs in a row, since %s", t.Age, t.First.Began.UTC().Format("2 Jan"))
	}
	if bad := firstBad(t); bad != "" {
		out = strings.TrimPrefix(out+"; "+bad, "; ")
	}
	if t.Waiver != "" {
		out = strings.TrimPrefix(out+"; its waiver ran out on "+t.Waiver, "; ")
	}
	return out
}

// firstBad says at which revision a claim broke: last good..first bad.
func firstBad(t plumbline.Turn) string {
	switch {
	case t.First == nil || t.Outcome != plumbline.Fail:
		return ""
	case t.First.Revision == "":
		return "first bad: revision unknown"
	case t.After == nil || !t.Kept:
		return "first bad at " + t.First.Revision + ", and never seen kept before"
	case t.After.Revision == "":
		return "first bad at " + t.First.Revision + "; revision of the last good run unknown"
	case t.After.Revision == t.First.Revision:
		return "first bad at " + t.First.Revision + ", which was good before"
	}
	return "first bad: " + t.After.Revision + ".." + t.First.Revision
}

// flakyMost is how many claims that flip are named.
const flakyMost = 5

// flaky tells which claims flip with no change that is known.
func flaky(s plumbline.Since) []string {
	var out []string
	for _, f := range s.Flaky[:min(len(s.Flaky), flakyMost)] {
		out = append(out, fmt.Sprintf("%s: %s in %s with no change that is known, broken in %d", f.Claim, plural(f.Flips, "flip"), plural(f.Runs, "run"), f.Broken))
	}
	if more := len(s.Flaky) - flakyMost; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return out
}

// changed lists what else is not as it was.
func changed(s plumbline.Since) string {
	var parts []string
	for _, c := range s.Changed {
		parts = append(parts, fmt.Sprintf("%s %s → %s", c.What, c.Was, c.Is))
	}
	if len(parts) == 0 {
		return "nothing but the run"
	}
	return strings.Join(parts, "; ")
}

// shiftsMost is how many shifts of figures are told, and shiftsSince how many
// runs ago they may be.
const shiftsMost, shiftsSince = 5, 14

// shifted tells which figures have become others in the last runs, and with
// what.
func shifted(s plumbline.Since) []string {
	var out []string
	for _, t := range s.Trends {
		for _, x := range t.Shifts {
			if len(t.Values)-x.At > shiftsSince || len(out) == shiftsMost {
				continue
			}
			line := fmt.Sprintf("%s from %s to %s (%+.0f %%) since %s", t.Name, amount(x.Was, t.Unit), amount(x.Is, t.Unit), 100*(x.Is/x.Was-1), x.Run.Began.UTC().Format("2 Jan"))
			if len(x.Changed) > 0 {
				line += ", with " + changed(plumbline.Since{Changed: x.Changed})
			}
			out = append(out, line)
		}
	}
	return out
}
