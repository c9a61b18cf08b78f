package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const responseConforms = "contract/response-conforms"

// conformLeast is the least number of responses on which an operation is
// judged.
const conformLeast = 5

func init() {
	register(plumbline.Function{
		ID:    responseConforms,
		Title: "Every response matches the OpenAPI document",
		Doc: `Method: every valid case of every operation that the mode allows is sent, so often that each operation gives at least 5 responses; creations first, deletions last. Status, media type, headers and body of each response are held against the document as it arrives. The responses to everything else that the run sends, under load and under faults, are held against it too.
Criterion: no breach of the document that was seen twice, over at least 5 responses of which one is 2xx.
Guard: a breach that was seen once is inconclusive. An operation that never answers 2xx (stale examples, no credentials) is a gap in coverage, unless it answers valid requests with an undocumented 5xx. What a fault hit is judged by its status alone; 5xx under faults, 429, and 5xx under load are left to other functions; requests that are meant to be refused are not judged by their status. A property that the document does not mention is no breach.`,
		Standard: "OpenAPI 3.0 and 3.1; JSON Schema 2020-12; RFC 9110",
		Mutants:  []string{"response-type-drift"},
		Order:    20,
		Plan:     planConforms,
		Judge:    judgeConforms,
	})
}

func planConforms(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, o := range d.Operations {
		if !callable(d, o) {
			p.Skips = append(p.Skips, notCallable(responseConforms, o))
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: responseConforms + "/" + o.ID, Function: responseConforms, Operation: o.ID, Basis: plumbline.BasisDocument, Source: o.Source,
			Statement: "the responses of " + o.ID + " match the OpenAPI document",
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{validCases(d)}
	}
	return p
}

// validCases sends every valid case of every operation that the mode allows.
func validCases(d plumbline.Design) plumbline.Experiment {
	ph := plumbline.Phase{Name: "valid", Role: plumbline.RoleProbe}
	for _, o := range inCallOrder(d.Operations) {
		if !callable(d, o) {
			continue
		}
		for _, c := range o.Cases {
			ph.Calls = append(ph.Calls, plumbline.Call{
				Name: c.ID, Operation: o.ID, Case: c.ID,
				Repeat: (conformLeast + len(o.Cases) - 1) / len(o.Cases),
			})
		}
	}
	return plumbline.Experiment{ID: contractValid, Title: "valid requests are answered as documented", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

func judgeConforms(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, _ := d.Operation(c.Operation)
	s := conformity{op: op, disturbed: disturbanceOf(e), breaches: map[string]*breach{}}
	for _, o := range e.Observations {
		s.observe(o)
	}
	for _, x := range e.Series {
		s.fold(x)
	}
	repeated, once := s.sorted()
	serverErrors := slices.ContainsFunc(repeated, func(b *breach) bool {
		return len(b.seen) > 0 && b.seen[0].Status >= 500
	})
	switch {
	case s.responses == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no response of %s was seen", op.ID)
	case s.succeeded == 0 && !serverErrors:
		return skipped(plumbline.ReasonNotApplicable, "never answered 2xx (%s): not covered", counted(s.answers))
	case len(repeated) > 0:
		v := fail(figure{float64(len(repeated)), 0, "breaches", int(s.responses)}, "%s of the document in %d responses: %s",
			plural(len(repeated), "kind")+" of breach", s.responses, describeBreaches(repeated))
		v.Remedy = "answer as the document says, or change the document" + at(repeated[0].mark)
		v.Evidence = breachExhibits(e, repeated)
		return v
	case len(once) > 0:
		v := inconclusive(plumbline.ReasonNotReproduced, "seen only once in %d responses: %s", s.responses, describeBreaches(once))
		v.Evidence = breachExhibits(e, once)
		return v
	case s.responses < conformLeast:
		return inconclusive(plumbline.ReasonTooFewSamples, "%d responses, %d are needed", s.responses, conformLeast)
	}
	return pass(figure{0, 0, "breaches", int(s.responses)}, "no breach of the document in %d responses (%s)", s.responses, counted(s.answers))
}

// A conformity is what was seen of the responses of one operation.
type conformity struct {
	op        plumbline.Operation
	disturbed disturbance
	responses int64
	succeeded int64
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
	if o.Operation != s.op.ID || o.Error != "" || o.Status == 0 {
		return
	}
	s.count(fmt.Sprint(o.Status), 1)
	if succeeded(o) {
		s.succeeded++
	}
	meant := spoilt(s.op, o)
	for _, m := range o.Marks {
		if !s.counts(m, o, meant) {
			continue
		}
		b := s.breach(m)
		b.count++
		b.seen = append(b.seen, o)
	}
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

// sorted parts the breaches into those that were seen again and those that
// were seen once, the most frequent first.
func (s *conformity) sorted() (repeated, once []*breach) {
	for _, key := range sortedKeys(s.breaches) {
		if b := s.breaches[key]; b.count > 1 {
			repeated = append(repeated, b)
		} else {
			once = append(once, b)
		}
	}
	slices.SortStableFunc(repeated, func(a, b *breach) int { return cmp.Compare(b.count, a.count) })
	return repeated, once
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
