package diff

import (
	"regexp"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// mostReleased bounds the requests of one operation that are made from the
// released document.
const mostReleased = 6

// Released turns the operations of the released document, with their valid
// cases, into those that can be sent to the deployment now: under the IDs that
// the document at hand has for them, with its sources of live values. Refuses
// says how a request breaks the document at hand; empty when it does not. What
// was removed is kept where its method is safe. Neither argument is changed.
func Released(base, now *openapi.Doc, old, current []plumbline.Operation, refuses func(plumbline.Request) string) []plumbline.Operation {
	before, after := operations(base), operations(now)
	names := map[string]string{} // IDs of the released document to those of the one at hand
	for key, op := range before {
		if o, ok := after[key]; ok {
			names[op.ID] = o.ID
		}
	}
	var out []plumbline.Operation
	for _, op := range old {
		id, there := names[op.ID]
		if op.Method == "DELETE" || len(op.Cases) == 0 || !there && (!op.Safe() || len(op.Cases[0].Binds) > 0) {
			continue
		}
		kept := plumbline.Operation{ID: id, Method: op.Method, Path: op.Path, Secured: op.Secured, Schemes: op.Schemes, Source: op.Source}
		if !there {
			kept.ID = op.ID
		}
		m := mover{op: op, id: kept.ID, there: there, from: base.Base(), to: now.Base(), refuses: refuses}
		if i := slices.IndexFunc(current, func(o plumbline.Operation) bool { return o.ID == id }); i >= 0 {
			m.now = current[i]
		}
		if kept.Cases = m.cases(); len(kept.Cases) > 0 {
			out = append(out, kept)
		}
	}
	return out
}

// A mover takes the cases of one operation from the released document to the one
// at hand.
type mover struct {
	op, now  plumbline.Operation // released, and at hand
	id       string
	there    bool // the document at hand has it
	from, to string
	refuses  func(plumbline.Request) string
}

func (m mover) cases() []plumbline.Case {
	var source []plumbline.Bind
	if len(m.now.Cases) > 0 {
		source = m.now.Cases[0].Binds
	}
	var out []plumbline.Case
	for _, c := range m.op.Cases[:min(len(m.op.Cases), mostReleased)] {
		renamed(&c, m.op.Path, m.now.Path)
		if c.Request.Path = moved(c.Request.Path, m.from, m.to); !rebind(&c, source) {
			continue
		}
		c.ID, c.Operation, c.Origin, c.Kind, c.Keyword, c.Expect = "released/"+c.ID, m.id, plumbline.OriginReleased, plumbline.CaseRobust, "released", nil
		if c.Violates = m.refuses(c.Request); !m.there {
			c.Violates = "the document at hand has no such operation"
		}
		out = append(out, c)
	}
	return out
}

// renamed gives the parameters of a path the names that they have now: those of
// the same place.
func renamed(c *plumbline.Case, from, to string) {
	hole := regexp.MustCompile(`\{([^{}]*)\}`)
	old, now := hole.FindAllStringSubmatch(from, -1), hole.FindAllStringSubmatch(to, -1)
	if len(old) != len(now) {
		return
	}
	c.Binds = slices.Clone(c.Binds)
	for n := range old {
		c.Request.Path = strings.ReplaceAll(c.Request.Path, old[n][0], "{\x00"+now[n][1]+"}")
		for k := range c.Binds {
			if b := &c.Binds[k]; b.In == "path" && b.Name == old[n][1] {
				b.Name = "\x00" + now[n][1]
			}
		}
	}
	c.Request.Path = strings.ReplaceAll(c.Request.Path, "\x00", "")
	for k := range c.Binds {
		c.Binds[k].Name = strings.TrimPrefix(c.Binds[k].Name, "\x00")
	}
}

// moved takes a path from one base path to another: where a server lies is no
// change of its API.
func moved(path, from, to string) string {
	if rest, ok := strings.CutPrefix(path, from); ok && from != to {
		return to + rest
	}
	return path
}

// rebind takes the sources of live values from the document at hand; false when
// it has none for a place.
func rebind(c *plumbline.Case, source []plumbline.Bind) bool {
	binds := slices.Clone(c.Binds)
	for n, b := range binds {
		i := slices.IndexFunc(source, func(s plumbline.Bind) bool { return s.In == b.In && s.Name == b.Name })
		if i < 0 {
			return false
		}
		binds[n] = source[i]
	}
	c.Binds = binds
	return true
}
