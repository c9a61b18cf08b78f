package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[anonymousRejected] = specimen{
		kept:     spoil(anonymousRejected+"/getOrder", nil),
		broken:   spoil(anonymousRejected+"/getOrder", each(authAnonymous, "getOrder", func(_ int, o *plumbline.Observation) { o.Status = 200 })),
		unproven: spoil(anonymousRejected+"/getOrder", each(authAnonymous, "getOrder", func(_ int, o *plumbline.Observation) { o.Status = 401 })),
	}
	specimens[errorLeak] = specimen{
		kept: spoil(errorLeak+"/all-responses", nil),
		broken: spoil(errorLeak+"/all-responses", each(contractWrong, "createOrder/malformed", func(_ int, o *plumbline.Observation) {
			o.Marks = Leaks([]byte("boom\n\tat com.shop.Orders.create(Orders.java:41)\n\tat com.shop.Main.main(Main.java:9)"), nil)
		})),
		unproven: spoil(errorLeak+"/all-responses", nil, func(d *plumbline.Design) {
			for i := range d.Operations {
				d.Operations[i].Invalid = nil // no error is provoked
			}
		}),
	}
	specimens[obsTraceparent] = specimen{
		kept:   spoil(obsTraceparent+"/payment", nil),
		broken: spoil(obsTraceparent+"/payment", retrace(func(x *plumbline.Exchange) { x.Trace, x.Parent, x.Flags = "", "", "" })),
		unproven: spoil(obsTraceparent+"/payment", func(e *plumbline.Evidence) {
			darken("payment")(e)
		}),
	}
}

// retrace changes what goes out to payment.
func retrace(change func(*plumbline.Exchange)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Exchanges {
			if e.Exchanges[i].Wire == "payment" {
				change(&e.Exchanges[i])
			}
		}
	}
}

func TestAnonymous(t *testing.T) {
	mode := func(how string, status int) func(*plumbline.Evidence) {
		return each(authAnonymous, "getOrder: "+how, func(_ int, o *plumbline.Observation) { o.Status = status })
	}
	for _, c := range []struct {
		name    string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		reason  plumbline.Reason
	}{
		{"403 is a refusal too", mode("", 403), plumbline.Inconclusive, plumbline.ReasonNoPositiveControl}, // the control gets it as well
		{"403 without credentials", mode("none", 403), plumbline.Pass, ""},
		{"an expired token is taken", mode("expired", 200), plumbline.Fail, ""},
		{"a malformed token crashes it", mode("malformed", 500), plumbline.Fail, ""},
		{"not found, as where nobody serves", mode("none", 404), plumbline.Pass, ""},
		{"not found before authentication", each(authAnonymous, "getOrder: none", func(_ int, o *plumbline.Observation) {
			o.Status = 404
			o.Transcript = &plumbline.Transcript{ResponseBody: `{"title":"there is an order, but it is not yours"}`}
		}), plumbline.Inconclusive, plumbline.ReasonNoPositiveControl},
		{"kept by a cache", mode(againCall, 200), plumbline.Fail, ""},
		{"business data in a refusal", each(authAnonymous, "getOrder: ", func(_ int, o *plumbline.Observation) {
			o.Transcript = &plumbline.Transcript{ResponseBody: `{"id":"7","total":12}`}
		}), plumbline.Fail, ""},
		{"no handshake without a certificate is no refusal where none is wanted", each(authAnonymous, "getOrder: none", func(_ int, o *plumbline.Observation) {
			o.Status, o.Error = 0, plumbline.ErrorTLS
		}), plumbline.Inconclusive, plumbline.ReasonNoPositiveControl},
		{"another function's call without credentials is no control", func(e *plumbline.Evidence) {
			for i := range e.Observations {
				if o := &e.Observations[i]; o.Operation == "getOrder" {
					o.Status = 403
				}
			}
			i := slices.IndexFunc(e.Observations, func(o plumbline.Observation) bool { return o.Stream == "getOrder: none" })
			other := e.Observations[i]
			other.Experiment, other.Stream, other.Status = "contract/statuses", "getOrder"+anonymousCall, 404
			e.Observations = append(e.Observations, other)
		}, plumbline.Inconclusive, plumbline.ReasonNoPositiveControl},
		{"nothing was sent", func(e *plumbline.Evidence) { e.Observations = nil }, plumbline.Inconclusive, plumbline.ReasonIncomplete},
	} {
		d, claim, e := spoil(anonymousRejected+"/getOrder", c.change)(t)
		if v := judgeAnonymous(d, claim, e); v.Outcome != c.outcome || v.Reason != c.reason {
			t.Errorf("%s: %s %s, want %s %s: %s", c.name, v.Outcome, v.Reason, c.outcome, c.reason, v.Statement)
		}
	}
}

