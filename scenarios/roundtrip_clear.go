package scenarios

import (
	"mime"

	"github.com/plumbline-dev/plumbline"
)

const mergePatch = "application/merge-patch+json"

// clearing gives the member a value of a property by one merge patch, and takes
// it away by another with null (RFC 7396 §1). Both are valid cases of the
// document. It returns the name of the property as well.
func (l life) clearing() (string, []plumbline.Step) {
	op, ok := l.d.Operation(l.f.Patch)
	if !ok {
		return "", nil
	}
	for _, c := range op.Cases {
		body, ok := merging(c)
		if !ok {
			continue
		}
		name, found := onlyNull(body)
		full, given := l.giving(op, name)
		if !found || !given {
			continue
		}
		set, ok := l.on("set", "create", full)
		unset, also := l.on("unset", "create", c)
		if !ok || !also {
			continue
		}
		return name, []plumbline.Step{set, l.reading("read-set", "set"), unset, l.reading("read-unset", "")}
	}
	return "", nil
}

// onlyNull is the one property that is null.
func onlyNull(body map[string]any) (name string, ok bool) {
	for k, v := range body {
		if v == nil && ok {
			return "", false
		}
		if v == nil {
			name, ok = k, true
		}
	}
	return name, ok
}

// giving is the valid merge patch that gives a property a value, with the fewest
// others.
func (l life) giving(op plumbline.Operation, name string) (best plumbline.Case, found bool) {
	fewest := 0
	for _, c := range op.Cases {
		body, ok := merging(c)
		if v, there := body[name]; ok && there && v != nil && v != "" && (!found || len(body) < fewest) {
			best, fewest, found = c, len(body), true
		}
	}
	return best, found
}

// merging is the object that a case sends as a merge patch.
func merging(c plumbline.Case) (map[string]any, bool) {
	media, _, err := mime.ParseMediaType(headerIn(c.Request.Header, "Content-Type"))
	if err != nil || media != mergePatch {
		return nil, false
	}
	return objectIn(c.Request.Body)
}

// cleared is the verdict on null in a merge patch.
func (t tale) cleared() plumbline.Verdict {
	name, _ := t.l.clearing()
	before, after := t.f.steps["read-set"], t.f.steps["read-unset"]
	was, shown := t.member(before, name)
	switch {
	case !succeeded(t.f.steps["set"]):
		return skipped(plumbline.ReasonNotApplicable, "no patch gave %s a value (%s): not covered", name, t.f.told("set"))
	case !shown || was == nil:
		return skipped(plumbline.ReasonNotApplicable, "%s is not shown after it was given a value: not covered", name)
	case !succeeded(t.f.steps["unset"]):
		return skipped(plumbline.ReasonNotApplicable, "the patch with null was answered %s: not covered", t.f.told("unset"))
	case t.f.steps["unset"].Status == 202:
		return inconclusive(plumbline.ReasonUndecided, "the patch was accepted and may be made later")
	case !succeeded(after):
		return inconclusive(plumbline.ReasonIncomplete, "it could not be read afterwards: %s", t.f.told("read-unset"))
	}
	is, there := t.member(after, name)
	var found []wrongdoing
	if there && sameJSON(is, was) {
		found = append(found, t.f.wrong(plumbline.LevelProved, name+" keeps its value after a merge patch with null", t.f.steps["unset"].Operation+" ignores null", after))
	}
	return t.verdict(found, 1, "%s was removed by a merge patch with null", name)
}

// member is a property of the resource as an answer shows it.
func (t tale) member(o plumbline.Observation, name string) (any, bool) {
	if o.Transcript == nil {
		return nil, false
	}
	body, ok := objectIn([]byte(o.Transcript.ResponseBody))
	if inside := t.l.f.Inside; ok && inside != "" {
		body, ok = body[inside[1:]].(map[string]any)
	}
	v, there := body[name]
	return v, ok && there
}
