package scenarios

import (
	"regexp"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const securityHeaders = "security/headers"

func init() {
	register(plumbline.Function{
		ID:    securityHeaders,
		Title: "Answers carry the headers that keep browsers from harm",
		Doc: `Method: the headers of every answer to a valid request that was written down are looked at.
Criterion: content has X-Content-Type-Options: nosniff; over https there is Strict-Transport-Security; a page of HTML says who may frame it (Content-Security-Policy or X-Frame-Options); neither Server nor X-Powered-By tells a version.
Guard: it informs and never gates: a service that no browser talks to needs none of it. Answers without content need no nosniff. The headers may be the gateway's, which is not there in a test.`,
		Standard: "OWASP REST Security Cheat Sheet; RFC 6797; Fetch Standard §3.6",
		Mutants:  []string{"sniffable"},
		Level:    plumbline.LevelAdvisory,
		Order:    60,
		Plan:     planHeaders,
		Judge:    judgeHeaders,
	})
}

func planHeaders(d plumbline.Design) plumbline.Proposal {
	x := validCases(d)
	if len(x.Phases[0].Calls) == 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{{
			Function: securityHeaders, Reason: plumbline.ReasonNotApplicable, Detail: "no operation can be called", Unlock: "mode own, or examples in the OpenAPI document",
		}}}
	}
	return plumbline.Proposal{
		Claims: []plumbline.Claim{{
			ID: securityHeaders + "/all-responses", Function: securityHeaders, Basis: plumbline.BasisDefault,
			Statement: "answers carry the headers that keep browsers from harm", Experiments: []string{contractValid},
		}},
		Experiments: []plumbline.Experiment{x},
	}
}

func judgeHeaders(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	looked := 0
	wants := map[string][]plumbline.Observation{}
	for o := range e.Of(contractValid, "") {
		if o.Transcript == nil || o.Error != "" || o.Status == 0 {
			continue
		}
		looked++
		for _, w := range wanting(o, strings.HasPrefix(d.Target, "https://")) {
			wants[w] = append(wants[w], o)
		}
	}
	switch {
	case looked == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no answer was written down")
	case len(wants) == 0:
		return pass(figure{0, 0, "headers", looked}, "nothing is missing in %s", plural(looked, "answer"))
	}
	var words []string
	var shown []plumbline.Observation
	for _, w := range sortedKeys(wants) {
		words = append(words, w+" in "+plural(len(wants[w]), "answer"))
		shown = append(shown, wants[w][0])
	}
	v := fail(figure{float64(len(wants)), 0, "headers", looked}, "%s, of %d", first(words, 4), looked)
	v.Remedy = "have the service, or the gateway before it, send them"
	v.Evidence, v.Cause = exhibits(e, shown), "security headers"
	return v
}

// wanting names what the headers of an answer lack, or tell too much of.
func wanting(o plumbline.Observation, secure bool) []string {
	h := o.Transcript.ResponseHeader
	media, has := mediaOf(o), func(name string) bool { return headerIn(h, name) != "" }
	var out []string
	for _, rule := range []struct {
		wrong bool
		what  string
	}{
		{o.Bytes > 0 && media != "" && !strings.EqualFold(headerIn(h, "X-Content-Type-Options"), "nosniff"), "no X-Content-Type-Options: nosniff"},
		{secure && !has("Strict-Transport-Security"), "no Strict-Transport-Security"},
		{media == "text/html" && !has("Content-Security-Policy") && !has("X-Frame-Options"), "no Content-Security-Policy on a page"},
		{tellsVersion(headerIn(h, "Server")), "a version in Server"},
		{has("X-Powered-By"), "X-Powered-By"},
	} {
		if rule.wrong {
			out = append(out, rule.what)
		}
	}
	return out
}

func tellsVersion(server string) bool { return regexp.MustCompile(`/\d`).MatchString(server) }
