package scenarios

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// located judges the read where the Location of the creation says.
func (t tale) located() plumbline.Verdict {
	created := t.f.steps["create"]
	if _, ok := t.f.fine("read"); !ok {
		return skipped(plumbline.ReasonNotApplicable, "it cannot be read where it was expected either (%s)", t.f.told("read"))
	}
	location := ""
	if created.Transcript != nil {
		location = headerIn(created.Transcript.ResponseHeader, "Location")
	}
	o, ok := t.f.made("located")
	if location == "" || !ok || !t.ofItem(location) {
		return skipped(plumbline.ReasonNotApplicable, "the creation names no Location of this kind (%q): not covered", location)
	}
	if succeeded(o) {
		return pass(figure{0, 0, "reads", 1}, "%s is answered %d", location, o.Status)
	}
	if o.Status != 404 && o.Status != 410 {
		return skipped(plumbline.ReasonNotApplicable, "%s is answered %d: not covered", location, o.Status)
	}
	return t.verdict([]wrongdoing{t.f.wrong(plumbline.LevelProved, "created with Location: "+location+", which is answered "+answer(o), t.cause("location"), o)}, 1, "")
}

// ofItem says whether a Location has the shape of the path of a member.
func (t tale) ofItem(location string) bool {
	u, err := url.Parse(location)
	if err != nil {
		return false
	}
	return fits(path.Dir(t.l.f.Item), path.Dir(u.Path))
}

// fits says whether a path is one of a template.
func fits(template, at string) bool {
	want, got := strings.Split(template, "/"), strings.Split(at, "/")
	if len(want) != len(got) {
		return false
	}
	for i, w := range want {
		if !strings.HasPrefix(w, "{") && w != got[i] {
			return false
		}
	}
	return true
}

// replaced judges a PUT that leaves members out: they must not keep the values
// that the PUT before gave them (RFC 9110 §9.3.4: PUT replaces the state).
func (t tale) replaced() plumbline.Verdict {
	o, ok := t.f.fine("read-less")
	if _, put := t.f.fine("replace-less"); !put || !ok {
		return skipped(plumbline.ReasonNotApplicable, "PUT with less was answered %s, and reading %s: not covered", t.f.told("replace-less"), t.f.told("read-less"))
	}
	if len(o.Matches) == 0 {
		return skipped(plumbline.ReasonNotApplicable, "it could not be compared with what was before: not covered")
	}
	set, left, created := t.sentIn("replace"), t.sentIn("replace-less"), t.sentIn("create")
	before, first := o.Matches[len(o.Matches)-2], o.Matches[len(o.Matches)-1]
	var found []wrongdoing
	for _, mark := range before.Marks {
		name := firstToken(mark.Pointer, t.l.f.Inside)
		_, given := set[name]
		_, still := left[name]
		if !given || still || vacant(strings.TrimSuffix(strings.TrimPrefix(mark.Message, "is "), " in both")) {
			continue
		}
		level := plumbline.LevelProved
		if slices.ContainsFunc(first.Marks, func(m plumbline.Mark) bool { return m.Pointer == mark.Pointer }) {
			if _, ours := created[name]; !ours {
				continue // it had the value without being told: a default
			}
			level = plumbline.LevelLikely
		}
		found = append(found, t.f.wrong(level, "PUT left "+mark.Pointer+" out, and it "+mark.Message, t.cause("put replaces"), o))
	}
	return t.verdict(found, 1, "what PUT leaves out does not keep its value")
}
