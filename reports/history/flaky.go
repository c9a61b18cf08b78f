package history

import (
	"cmp"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// From how many flips on a claim is called flaky. To break once and be mended is
// two, which is what a repair looks like where nobody says what was deployed.
const (
	flipsLeast   = 2 // where both runs know the revision or the images
	flipsUnknown = 3
)

// Flaky are the claims whose outcome flipped, kept to broken or back, though
// nothing that is known had changed: the document, the images, the configuration,
// and the revision where both runs know it. They flipped twice at least within
// the last runs, or three times where neither revision nor images are known; runs that are to be ignored are left out, and a run that could
// not judge a claim is not counted for it. Those that flipped most come first.
func Flaky(runs []Run) []plumbline.Flaky {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Ignored })
	runs = runs[max(0, len(runs)-nightsShown):]
	var out []plumbline.Flaky
	for _, claim := range (&History{Runs: runs}).Claims() {
		if f, sure := flips(claim, runs); sure >= flipsLeast || f.Flips >= flipsUnknown {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b plumbline.Flaky) int { return cmp.Compare(b.Flips, a.Flips) })
	return out
}

// flips counts how often a claim flipped between two runs in a row that judged
// it and that are the same; sure are those of which it is known what was
// deployed.
func flips(claim string, runs []Run) (out plumbline.Flaky, sure int) {
	out.Claim = claim
	var last *Run
	for i := range runs {
		now := runs[i].Of(claim)
		if !decided(now) {
			continue
		}
		out.Runs++
		if now != plumbline.Pass {
			out.Broken++
		}
		if last != nil && (now == plumbline.Pass) != (last.Of(claim) == plumbline.Pass) && alike(*last, runs[i]) {
			out.Flips++
			if deployed(*last) && deployed(runs[i]) {
				sure++
			}
		}
		last = &runs[i]
	}
	return out, sure
}

// decided tells whether a claim was judged: waived is broken.
func decided(o plumbline.Outcome) bool {
	return o == plumbline.Pass || o == plumbline.Fail || o == plumbline.Waived
}

// deployed tells whether it is known what a run was about.
func deployed(r Run) bool {
	for what, v := range r.Facts {
		if v != "" && (what == "revision" || strings.HasPrefix(what, imageFact)) {
			return true
		}
	}
	return false
}

// alike tells whether nothing is known to have changed between two runs that an
// outcome may rest on. Revisions differ only where both are known.
func alike(a, b Run) bool {
	for what := range merged(a.Facts, b.Facts) {
		was, is := a.Facts[what], b.Facts[what]
		switch {
		case what == "revision" && (was == "" || is == ""):
		case what == "revision", what == "document", what == "configuration", strings.HasPrefix(what, imageFact):
			if was != is {
				return false
			}
		}
	}
	return true
}

// flaky tells which claims flip.
func (v View) flaky(b *strings.Builder, runs []Run) {
	head := "\n  Flaky: flipped between kept and broken with no change that is known, in the last runs\n\n"
	for _, f := range Flaky(runs) {
		b.WriteString(head + "  " + f.Claim + ": " + plural(f.Flips, "flip") + " in " + plural(f.Runs, "run") + ", broken in " + plural(f.Broken, "run") + "\n")
		head = ""
	}
}
