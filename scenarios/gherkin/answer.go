package gherkin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const statuses = `[1-5][0-9]{2}(?: or [1-5][0-9]{2})*`

// answerWords are the steps about what becomes of the request of a flow's step.
func answerWords() []Word {
	return []Word{
		{
			Form: `its answer is held against [what "<step>" sent|the answer to "<step>"][, at "<pointer>"][, where nothing may be missing]`, Example: `its answer is held against what "write" sent, where nothing may be missing`,
			Doc:   "Compares the members that both have, or, where nothing may be missing, all of the other. The pointer is into this answer.",
			expr:  step(`its answer is held against (?:what (?P<sent>` + quoted + `) sent|the answer to (?P<answer>` + quoted + `))(?:, at (?P<at>` + quoted + `))?(?P<strict>, where nothing may be missing)?`),
			apply: func(b *Builder, g groups, _ Argument) error { return b.inStep(b.compare(g)) },
		},
		{
			Form: `its answer has to show that "<what>": <term>`, Example: `its answer has to show that "as much is left as before": (the "/stock" == the "/stock" of "before") or (the status of "take" < 300)`,
			Doc:  "A criterion of the step: values of this answer, or of earlier ones, and numbers or texts, compared with ==, !=, <, <=, > and >=, and joined with and, and with or.",
			expr: step(`its answer has to show that (?P<text>` + quoted + `): (?P<term>.+)`),
			apply: func(b *Builder, g groups, _ Argument) error {
				return b.inStep(func(s *plumbline.Step, err *error) { s.Criteria = append(s.Criteria, b.criterion(g, err)) })
			},
		},
		{
			Form: `it is repeated every <duration> for <duration>[, until it is answered <status>[ or <status>]]`, Example: `it is repeated every 200ms for 3s, until it is answered 200 or 404`,
			Doc:  "Makes the call again until its status is one of these, or, where none is said, until its answer shows what it has to; and no longer than that.",
			expr: step(`it is repeated every (?P<every>` + period + `) for (?P<within>` + period + `)(?:, until it is answered (?P<statuses>` + statuses + `))?`),
			apply: func(b *Builder, g groups, _ Argument) error {
				return b.inStep(func(s *plumbline.Step, err *error) { s.Poll = g.poll(err) })
			},
		},
		{
			Form: `it is repeated only while "<what>": <term>`, Example: `it is repeated only while "it is to be tried again later": (the status == 429) or (the status == 503)`,
			Doc:  "What an answer has to show for the call to be made again; after the step that says how often.",
			expr: step(`it is repeated only while (?P<text>` + quoted + `): (?P<term>.+)`),
			apply: func(b *Builder, g groups, _ Argument) error {
				return b.inStep(func(s *plumbline.Step, err *error) {
					if s.Poll == nil {
						*err = fmt.Errorf("say first how often step %q is repeated", s.Name)
						return
					}
					s.Poll.When = append(s.Poll.When, b.criterion(g, err))
				})
			},
		},
		walkedWord(), lostWord(),
	}
}

func walkedWord() Word {
	return Word{
		Form:    `it walks the pages of "<items>"[, whose items are named by "<pointer>"][ and, when created, by "<pointer>"][, <n> at most][, for what "<step>" did not see][ and is like what "<step>" sent][, in this way:]`,
		Example: `it walks the pages of "/items", whose items are named by "/id" and, when created, by "/id", 20 at most, for what "list" did not see, in this way:`,
		Doc:     "Follows the pages of a list from this answer on; pointers are into the answer, into an item, and into the answer to a creation. The text is how pages follow each other, as `plumbline generate` writes it.",
		takes:   aText,
		expr: step(`it walks the pages of (?P<items>` + quoted + `)(?:, whose items are named by (?P<item>` + quoted + `))?(?: and, when created, by (?P<id>` + quoted + `))?(?:, (?P<most>[0-9]+) at most)?` +
			`(?:, for what (?P<since>` + quoted + `) did not see)?(?: and is like what (?P<like>` + quoted + `) sent)?(?:, in this way:)?`),
		apply: func(b *Builder, g groups, a Argument) error { return b.inStep(b.walk(g, a)) },
	}
}

