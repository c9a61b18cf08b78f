package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// validating is a service that compares what it is asked with what it has.
func validating(tag string, change func(step string, o *plumbline.Observation)) func(string, *plumbline.Observation) {
	return func(step string, o *plumbline.Observation) {
		h := map[string][]string{"Etag": {tag}, "Vary": {"Accept"}}
		if tag == "" {
			h = map[string][]string{"Last-Modified": {"Sun, 06 Nov 1994 08:49:37 GMT"}}
		}
		switch step {
		case "same", "listed", "weak", "any":
			if tag != "" {
				o.Status = 304
			}
		case "since":
			o.Status = 304
		}
		if step != stepCreate {
			o.Transcript = &plumbline.Transcript{ResponseHeader: h}
		}
		if change != nil {
			change(step, o)
		}
	}
}

func init() {
	specimens[etagValidates] = specimen{
		kept:     flying(etagValidates+"/getOrder", validating(`"1"`, nil)),
		broken:   flying(etagValidates+"/getOrder", validating(`"1"`, onStep("same", answered(200)))),
		unproven: flying(etagValidates+"/getOrder", validating(`"1"`, onStep("read", answered(503)))),
	}
	specimens[privateNotShared] = specimen{
		kept:     flying(privateNotShared+"/getOrder", keeping("private, max-age=60")),
		broken:   flying(privateNotShared+"/getOrder", keeping("public, max-age=60")),
		unproven: flying(privateNotShared+"/getOrder", onStep(stepOwn, answered(404))),
	}
	specimens[securityCORS] = specimen{
		kept:     crossingTo(nil, nil),
		broken:   crossingTo(nil, reflecting(true)),
		unproven: crossingTo(nil, func(o *plumbline.Observation) { o.Status, o.Error = 0, plumbline.ErrorTimeout }),
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	bare := func(o *plumbline.Observation) { o.Transcript = &plumbline.Transcript{} }
	for name, c := range map[string]struct {
		tag     string
		change  func(string, *plumbline.Observation)
		outcome plumbline.Outcome
		word    string // reason or level, and a part of the statement
	}{
		"compared":                        {`"1"`, nil, plumbline.Pass, ""},
		"a weak one":                      {`W/"1"`, nil, plumbline.Pass, ""},
		"a time alone":                    {"", nil, plumbline.Pass, ""},
		"sent again":                      {`"1"`, onStep("same", answered(200)), plumbline.Fail, "likely"},
		"sent again to a list":            {`"1"`, onStep("listed", answered(200)), plumbline.Fail, "likely"},
		"sent again to any":               {`"1"`, onStep("any", answered(412)), plumbline.Fail, "likely"},
		"sent again to its weak form":     {`"1"`, onStep("weak", answered(200)), plumbline.Fail, "likely"},
		"weak of weak is not asked":       {`W/"1"`, onStep("weak", answered(200)), plumbline.Pass, ""},
		"sent again to the time":          {"", onStep("since", answered(200)), plumbline.Fail, "likely"},
		"another version is told current": {`"1"`, onStep("unknown", answered(304)), plumbline.Fail, "proved"},
		"a condition crashes it":          {`"1"`, onStep("same", answered(500)), plumbline.Fail, "proved"},
		"a 304 without the ETag":          {`"1"`, onStep("same", bare), plumbline.Fail, "likely"},
		"throttled":                       {`"1"`, onStep("same", answered(429)), plumbline.Inconclusive, "incomplete"},
		"neither":                         {`"1"`, func(_ string, o *plumbline.Observation) { bare(o) }, plumbline.Skipped, "not-applicable"},
		"another one each time": {`"1"`, onStep("again", func(o *plumbline.Observation) {
			o.Transcript = &plumbline.Transcript{ResponseHeader: map[string][]string{"Etag": {`"2"`}}}
		}), plumbline.Skipped, "not-applicable"},
	} {
		d, claim, e := flying(etagValidates+"/getOrder", validating(c.tag, c.change))(t)
		v := judgeConditional(d, claim, e)
		if v.Outcome != c.outcome || string(v.Reason)+string(v.Level) != c.word {
			t.Errorf("%s: %s %s%s: %s", name, v.Outcome, v.Reason, v.Level, v.Statement)
		}
	}
}

// keeping answers one caller what another does not get.
func keeping(control string, more ...string) func(string, *plumbline.Observation) {
	return func(step string, o *plumbline.Observation) {
		if step == stepCreate {
			return
		}
		o.Transcript = &plumbline.Transcript{ResponseBody: step + o.Identity, ResponseHeader: map[string][]string{}}
		for name, value := range map[string]string{"Cache-Control": control, "Age": strings.Join(more, "")} {
			if value != "" {
				o.Transcript.ResponseHeader[name] = []string{value}
			}
		}
	}
}

func TestWhatSharedCachesKeep(t *testing.T) {
	t.Parallel()
	alike := func(_ string, o *plumbline.Observation) {
		o.Status = 200
		o.Transcript = &plumbline.Transcript{ResponseBody: "all the same", ResponseHeader: map[string][]string{"Cache-Control": {"public"}}}
	}
	byKey := func(d *plumbline.Design) {
		for i := range d.Operations {
			d.Operations[i].Schemes = []plumbline.Scheme{{Name: "key", Type: "apiKey", In: "query", Key: "key"}}
		}
	}
	alone := func(d *plumbline.Design) { d.Identities = d.Identities[:1] }
	for name, c := range map[string]struct {
		change  func(string, *plumbline.Observation)
		design  func(*plumbline.Design)
		outcome plumbline.Outcome
		word    string
	}{
		"nothing is said":           {keeping(""), nil, plumbline.Pass, ""},
		"private":                   {keeping("private, max-age=60"), nil, plumbline.Pass, ""},
		"public, and not stored":    {keeping("public, no-store"), nil, plumbline.Pass, ""},
		"public, for no time":       {keeping("public, max-age=0"), nil, plumbline.Pass, ""},
		"public":                    {keeping("public"), nil, plumbline.Fail, "proved"},
		"s-maxage":                  {keeping("s-maxage=60"), nil, plumbline.Fail, "proved"},
		"a time, in Authorization":  {keeping("max-age=60"), nil, plumbline.Pass, ""},
		"a time, in the query":      {keeping("max-age=60"), byKey, plumbline.Fail, "proved"},
		"kept already":              {keeping("", "17"), nil, plumbline.Fail, "proved"},
		"no second caller":          {keeping("public"), alone, plumbline.Fail, "likely"},
		"everybody gets it":         {alike, nil, plumbline.Skipped, "not-applicable"},
		"its owner does not get it": {onStep(stepOwn, answered(403)), nil, plumbline.Inconclusive, "no-positive-control"},
	} {
		var designs []func(*plumbline.Design)
		if c.design != nil {
			designs = append(designs, c.design)
		}
		d, claim, e := flying(privateNotShared+"/getOrder", c.change, designs...)(t)
		v := judgePrivate(d, claim, e)
		if v.Outcome != c.outcome || string(v.Reason)+string(v.Level) != c.word {
			t.Errorf("%s: %s %s%s: %s", name, v.Outcome, v.Reason, v.Level, v.Statement)
		}
	}
}

// crossingTo is what a service answers other origins: nothing for them, or what
// change makes of it.
func crossingTo(declared *plumbline.Origins, change func(o *plumbline.Observation)) func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
	return func(t *testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
		t.Helper()
		d, claim, e := flying(securityCORS+"/all-responses", nil, func(d *plumbline.Design) { d.Origins = declared })(t)
		for i := range e.Observations {
			o := &e.Observations[i]
			_, from, _ := strings.Cut(o.Stream, " from ")
			o.Transcript = &plumbline.Transcript{RequestHeader: map[string][]string{"Origin": {from}}, ResponseHeader: map[string][]string{}}
			if change != nil {
				change(o)
			}
		}
		return d, claim, e
	}
}

