package scenarios

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const statusRules = "contract/status-rules"

func init() {
	register(plumbline.Function{
		ID:    statusRules,
		Title: "Statuses are used as HTTP defines them",
		Doc: `Method: every answer of the run that was written down, of valid, invalid and anonymous requests alike, is held against what RFC 9110 says of its status; one request without credentials to every protected operation makes sure that 401 is among them.
Criterion: 401 names a challenge in WWW-Authenticate, 405 the methods in Allow, 407 a challenge in Proxy-Authenticate, 426 a protocol in Upgrade; 204 announces no content and 205 has none; 206 answers a Range and says which in Content-Range, 304 answers a condition of a GET or HEAD. These are MUSTs, and a breach is proved. A Retry-After of 429 and 503 is a number of seconds or a date, or it warns.
Guard: the rest informs: 201 on GET, DELETE and PATCH and to a second PUT of the same, 403 where there were no credentials, 406 though anything was accepted, 501 on GET, a redirection without Location, 412 without a condition, 413 and 415 without content, 416 without a Range, a status that is neither documented nor registered, or outside of 100 to 599. 201 needs neither Location nor identifier, and 304 and 412 are not judged behind a fault.`,
		Standard: "RFC 9110 §15; EvoMaster F950 to F965",
		Mutants:  []string{"401-without-challenge"},
		Order:    18,
		Repeats:  true,
		Plan:     planStatus,
		Judge:    judgeStatus,
	})
}

func planStatus(d plumbline.Design) plumbline.Proposal {
	p := perCallable(d, statusRules, validCases, func(o plumbline.Operation) string {
		return "the statuses of " + o.ID + " are used as HTTP defines them"
	})
	ph := plumbline.Phase{Name: "anonymous", Role: plumbline.RoleProbe, Workers: callWorkers}
	for _, o := range d.Operations {
		if callable(d, o) && protected(d, o) && len(d.Identities) > 0 {
			ph.Calls = append(ph.Calls, plumbline.Call{Name: o.ID + anonymousCall, Operation: o.ID, Auth: plumbline.AuthNone})
		}
	}
	if len(ph.Calls) == 0 {
		return p
	}
	p.Experiments = append(p.Experiments, plumbline.Experiment{
		ID: contractStatus, Title: "requests without credentials", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph},
	})
	for i, c := range p.Claims {
		if slices.ContainsFunc(ph.Calls, func(k plumbline.Call) bool { return k.Operation == c.Operation }) {
			p.Claims[i].Experiments = append(p.Claims[i].Experiments, contractStatus)
		}
	}
	return p
}

func judgeStatus(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, _ := d.Operation(c.Operation)
	disturbed := disturbanceOf(e)
	n, taken := 0, 0
	var found []wrongdoing
	for _, o := range e.Observations {
		if o.Operation != op.ID || o.Error != "" || o.Status == 0 || o.Transcript == nil || disturbed.near(o) {
			continue
		}
		n++
		if succeeded(o) {
			taken++
		}
		if what, level := misused(o); what != "" {
			found = append(found, wrongdoing{
				level: level, what: answer(o) + " " + what, cause: "status " + answer(o) + " " + what, who: "service",
				shown: o, with: flowOf(o), flow: isStep(o),
			})
		}
	}
	switch {
	case len(found) > 0:
		v := accuse(e, n, "rules", found)
		v.Remedy = "send what RFC 9110 §15 asks for, or another status"
		return v
	case n == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no answer of %s was written down", op.ID)
	}
	if taken == 0 {
		return skipped(plumbline.ReasonNotApplicable, "never answered 2xx: not covered")
	}
	return pass(figure{0, 0, "rules", n}, "no rule broken in %s", plural(n, "answer"))
}

// isStep says whether the request was a step of a flow.
func isStep(o plumbline.Observation) bool {
	return slices.Contains([]string{contractRoundtrip, contractDeleted, contractHierarchy, contractFailed, contractSafe, apiPages, apiTies, apiStable, apiLimit}, o.Experiment)
}

// flowOf names the flow of a step, for it is repeated as a whole.
func flowOf(o plumbline.Observation) []plumbline.Suspect {
	i := strings.LastIndex(o.Stream, "/")
	if !isStep(o) || i < 0 {
		return nil
	}
	return []plumbline.Suspect{{Experiment: o.Experiment, Phase: o.Phase, Stream: o.Stream[:i]}}
}

// required are the headers without which a status must not be sent (RFC 9110
// §15.5.2, §15.5.6, §15.5.8, §15.5.22).
func required(status int) string {
	switch status {
	case 401:
		return "WWW-Authenticate"
	case 405:
		return "Allow"
	case 407:
		return "Proxy-Authenticate"
	case 426:
		return "Upgrade"
	}
	return ""
}

// misused says how an answer breaks what HTTP says of its status, and whether
// that is a MUST.
func misused(o plumbline.Observation) (string, plumbline.Level) {
	t := o.Transcript
	if name := required(o.Status); name != "" && !hasHeader(t.ResponseHeader, name) {
		return "without " + name, plumbline.LevelProved
	}
	if what, level := misusedContent(o); what != "" {
		return what, level
	}
	if what := unreadableDelay(o); what != "" {
		return what, plumbline.LevelLikely
	}
	return misusedLoosely(o)
}

