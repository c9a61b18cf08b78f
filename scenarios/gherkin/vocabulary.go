package gherkin

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A Word is one step of the vocabulary.
type Word struct {
	Form    string // as a person reads it, with <placeholders>
	Example string // a step that matches
	Doc     string // what it adds to the experiment
	takes   takes  // what stands below a step that ends in a colon
	expr    *regexp.Regexp
	apply   func(*Builder, groups, Argument) error
}

// An Argument is what stands below a step: a table, header included, or a text
// with the word that its first line may have. Most steps have none.
type Argument struct {
	Table       [][]string
	Text, Media string
}

// takes says what a step wants below it.
type takes string

const (
	nothing takes = ""
	aTable  takes = "table"
	aText   takes = "text"
)

// check tells what is wrong with what stands below a step of the word.
func (w Word) check(step string, a Argument) error {
	wants := nothing
	if strings.HasSuffix(step, ":") {
		wants = w.takes
	}
	switch {
	case wants != aTable && a.Table != nil:
		return errors.New("the step takes no table")
	case wants != aText && a.Text != "":
		return errors.New("the step takes no text")
	case wants == aTable && a.Table == nil, wants == aText && a.Text == "":
		return errors.New("the step needs a " + string(wants))
	}
	return nil
}

const (
	quoted = `"(?:[^"\\]|\\.)*"`
	number = `[0-9][0-9.e+-]*`
	period = `[0-9][0-9a-zµ.]*`
)

func quotedExpr() *regexp.Regexp { return regexp.MustCompile(quoted) }

// Vocabulary lists every step that a scenario may hold.
func Vocabulary() []Word {
	words := []Word{
		{
			Form: `the experiment "<id>"`, Example: `the experiment "outage/payment"`,
			Doc:  "Names the experiment; a scenario of the same name in your own folder replaces the generated one.",
			expr: step(`the experiment (?P<id>` + quoted + `)`),
			apply: func(b *Builder, g groups, _ Argument) error {
				var err error
				b.x.ID = g.text("id", &err)
				return err
			},
		},
		{
			Form: `the <role> phase "<name>" [lasts <duration>]`, Example: `the fault phase "down" lasts 12s`,
			Doc:   "Begins a phase: probe, baseline, fault or recovery. What follows belongs to it.",
			expr:  step(`the (?P<role>probe|baseline|fault|recovery) phase (?P<name>` + quoted + `)(?: lasts (?P<for>` + period + `))?`),
			apply: func(b *Builder, g groups, _ Argument) error { return b.addPhase(g) },
		},
		{
			Form:    `stream "<name>" sends <rate> requests per second of "<operation>"[, case "<id>"][, for <duration>][, with poisson|constant arrivals][, each recorded][, whose clients leave after <duration>]`,
			Example: `stream "calls" sends 20 requests per second of "createOrder", with constant arrivals, each recorded`,
			Doc:     "An open workload: requests arrive on their own schedule, whatever the answers. Clients that leave do so when they have waited so long for an answer.",
			expr: step(`stream (?P<name>` + quoted + `) sends (?P<rate>` + number + `) requests? per second of (?P<operation>` + quoted + `)` +
				streamCase + `(?:, for (?P<for>` + period + `))?` + streamTail),
			apply: func(b *Builder, g groups, _ Argument) error { return b.addStream(g, nil) },
		},
		{
			Form:    `stream "<name>" sends requests of "<operation>"[, case "<id>"][, with poisson|constant arrivals][, each recorded][, whose clients leave after <duration>] at these rates:`,
			Example: `stream "ramp" sends requests of "getProduct", with poisson arrivals at these rates:`,
			Doc:     "An open workload in stages; the table has the columns from, to (requests per second) and for (duration).",
			expr:    step(`stream (?P<name>` + quoted + `) sends requests of (?P<operation>` + quoted + `)` + streamCase + streamTail + ` at these rates:`),
			takes:   aTable,
			apply:   func(b *Builder, g groups, a Argument) error { return b.addStream(g, a.Table) },
		},
		{
			Form:    `call "<name>" requests "<operation>"[, case "<id>"][, <n> times][, as "<identity>"][, with credentials "<mode>"][, with trace context "<mode>"]`,
			Example: `call "first" requests "getOrder", 3 times`,
			Doc:     "One request made and awaited by itself, before the streams of the phase begin.",
			expr:    step(`call (?P<name>` + quoted + `) requests (?P<operation>` + quoted + `)` + streamCase + `(?:, (?P<times>[0-9]+) times?)?` + callTail),
			apply:   func(b *Builder, g groups, _ Argument) error { return b.addCall(g) },
		},
	}
	words = slices.Insert(words, 4, flowWords()...)
	return slices.Concat(words, walkWords(), requestWords(), answerWords(), []Word{serialWord()}, faultWords(), claimWords())
}