// reflecting lets every origin in.
func reflecting(credentials bool, only ...string) func(*plumbline.Observation) {
	return func(o *plumbline.Observation) {
		from := o.Transcript.RequestHeader["Origin"][0]
		if len(only) > 0 && !strings.HasPrefix(from, only[0]) {
			return
		}
		if strings.HasPrefix(o.Stream, "OPTIONS ") {
			o.Status = 204
		}
		h := map[string][]string{"Access-Control-Allow-Origin": {from}, "Vary": {"Accept, Origin"}, "Access-Control-Allow-Methods": {"GET, PUT, DELETE"}}
		if credentials {
			h["Access-Control-Allow-Credentials"] = []string{"true"}
		}
		o.Transcript.ResponseHeader = h
	}
}

// What is asked of a path with another method breaks no promise of the document.
func TestPreflightsAreNoRequestsOfTheOperation(t *testing.T) {
	t.Parallel()
	d := shop()
	twoCallers(&d)
	for _, c := range planCORS(d).Experiments[0].Phases[0].Calls {
		o := plumbline.Observation{Experiment: securityOrigins, Stream: c.Name, Kind: c.Own.Kind, Keyword: c.Own.Keyword}
		if preflight := strings.HasPrefix(c.Name, "OPTIONS "); beyond(o) != preflight {
			t.Errorf("%s: beyond the document %t", c.Name, beyond(o))
		}
	}
}

