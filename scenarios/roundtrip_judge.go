package scenarios

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// sameJSON says whether two values read from JSON are the same.
func sameJSON(a, b any) bool { return reflect.DeepEqual(a, b) }

// escaped is a member name as a token of a JSON pointer.
func escaped(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

func judgeRoundtrip(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject, rule := c.ID[len(roundtrip)+1:], ""
	if i := strings.LastIndex(subject, "/"); i >= 0 {
		subject, rule = subject[:i], subject[i+1:]
	}
	i := slices.IndexFunc(d.Families, func(f plumbline.Family) bool { return subjectOf(f) == subject })
	if i < 0 {
		return broken("the design has no family %s", subject)
	}
	t := tale{life{d, d.Families[i]}, flownOf(e, contractRoundtrip, subject), e}
	if _, ok := t.f.made("create"); !ok {
		return inconclusive(plumbline.ReasonIncomplete, "nothing was created: %s", t.f.told("create"))
	}
	if _, ok := t.f.fine("create"); !ok {
		return skipped(plumbline.ReasonNotApplicable, "the creation was answered %s: not covered", t.f.told("create"))
	}
	switch rule {
	case ruleReadable:
		return t.readable()
	case ruleUpdated:
		return t.updated()
	case ruleIdempotent:
		return t.idempotent()
	case rulePartial:
		return t.partial()
	case ruleLocated:
		return t.located()
	case ruleReplaced:
		return t.replaced()
	case ruleCleared:
		return t.cleared()
	}
	return t.gone()
}

// A tale is the life of one member as it was seen.
type tale struct {
	l life
	f flown
	e *plumbline.Evidence
}

// verdict is a fail on what was found, or else a pass.
func (t tale) verdict(found []wrongdoing, fields int, statement string, args ...any) plumbline.Verdict {
	if len(found) == 0 {
		return pass(figure{0, 0, "values", fields}, statement, args...)
	}
	v := accuse(t.e, fields, "values", found)
	v.Remedy = lifeRemedy(v.Cause)
	if made, ok := t.f.steps["create"]; ok && made.Transcript != nil && len(v.Evidence) > 0 {
		v.Evidence = append([]plumbline.Exhibit{exhibit(t.e, made, "it was created by this")}, v.Evidence...)
		v.Evidence = v.Evidence[:min(len(v.Evidence), exhibitLimit)]
	}
	return v
}

// lifeRemedy is what mends a cause.
func lifeRemedy(cause string) string {
	switch {
	case strings.HasPrefix(cause, deletion):
		return "answer 404 or 410 for what was deleted"
	case strings.HasSuffix(cause, " unreadable"):
		return "let what was created be read under the identifier that the answer gives it"
	}
	return "give back what was sent; what the service sets itself, the document can mark readOnly"
}

// deletion begins the cause of what stays after it was deleted.
const deletion = "deletion of "

func (t tale) cause(rule string) string { return "life of " + t.l.f.Name + " " + rule }

func (t tale) readable() plumbline.Verdict {
	o, ok := t.f.made("read")
	if !ok {
		return inconclusive(plumbline.ReasonIncomplete, "what was created was not read: %s", t.f.told("read"))
	}
	if o.Status == 401 || o.Status == 403 || o.Status == 429 {
		return skipped(plumbline.ReasonNotApplicable, "reading was answered %d: not covered", o.Status)
	}
	if !succeeded(o) {
		created := t.f.steps["create"].Status
		if created == 202 || o.Status >= 500 {
			return inconclusive(plumbline.ReasonUndecided, "created with %d, and reading is answered %d", created, o.Status)
		}
		return t.verdict([]wrongdoing{t.f.wrong(plumbline.LevelProved, "created with "+answer(t.f.steps["create"])+", and within "+readable(settleWithin)+" still answered "+answer(o), t.cause("unreadable"), o)}, 1, "")
	}
	found, fields := t.kept(o, "sent:create", "create")
	if fields == 0 {
		return pass(figure{0, 0, "values", 1}, "it can be read; nothing of what was sent is in the answer to be compared")
	}
	return t.verdict(found, fields, "it can be read with all %s that were sent", plural(fields, "value"))
}

// kept finds what was sent in a step and is not what is read.
func (t tale) kept(o plumbline.Observation, with, step string) (found []wrongdoing, fields int) {
	m, ok := matched(o, with)
	if !ok {
		return nil, 0
	}
	for _, mark := range m.Marks {
		if level, counts := t.weight(mark); counts {
			found = append(found, t.f.wrong(level, strings.TrimPrefix(mark.Pointer, t.l.f.Inside)+" "+mark.Message+" in the "+step+" request", t.cause(mark.Pointer), o))
		}
	}
	return found, m.Fields
}

// weight says how much a difference weighs, and whether it counts at all.
func (t tale) weight(m plumbline.Mark) (plumbline.Level, bool) {
	// A difference reads "is X, was Y", or "is missing, was Y".
	is, was, ok := strings.Cut(strings.TrimPrefix(m.Message, "is "), ", was ")
	if !ok {
		return plumbline.LevelLikely, true
	}
	if is == "missing" {
		return plumbline.LevelProved, t.documented(m.Pointer) && !vacant(was)
	}
	if normalised(is, was) || t.clocked(is) {
		return plumbline.LevelLikely, true
	}
	return plumbline.LevelProved, true
}

// clocked says whether a value is the time of the run: a server may set a
// moment by its own clock.
func (t tale) clocked(is string) bool {
	at, err := time.Parse(`"`+time.RFC3339Nano+`"`, is)
	made := t.e.Run.Began.Add(t.f.steps["create"].Sent)
	return err == nil && at.Sub(made).Abs() < clockSkew
}

// clockSkew is how far the clock of a target may be off ours, in a comparison
// that can only make a verdict milder.
const clockSkew = 2 * time.Minute

// documented says whether the document gives the member to the answer.
func (t tale) documented(pointer string) bool {
	op, _ := t.l.d.Operation(t.l.f.Read)
	at := anyIndex(pointer)
	return slices.ContainsFunc(op.Fields, func(f plumbline.Field) bool {
		return strings.HasPrefix(f.Status, "2") && f.Pointer == at
	})
}

// vacant says whether a value is one that servers leave out.
func vacant(text string) bool {
	return slices.Contains([]string{`""`, "0", "false", "null", "[]", "{}", "0 elements"}, text)
}

// normalised says whether a server may have brought a value into a form of its
// own: case and space of a text, digits of a number.
func normalised(is, was string) bool {
	var a, b any
	if json.Unmarshal([]byte(is), &a) != nil || json.Unmarshal([]byte(was), &b) != nil {
		return strings.HasSuffix(is, "...") || strings.HasSuffix(was, "...")
	}
	if x, ok := a.(float64); ok {
		y, ok := b.(float64)
		return ok && y != math.Trunc(y) && math.Abs(x-y) <= max(1, 0.01*math.Abs(y))
	}
	x, ok := a.(string)
	y, also := b.(string)
	fold := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }
	return ok && also && fold(x) == fold(y)
}

