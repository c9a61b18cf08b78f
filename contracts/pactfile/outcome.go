package pactfile

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// An outcome is what a right provider answers to a request when what the
// request names is there already, or is new: one of the statuses, and which one
// is the provider's choice.
type outcome struct {
	statuses  []int // ascending
	responses []*openapi3.Response
	there     bool // the thing that the path names has to be there before
}

// outcomes are the successes of an operation, told apart as far as the request
// decides between them. A PUT that creates is answered 201, or 202 while it is
// under way, and one that replaces is not (RFC 9110 §9.3.4); 206 is for those
// who asked for a part (§15.3.7). Of what is left a provider may give any.
func outcomes(src *openapi3.Operation, op plumbline.Operation) []outcome {
	all := successes(src)
	made, other := all.only(http.StatusCreated, http.StatusAccepted), all.without(http.StatusCreated)
	if op.Method == http.MethodPut && chosen(op.Cases[0]) && slices.Contains(all.statuses, http.StatusCreated) && len(other.statuses) > 0 {
		other.there = true
		return []outcome{other, made}
	}
	if some := all.without(http.StatusPartialContent); len(some.statuses) > 0 {
		all = some
	}
	if len(all.statuses) == 0 {
		return nil
	}
	return []outcome{all}
}

// chosen tells whether the client chooses what the path of a case names.
func chosen(c plumbline.Case) bool {
	return slices.ContainsFunc(c.Binds, func(b plumbline.Bind) bool { return b.In == "path" && b.From == plumbline.FromNew })
}

// successes are the documented 2xx statuses with their answers.
func successes(op *openapi3.Operation) outcome {
	var out outcome
	if op == nil || op.Responses == nil {
		return out
	}
	for _, key := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		status, err := strconv.Atoi(key)
		if r := op.Responses.Value(key); err == nil && status/100 == 2 && r != nil {
			out.statuses, out.responses = append(out.statuses, status), append(out.responses, r.Value)
		}
	}
	return out
}

func (o outcome) filter(keep func(status int) bool) outcome {
	var out outcome
	for i, status := range o.statuses {
		if keep(status) {
			out.statuses, out.responses = append(out.statuses, status), append(out.responses, o.responses[i])
		}
	}
	return out
}

func (o outcome) only(statuses ...int) outcome {
	return o.filter(func(s int) bool { return slices.Contains(statuses, s) })
}

func (o outcome) without(status int) outcome {
	return o.filter(func(s int) bool { return s != status })
}

// words are the statuses as a description has them: 200 or 204.
func (o outcome) words() string {
	var parts []string
	for _, s := range o.statuses {
		parts = append(parts, strconv.Itoa(s))
	}
	return strings.Join(parts, " or ")
}

// alike tells whether all statuses have the same body: only then can a pact
// state it without knowing which one is given.
func (o outcome) alike(w *writer) bool {
	probe := func(r *openapi3.Response) (string, *openapi3.SchemaRef) {
		media, m := stated(r, &writer{kit: w.kit})
		if m == nil {
			return fmt.Sprint(len(r.Content) > 0), nil
		}
		return media, m.Schema
	}
	media, ref := probe(o.responses[0])
	return !slices.ContainsFunc(o.responses[1:], func(r *openapi3.Response) bool {
		otherMedia, other := probe(r)
		same := other == ref || other != nil && ref != nil && other.Ref != "" && other.Ref == ref.Ref
		return media != otherMedia || !same
	})
}

// promise states an outcome: its status, any of its statuses, and the body that
// they share.
func (i *interaction) promise(op string, o outcome, k *kit) []Loss {
	code := strconv.Itoa(o.statuses[0])
	i.Description, i.Key = op+" answers "+o.words(), op+"/"+code
	i.Response = response{Status: o.statuses[0]}
	w := &writer{op: op, status: code, rules: map[string]any{}, kit: k, sound: true}
	var losses []Loss
	if o.alike(w) {
		losses = i.expect(o.responses[0], w)
	} else {
		w.lose("$", "content", "the answers "+o.words()+" differ in their bodies, and a provider may give either")
		losses = w.losses
	}
	if len(o.statuses) > 1 {
		if i.Response.MatchingRules == nil {
			i.Response.MatchingRules = map[string]any{}
		}
		i.Response.MatchingRules["status"] = map[string]any{"combine": "AND", "matchers": []any{map[string]any{"match": "statusCode", "status": o.statuses}}}
	}
	return losses
}

// statuses are those that an interaction accepts.
func (i *interaction) statuses() []int {
	rule, _ := i.Response.MatchingRules["status"].(map[string]any)
	for _, m := range asList(rule["matchers"]) {
		if all, ok := m["status"].([]int); ok {
			return all
		}
	}
	return []int{i.Response.Status}
}

func asList(v any) []map[string]any {
	var out []map[string]any
	all, _ := v.([]any)
	for _, e := range all {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// present asks for a thing that is there already under a name that the client
// had chosen: the very operation made it.
func (i *interaction) present() {
	for n, s := range i.ProviderStates {
		if s.Params["operation"] != plumbline.FromNew {
			continue
		}
		id, _ := i.Comments["operation"].(string)
		as, _ := s.Params["as"].(string)
		i.ProviderStates[n] = state{id + " has answered", map[string]any{"operation": id, "pointer": "path:" + as, "as": as, "changes": true}}
	}
}
