package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const toleratesGarbage = "resilience/tolerates-garbage"

const garbageCalls = 3 // requests of each safe operation whose answers are read

func init() {
	register(plumbline.Function{
		ID:    toleratesGarbage,
		Title: "Malformed answers of a dependency are contained",
		Doc: `Method: the dependency answers with JSON that stops in the middle, with a page of HTML and 200, with another JSON document and 200, and with a body that breaks off; three requests of each operation, beside healthy ones. Of safe operations three more each are made by themselves, and their bodies are compared with those of three healthy requests.
Criterion: every answer is 2xx that matches the document, or a clean failure (502, 503, 504 or 429, or those declared), in time and without internals; and no 2xx of an operation that calls a critical dependency says something else than the healthy ones did.
Guard: members in which healthy answers differ among themselves are not compared, nor what carries the declared marker of degraded content; two answers have to differ to accuse. An answer from a cache is the same and right. Where the dependency is optional or of no declared class, bodies are not compared. What an operation that changes data makes of garbage shows in its status alone.`,
		Standard: "OWASP API Security Top 10 2023, API10 Unsafe Consumption of APIs",
		Mutants:  []string{"trusts-dependency-json"},
		Order:    58,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, toleratesGarbage, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := probes(d, dep)
				if !ok {
					return skip
				}
				return claimed(plumbline.BasisDefault, dep.Source, "what "+dep.Name+" answers is not believed when it is garbage", x)
			})
		},
		Judge: judgeGarbage,
	})
}

// garbled are the probes that answer with something else than the dependency would.
func garbled() []string { return []string{probeTruncate, probeGarbage, probeOther, probeResetBody} }

// alone are the calls of a probe whose bodies are kept: those of safe operations
// under garbage.
func (s sweep) alone(dep probed) []plumbline.Call {
	var out []plumbline.Call
	for _, op := range dep.uses {
		if op.Safe() && slices.Contains(garbled(), s.name) {
			out = append(out, plumbline.Call{Name: garbledCall(dep.dep.Name, op.ID), Operation: op.ID, Repeat: garbageCalls})
		}
	}
	return out
}

func garbledCall(dependency, operation string) string {
	return operation + " with garbage of " + dependency
}

func namesOf(calls []plumbline.Call) []string {
	var out []string
	for _, c := range calls {
		out = append(out, c.Name)
	}
	return out
}

func judgeGarbage(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	all, v, ok := q.gradeProbes(garbled(), onceEnough, q.timeLimit)
	bad, worst, requests := accused(all)
	leaks := 0
	for _, g := range all {
		leaks += g.leaks
	}
	f := figure{float64(badAnswers(all)), 0, "bad answers", requests}
	remedy := "check status, media type and every member that is used before an answer of " + q.dep.Name + " is believed"
	believed, how, compared := q.believed()
	switch {
	case len(believed) > 1:
		f.measured = float64(len(believed))
		v := fail(f, "%d answers to garbage of %s were 2xx and said something else than healthy ones: %s", len(believed), q.dep.Name, how)
		v.Evidence, v.Remedy = q.exhibits(believed), remedy
		return v
	case len(bad) > 0:
		v := fail(f, "%d of %d requests whose answer of %s was garbage were answered neither cleanly nor in time: %s", badAnswers(bad), requests, q.dep.Name, reasons(bad))
		v.Evidence, v.Remedy = q.exhibits(worst), remedy
		return v
	case !ok:
		return v
	case len(believed) == 1:
		return inconclusive(plumbline.ReasonUndecided, "one answer to garbage of %s was 2xx and said something else than healthy ones: %s", q.dep.Name, how)
	}
	told := fmt.Sprintf("%d requests whose answer of %s was garbage were answered %s", requests, q.dep.Name, answersOf(all))
	if compared > 0 {
		told += fmt.Sprintf("; %d more, of which what was 2xx said what it says without garbage", compared)
	}
	if leaks > 0 {
		told += fmt.Sprintf("; %d showed internals, which security/error-leak judges", leaks)
	}
	return pass(f, "%s", told)
}

// believed are the requests that were answered 2xx with something else than
// healthy ones, where the dependency is critical; how tells the first
// difference.
func (q inquiry) believed() (wrong []trial, how string, compared int) {
	if q.dep.Class != plumbline.ClassCritical {
		return nil, "", 0
	}
	for _, name := range garbled() {
		p, ok := probeOf(q.d, q.dep, name)
		if !ok {
			continue
		}
		for _, op := range p.uses {
			usual := constantsOf(q.wire.trials(q.e, p.experiment, phaseBaseline, "warm up "+op.ID))
			for _, t := range hitBy(q.wire.trials(q.e, p.experiment, p.phase, garbledCall(q.dep.Name, op.ID)), p.kind) {
				compared++
				if marked(t.seen, q.dep.Degraded) {
					continue
				}
				if at, differs := firstDifference(usual, valuesOf(t)); differs {
					wrong = append(wrong, t)
					if how == "" {
						how = fmt.Sprintf("%s under %s: %s", op.ID, p.phase, at)
					}
				}
			}
		}
	}
	return wrong, how, compared
}

// valuesOf are the values of an answer that was 2xx, by their places; nil when
// it was not, or is no JSON.
func valuesOf(t trial) map[string]string {
	if !succeeded(t.seen) || t.seen.Transcript == nil {
		return nil
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader([]byte(t.seen.Transcript.ResponseBody)))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return nil
	}
	out := map[string]string{}
	flatten("", v, out)
	return out
}

func flatten(at string, v any, out map[string]string) {
	switch x := v.(type) {
	case map[string]any:
		for name, inner := range x {
			flatten(at+"/"+strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1"), inner, out)
		}
	case []any:
		for i, inner := range x {
			flatten(fmt.Sprintf("%s/%d", at, i), inner, out)
		}
	default:
		text, _ := json.Marshal(x) // of a scalar
		out[at] = string(text)
	}
}

// constantsOf are the members that all of several healthy answers have with the
// same value; nil when there are fewer than two such answers.
func constantsOf(healthy []trial) map[string]string {
	var out map[string]string
	n := 0
	for _, t := range healthy {
		m := valuesOf(t)
		if m == nil {
			continue
		}
		if n++; out == nil {
			out = m
			continue
		}
		for at, v := range out {
			if m[at] != v {
				delete(out, at)
			}
		}
	}
	if n < 2 {
		return nil
	}
	return out
}

// firstDifference is the first member, by its place, that has another value
// than usual or is not there.
func firstDifference(usual, seen map[string]string) (string, bool) {
	if seen == nil {
		return "", false
	}
	for _, at := range sortedKeys(usual) {
		switch v, there := seen[at]; {
		case !there:
			return fmt.Sprintf("%s is missing, it was %s", at, usual[at]), true
		case v != usual[at]:
			return fmt.Sprintf("%s is %s, it was %s", at, v, usual[at]), true
		}
	}
	return "", false
}
