package scenarios

import (
	"mime"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const negotiation = "contract/negotiation"

// A media type that no server has.
const unknownMedia = "application/x-plumbline-none"

func init() {
	register(plumbline.Function{
		ID:    negotiation,
		Title: "Content is labelled as what it is, and what cannot be had or read is refused",
		Doc: `Method: every operation that the run may read is asked for a media type that nobody has, and every operation that creates gets its valid body as text/plain.
Criterion: the unknown media type is refused with 406, or the answer has a media type of the document, never the one that was asked for; a body of the wrong media type is not accepted.
Guard: many frameworks ignore Accept by design: an answer as without it is right. Any 4xx refuses. A label that the document does not know is proved when the same request without Accept is answered as documented; a body taken although its media type is not documented is likely a defect and warns.`,
		Standard: "RFC 9110 §12.5.1, §8.3, §15.5.7 and §15.5.16",
		Mutants:  []string{"wrong-label"},
		Order:    27,
		Repeats:  true,
		Plan:     planNegotiation,
		Judge:    judgeNegotiation,
	})
}

func negotiable(d plumbline.Design, o plumbline.Operation) bool {
	return callable(d, o) && (o.Method == "GET" || o.Creates() && len(o.Cases[0].Request.Body) > 0)
}

func planNegotiation(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "negotiation", Role: plumbline.RoleProbe, Workers: callWorkers}
	for _, o := range d.Operations {
		if !negotiable(d, o) {
			continue
		}
		ph.Calls = append(ph.Calls, plumbline.Call{Name: seedCall(o), Operation: o.ID})
		if o.Method == "GET" {
			ph.Calls = append(ph.Calls, relabelled(o, o.ID+": accept", "Accept", unknownMedia))
		} else {
			ph.Calls = append(ph.Calls, relabelled(o, o.ID+": text", "Content-Type", "text/plain"))
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: negotiation + "/" + o.ID, Function: negotiation, Operation: o.ID, Basis: plumbline.BasisDefault, Source: o.Source,
			Statement: o.ID + " labels its content, and refuses what it cannot read", Experiments: []string{contractNegotiation},
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{{ID: contractNegotiation, Title: "content negotiation", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	}
	return p
}

// relabelled is a call with the seed request of an operation under another
// header.
func relabelled(o plumbline.Operation, name, header, value string) plumbline.Call {
	c := o.Cases[0]
	c.ID, c.Kind, c.Keyword = o.ID+"/"+strings.ToLower(header), plumbline.CaseRobust, "media-type"
	h := map[string][]string{header: {value}}
	for k, v := range c.Request.Header {
		if !strings.EqualFold(k, header) {
			h[k] = v
		}
	}
	c.Request.Header = h
	return plumbline.Call{Name: name, Operation: o.ID, Own: &c}
}

func judgeNegotiation(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, _ := d.Operation(c.Operation)
	said := map[string][]plumbline.Observation{} // by the name of the call
	for o := range e.Of(contractNegotiation, "") {
		if o.Operation == op.ID && sentToTarget(o) {
			said[o.Stream] = append(said[o.Stream], o)
		}
	}
	control, asked, sent := said[seedCall(op)], said[op.ID+": accept"], said[op.ID+": text"]
	n := len(asked) + len(sent)
	if n == 0 || len(control) == 0 {
		return inconclusive(plumbline.ReasonIncomplete, "%s was not asked", op.ID)
	}
	if !succeeded(control[0]) {
		return skipped(plumbline.ReasonNotApplicable, "the valid request was not answered 2xx (%s): not covered", answers(control))
	}
	var found []wrongdoing
	for _, o := range asked {
		found = append(found, mislabelled(o, control[0])...)
	}
	for _, o := range sent {
		if succeeded(o) {
			found = append(found, wrongdoing{level: plumbline.LevelLikely, what: "a body of text/plain is answered " + answer(o), cause: "accepts " + op.ID + " media-type", shown: o})
		}
	}
	if len(found) > 0 {
		v := accuse(e, n, "answers", found)
		v.Remedy = "answer 406, or the documented media type; refuse bodies of other media types with 415"
		return v
	}
	return pass(figure{0, 0, "answers", n}, "asked for what nobody has: %s; sent what nobody reads: %s", orNone(answers(asked)), orNone(answers(sent)))
}

func orNone(s string) string {
	if s == "" {
		return "not applicable"
	}
	return s
}

// mislabelled finds what is wrong with the answer to a request for a media
// type that nobody has.
func mislabelled(o, control plumbline.Observation) []wrongdoing {
	switch {
	case o.Status >= 500 && o.Status != 501:
		return []wrongdoing{{level: plumbline.LevelLikely, what: "Accept: " + unknownMedia + " is answered " + answer(o), shown: o, who: "service"}}
	case !succeeded(o) || o.Transcript == nil || control.Transcript == nil:
		return nil
	}
	got, usual := mediaIn(o), mediaIn(control)
	if got == usual || got == "" {
		return nil
	}
	w := wrongdoing{level: plumbline.LevelLikely, what: "Accept: " + unknownMedia + " gets the label " + got + " in place of " + usual, cause: "wrong label", shown: o, who: "service"}
	if got == unknownMedia || o.Marked(plumbline.MarkMedia) && !control.Marked(plumbline.MarkMedia) {
		w.level = plumbline.LevelProved
	}
	return []wrongdoing{w}
}

// mediaIn is the media type of an answer, without its parameters.
func mediaIn(o plumbline.Observation) string {
	if o.Transcript == nil {
		return ""
	}
	media, _, err := mime.ParseMediaType(headerIn(o.Transcript.ResponseHeader, "Content-Type"))
	if err != nil {
		return headerIn(o.Transcript.ResponseHeader, "Content-Type")
	}
	return media
}
