package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[noServerErrorValid] = specimen{
		kept:     spoil(noServerErrorValid+"/createOrder", nil),
		broken:   spoil(noServerErrorValid+"/createOrder", each(contractValid, "createOrder/minimal", crash)),
		unproven: spoil(noServerErrorValid+"/createOrder", each(contractValid, "createOrder", func(_ int, o *plumbline.Observation) { unsent(o) })),
	}
	specimens[validAccepted] = specimen{
		kept: spoil(validAccepted+"/createOrder", nil),
		broken: spoil(validAccepted+"/createOrder", each(contractValid, "createOrder/minimal", func(_ int, o *plumbline.Observation) {
			o.Status = 422
		})),
		unproven: spoil(validAccepted+"/createOrder", func(e *plumbline.Evidence) { e.Observations = nil }),
	}
	specimens[securityHeaders] = specimen{
		kept: spoil(securityHeaders+"/all-responses", each(contractValid, "", func(_ int, o *plumbline.Observation) {
			o.Transcript = &plumbline.Transcript{ResponseHeader: map[string][]string{"Content-Type": {"application/json"}, "X-Content-Type-Options": {"nosniff"}}}
			o.Bytes = 2
		})),
		broken: spoil(securityHeaders+"/all-responses", each(contractValid, "", func(_ int, o *plumbline.Observation) {
			o.Transcript = &plumbline.Transcript{ResponseHeader: map[string][]string{"Content-Type": {"application/json"}}}
			o.Bytes = 2
		})),
		unproven: spoil(securityHeaders+"/all-responses", func(e *plumbline.Evidence) { e.Observations = nil }),
	}
	specimens[invalidRejected] = specimen{
		kept:   spoil(invalidRejected+"/createOrder", nil, withOrders),
		broken: spoil(invalidRejected+"/createOrder", each(contractWrong, "createOrder/quantity", func(_ int, o *plumbline.Observation) { o.Status = 201 }), withOrders),
		unproven: spoil(invalidRejected+"/createOrder", func(e *plumbline.Evidence) {
			each(contractWrong, "createOrder/quantity", func(_ int, o *plumbline.Observation) { o.Status = 201 })(e)
			each(contractWrong, "createOrder: valid", func(_ int, o *plumbline.Observation) { o.Status = 409 })(e)
		}, withOrders),
	}
	specimens[noDrift] = specimen{
		kept: spoil(noDrift+"/getProduct", nil),
		broken: spoil(noDrift+"/getProduct", each(contractValid, "getProduct", func(_ int, o *plumbline.Observation) {
			o.Marks = []plumbline.Mark{{Kind: plumbline.MarkExtra, Pointer: "/supplier", Message: "the property is not declared"}}
		})),
		unproven: spoil(noDrift+"/getProduct", func(e *plumbline.Evidence) { e.Observations = nil }),
	}
	specimens[statusRules] = specimen{
		kept:     spoil(statusRules+"/getProduct", nil),
		broken:   spoil(statusRules+"/getProduct", each(contractStatus, "getProduct", lacks("Www-Authenticate"))),
		unproven: spoil(statusRules+"/getProduct", func(e *plumbline.Evidence) { e.Observations = nil }),
	}
	specimens[problemJSON] = specimen{
		kept:     spoil(problemJSON+"/errors", nil),
		broken:   spoil(problemJSON+"/errors", each(contractShadow, "", page)),
		unproven: spoil(problemJSON+"/errors", func(e *plumbline.Evidence) { e.Observations = nil }),
	}
	specimens[methodSemantics] = specimen{
		kept:     spoil(methodSemantics+"/orders/{id}", nil),
		broken:   spoil(methodSemantics+"/orders/{id}", each(contractMethods, unknownMethod, lacks("Allow"))),
		unproven: spoil(methodSemantics+"/orders/{id}", func(e *plumbline.Evidence) { e.Observations = nil }),
	}
	specimens[negotiation] = specimen{
		kept: spoil(negotiation+"/getProduct", nil),
		broken: spoil(negotiation+"/getProduct", each(contractNegotiation, "getProduct: accept", func(_ int, o *plumbline.Observation) {
			o.Status = 200
			o.Transcript.ResponseHeader["Content-Type"] = []string{unknownMedia}
		})),
		unproven: spoil(negotiation+"/getProduct", func(e *plumbline.Evidence) { e.Observations = nil }),
	}
	specimens[shadowEndpoints] = specimen{
		kept:     spoil(shadowEndpoints+"/paths", nil),
		broken:   spoil(shadowEndpoints+"/paths", each(contractShadow, "/debug/vars", func(_ int, o *plumbline.Observation) { o.Status = 200 })),
		unproven: spoil(shadowEndpoints+"/paths", each(contractShadow, nowhere, func(_ int, o *plumbline.Observation) { unsent(o) })),
	}
}

