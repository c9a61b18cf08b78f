package scenarios

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// documented declares a document of payment.
func documented(d *plumbline.Design) { d.Dependencies[0].OpenAPI = "payment.yaml" }

// inspected says what inspection found of every request to payment.
func inspected(operation string, marks ...plumbline.Mark) func(*plumbline.Evidence) {
	return retrace(func(x *plumbline.Exchange) { x.Operation, x.Marks = operation, marks })
}

func init() {
	specimens[outboundConforms] = specimen{
		kept:     spoil(outboundConforms+"/payment", inspected("charge"), documented),
		broken:   spoil(outboundConforms+"/payment", inspected("charge", plumbline.Mark{Kind: plumbline.MarkBody, Pointer: "/order", Message: "got number, want string"}), documented),
		unproven: spoil(outboundConforms+"/payment", nil, documented),
	}
}

func TestOutbound(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		reason  plumbline.Reason
	}{
		"no such path":   {inspected("", plumbline.Mark{Kind: plumbline.MarkOperation, Message: "the document has no such path"}), plumbline.Fail, ""},
		"not validated":  {inspected("charge", plumbline.Mark{Kind: plumbline.MarkUnread, Message: "text/xml is not validated"}), plumbline.Inconclusive, plumbline.ReasonUnsupported},
		"nothing passed": {func(e *plumbline.Evidence) { e.Exchanges = nil }, plumbline.Inconclusive, plumbline.ReasonWireDark},
	} {
		d, claim, e := spoil(outboundConforms+"/payment", c.change, documented)(t)
		if v := judgeOutbound(d, claim, e); v.Outcome != c.outcome || v.Reason != c.reason {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Reason, v.Statement)
		}
	}
	d := shop()
	documented(&d)
	d.Dependencies[1].Operations = []string{"none"}
	got := map[plumbline.Reason]int{}
	for _, s := range planOutbound(d).Skips {
		got[s.Reason]++
	}
	if got[plumbline.ReasonNotDeclared] != 1 || got[plumbline.ReasonNotApplicable] != 1 {
		t.Errorf("skips: %v", got)
	}
}
