package arazzo

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// How long a flow that was learned waits for what is created by and by.
const (
	learnedEvery = 250 * time.Millisecond
	learnedMost  = 8
)

// Learned are the lives of the kinds of resource that the graph knows, as flows
// that stand by themselves: what a creation needs is made in the flow too, then
// one is created, read, replaced, patched, deleted and gone, as far as the
// document has operations for it. Kinds whose lives cannot be written so are
// named with the reason.
func Learned(d plumbline.Design) (flows []plumbline.Flow, left []string) {
	for _, f := range d.Families {
		if f.Create == "" || f.Read == "" || f.ID == "" {
			continue
		}
		name := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				return r
			}
			return '-'
		}, strings.Trim(strings.NewReplacer("{", "", "}", "").Replace(f.Name), "/"))
		l := learning{d: d, family: f, flow: plumbline.Flow{Name: "life-of-" + name, Why: "The life of one of " + f.Name}, made: map[string]string{}}
		if err := l.life(); err != nil {
			left = append(left, f.Name+": "+err.Error())
			continue
		}
		flows = append(flows, l.flow)
	}
	return flows, left
}

// Lives are the flows of Learned as a load sends them: nobody looks for what he has
// deleted.
func Lives(d plumbline.Design) []plumbline.Flow {
	flows, _ := Learned(d)
	for i, f := range flows {
		flows[i].Steps = slices.DeleteFunc(f.Steps, func(s plumbline.Step) bool { return s.Name == goneStep })
	}
	return flows
}

// goneStep is the name of the step that finds nothing any more.
const goneStep = "gone"

// A learning is the flow of one life in the making.
type learning struct {
	d      plumbline.Design
	family plumbline.Family
	flow   plumbline.Flow
	made   map[string]string // operation ID to the step that calls it
}

func (l *learning) life() error {
	f := l.family
	if err := l.call("create", f.Create, 0); err != nil {
		return err
	}
	for _, s := range []struct{ name, operation string }{{"read", f.Read}, {"replace", f.Replace}, {"patch", f.Patch}, {"delete", f.Delete}} {
		if s.operation == "" {
			continue
		}
		if err := l.call(s.name, s.operation, 0); err != nil {
			return err
		}
		if s.name == "read" {
			l.last().Poll = &plumbline.Poll{Every: learnedEvery, Within: retryWithin, Most: learnedMost}
		}
	}
	if f.Delete == "" {
		return nil
	}
	if err := l.call(goneStep, f.Read, 0); err != nil {
		return err
	}
	status := plumbline.Term{From: plumbline.TermAnswer, Pointer: "status:"}
	is := func(n float64) plumbline.Term {
		return plumbline.Term{Op: plumbline.TermEqual, Terms: []plumbline.Term{status, {Value: n}}}
	}
	l.last().Poll = &plumbline.Poll{Every: learnedEvery, Within: retryWithin, Most: learnedMost}
	l.last().Criteria = []plumbline.Criterion{{Text: "$statusCode == 404 || $statusCode == 410", Term: plumbline.Term{Op: plumbline.TermOr, Terms: []plumbline.Term{is(404), is(410)}}}}
	return nil
}

func (l *learning) last() *plumbline.Step { return &l.flow.Steps[len(l.flow.Steps)-1] }

// call adds the seed request of an operation as a step, after the steps that it
// needs.
func (l *learning) call(name, operation string, depth int) error {
	i := slices.IndexFunc(l.d.Operations, func(o plumbline.Operation) bool { return o.ID == operation })
	if i < 0 || len(l.d.Operations[i].Cases) == 0 || depth > 4 {
		return fmt.Errorf("%s cannot be called", operation)
	}
	op := l.d.Operations[i]
	c := op.Cases[0]
	c.ID, c.Kind, c.Keyword, c.Proof, c.Origin, c.Expect, c.Pointer = l.flow.Name+"/"+name, plumbline.CaseRobust, "", "", "flow", nil, ""
	c.Binds = nil
	for _, b := range op.Cases[0].Binds {
		got, err := l.bound(b, &c, depth)
		if err != nil {
			return err
		}
		if got.From != "" {
			c.Binds = append(c.Binds, got)
		}
	}
	c.Unique = slices.Clone(c.Unique)
	for i := range c.Unique {
		c.Unique[i].Why = "flow"
	}
	inPlace(&c)
	c.Request.Body = stoodIn(op, c)
	l.flow.Steps = append(l.flow.Steps, plumbline.Step{
		Call: plumbline.Call{Name: name, Operation: operation, Own: &c}, Must: true, Criteria: []plumbline.Criterion{succeeds()},
	})
	l.made[operation] = name
	return nil
}

// bound is a bind of a seed request, with the step that yields its value.
func (l *learning) bound(b plumbline.Bind, c *plumbline.Case, depth int) (plumbline.Bind, error) {
	if b.After != "" || strings.HasPrefix(b.Pointer, "monitor:") {
		return b, fmt.Errorf("%s needs what Arazzo has no words for", b.Name)
	}
	if b.In == "path" && b.Name == l.family.Param && l.made[l.family.Create] != "" && !slices.Contains([]string{plumbline.FromNew}, b.From) {
		return plumbline.Bind{In: b.In, Name: b.Name, From: "step:" + l.made[l.family.Create], Pointer: l.family.ID, Why: "flow"}, nil
	}
	switch b.From {
	case plumbline.FromNew:
		return plumbline.Bind{In: b.In, Name: b.Name, From: b.From, Pointer: b.Pointer, Why: "flow"}, nil
	case plumbline.FromGiven:
		if b.In != "path" {
			return b, fmt.Errorf("%s is given outside of the path", b.Name)
		}
		c.Request.Path = strings.ReplaceAll(c.Request.Path, "{"+b.Name+"}", url.PathEscape(b.Pointer))
		return plumbline.Bind{}, nil
	}
	if err := l.needed(b.From, depth); err != nil {
		return b, err
	}
	return plumbline.Bind{In: b.In, Name: b.Name, From: "step:" + l.made[b.From], Pointer: b.Pointer, Why: "flow"}, nil
}

// needed calls an operation that a later step takes a value of, unless that was
// done before.
func (l *learning) needed(operation string, depth int) error {
	if l.made[operation] != "" {
		return nil
	}
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("/{} .", r) {
			return '-'
		}
		return r
	}, operation)
	return l.call(name, operation, depth+1)
}

// stoodIn is the body of a case with something in the place of what comes from
// earlier steps.
func stoodIn(op plumbline.Operation, c plumbline.Case) []byte {
	live := false
	var doc any
	for _, b := range c.Binds {
		if b.In != "body" {
			continue
		}
		if !live && json.Unmarshal(c.Request.Body, &doc) != nil {
			return c.Request.Body
		}
		live = true
		setAt(doc, b.Name, standIn(op, b.Name))
	}
	if data, err := json.Marshal(doc); live && err == nil {
		return data
	}
	return c.Request.Body
}
