package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	const claim = noBreakingChange + "/document"
	withoutMutant[noBreakingChange] = "it compares two documents; no defect of a running system changes them"
	specimens[noBreakingChange] = specimen{
		kept:     spoil(claim, nil, since()),
		broken:   spoil(claim, nil, since(plumbline.Change{ID: "response-property-type-changed", Level: plumbline.LevelProved, Operation: "getOrder", Text: "total changed", Field: "/total"})),
		unproven: spoil(claim, nil, since(), func(d *plumbline.Design) { d.Operations = nil }),
	}
}

// since gives the design a released document and what changed since.
func since(changes ...plumbline.Change) func(*plumbline.Design) {
	return func(d *plumbline.Design) { d.Base, d.Changes = "git:v1", changes }
}

func TestNoBreakingChange(t *testing.T) {
	proved := plumbline.Change{ID: "response-property-type-changed", Level: plumbline.LevelProved, Operation: "getOrder", Text: "total is an integer now", Consumers: []string{"web"}}
	likely := plumbline.Change{ID: "response-property-enum-value-added", Level: plumbline.LevelLikely, Operation: "getOrder", Text: "a further value"}
	meant := proved
	meant.Allowed = "ADR 7"
	for name, c := range map[string]struct {
		changes []plumbline.Change
		outcome plumbline.Outcome
		level   plumbline.Level
		says    string
	}{
		"broken":              {[]plumbline.Change{proved, likely}, plumbline.Fail, plumbline.LevelProved, "1 change since git:v1 breaks clients (web): getOrder: total is an integer now"},
		"only likely":         {[]plumbline.Change{likely}, plumbline.Fail, plumbline.LevelLikely, "may break"},
		"allowed":             {[]plumbline.Change{meant}, plumbline.Pass, "", "1 change allowed (ADR 7)"},
		"allowed, and likely": {[]plumbline.Change{meant, likely}, plumbline.Fail, plumbline.LevelLikely, "allowed (ADR 7)"},
	} {
		d, claim, e := spoil(noBreakingChange+"/document", nil, since(c.changes...))(t)
		v := judgeChanges(d, claim, e)
		if v.Outcome != c.outcome || v.Level != c.level || !strings.Contains(v.Statement, c.says) {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Level, v.Statement)
		}
	}
	p := planChanges(plumbline.Design{})
	if len(p.Claims) != 0 || p.Skips[0].Reason != plumbline.ReasonNotDeclared {
		t.Errorf("without a base: %+v", p)
	}
}