func lacks(header string) func(int, *plumbline.Observation) {
	return func(_ int, o *plumbline.Observation) { delete(o.Transcript.ResponseHeader, header) }
}

// page makes an answer an HTML page.
func page(_ int, o *plumbline.Observation) {
	o.Transcript.ResponseHeader["Content-Type"] = []string{"text/html; charset=utf-8"}
	o.Transcript.ResponseBody = "<html>"
	o.Bytes = 6
}

// A judging is a claim on spoilt evidence with what has to come out.
type judging struct {
	name    string
	claim   string
	change  func(*plumbline.Evidence)
	outcome plumbline.Outcome
	level   plumbline.Level
	designs []func(*plumbline.Design)
}

func judgings(t *testing.T, all []judging) {
	t.Helper()
	for _, c := range all {
		d, claim, e := spoil(c.claim, c.change, append([]func(*plumbline.Design){withOrders}, c.designs...)...)(t)
		v := catalogue[claim.Function].Judge(d, claim, e)
		if v.Outcome != c.outcome || v.Level != c.level {
			t.Errorf("%s: %s %s %s, want %s %s: %s", c.name, v.Outcome, v.Level, v.Reason, c.outcome, c.level, v.Statement)
		}
		if v.Outcome == plumbline.Fail && len(v.Suspects) == 0 && c.name != "several shapes" {
			t.Errorf("%s: nothing to repeat", c.name)
		}
	}
}

func on(experiment, prefix string, change func(o *plumbline.Observation)) func(*plumbline.Evidence) {
	return each(experiment, prefix, func(_ int, o *plumbline.Observation) { change(o) })
}

func TestStatusRules(t *testing.T) {
	t.Parallel()
	claim := statusRules + "/getProduct"
	says := func(s int, header ...string) func(o *plumbline.Observation) {
		return func(o *plumbline.Observation) {
			o.Status = s
			for i := 0; i+1 < len(header); i += 2 {
				o.Transcript.ResponseHeader[header[i]] = []string{header[i+1]}
			}
		}
	}
	judgings(t, []judging{
		{"405 without Allow", claim, on(contractValid, "getProduct", says(405)), plumbline.Fail, plumbline.LevelProved, nil},
		{"an empty Allow is one", claim, on(contractStatus, "getProduct", says(405, "Allow", "")), plumbline.Pass, "", nil},
		{"204 that announces content", claim, on(contractValid, "getProduct", says(204, "Content-Length", "5")), plumbline.Fail, plumbline.LevelProved, nil},
		{"204 with Content-Length: 0", claim, on(contractValid, "getProduct", says(204, "Content-Length", "0")), plumbline.Fail, plumbline.LevelAdvisory, nil},
		{"205 with content", claim, on(contractValid, "getProduct", says(205)), plumbline.Fail, plumbline.LevelProved, nil},
		{"206 unasked", claim, on(contractValid, "getProduct", says(206)), plumbline.Fail, plumbline.LevelProved, nil},
		{"304 unasked", claim, on(contractValid, "getProduct", says(304)), plumbline.Fail, plumbline.LevelProved, nil},
		{"201 on GET", claim, on(contractValid, "getProduct", says(201)), plumbline.Fail, plumbline.LevelAdvisory, nil},
		{"302 without Location", claim, on(contractValid, "getProduct", says(302)), plumbline.Fail, plumbline.LevelAdvisory, nil},
		{"426 without Upgrade", claim, on(contractValid, "getProduct", says(426)), plumbline.Fail, plumbline.LevelProved, nil},
		{"412 without condition", claim, on(contractValid, "getProduct", says(412)), plumbline.Fail, plumbline.LevelAdvisory, nil},
		{"403 to nobody", claim, on(contractStatus, "getProduct", says(403)), plumbline.Fail, plumbline.LevelAdvisory, nil},
		{"501 on GET", claim, on(contractValid, "getProduct", says(501)), plumbline.Fail, plumbline.LevelAdvisory, nil},
		{"406 though anything is taken", claim, on(contractValid, "getProduct", says(406)), plumbline.Fail, plumbline.LevelAdvisory, nil},
		{"a status of their own, documented", claim, on(contractValid, "getProduct", says(299)), plumbline.Pass, "", nil},
		{"a status of their own", claim, on(contractValid, "getProduct", func(o *plumbline.Observation) {
			o.Status, o.Marks = 299, []plumbline.Mark{{Kind: plumbline.MarkStatus, Message: "status 299 is not documented"}}
		}), plumbline.Fail, plumbline.LevelAdvisory, nil},
		{"seconds to wait", claim, on(contractStatus, "getProduct", says(429, "Retry-After", "120")), plumbline.Pass, "", nil},
		{"a date to wait for", claim, on(contractStatus, "getProduct", says(503, "Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT")), plumbline.Pass, "", nil},
		{"an old form of date", claim, on(contractStatus, "getProduct", says(503, "Retry-After", "Wednesday, 21-Oct-26 07:28:00 GMT")), plumbline.Pass, "", nil},
		{"a time that cannot be waited for", claim, on(contractStatus, "getProduct", says(429, "Retry-After", "1m30s")), plumbline.Fail, plumbline.LevelLikely, nil},
		{"parts of a second", claim, on(contractStatus, "getProduct", says(503, "Retry-After", "1.5")), plumbline.Fail, plumbline.LevelLikely, nil},
		{"another status than those to wait after", claim, on(contractStatus, "getProduct", says(404, "Retry-After", "soon")), plumbline.Pass, "", nil},
		{"201 without Location", statusRules + "/createOrder", nil, plumbline.Pass, "", nil},
	})
}