func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	app := &plumbline.Origins{Allowed: []string{"https://app.example"}}
	exactly := func(o *plumbline.Observation) {
		if o.Transcript.RequestHeader["Origin"][0] == "https://app.example" {
			reflecting(true)(o)
		}
	}
	after := func(one, then func(*plumbline.Observation)) func(*plumbline.Observation) {
		return func(o *plumbline.Observation) { one(o); then(o) }
	}
	with := func(name, value string) func(*plumbline.Observation) {
		return func(o *plumbline.Observation) { o.Transcript.ResponseHeader[name] = []string{value} }
	}
	for name, c := range map[string]struct {
		declared *plumbline.Origins
		change   func(*plumbline.Observation)
		outcome  plumbline.Outcome
		word     string
	}{
		"none is let in":                      {nil, nil, plumbline.Pass, ""},
		"everybody, without credentials":      {nil, with("Access-Control-Allow-Origin", "*"), plumbline.Pass, ""},
		"repeated, without credentials":       {nil, reflecting(false), plumbline.Pass, ""},
		"repeated, with credentials":          {nil, reflecting(true), plumbline.Fail, "proved"},
		"null, with credentials":              {nil, reflecting(true, "null"), plumbline.Fail, "proved"},
		"a prefix, with credentials":          {nil, reflecting(true, "https://127.0.0.1."), plumbline.Fail, "proved"},
		"everybody, with credentials":         {nil, after(with("Access-Control-Allow-Origin", "*"), with("Access-Control-Allow-Credentials", "true")), plumbline.Fail, "likely"},
		"repeated without Vary":               {nil, after(reflecting(false), with("Vary", "Accept")), plumbline.Fail, "likely"},
		"the declared one":                    {app, exactly, plumbline.Pass, ""},
		"the declared one is kept out":        {app, nil, plumbline.Fail, "proved"},
		"its preflight is refused":            {app, after(exactly, func(o *plumbline.Observation) { o.Status = 401 }), plumbline.Fail, "proved"},
		"declared, and what begins like it":   {app, reflecting(true, "https://app.example"), plumbline.Fail, "proved"},
		"declared, and others are let in":     {app, reflecting(false), plumbline.Fail, "proved"},
		"none is declared, one is let in":     {&plumbline.Origins{}, reflecting(false), plumbline.Fail, "proved"},
		"none is declared, and none let in":   {&plumbline.Origins{}, nil, plumbline.Pass, ""},
		"everybody, although one is declared": {app, with("Access-Control-Allow-Origin", "*"), plumbline.Pass, ""},
	} {
		d, claim, e := crossingTo(c.declared, c.change)(t)
		v := judgeCORS(d, claim, e)
		if v.Outcome != c.outcome || string(v.Reason)+string(v.Level) != c.word {
			t.Errorf("%s: %s %s%s: %s", name, v.Outcome, v.Reason, v.Level, v.Statement)
		}
	}
}