func TestAnonymousIsPlannedForProtectedOperationsThatMayBeCalled(t *testing.T) {
	d := shop()
	p := planAnonymous(d)
	var claims []string
	for _, c := range p.Claims {
		claims = append(claims, c.Operation)
	}
	if got := strings.Join(claims, " "); got != "getProduct createOrder getOrder deleteOrder" {
		t.Errorf("claims on %s", got)
	}
	for _, o := range []struct {
		change func(*plumbline.Design)
		want   plumbline.Reason
	}{
		{func(d *plumbline.Design) { d.Identities = nil }, plumbline.ReasonNeedsIdentity},
		{func(d *plumbline.Design) {
			for i := range d.Operations {
				d.Operations[i].Secured = false
			}
			d.Public = nil
		}, plumbline.ReasonNotApplicable},
	} {
		d := shop()
		o.change(&d)
		p := planAnonymous(d)
		if len(p.Claims) > 0 || len(p.Experiments) > 0 || p.Skips[len(p.Skips)-1].Reason != o.want {
			t.Errorf("%d claims, skips %+v, want %s", len(p.Claims), p.Skips, o.want)
		}
	}
	d.Public = append(d.Public, "getProduct")
	for _, c := range planAnonymous(d).Claims {
		if c.Operation == "getProduct" {
			t.Error("what is declared public is claimed to refuse")
		}
	}
}

// What nothing protects and nobody declared public is asked without credentials.
func TestWhatIsLeftOpen(t *testing.T) {
	opened := func(d *plumbline.Design) {
		for i := range d.Operations {
			d.Operations[i].Secured = d.Operations[i].Secured && d.Operations[i].ID != "getProduct"
		}
	}
	answered := func(status int) func(*plumbline.Evidence) {
		return each(authAnonymous, "getProduct: none", func(_ int, o *plumbline.Observation) { o.Status = status })
	}
	judgings(t, []judging{
		{"open to anybody", anonymousRejected + "/getProduct", answered(200), plumbline.Fail, plumbline.LevelLikely, []func(*plumbline.Design){opened}},
		{"refused all the same", anonymousRejected + "/getProduct", answered(401), plumbline.Pass, "", []func(*plumbline.Design){opened}},
		{"not found", anonymousRejected + "/getProduct", answered(404), plumbline.Inconclusive, "", []func(*plumbline.Design){opened}},
	})
}

func TestSpoilingsFitTheScheme(t *testing.T) {
	for _, c := range []struct {
		scheme plumbline.Scheme
		want   string
	}{
		{plumbline.Scheme{Type: "http", HTTP: "Bearer"}, "none empty malformed wrong-scheme expired wrong-place"},
		{plumbline.Scheme{Type: "http", HTTP: "basic"}, "none empty malformed wrong-scheme"},
		{plumbline.Scheme{Type: "mutualTLS"}, "none"},
		{plumbline.Scheme{Type: "apiKey", In: "header", Key: "X-Key"}, "none empty malformed wrong-place"},
	} {
		if got := strings.Join(spoilings(plumbline.Operation{Schemes: []plumbline.Scheme{c.scheme}}), " "); got != c.want {
			t.Errorf("%v: %s, want %s", c.scheme, got, c.want)
		}
	}
}