func TestInvalidInputIsRejected(t *testing.T) {
	t.Parallel()
	claim := invalidRejected + "/createOrder"
	lenientCase := func(d *plumbline.Design) {
		for i := range d.Operations {
			if d.Operations[i].ID == "createOrder" {
				d.Operations[i].Invalid[0].Keyword = "additionalProperties"
			}
		}
	}
	robust := func(d *plumbline.Design) {
		for i := range d.Operations {
			if d.Operations[i].ID == "createOrder" {
				d.Operations[i].Invalid[0].Kind, d.Operations[i].Invalid[1].Violates = plumbline.CaseRobust, "/body: malformed-json"
			}
		}
	}
	inverted := func(at string) func(d *plumbline.Design) {
		return func(d *plumbline.Design) {
			for i := range d.Operations {
				if d.Operations[i].ID == "createOrder" {
					d.Operations[i].Invalid[0].Kind, d.Operations[i].Invalid[0].Keyword, d.Operations[i].Invalid[0].Pointer = plumbline.CaseRobust, plumbline.KeywordRange, at
				}
			}
		}
	}
	judgings(t, []judging{
		{"ends before it begins", claim, on(contractWrong, "createOrder/quantity", status(201)), plumbline.Fail, plumbline.LevelAdvisory, []func(*plumbline.Design){inverted("body/from")}},
		{"the same in a search", claim, on(contractWrong, "createOrder/quantity", status(201)), plumbline.Pass, "", []func(*plumbline.Design){inverted("query/from")}},
		{"ends before it begins, refused", claim, on(contractWrong, "createOrder/quantity", status(422)), plumbline.Pass, "", []func(*plumbline.Design){inverted("body/from")}},
		{"accepted", claim, on(contractWrong, "createOrder/quantity", status(201)), plumbline.Fail, plumbline.LevelProved, nil},
		{"unknown member accepted", claim, on(contractWrong, "createOrder/quantity", status(201)), plumbline.Fail, plumbline.LevelLikely, []func(*plumbline.Design){lenientCase}},
		{"robust accepted", claim, on(contractWrong, "createOrder/quantity", status(201)), plumbline.Pass, "", []func(*plumbline.Design){robust}},
		{"redirected", claim, on(contractWrong, "createOrder/quantity", status(303)), plumbline.Pass, "", nil},
		{"forbidden proves nothing", claim, on(contractWrong, "createOrder/", status(403)), plumbline.Skipped, "", nil},
	})
}

func TestMethods(t *testing.T) {
	t.Parallel()
	claim := methodSemantics + "/orders/{id}"
	judgings(t, []judging{
		{"POST works", claim, on(contractMethods, "POST /orders/{id}", status(200)), plumbline.Fail, plumbline.LevelLikely, nil},
		{"TRACE breaks", claim, on(contractMethods, "TRACE /orders/{id}", status(500)), plumbline.Fail, plumbline.LevelLikely, nil},
		{"not implemented", claim, on(contractMethods, unknownMethod, status(501)), plumbline.Pass, "", nil},
		{"no HEAD", claim, on(contractMethods, "HEAD /orders/{id}", func(o *plumbline.Observation) {
			o.Status = 405
			o.Transcript.ResponseHeader["Allow"] = []string{"GET, PUT, PATCH, DELETE"}
		}), plumbline.Fail, plumbline.LevelAdvisory, nil},
		{"HEAD differs", claim, on(contractMethods, "HEAD /orders/{id}", status(202)), plumbline.Fail, plumbline.LevelLikely, nil},
		{"Allow lacks DELETE", claim, on(contractMethods, unknownMethod, func(o *plumbline.Observation) {
			o.Transcript.ResponseHeader["Allow"] = []string{"GET, PUT", "PATCH"}
		}), plumbline.Fail, plumbline.LevelLikely, nil},
		{"GET does not work", claim, on(contractMethods, "GET /orders/{id}", status(404)), plumbline.Skipped, "", nil},
	})
}

