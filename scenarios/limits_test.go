package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func withLimit(d *plumbline.Design) {
	d.RateLimits = []plumbline.RateLimit{{Name: "free", Operation: "getProduct", Requests: 10, Window: time.Second}}
}

// limiting lets in what a bucket of so many, filled anew in a second, lets in of
// the requests of the limits. What is exempt takes nothing out of it.
func limiting(most int, exempt ...string) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		left, last := float64(most), time.Duration(0)
		for i := range e.Observations {
			o := &e.Observations[i]
			if !strings.HasPrefix(o.Experiment, "security/limit") || slices.ContainsFunc(exempt, func(x string) bool { return strings.HasPrefix(o.Phase, x) }) {
				continue
			}
			left = min(float64(most), left+(o.Sent-last).Seconds()*float64(most))
			if last = o.Sent; left < 1 {
				o.Status = 429
				continue
			}
			left--
		}
	}
}

func init() {
	specimens[rateLimit] = specimen{
		kept:     spoil(rateLimit+"/free", limiting(10), withLimit),
		broken:   spoil(rateLimit+"/free", limiting(40), withLimit),
		unproven: spoil(rateLimit+"/free", in("security/limit/free", limitBelow, answered401), withLimit),
	}
	specimens[rateLimitBypass] = specimen{
		kept:     spoil(rateLimitBypass+"/free", limiting(10), withLimit),
		broken:   spoil(rateLimitBypass+"/free", limiting(10, "X-Forwarded-For"), withLimit),
		unproven: spoil(rateLimitBypass+"/free", nil, withLimit),
	}
}

func answered401(o *plumbline.Observation) { o.Status = 401 }