// unreadableDelay finds a Retry-After of 429 and 503 that is neither a number
// of seconds nor a date (RFC 9110 §10.2.3): a client cannot wait for it.
func unreadableDelay(o plumbline.Observation) string {
	value := strings.TrimSpace(headerIn(o.Transcript.ResponseHeader, "Retry-After"))
	if o.Status != 429 && o.Status != 503 || value == "" || strings.Trim(value, "0123456789") == "" {
		return ""
	}
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC} {
		if _, err := time.Parse(layout, value); err == nil {
			return ""
		}
	}
	return "with a Retry-After that is neither seconds nor a date"
}

// misusedContent finds content, ranges and conditions that do not go with the
// status.
func misusedContent(o plumbline.Observation) (string, plumbline.Level) {
	t := o.Transcript
	switch o.Status {
	case 204:
		return announced(t)
	case 205:
		if o.Bytes > 0 {
			return "has content", plumbline.LevelProved
		}
	case 206:
		multipart := strings.HasPrefix(headerIn(t.ResponseHeader, "Content-Type"), "multipart/byteranges")
		if !hasHeader(t.RequestHeader, "Range") {
			return "though no Range was asked for", plumbline.LevelProved
		}
		if !multipart && !hasHeader(t.ResponseHeader, "Content-Range") {
			return "without Content-Range", plumbline.LevelProved
		}
	case 304:
		if !reads(t) || !conditional(t.RequestHeader) {
			return "though there was no condition", plumbline.LevelProved
		}
	}
	return "", ""
}

// announced finds a Content-Length where RFC 9110 §8.6 forbids one.
func announced(t *plumbline.Transcript) (string, plumbline.Level) {
	switch length, err := strconv.Atoi(headerIn(t.ResponseHeader, "Content-Length")); {
	case err == nil && length > 0:
		return "announces content", plumbline.LevelProved
	case err == nil:
		return "has a Content-Length", plumbline.LevelAdvisory
	}
	return "", ""
}

func reads(t *plumbline.Transcript) bool { return t.Method == "GET" || t.Method == "HEAD" }

// An oddity is something odd about a status that breaks no MUST.
type oddity struct {
	broken bool
	what   string
}

// misusedLoosely finds what is odd and no breach of a MUST.
func misusedLoosely(o plumbline.Observation) (string, plumbline.Level) {
	for _, rule := range append(oddSuccesses(o), oddRefusals(o)...) {
		if rule.broken {
			return rule.what, plumbline.LevelAdvisory
		}
	}
	return "", ""
}

func oddSuccesses(o plumbline.Observation) []oddity {
	t := o.Transcript
	return []oddity{
		{o.Status == 201 && (reads(t) || t.Method == "DELETE" || t.Method == "PATCH"), "on " + t.Method},
		{o.Status == 201 && replacesWhatIsThere(o), "to a PUT of what was there already"},
		{slices.Contains([]int{301, 302, 303, 307, 308}, o.Status) && !hasHeader(t.ResponseHeader, "Location"), "without Location"},
	}
}

func oddRefusals(o plumbline.Observation) []oddity {
	t := o.Transcript
	return []oddity{
		{o.Status == 403 && o.Experiment == contractStatus, "to a request without credentials, which 401 would ask for"},
		{o.Status == 406 && takesAnything(t), "though anything was accepted"},
		{o.Status == 412 && !conditional(t.RequestHeader), "though there was no condition"},
		{(o.Status == 413 || o.Status == 415) && t.RequestBody == "" && reads(t), "though there was no content"},
		{o.Status == 416 && !hasHeader(t.RequestHeader, "Range"), "though no Range was asked for"},
		{o.Status == 501 && reads(t), "on " + t.Method},
		{o.Marked(plumbline.MarkStatus) && !registered(o.Status), "is not registered, nor documented"},
		{o.Status < 100 || o.Status > 599, "is no status of HTTP"},
	}
}

// replacesWhatIsThere says whether the request is the PUT of a life that was
// read before.
func replacesWhatIsThere(o plumbline.Observation) bool {
	return o.Experiment == contractRoundtrip && strings.HasSuffix(o.Stream, "/replace-again")
}

func takesAnything(t *plumbline.Transcript) bool {
	accept := headerIn(t.RequestHeader, "Accept")
	return accept == "" || accept == "*/*"
}

// registered says whether a status is in the registry of IANA.
func registered(status int) bool {
	for _, r := range [][2]int{{100, 104}, {200, 208}, {226, 226}, {300, 305}, {307, 308}, {400, 417}, {421, 426}, {428, 429}, {431, 431}, {451, 451}, {500, 508}, {510, 511}} {
		if status >= r[0] && status <= r[1] {
			return true
		}
	}
	return false
}

func conditional(h map[string][]string) bool {
	for _, name := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"} {
		if hasHeader(h, name) {
			return true
		}
	}
	return false
}

// hasHeader says whether a header was there, empty or not: an empty Allow says
// that no method is allowed at all.
func hasHeader(h map[string][]string, name string) bool {
	for k := range h {
		if strings.EqualFold(k, name) {
			return true
		}
	}
	return false
}