// What is not ours gets no method that could change it.
func TestMethodsThatChangeGoToOwnResourcesAlone(t *testing.T) {
	t.Parallel()
	d := shop()
	withOrders(&d)
	for _, mode := range []plumbline.Mode{plumbline.ModeObserve, plumbline.ModeOwn, plumbline.ModeFull} {
		d.Mode = mode
		for _, c := range planMethods(d).Experiments[0].Phases[0].Calls {
			switch c.Own.Request.Method {
			case "GET", "HEAD", "OPTIONS", "TRACE":
				continue
			}
			if mode == plumbline.ModeObserve || c.Own.Request.Method != unknownMethod && (!c.Fresh || !strings.Contains(c.Own.Request.Path, "{")) {
				t.Errorf("mode %s: %s %s, fresh %t", mode, c.Own.Request.Method, c.Own.Request.Path, c.Fresh)
			}
		}
	}
}

func TestProblemDetails(t *testing.T) {
	t.Parallel()
	claim := problemJSON + "/errors"
	plain := func(o *plumbline.Observation) {
		if o.Status >= 400 && o.Transcript != nil {
			o.Transcript.ResponseHeader["Content-Type"] = []string{"application/json"}
			o.Transcript.ResponseBody = `{"error":"x"}`
			o.Bytes = 13
		}
	}
	all := func(change func(*plumbline.Observation)) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			for i := range e.Observations {
				change(&e.Observations[i])
			}
		}
	}
	judgings(t, []judging{
		{"another status inside", claim, on(contractShadow, "/debug/vars", func(o *plumbline.Observation) {
			o.Transcript.ResponseBody = `{"type":"about:blank","title":"x","status":500}`
			o.Bytes = int64(len(o.Transcript.ResponseBody))
		}), plumbline.Fail, plumbline.LevelProved, nil},
		{"an HTML page", claim, each(contractShadow, "/debug/vars", page), plumbline.Fail, plumbline.LevelLikely, nil},
		{"one shape of their own", claim, all(plain), plumbline.Pass, "", nil},
		{"several shapes", claim, func(e *plumbline.Evidence) { all(plain)(e); each(contractShadow, "", page)(e) }, plumbline.Fail, plumbline.LevelLikely, nil},
		{"another layer", claim, func(e *plumbline.Evidence) {
			each(contractShadow, "/", page)(e)
			all(func(o *plumbline.Observation) {
				server := "shop"
				if o.Keyword == "path" {
					server = "edge"
				}
				o.Transcript.ResponseHeader["Server"] = []string{server}
			})(e)
		}, plumbline.Pass, "", nil},
	})
}

func TestShadowEndpointsKnowACatchAll(t *testing.T) {
	t.Parallel()
	judgings(t, []judging{
		{"everything is the same page", shadowEndpoints + "/paths", on(contractShadow, "/", func(o *plumbline.Observation) {
			o.Status = 200
			page(0, o)
		}), plumbline.Pass, "", nil},
		{"one is another", shadowEndpoints + "/paths", func(e *plumbline.Evidence) {
			on(contractShadow, "/", func(o *plumbline.Observation) { o.Status = 200; page(0, o) })(e)
			on(contractShadow, "/actuator/env", func(o *plumbline.Observation) { o.Bytes = 4000 })(e)
		}, plumbline.Fail, plumbline.LevelLikely, nil},
	})
	d := shop()
	d.Operations = append(d.Operations, plumbline.Operation{ID: "v2", Method: "GET", Path: "/v2/things"})
	paths := strings.Join(forgotten(d), " ")
	if !strings.Contains(paths, "/v1/things") || strings.Contains(paths, "/v2/things") {
		t.Error(paths)
	}
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	judgings(t, []judging{
		{"Accept is ignored", negotiation + "/getProduct", on(contractNegotiation, "getProduct: accept", func(o *plumbline.Observation) {
			o.Status = 200
			o.Transcript.ResponseHeader["Content-Type"] = []string{"application/json; charset=utf-8"}
		}), plumbline.Pass, "", nil},
		{"text is taken", negotiation + "/createOrder", on(contractNegotiation, "createOrder: text", status(201)), plumbline.Fail, plumbline.LevelLikely, nil},
		{"the control fails", negotiation + "/getProduct", on(contractNegotiation, "getProduct: valid", status(404)), plumbline.Skipped, "", nil},
	})
}

func TestValidInputCrashes(t *testing.T) {
	t.Parallel()
	d, claim, e := spoil(noServerErrorValid+"/createOrder", each(contractValid, "createOrder/minimal", crash))(t)
	v := judgeValid(d, claim, e)
	if v.Outcome != plumbline.Fail || v.Suspects[0].Stream != "createOrder/minimal" || v.Cause == "" {
		t.Errorf("%+v", v)
	}
}
