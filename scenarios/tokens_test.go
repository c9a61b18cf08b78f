package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// showing changes what other tokens, or the controls beside them, are answered
// by an operation.
func showing(call string, change func(*plumbline.Observation)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Observations {
			if o := &e.Observations[i]; o.Experiment == authTokens && strings.HasSuffix(o.Stream, ": "+call) {
				change(o)
			}
		}
	}
}

func with(status int) func(*plumbline.Observation) {
	return func(o *plumbline.Observation) { o.Status, o.Transcript = status, nil }
}

func init() {
	specimens[jwtForgery] = specimen{
		kept:     spoil(jwtForgery+"/getOrder", nil),
		broken:   spoil(jwtForgery+"/getOrder", showing(plumbline.AuthAlgNone, with(200))),
		unproven: spoil(jwtForgery+"/getOrder", showing(controlAfter, with(503))),
	}
	specimens[jwtClaims] = specimen{
		kept:     spoil(jwtClaims+"/audience", nil),
		broken:   spoil(jwtClaims+"/audience", showing(plumbline.AuthAudience, with(200))),
		unproven: spoil(jwtClaims+"/audience", showing(plumbline.AuthSigned, with(401))),
	}
}

// asPage makes an answer one with a body.
func asPage(body string) func(*plumbline.Observation) {
	return func(o *plumbline.Observation) {
		o.Status, o.Transcript = 200, &plumbline.Transcript{URL: "http://127.0.0.1/me", ResponseBody: body}
	}
}

func TestForgedTokens(t *testing.T) {
	t.Parallel()
	const claim = jwtForgery + "/getProduct"
	unmade := func(o *plumbline.Observation) {
		o.Status, o.Error = 0, plumbline.ErrorUnbound
		o.Transcript = &plumbline.Transcript{ResponseBody: "what the identity shows is no JWT"}
	}
	opaque := func(e *plumbline.Evidence) {
		for _, w := range forgedWays(shop()) {
			showing(w.how, unmade)(e)
		}
	}
	same := all(showing(controlCall, asPage(`{"at":1}`)), showing(controlAfter, asPage(`{"at":2}`)))
	judgings(t, []judging{
		{"the public key is taken for a secret", claim, showing(plumbline.AuthConfused, with(200)), plumbline.Fail, plumbline.LevelProved, nil},
		{"refused with 400", claim, showing(plumbline.AuthPayload, with(400)), plumbline.Pass, "", nil},
		{"sent elsewhere to log in", claim, showing(plumbline.AuthPayload, with(302)), plumbline.Pass, "", nil},
		{"the same answer but for the time", claim, all(same, showing(plumbline.AuthBlank, asPage(`{"at":3}`))), plumbline.Fail, plumbline.LevelProved, nil},
		{"another answer", claim, all(same, showing(plumbline.AuthBlank, asPage(`{"hello":"stranger"}`))), plumbline.Fail, plumbline.LevelLikely, nil},
		{"the service crashes", claim, showing(plumbline.AuthEmbedded, with(500)), plumbline.Inconclusive, "", nil},
		{"too many requests", claim, showing(plumbline.AuthEmbedded, with(429)), plumbline.Inconclusive, "", nil},
		{"anybody is let in", claim, all(showing(plumbline.AuthNone, with(200)), showing(plumbline.AuthAlgNone, with(200))), plumbline.Inconclusive, "", nil},
		{"anything is let in", claim, all(showing(plumbline.AuthMalformed, with(200)), showing(plumbline.AuthAlgNone, with(200))), plumbline.Inconclusive, "", nil},
		{"the token itself is refused", claim, all(showing(controlCall, with(401)), showing(plumbline.AuthAlgNone, with(200))), plumbline.Inconclusive, "", nil},
		{"one cannot be made", claim, showing(plumbline.AuthConfused, unmade), plumbline.Pass, "", nil},
		{"the token turns out to be opaque", claim, opaque, plumbline.Skipped, "", nil},
		{"nothing was sent", claim, func(e *plumbline.Evidence) { e.Observations = nil }, plumbline.Inconclusive, "", nil},
	})
}