func (t tale) updated() plumbline.Verdict {
	fields, seen := 0, 0
	var found []wrongdoing
	for update, read := range map[string]string{"replace": "read-replaced", "patch": "read-patched"} {
		if _, ok := t.f.fine(update); !ok {
			continue
		}
		o, ok := t.f.fine(read)
		if !ok {
			continue
		}
		seen++
		more, n := t.kept(o, "sent:"+update, update)
		found, fields = append(found, more...), fields+n
	}
	if seen == 0 {
		return skipped(plumbline.ReasonNotApplicable, "no update was answered 2xx and read (PUT %s, PATCH %s): not covered", t.f.told("replace"), t.f.told("patch"))
	}
	if fields == 0 {
		return skipped(plumbline.ReasonNotApplicable, "nothing of what was sent is in the answer to be compared")
	}
	slices.SortStableFunc(found, func(a, b wrongdoing) int { return strings.Compare(a.what, b.what) })
	return t.verdict(found, fields, "%s of %s can be read", plural(fields, "value"), plural(seen, "update"))
}

func (t tale) idempotent() plumbline.Verdict {
	if _, ok := t.f.fine("replace"); !ok {
		return skipped(plumbline.ReasonNotApplicable, "PUT was answered %s: not covered", t.f.told("replace"))
	}
	again, ok := t.f.made("replace-again")
	if !ok || slices.Contains([]int{409, 412, 428, 429}, again.Status) {
		return skipped(plumbline.ReasonNotApplicable, "PUT again was answered %s: not covered", t.f.told("replace-again"))
	}
	if !succeeded(again) {
		return t.verdict([]wrongdoing{t.f.wrong(plumbline.LevelLikely, "the same PUT again is answered "+answer(again), t.cause("put again"), again)}, 1, "")
	}
	var found []wrongdoing
	if again.Status == 201 {
		found = append(found, t.f.wrong(plumbline.LevelLikely, "PUT on what is there is answered 201", t.cause("put again"), again))
	}
	o, ok := t.f.fine("read-again")
	m, compared := matched(o, "answer:read-replaced")
	if !ok || !compared {
		return skipped(plumbline.ReasonNotApplicable, "it could not be read after each PUT: not covered")
	}
	found = append(found, t.moved(o, m)...)
	return t.verdict(found, m.Fields, "none of %s changed by the same PUT again", plural(m.Fields, "value"))
}