func lostWord() Word {
	return Word{
		Form: `it is sent once before, and that answer is lost after <share> of the time that "<step>" took`, Example: `it is sent once before, and that answer is lost after 0.5 of the time that "first" took`,
		Doc:  "As of a client who never gets the answer: the connection is cut by then; with 1 the answer is waited for, and thrown away.",
		expr: step(`it is sent once before, and that answer is lost after (?P<share>` + number + `) of the time that (?P<like>` + quoted + `) took`),
		apply: func(b *Builder, g groups, _ Argument) error {
			return b.inStep(func(s *plumbline.Step, err *error) {
				s.Lose = &plumbline.Loss{Share: g.number("share", err), Like: b.step(g, "like", err)}
			})
		},
	}
}

// step is the name of an earlier step, where a group names one.
func (b *Builder) step(g groups, name string, err *error) string {
	s := g.text(name, err)
	if s != "" && *err == nil {
		*err = b.mentions(s)
	}
	return s
}

func (b *Builder) compare(g groups) func(*plumbline.Step, *error) {
	return func(s *plumbline.Step, err *error) {
		c := plumbline.Compare{At: g.text("at", err), Strict: g.at("strict") != ""}
		if sent := b.step(g, "sent", err); sent != "" {
			c.With = "sent:" + sent
		} else {
			c.With = "answer:" + b.step(g, "answer", err)
		}
		s.Compare = append(s.Compare, c)
	}
}

func (g groups) poll(err *error) *plumbline.Poll {
	p := &plumbline.Poll{Every: g.duration("every", err), Within: g.duration("within", err)}
	for _, status := range strings.Split(g.at("statuses"), " or ") {
		if n, e := strconv.Atoi(status); e == nil {
			p.Statuses = append(p.Statuses, n)
		}
	}
	return p
}

func (b *Builder) walk(g groups, a Argument) func(*plumbline.Step, *error) {
	return func(s *plumbline.Step, err *error) {
		w := &plumbline.Walk{Items: g.text("items", err), ItemID: g.text("item", err), ID: g.text("id", err), Most: g.integer("most", err)}
		w.Since, w.Like = b.step(g, "since", err), b.step(g, "like", err)
		if a.Text != "" && *err == nil {
			*err = exactly(a.Text, &w.Paging)
		}
		s.Walk = w
	}
}

// exactly reads JSON, and refuses members that are not known.
func exactly(text string, into any) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("the text is not understood: %w", err)
	}
	return nil
}

// writeAnswer says what becomes of the request of a step.
func writeAnswer(s plumbline.Step) []string {
	var out []string
	if l := s.Lose; l != nil {
		out = append(out, fmt.Sprintf("it is sent once before, and that answer is lost after %s of the time that %s took", float(l.Share), strconv.Quote(l.Like)))
	}
	if s.Poll != nil {
		out = append(out, writePoll(*s.Poll)...)
	}
	for _, c := range s.Criteria {
		out = append(out, "its answer has to show that "+strconv.Quote(c.Text)+": "+writeTerm(c.Term, false))
	}
	for _, c := range s.Compare {
		out = append(out, writeCompare(c))
	}
	if s.Walk != nil {
		out = append(out, writeWalk(*s.Walk)...)
	}
	return out
}

func writePoll(p plumbline.Poll) []string {
	s := fmt.Sprintf("it is repeated every %s for %s", p.Every, p.Within)
	for i, status := range p.Statuses {
		s += []string{", until it is answered ", " or "}[min(i, 1)] + strconv.Itoa(status)
	}
	out := []string{s}
	for _, c := range p.When {
		out = append(out, "it is repeated only while "+strconv.Quote(c.Text)+": "+writeTerm(c.Term, false))
	}
	return out
}

func writeCompare(c plumbline.Compare) string {
	what := "what " + strconv.Quote(strings.TrimPrefix(c.With, "sent:")) + " sent"
	if answer, ok := strings.CutPrefix(c.With, "answer:"); ok {
		what = "the answer to " + strconv.Quote(answer)
	}
	s := "its answer is held against " + what + clause(", at ", c.At)
	if c.Strict {
		s += ", where nothing may be missing"
	}
	return s
}

func writeWalk(w plumbline.Walk) []string {
	s := "it walks the pages of " + strconv.Quote(w.Items) + clause(", whose items are named by ", w.ItemID) + clause(" and, when created, by ", w.ID)
	if w.Most != 0 {
		s += fmt.Sprintf(", %d at most", w.Most)
	}
	s += clause(", for what ", w.Since)
	if w.Since != "" {
		s += " did not see"
	}
	if w.Like != "" {
		s += " and is like what " + strconv.Quote(w.Like) + " sent"
	}
	if same(w.Paging, plumbline.Paging{}) {
		return []string{s}
	}
	return slices.Concat([]string{s + ", in this way:"}, jsonText(w.Paging))
}