func TestClaimsOfTokens(t *testing.T) {
	t.Parallel()
	absent := func(o *plumbline.Observation) {
		o.Status, o.Error = 0, plumbline.ErrorUnbound
		o.Transcript = &plumbline.Transcript{ResponseBody: "the token has no aud"}
	}
	clock := func(off time.Duration) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			showing(controlCall, func(o *plumbline.Observation) {
				at := e.Run.Began.Add(o.Done() + off)
				o.Transcript = &plumbline.Transcript{ResponseHeader: map[string][]string{"Date": {at.Format("Mon, 02 Jan 2006 15:04:05 GMT")}}}
			})(e)
		}
	}
	ready := func(d *plumbline.Design) { d.JWT.Signs, d.JWT.Ready = false, []string{plumbline.AuthPast} }
	judgings(t, []judging{
		{"an expired one is taken", jwtClaims + "/expired", showing(plumbline.AuthPast, with(200)), plumbline.Fail, plumbline.LevelProved, nil},
		{"an expired one is taken, and the clocks differ", jwtClaims + "/expired", all(clock(-6*time.Minute), showing(plumbline.AuthPast, with(200))), plumbline.Inconclusive, "", nil},
		{"the clocks are as good as the same", jwtClaims + "/expired", clock(20 * time.Second), plumbline.Pass, "", nil},
		{"clocks do not matter to an audience", jwtClaims + "/audience", clock(-6 * time.Minute), plumbline.Pass, "", nil},
		{"one from the future is taken", jwtClaims + "/not-yet", showing(plumbline.AuthFuture, with(200)), plumbline.Fail, plumbline.LevelProved, nil},
		{"another issuer's is taken", jwtClaims + "/issuer", showing(plumbline.AuthIssuer, with(200)), plumbline.Fail, plumbline.LevelProved, nil},
		{"an ID token is taken", jwtClaims + "/type", showing(plumbline.AuthType, with(200)), plumbline.Fail, plumbline.LevelLikely, nil},
		{"it names no audience", jwtClaims + "/audience", showing(plumbline.AuthAudience, absent), plumbline.Skipped, "", nil},
		{"the service crashes", jwtClaims + "/audience", showing(plumbline.AuthAudience, with(500)), plumbline.Inconclusive, "", nil},
		{"a ready one is refused", jwtClaims + "/expired", nil, plumbline.Pass, "", []func(*plumbline.Design){ready}},
		{"a ready one is taken", jwtClaims + "/expired", showing(plumbline.AuthPast, with(200)), plumbline.Fail, plumbline.LevelProved, []func(*plumbline.Design){ready}},
		{"nothing was sent", jwtClaims + "/expired", func(e *plumbline.Evidence) { e.Observations = nil }, plumbline.Inconclusive, "", nil},
	})
}

func TestOtherTokensAreShownWhereThatCanBeDone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*plumbline.Design)
		want   string // operations
	}{
		{"what only reads", func(*plumbline.Design) {}, "getProduct getOrder"},
		{"nothing that only reads", func(d *plumbline.Design) {
			for i := range d.Operations {
				d.Operations[i].Changes = true
			}
		}, "createOrder"},
		{"opaque tokens", func(d *plumbline.Design) { d.JWT = nil }, ""},
		{"another identity has nothing of its own", func(d *plumbline.Design) { d.JWT.Identity = "bob" }, "getProduct"},
		{"passwords", func(d *plumbline.Design) {
			for i := range d.Operations {
				d.Operations[i].Schemes = []plumbline.Scheme{{Type: "http", HTTP: "basic"}}
			}
		}, ""},
	} {
		d := shop()
		c.change(&d)
		var got []string
		for _, claim := range planForgery(d).Claims {
			got = append(got, claim.Operation)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: claims on %v, want %s", c.name, got, c.want)
		}
	}
	d := shop()
	d.JWT.Signs = false
	if p := planClaims(d); len(p.Claims) > 0 || p.Skips[0].Reason != plumbline.ReasonNotDeclared {
		t.Errorf("without a key: %+v", p)
	}
}