// moved finds what the same PUT again has changed: what the client sends is
// proved; what the server computes, likely; what every write changes, nothing.
func (t tale) moved(o plumbline.Observation, m plumbline.Match) []wrongdoing {
	var found []wrongdoing
	sent := t.sentIn("replace")
	for _, mark := range m.Marks {
		level := plumbline.LevelLikely
		if _, set := sent[firstToken(mark.Pointer, t.l.f.Inside)]; set {
			level = plumbline.LevelProved
		} else if bookkeeping(mark.Pointer) {
			continue
		}
		found = append(found, t.f.wrong(level, "after the same PUT again "+mark.Pointer+" "+mark.Message, t.cause("put again"), o))
	}
	return found
}

// bookkeeping says whether a member is one that every write changes.
func bookkeeping(pointer string) bool {
	name := strings.ToLower(pointer[strings.LastIndex(pointer, "/")+1:])
	for _, word := range []string{"updat", "modif", "chang", "version", "revision", "etag", "time", "date", "_at", "seq", "rev", "hash", "last"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// sentIn is the object that a step of the design sends.
func (t tale) sentIn(step string) map[string]any {
	flow, _ := t.l.story()
	for _, s := range flow.Steps {
		if s.Name == step && s.Own != nil {
			m, _ := objectIn(s.Own.Request.Body)
			return m
		}
	}
	return nil
}

// firstToken is the member of the resource that a pointer leads into.
func firstToken(pointer, inside string) string {
	token, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(pointer, inside), "/"), "/")
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
}

func (t tale) partial() plumbline.Verdict {
	if _, ok := t.f.fine("patch"); !ok {
		return skipped(plumbline.ReasonNotApplicable, "PATCH was answered %s: not covered", t.f.told("patch"))
	}
	o, ok := t.f.fine("read-patched")
	m, compared := matched(o, "answer:read-before")
	if !ok || !compared {
		return skipped(plumbline.ReasonNotApplicable, "it could not be read before and after PATCH: not covered")
	}
	set := merged(t.sentIn("create"), t.sentIn("replace"))
	var found []wrongdoing
	for _, mark := range m.Marks {
		if _, ours := set[firstToken(mark.Pointer, t.l.f.Inside)]; ours {
			found = append(found, t.f.wrong(plumbline.LevelProved, "PATCH did not name "+mark.Pointer+", which "+mark.Message, t.cause("patch"), o))
		}
	}
	return t.verdict(found, m.Fields, "none of %s that PATCH did not name was changed against what a client had set", plural(m.Fields, "value"))
}

func (t tale) gone() plumbline.Verdict {
	removed, ok := t.f.fine("delete")
	if !ok {
		return skipped(plumbline.ReasonNotApplicable, "the deletion was answered %s: not covered", t.f.told("delete"))
	}
	if _, ok := t.f.fine("read"); !ok {
		return inconclusive(plumbline.ReasonNoPositiveControl, "it could not be read before it was deleted: %s", t.f.told("read"))
	}
	o, ok := t.f.made("gone")
	if !ok {
		return inconclusive(plumbline.ReasonIncomplete, "it was not read after it was deleted: %s", t.f.told("gone"))
	}
	if !succeeded(o) {
		if slices.Contains([]int{401, 403, 404, 410}, o.Status) {
			return pass(figure{0, 0, "reads", 1}, "deleted with %d, and then answered %d", removed.Status, o.Status)
		}
		return inconclusive(plumbline.ReasonUndecided, "deleted with %d, and then answered %d", removed.Status, o.Status)
	}
	return t.remains(removed, o)
}

// remains is the verdict on a read that was answered 2xx after the deletion.
func (t tale) remains(removed, o plumbline.Observation) plumbline.Verdict {
	m, compared := matched(o, "answer:"+t.lastRead())
	switch {
	case removed.Status == 202:
		return inconclusive(plumbline.ReasonUndecided, "the deletion was accepted for later (202), and within %s it could still be read", readable(settleWithin))
	case !compared:
		return inconclusive(plumbline.ReasonUndecided, "read after deletion, and the answer cannot be compared with the one before")
	}
	if t.saysDeleted(o) {
		return pass(figure{0, 0, "reads", 1}, "deleted with %d; it can still be read, and says that it is deleted", removed.Status)
	}
	level := plumbline.LevelProved
	if len(m.Marks) > 0 { // such as one that says so in words that we do not know
		level = plumbline.LevelLikely
	}
	if 2*len(m.Marks) > m.Fields {
		return inconclusive(plumbline.ReasonUndecided, "after deletion something else is read: %d of %d values differ", len(m.Marks), m.Fields)
	}
	return t.verdict([]wrongdoing{t.f.wrong(level, "deleted with "+answer(removed)+", and within "+readable(settleWithin)+" still read with "+answer(o), deletion+t.l.f.Name, o)}, 1, "")
}

// lastRead is the last step before the deletion that read the member.
func (t tale) lastRead() string {
	flow, _ := t.l.story()
	return lastReading(flow)
}