// in changes what is answered in the phases of an experiment whose name begins
// with a prefix.
func in(experiment, phase string, change func(*plumbline.Observation)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Observations {
			if o := &e.Observations[i]; o.Experiment == experiment && strings.HasPrefix(o.Phase, phase) {
				change(o)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	const x, claim = "security/limit/free", rateLimit + "/free"
	some := func(phase string, which ...int) func(*plumbline.Evidence) {
		n := 0
		return in(x, phase, func(o *plumbline.Observation) {
			if slices.Contains(which, n) {
				o.Status = 429
			}
			n++
		})
	}
	for _, c := range []struct {
		name    string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		level   plumbline.Level
		says    string
	}{
		{"as declared", limiting(10), plumbline.Pass, "", "let in"},
		{"stricter, and still enough", limiting(9), plumbline.Pass, "", "let in"},
		{"half of it", limiting(5), plumbline.Fail, "", "refused with 429"},
		{"no limit", nil, plumbline.Fail, "", "where the limit of 10 in 1s"},
		{"refused with 503", all(limiting(10), in(x, limitAbove, func(o *plumbline.Observation) {
			if o.Status == 429 {
				o.Status = 503
			}
		})), plumbline.Fail, plumbline.LevelLikely, "another status than 429"},
		{"one refusal below it", all(limiting(10), some(limitBelow, 12)), plumbline.Inconclusive, "", "one request"},
		{"refusals in the first window, of what came before", all(limiting(10), some(limitBelow, 0, 1, 2)), plumbline.Pass, "", "let in"},
		{"punished afterwards", all(limiting(10), some(limitAfter, 12, 13, 14)), plumbline.Fail, plumbline.LevelLikely, "still refused"},
		{"refused when the window is not over", all(limiting(10), some(limitAfter, 0, 1, 2)), plumbline.Pass, "", "let in"},
		{"refused when requests came in a lump", all(limiting(10), func(e *plumbline.Evidence) {
			n := 0
			in(x, limitBelow, func(o *plumbline.Observation) {
				if n++; n > 14 && n < 20 {
					o.Sent -= time.Duration(n-14) * 120 * time.Millisecond
					o.Status = 429
				}
			})(e)
		}), plumbline.Pass, "", "let in"},
		{"a slow service", all(limiting(10), in(x, limitAbove, func(o *plumbline.Observation) { o.Latency = 9 * time.Second })), plumbline.Inconclusive, "", "too few"},
		{"nothing was sent", func(e *plumbline.Evidence) { e.Observations = nil }, plumbline.Inconclusive, "", "nothing was asked"},
	} {
		d, claimed, e := spoil(claim, c.change, withLimit)(t)
		if v := judgeRateLimit(d, claimed, e); v.Outcome != c.outcome || v.Level != c.level || !strings.Contains(v.Statement, c.says) {
			t.Errorf("%s: %s %s %s, want %s %s: %s", c.name, v.Outcome, v.Level, v.Reason, c.outcome, c.level, v.Statement)
		}
	}
}

func TestWaysAroundLimits(t *testing.T) {
	t.Parallel()
	const x, claim = "security/limit-around/free", rateLimitBypass + "/free"
	body := func(text string) func(*plumbline.Observation) {
		return func(o *plumbline.Observation) {
			if o.Status == 404 { // a recording has no such paths
				o.Status = 200
			}
			o.Transcript = &plumbline.Transcript{URL: "http://127.0.0.1/products/1", ResponseBody: text}
		}
	}
	for _, c := range []struct {
		name    string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		says    string
	}{
		{"none", limiting(10), plumbline.Pass, "10 ways"},
		{"capitals, another page", all(limiting(10, "capitals"), in(x, plainFlood, body(`{"product":"one"}`)), in(x, "capitals", body("home"))), plumbline.Pass, "10 ways"},
		{"capitals, the same page", all(limiting(10, "capitals"), in(x, plainFlood, body(`{"product":"one"}`)), in(x, "capitals", body(`{"product":"one"}`))), plumbline.Fail, "capitals"},
		{"once", limiting(10, "X-Real-Ip, round 2"), plumbline.Inconclusive, "once"},
		{"two ways", limiting(10, "X-Real-Ip", "Forwarded"), plumbline.Fail, "X-Real-Ip; Forwarded"},
		{"too slow", all(limiting(10), in(x, "Forwarded", func(o *plumbline.Observation) { o.Latency = 9 * time.Second })), plumbline.Inconclusive, "too"},
		{"the limit is not met at the end", limiting(10, plainFlood+", round 3", "Forwarded"), plumbline.Inconclusive, "not enforced"},
		{"refused with 503", all(limiting(10, "Forwarded"), in(x, "", func(o *plumbline.Observation) {
			if o.Status == 429 {
				o.Status = 503
			}
		})), plumbline.Inconclusive, "nothing was refused with 429"},
		{"never let in", in(x, "", func(o *plumbline.Observation) { o.Status = 429 }), plumbline.Inconclusive, "nothing was let in"},
		{"nothing was sent", func(e *plumbline.Evidence) { e.Observations = nil }, plumbline.Inconclusive, "not flooded"},
	} {
		d, claimed, e := spoil(claim, c.change, withLimit)(t)
		if v := judgeBypass(d, claimed, e); v.Outcome != c.outcome || !strings.Contains(v.Statement, c.says) {
			t.Errorf("%s: %s %s, want %s: %s", c.name, v.Outcome, v.Reason, c.outcome, v.Statement)
		}
	}
}

func TestLimitsThatCannotBeTried(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]plumbline.RateLimit{
		"a write":            {Name: "free", Operation: "createOrder"},
		"of another's order": {Name: "free", Operation: "getOrder", Identity: "bob"},
		"of nothing":         {Name: "free", Operation: "unheardOf"},
	} {
		d := shop()
		d.RateLimits = []plumbline.RateLimit{l}
		if p := perLimit(d, rateLimit, "", limitExperiment); len(p.Claims) > 0 || len(p.Skips) != 1 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := perLimit(shop(), rateLimit, "", limitExperiment); p.Skips[0].Reason != plumbline.ReasonNotDeclared {
		t.Errorf("none is declared: %+v", p)
	}
}
