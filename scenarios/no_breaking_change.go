package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const noBreakingChange = "contract/no-breaking-change"

func init() {
	register(plumbline.Function{
		ID:    noBreakingChange,
		Title: "The document and the deployment are compatible with the released document",
		Doc: `Method: the document is compared with the one that was released before it (--base, or base: in plumbline.yaml: a file, a URL or a git revision) by the rules of oasdiff. Changes are ranked by the consumers that read what they touch. Then requests that the released document allows are made from it and sent to the deployment, and each answer is read as a tolerant client of the released document would: is it a success that was documented, in its media type, with every required property, each of its type.
Criterion: no change breaks a client that keeps to the released document, and no answer is unreadable to one, except what allowed_breaking names with a reason.
Guard: a refusal counts only where the request breaks the document at hand, and when it is for what the request is: never 401, 403, 409 or 429. What cannot be read is repeated from a clean state; where consumers are known and none reads it, it warns. Further properties, values of enumerations and the like are nothing to a tolerant reader. Servers, descriptions and the names of path parameters do not count. What only a careless reader trips over (a further value of an enum, a wider type) warns and does not gate; a field that was optional and is gone warns when a consumer is known to read it.`,
		Standard: "Semantic Versioning 2.0.0 §8; OpenAPI 3.1; the tolerant reader (Fowler 2011)",
		Order:    24,
		Repeats:  true,
		Plan:     planChanges,
		Judge:    judgeChanges,
	})
}

func planChanges(d plumbline.Design) plumbline.Proposal {
	if d.Base == "" {
		return plumbline.Proposal{Skips: []plumbline.Skip{{
			Function: noBreakingChange, Reason: plumbline.ReasonNotDeclared,
			Detail: "no released document is named", Unlock: "base: git:REV, a file or a URL (or --base)",
		}}}
	}
	p := planReplays(d)
	p.Claims = append([]plumbline.Claim{{
		ID: noBreakingChange + "/document", Function: noBreakingChange, Basis: plumbline.BasisDeclared,
		Statement: "no client of " + d.Base + " is broken by " + d.Document.File, Source: plumbline.Source{File: d.Document.File},
	}}, p.Claims...)
	return p
}

func judgeChanges(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	if c.Operation != "" {
		return judgeReplay(d, c, e)
	}
	return judgeDocuments(d)
}

// judgeDocuments says what the comparison of the two documents has found.
func judgeDocuments(d plumbline.Design) plumbline.Verdict {
	if len(d.Operations) == 0 {
		return inconclusive(plumbline.ReasonNoPositiveControl, "%s has no operation that could be compared with those of %s", d.Document.File, d.Base)
	}
	var breaking, maybe, allowed []plumbline.Change
	for _, c := range d.Changes {
		switch {
		case c.Allowed != "":
			allowed = append(allowed, c)
		case c.Level == plumbline.LevelProved:
			breaking = append(breaking, c)
		default:
			maybe = append(maybe, c)
		}
	}
	meant := ""
	if len(allowed) > 0 {
		meant = fmt.Sprintf("; %s allowed (%s)", plural(len(allowed), "change"), allowed[0].Allowed)
	}
	shown, level := breaking, plumbline.LevelProved
	if len(breaking) == 0 {
		shown, level = maybe, plumbline.LevelLikely
	}
	if len(shown) == 0 {
		return pass(figure{0, 0, "changes", len(d.Changes)}, "no breaking change since %s%s", d.Base, meant)
	}
	word := "breaks"
	if level == plumbline.LevelLikely {
		word = "may break"
	}
	v := fail(figure{float64(len(shown)), 0, "changes", len(d.Changes)}, "%s since %s %s clients%s: %s%s", plural(len(shown), "change"), d.Base, word, touched(shown), inWords(shown), meant)
	v.Level = level
	v.Remedy = "take the change back or give it a new version of the API; what is meant to break goes into allowed_breaking with its reason"
	for _, c := range shown[:min(len(shown), exhibitLimit)] {
		v.Evidence = append(v.Evidence, plumbline.Exhibit{Summary: changed(c)})
	}
	return v
}

// touched names the consumers that the changes concern.
func touched(changes []plumbline.Change) string {
	var names []string
	for _, c := range changes {
		names = append(names, c.Consumers...)
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// told puts the first changes in a sentence.
func inWords(changes []plumbline.Change) string {
	var out []string
	for _, c := range changes[:min(len(changes), 3)] {
		out = append(out, strings.TrimPrefix(c.Operation+": "+c.Text, ": "))
	}
	if more := len(changes) - 3; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, "; ")
}

func changed(c plumbline.Change) string {
	s := strings.TrimPrefix(c.Operation+": "+c.Text, ": ") + " [" + c.ID + "]"
	if len(c.Consumers) > 0 {
		s += ", which touches " + strings.Join(c.Consumers, ", ")
	}
	if c.Source.Line > 0 {
		s += fmt.Sprintf(" (%s:%d)", c.Source.File, c.Source.Line)
	}
	return s
}
