package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A conformity is what was seen of the responses of one operation.
type conformity struct {
	op        plumbline.Operation
	disturbed disturbance
	responses int64
	succeeded int64
	statuses  map[int]int    // answers to requests that are not meant to be refused, one by one
	answers   map[string]int // only of requests that were recorded one by one, or of a class under load
	breaches  map[string]*breach
}

// A breach is one way in which responses break the document.
type breach struct {
	mark  plumbline.Mark
	count int64
	seen  []plumbline.Observation // those that were recorded one by one
}

func (s *conformity) count(word string, n int64) {
	if s.answers == nil {
		s.answers = map[string]int{}
	}
	s.answers[word] += int(n)
	s.responses += n
}

func (s *conformity) observe(o plumbline.Observation) {
	if o.Operation != s.op.ID || o.Error != "" || o.Status == 0 || beyond(o) {
		return
	}
	s.count(fmt.Sprint(o.Status), 1)
	if succeeded(o) {
		s.succeeded++
	}
	meant := spoilt(s.op, o)
	if !meant {
		s.note(o.Status)
	}
	for _, m := range o.Marks {
		if !s.counts(m, o, meant) {
			continue
		}
		b := s.breach(m)
		b.count++
		b.seen = append(b.seen, o)
	}
}

func (s *conformity) note(status int) {
	if s.statuses == nil {
		s.statuses = map[int]int{}
	}
	s.statuses[status]++
}

// agree says how many of the answers that could have shown a breach did: for a
// status those of its class, else those of the same statuses.
func (s *conformity) agree(b *breach) unanimous {
	u := unanimous{}
	same := map[int]bool{}
	for _, o := range b.seen {
		if !spoilt(s.op, o) {
			u.broke++
			same[o.Status] = true
		}
	}
	for status, n := range s.statuses {
		if same[status] || b.mark.Kind == plumbline.MarkStatus && len(b.seen) > 0 && status/100 == b.seen[0].Status/100 {
			u.of += n
		}
	}
	return u
}

// counts says whether the mark is a breach that this function answers for.
func (s *conformity) counts(m plumbline.Mark, o plumbline.Observation, spoilt bool) bool {
	if !breaksDocument(m) {
		return false
	}
	status := m.Kind == plumbline.MarkStatus
	switch {
	case o.Status >= 500 && (spoilt || s.disturbed.excused(o)):
		return false
	case status && (spoilt || o.Status == 429):
		return false
	case !status && s.disturbed.hitBy(o):
		return false
	}
	return true
}

// fold takes in requests that were sent under load. Their marks are known, but
// not on how many of them each was: each counts once for a stream of a phase.
func (s *conformity) fold(x plumbline.Series) {
	if x.Operation != s.op.ID || len(x.Class) != 3 || !strings.HasSuffix(x.Class, "xx") {
		return
	}
	s.count(x.Class, x.Count)
	if x.Class == "2xx" {
		s.succeeded += x.Count
	}
	if _, faulted := s.disturbed.since[x.Experiment]; faulted || x.Class == "5xx" {
		return
	}
	for _, m := range x.Marks {
		if !breaksDocument(m) || m.Kind == plumbline.MarkStatus {
			continue
		}
		s.breach(m).count++
	}
}

func (s *conformity) breach(m plumbline.Mark) *breach {
	key := string(m.Kind) + " " + anyIndex(m.Pointer) + " " + m.Schema
	if m.Kind == plumbline.MarkStatus || m.Kind == plumbline.MarkMedia {
		key += " " + m.Message
	}
	b, ok := s.breaches[key]
	if !ok {
		b = &breach{mark: m}
		s.breaches[key] = b
	}
	return b
}

// sorted parts the breaches into those that can be repeated or were seen again,
// and those that were seen once under load or under a fault, the most frequent
// first.
func (s *conformity) sorted() (repeated, once []*breach) {
	for _, key := range sortedKeys(s.breaches) {
		if b := s.breaches[key]; b.count > 1 || slices.ContainsFunc(b.seen, repeatableHere) {
			repeated = append(repeated, b)
		} else {
			once = append(once, b)
		}
	}
	slices.SortStableFunc(repeated, func(a, b *breach) int { return cmp.Compare(b.count, a.count) })
	return repeated, once
}

// causeOf is what breaches have in common that one mistake makes: the place in
// the document and what of it is broken.
func causeOf(m plumbline.Mark) string {
	if m.Schema == "" {
		return ""
	}
	return "document " + m.Schema + " " + string(m.Kind)
}

// firsts are the first observations of a breach that can be repeated; a few
// are enough.
func firsts(seen []plumbline.Observation) []plumbline.Observation {
	var out []plumbline.Observation
	for _, o := range seen {
		if len(out) < 3 && repeatableHere(o) {
			out = append(out, o)
		}
	}
	return out
}

func breaksDocument(m plumbline.Mark) bool {
	switch m.Kind {
	case plumbline.MarkStatus, plumbline.MarkMedia, plumbline.MarkHeader, plumbline.MarkBody:
		return true
	default:
		return false
	}
}

// anyIndex puts a star for every array index of a JSON pointer, as the same
// mistake in another element is not another mistake.
func anyIndex(pointer string) string {
	parts := strings.Split(pointer, "/")
	for i, p := range parts {
		if p != "" && strings.Trim(p, "0123456789") == "" {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

func describeBreaches(breaches []*breach) string {
	var parts []string
	for _, b := range breaches[:min(len(breaches), 3)] {
		where := b.mark.Pointer
		if where != "" {
			where += ": "
		}
		parts = append(parts, fmt.Sprintf("%s%s (×%d)", where, b.mark.Message, b.count))
	}
	if more := len(breaches) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// at names the place in the document that a mark speaks of.
func at(m plumbline.Mark) string {
	if m.Schema == "" {
		return ""
	}
	return " at " + m.Schema
}

// breachExhibits shows one request for each kind of breach.
func breachExhibits(e *plumbline.Evidence, breaches []*breach) []plumbline.Exhibit {
	var out []plumbline.Exhibit
	for _, b := range breaches {
		if len(b.seen) > 0 && len(out) < exhibitLimit {
			out = append(out, exhibit(e, telling(b.seen), b.mark.Message))
		}
	}
	return out
}

// telling picks the observation that shows most: the first with a transcript.
func telling(seen []plumbline.Observation) plumbline.Observation {
	for _, o := range seen {
		if o.Transcript != nil {
			return o
		}
	}
	return seen[0]
}
