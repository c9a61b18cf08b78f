package main

import (
	"path"
	"slices"
	"strings"
)

// promised are the groups of functions of which what is empty may keep no claim:
// they judge what the target does with its dependencies, callers and data.
const promised = "resilience,overload,auth,security,idempotency,data,deploy,obs"

// vacuous are the claims of what was promised that what is empty is said to
// keep, and cannot.
func (m measurement) vacuous() []string {
	if m.Kind != kindNull {
		return nil
	}
	var out []string
	for _, f := range m.findings {
		group, _, _ := strings.Cut(f.Function, "/")
		if f.Outcome == "pass" && slices.Contains(strings.Split(promised, ","), group) &&
			!slices.ContainsFunc(m.variant.Kept, func(pattern string) bool { return covers(pattern, f.Claim) }) {
			out = append(out, f.Claim)
		}
	}
	return out
}

// covers tells whether a claim begins with a pattern, in which * is one part.
func covers(pattern, claim string) bool {
	want, parts := strings.Split(strings.TrimSuffix(pattern, "/"), "/"), strings.Split(claim, "/")
	if len(parts) < len(want) {
		return false
	}
	for i, w := range want {
		if ok, err := path.Match(w, parts[i]); err != nil || !ok {
			return false
		}
	}
	return true
}