// flowWords are the steps for hits that are flows.
func flowWords() []Word {
	const calls = `, which calls (?P<calls>` + quoted + `(?: and ` + quoted + `)*)(?P<hasty>, by users who do not think)?`
	return []Word{
		{
			Form:    `stream "<name>" begins <rate> flows per second of "<flow>", which calls "<operation>"[ and "<operation>"][, by users who do not think][, for <duration>][, with poisson|constant arrivals][, each recorded][, whose clients leave after <duration>]`,
			Example: `stream "lives" begins 2 flows per second of "life-of-orders", which calls "createOrder" and "getOrder", with poisson arrivals`,
			Doc:     "An open workload of flows of load.mix: each hit makes the steps of one, one after the other.",
			expr: step(`stream (?P<name>` + quoted + `) begins (?P<rate>` + number + `) flows? per second of (?P<flow>` + quoted + `)` + calls +
				`(?:, for (?P<for>` + period + `))?` + streamTail),
			apply: func(b *Builder, g groups, _ Argument) error { return b.addStream(g, nil) },
		},
		{
			Form:    `stream "<name>" begins flows of "<flow>", which calls "<operation>"[ and "<operation>"][, by users who do not think][, with poisson|constant arrivals][, each recorded][, whose clients leave after <duration>] at these rates:`,
			Example: `stream "ramp" begins flows of "life-of-orders", which calls "createOrder" and "getOrder" at these rates:`,
			Doc:     "An open workload of flows in stages; the table has the columns from, to (flows per second) and for (duration).",
			expr:    step(`stream (?P<name>` + quoted + `) begins flows of (?P<flow>` + quoted + `)` + calls + streamTail + ` at these rates:`),
			takes:   aTable,
			apply:   func(b *Builder, g groups, a Argument) error { return b.addStream(g, a.Table) },
		},
	}
}

func serialWord() Word {
	return Word{
		Form: `the calls are told by time on the wire to "<dependency>", idle for <duration> before each`, Example: `the calls are told by time on the wire to "payment", idle for 2s before each`,
		Doc:  "Makes the calls of the phase one at a time, where no trace context tells whose an exchange is; a fault holds for the call that it names, and that call waits for the wire to be idle.",
		expr: step(`the calls are told by time on the wire to (?P<dependency>` + quoted + `), idle for (?P<idle>` + period + `) before each`),
		apply: func(b *Builder, g groups, _ Argument) error {
			return b.inPhase(func(p *plumbline.Phase, err *error) {
				p.Serial = &plumbline.Serial{Wire: g.text("dependency", err), Idle: g.duration("idle", err)}
			})
		},
	}
}

const (
	callTail   = `(?:, as (?P<identity>` + quoted + `))?(?:, with credentials (?P<auth>` + quoted + `))?(?:, with trace context (?P<trace>` + quoted + `))?`
	streamCase = `(?:, case (?P<case>` + quoted + `))?`
	streamTail = `(?:, with (?P<arrivals>constant|poisson) arrivals)?(?P<detail>, each recorded)?(?:, whose clients leave after (?P<leave>` + period + `))?`
)

func claimWords() []Word {
	return []Word{
		{
			Form: `the pacts "<file>" are verified`, Example: `the pacts "contracts/shop.pact.json" are verified`,
			Doc:  "Verifies a Pact file in this phase.",
			expr: step(`the pacts (?P<file>` + quoted + `) are verified`),
			apply: func(b *Builder, g groups, _ Argument) error {
				return b.inPhase(func(p *plumbline.Phase, err *error) { p.Pacts = append(p.Pacts, g.text("file", err)) })
			},
		},
		{
			Form: `the self-check "<name>" is made`, Example: `the self-check "pass-through" is made`,
			Doc:  "Lets plumbline check itself in this phase.",
			expr: step(`the self-check (?P<name>` + quoted + `) is made`),
			apply: func(b *Builder, g groups, _ Argument) error {
				return b.inPhase(func(p *plumbline.Phase, err *error) { p.Checks = append(p.Checks, g.text("name", err)) })
			},
		},
		{
			Form: `the claim "<id>" is judged`, Example: `the claim "resilience/breaker-opens/payment" is judged`,
			Doc:  "The evidence of this experiment decides that claim of the catalogue.",
			expr: step(`the claim (?P<id>` + quoted + `) is judged`),
			apply: func(b *Builder, g groups, _ Argument) error {
				var err error
				b.x.Claims = append(b.x.Claims, g.text("id", &err))
				return err
			},
		},
	}
}

func (b *Builder) inPhase(f func(*plumbline.Phase, *error)) error {
	p, err := b.phase()
	if err == nil {
		f(p, &err)
	}
	return err
}

func step(expr string) *regexp.Regexp { return regexp.MustCompile(`^` + expr + `$`) }

// groups are the named groups of a match.
type groups struct {
	names []string
	found []string
}

func (g groups) at(name string) string {
	for i, n := range g.names {
		if n == name {
			return g.found[i]
		}
	}
	return ""
}

func (g groups) text(name string, err *error) string {
	v := g.at(name)
	if v == "" || *err != nil {
		return ""
	}
	s, e := strconv.Unquote(v)
	*err = e
	return s
}

func (g groups) number(name string, err *error) float64 {
	v := g.at(name)
	if v == "" || *err != nil {
		return 0
	}
	f, e := strconv.ParseFloat(v, 64)
	*err = e
	return f
}

func (g groups) integer(name string, err *error) int {
	v := g.at(name)
	if v == "" || *err != nil {
		return 0
	}
	n, e := strconv.Atoi(v)
	*err = e
	return n
}

func (g groups) duration(name string, err *error) time.Duration {
	v := g.at(name)
	if v == "" || *err != nil {
		return 0
	}
	d, e := time.ParseDuration(v)
	*err = e
	return d
}

// hint names the known step that is nearest to an unknown one: the one that
// shares the most words with it.
func hint(text string) string {
	best, score := "", 0
	have := strings.Fields(text)
	for _, w := range Vocabulary() {
		n := 0
		for _, f := range strings.Fields(w.Example) {
			for _, h := range have {
				if f == h {
					n++
					break
				}
			}
		}
		if n > score {
			best, score = w.Example, n
		}
	}
	if best == "" {
		return "see `plumbline explain steps` for the vocabulary"
	}
	return "the nearest known step is: " + best
}
