package scenarios

import (
	"strings"
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

// agreed declares a pact with payment, of two interactions.
func agreed(d *plumbline.Design) {
	d.Dependencies[0].Pacts, d.Dependencies[0].Agreed = []string{"payment.json"}, []string{"a charge", "a refund"}
}

// exercised says that every request to payment was of an interaction, or how it
// differs from them.
func exercised(names []string, marks ...plumbline.Mark) func(*plumbline.Evidence) {
	return retrace(func(x *plumbline.Exchange) { x.Agreed, x.Marks = names, marks })
}

func TestOutboundIsHeldAgainstThePact(t *testing.T) {
	charge := []string{"a charge"}
	breach := plumbline.Mark{Kind: plumbline.MarkBody, Pointer: "/order", Message: "the rule regex does not take the number that was sent"}
	silent := plumbline.Mark{Kind: plumbline.MarkUnagreed, Message: "no interaction of the pact has POST on this path"}
	for name, c := range map[string]struct {
		claim   string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		level   plumbline.Level
	}{
		"all agreed":                    {"/payment", exercised(charge), plumbline.Pass, ""},
		"a rule is broken":              {"/payment", exercised(nil, breach), plumbline.Fail, ""},
		"not in the contract":           {"/payment", exercised(nil, silent), plumbline.Fail, plumbline.LevelLikely},
		"both":                          {"/payment", exercised(nil, silent, breach), plumbline.Fail, ""},
		"exercised":                     {"/payment/a-charge", exercised(charge), plumbline.Pass, ""},
		"never exercised":               {"/payment/a-refund", exercised(charge), plumbline.Inconclusive, ""},
		"exercised only by a near miss": {"/payment/a-charge", exercised(nil, breach), plumbline.Inconclusive, ""},
	} {
		d, claim, e := spoil(outboundConforms+c.claim, c.change, agreed)(t)
		if v := judgeOutbound(d, claim, e); v.Outcome != c.outcome || v.Level != c.level {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Level, v.Statement)
		}
	}
	d := shop()
	agreed(&d)
	var ids []string
	for _, c := range planOutbound(d).Claims {
		ids = append(ids, c.ID)
	}
	if got := strings.Join(ids, " "); got != outboundConforms+"/payment "+outboundConforms+"/payment/a-charge "+outboundConforms+"/payment/a-refund" {
		t.Errorf("claims: %s", got)
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