func TestTraceparent(t *testing.T) {
	others := func(e *plumbline.Evidence) {
		for _, o := range e.Observations {
			e.Exchanges = append(e.Exchanges, plumbline.Exchange{Wire: "payment", Method: "GET", Began: o.Done() + 1})
		}
	}
	only := func(mode string, change func(*plumbline.Exchange)) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			w := window{wire: e.Exchanges, claimed: map[int]bool{}}
			for o := range e.Of(traceCalls, "") {
				for i, x := range w.wire {
					if x.Wire == "payment" && modeOf(o) == mode && x.Began >= o.Sent && x.Began <= o.Done() {
						change(&e.Exchanges[i])
					}
				}
			}
		}
	}
	for _, c := range []struct {
		name    string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		says    string
	}{
		{"another trace-id", only("", func(x *plumbline.Exchange) { x.Trace = "feedfeed" + strings.Repeat("1", 24) }), plumbline.Fail, "instead of the trace-id"},
		{"tracestate is lost", only(plumbline.TraceState, func(x *plumbline.Exchange) { x.State = "" }), plumbline.Fail, "tracestate"},
		{"nothing goes out without one", only(plumbline.TraceAbsent, func(x *plumbline.Exchange) { x.Trace = "" }), plumbline.Fail, "no traceparent"},
		{"zeros are handed on", only(plumbline.TraceZero, func(x *plumbline.Exchange) { x.Trace = strings.Repeat("0", 32) }), plumbline.Fail, "zero-trace"},
		{"an invalid one breaks the request", each(traceCalls, "createOrder: traceparent version-ff", func(_ int, o *plumbline.Observation) { o.Status = 400 }), plumbline.Fail, "answers 400"},
		{"the span is not renewed", retrace(func(x *plumbline.Exchange) { x.Parent = "00f067aa0ba902b7" }), plumbline.Pass, "parent-id"},
		{"sampling is decided anew", retrace(func(x *plumbline.Exchange) { x.Flags = "00" }), plumbline.Pass, "sampled"},
		{"somebody else uses the wire", others, plumbline.Pass, "carried their trace-id"},
		{"nothing goes out, or it is somebody else's", func(e *plumbline.Evidence) {
			only(plumbline.TraceAbsent, func(x *plumbline.Exchange) { x.Trace = "" })(e)
			others(e)
		}, plumbline.Inconclusive, "others use it"},
		{"nothing of ours ever goes out beside somebody else", func(e *plumbline.Evidence) {
			retrace(func(x *plumbline.Exchange) { x.Trace = "" })(e)
			others(e)
		}, plumbline.Fail, "no traceparent"},
		{"an invalid one is handed on", func(e *plumbline.Evidence) {
			for o := range e.Of(traceCalls, "") {
				for i, x := range e.Exchanges {
					if x.Wire == "payment" && x.Began >= o.Sent && x.Began <= o.Done() {
						e.Exchanges[i].Trace = o.Trace
					}
				}
			}
			others(e)
		}, plumbline.Fail, "another trace-id goes out instead of a new"},
		{"a cache hides the calls", func(e *plumbline.Evidence) {
			retrace(func(x *plumbline.Exchange) { x.Wire = "cache" })(e)
			for range 2 {
				o := plumbline.Observation{Experiment: contractValid, Operation: "createOrder", Trace: runID + "ffff0000000000000009", Sent: time.Hour, Due: time.Hour, Latency: time.Second, Status: 201}
				e.Observations = append(e.Observations, o)
				e.Exchanges = append(e.Exchanges, plumbline.Exchange{Wire: "payment", Method: "GET", Trace: o.Trace, Began: time.Hour + 1})
			}
		}, plumbline.Pass, "no call without a usable one set off an exchange"},
		{"nothing was sent", func(e *plumbline.Evidence) { e.Observations = nil }, plumbline.Inconclusive, "no call"},
	} {
		d, claim, e := spoil(obsTraceparent+"/payment", c.change)(t)
		if v := judgeTraceparent(d, claim, e); v.Outcome != c.outcome || !strings.Contains(v.Statement, c.says) {
			t.Errorf("%s: %s %s, want %s with %q: %s", c.name, v.Outcome, v.Reason, c.outcome, c.says, v.Statement)
		}
	}
}

func TestTraceparentIsClaimedOnlyWhereItIsDeclared(t *testing.T) {
	for propagation, want := range map[plumbline.Propagation]plumbline.Reason{
		plumbline.PropagationW3C: "", plumbline.PropagationNone: plumbline.ReasonNotApplicable, "": plumbline.ReasonNotDeclared,
	} {
		d := shop()
		d.Propagation = propagation
		p := planTraceparent(d)
		if want == "" {
			if len(p.Claims) != 2 || len(p.Experiments) != 1 {
				t.Errorf("declared: %+v", p)
			}
			for _, c := range p.Experiments[0].Phases[0].Calls {
				if !slices.Contains([]string{"createOrder", "getProduct"}, c.Operation) {
					t.Errorf("%s uses no HTTP wire", c.Operation)
				}
			}
			continue
		}
		if len(p.Claims) > 0 || p.Skips[0].Reason != want {
			t.Errorf("propagation %q: %+v", propagation, p)
		}
	}
}

func TestLeakUnderLoadIsFound(t *testing.T) {
	d, claim, e := spoil(errorLeak+"/all-responses", func(e *plumbline.Evidence) {
		e.Series = append(e.Series, plumbline.Series{Class: "5xx", Count: 3, Marks: []plumbline.Mark{{Kind: plumbline.MarkLeak, Message: "Go panic"}}})
	})(t)
	if v := judgeLeaks(d, claim, e); v.Outcome != plumbline.Fail || !strings.Contains(v.Statement, "Go panic") {
		t.Errorf("%s: %s", v.Outcome, v.Statement)
	}
	if v := judgeLeaks(d, claim, &plumbline.Evidence{}); v.Reason != plumbline.ReasonIncomplete {
		t.Errorf("nothing seen: %s %s", v.Outcome, v.Reason)
	}
}
