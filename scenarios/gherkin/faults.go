package gherkin

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A verb is how a fault is said: `"payment" hangs`.
type verb struct {
	kind  plumbline.FaultKind
	said  string // regular expression after the dependency's name
	form  string
	doc   string
	write func(plumbline.Fault) string
}

func plain(kind plumbline.FaultKind, said, doc string) verb {
	return verb{kind, said, said, doc, func(plumbline.Fault) string { return said }}
}

// partly is a verb that can be about some instances only.
func partly(kind plumbline.FaultKind, said, doc string) verb {
	return verb{kind, said + `(?: in (?P<instances>[0-9]+) of its instances)?`, said + "[ in <n> of its instances]", doc, func(f plumbline.Fault) string {
		if f.Instances == 0 {
			return said
		}
		return fmt.Sprintf("%s in %d of its instances", said, f.Instances)
	}}
}

func verbs() []verb {
	latency := func(f plumbline.Fault) string { return f.Latency.String() }
	const l, j = `(?P<latency>` + period + `)`, `(?: ± (?P<jitter>` + period + `))?`
	withJitter := func(said string) func(plumbline.Fault) string {
		return func(f plumbline.Fault) string {
			s := said + latency(f)
			if f.Jitter != 0 {
				s += " ± " + f.Jitter.String()
			}
			return s
		}
	}
	return []verb{
		{
			plumbline.FaultStatus, `answers status (?P<status>[0-9]+)(?: with Retry-After (?P<after>` + period + `))?`,
			"answers status <status>[ with Retry-After <duration>]", "The upstream is not asked.", writeStatus,
		},
		plain(plumbline.FaultHang, "hangs", "The request is accepted and read, and never answered."),
		plain(plumbline.FaultRefuse, "refuses connections", "Connections are refused or reset at once."),
		plain(plumbline.FaultResetBefore, "resets before it answers", "A reset before any byte of the response; the upstream is not asked."),
		plain(plumbline.FaultResetBody, "resets in the middle of its answer", "A reset in the middle of the response body."),
		plain(plumbline.FaultLostResponse, "does its work and the response is lost", "The upstream answers; the caller sees a reset."),
		plain(plumbline.FaultTruncate, "truncates its answer", "A complete response whose JSON stops in the middle."),
		plain(plumbline.FaultStale, "has closed the connection", "A reset of what comes over a connection that has carried a request before; a new connection works. On an HTTP wire."),
		plain(plumbline.FaultCut, "resets its connections once", "What is open when the phase begins; new connections work. On a TCP wire."),
		plain(plumbline.FaultUnreachable, "cannot be reached", "What is open is reset, and who connects waits: nobody answers. On a TCP wire, on Linux."),
		plain(plumbline.FaultMoved, "has moved", "What is open is neither answered nor ended; new connections work. On a TCP wire, on Linux."),
		plain(plumbline.FaultGarbage, "answers garbage", "Status 200 with a page of HTML."),
		{
			plumbline.FaultDrip, `drips one byte every ` + l, "drips one byte every <duration>", "Headers at once, then byte by byte.",
			func(f plumbline.Fault) string { return "drips one byte every " + latency(f) },
		},
		{plumbline.FaultDelay, `answers late by ` + l + j, "answers late by <duration>[ ± <jitter>]", "A delay before the response headers.", withJitter("answers late by ")},
		{plumbline.FaultDelayBody, `sends its body late by ` + l + j, "sends its body late by <duration>[ ± <jitter>]", "A delay between headers and body.", withJitter("sends its body late by ")},
		{plumbline.FaultLatency, `has a latency of ` + l + j, "has a latency of <duration>[ ± <jitter>]", "A delay of every chunk, both ways; works on any wire.", withJitter("has a latency of ")},
		{
			plumbline.FaultBandwidth, `carries at most (?P<bytes>[0-9]+) bytes a second`, "carries at most <n> bytes a second", "Each way; on a TCP wire.",
			func(f plumbline.Fault) string { return fmt.Sprintf("carries at most %d bytes a second", f.Bytes) },
		},
		{plumbline.FaultSlowClose, `closes connections late by ` + l, "closes connections late by <duration>", "On a TCP wire.", func(f plumbline.Fault) string { return "closes connections late by " + latency(f) }},
		{
			plumbline.FaultTimeout, `falls silent and closes after ` + l, "falls silent and closes after <duration>", "No byte goes through any more; on a TCP wire.",
			func(f plumbline.Fault) string { return "falls silent and closes after " + latency(f) },
		},
		{
			plumbline.FaultSlicer, `answers in pieces of (?P<bytes>[0-9]+) bytes every ` + l, "answers in pieces of <n> bytes every <duration>", "On a TCP wire.",
			func(f plumbline.Fault) string {
				return fmt.Sprintf("answers in pieces of %d bytes every %s", f.Bytes, f.Latency)
			},
		},
		{
			plumbline.FaultLimit, `closes connections after (?P<bytes>[0-9]+) bytes`, "closes connections after <n> bytes", "Counted in its answer; on a TCP wire.",
			func(f plumbline.Fault) string { return fmt.Sprintf("closes connections after %d bytes", f.Bytes) },
		},
	}
}

// upheavals are the verbs about a part of the deployment; the name is that of a
// service of it, or of a hook.
func upheavals() []verb {
	return []verb{
		plain(plumbline.FaultPause, "is paused", "Its processes stand still; connections stay open and nothing answers."),
		partly(plumbline.FaultStop, "is stopped", "It is asked to end, and killed after its grace; it is started again when the phase is over."),
		partly(plumbline.FaultKill, "is killed", "SIGKILL; it is started again when the phase is over."),
		plain(plumbline.FaultRestart, "is restarted", "One instance after the other, each running again before the next."),
		plain(plumbline.FaultDisconnect, "is cut off from its networks", "It gets them back when the phase is over."),
		{
			plumbline.FaultSqueeze, `is squeezed to (?P<cpus>` + number + `) processors and (?P<bytes>[0-9]+) bytes of memory`,
			"is squeezed to <n> processors and <n> bytes of memory", "Zero leaves that as it is.",
			func(f plumbline.Fault) string {
				return fmt.Sprintf("is squeezed to %s processors and %d bytes of memory", float(f.CPUs), f.Bytes)
			},
		},
		{
			plumbline.FaultScale, `is scaled to (?P<instances>[0-9]+) instances?`, "is scaled to <n> instances", "It gets as many as it had when the phase is over.",
			func(f plumbline.Fault) string { return fmt.Sprintf("is scaled to %d instances", f.Instances) },
		},
		plain(plumbline.FaultHook, "is done by its hook", "Runs the hook of that name of plumbline.yaml, and its undo when the phase is over."),
	}
}

func allVerbs() []verb { return append(verbs(), upheavals()...) }

func writeStatus(f plumbline.Fault) string {
	s := fmt.Sprintf("answers status %d", f.Status)
	if f.RetryAfter != 0 {
		s += " with Retry-After " + f.RetryAfter.String()
	}
	return s
}

const (
	modifiers = `(?: to (?P<streams>` + quoted + `(?: and ` + quoted + `)*))?(?:(?P<all> for everybody)|(?P<run> for this run))?` +
		`(?: with toxicity (?P<toxicity>` + number + `))?(?: for the first (?P<first>[0-9]+) attempts?)?` +
		`(?: on (?P<method>[A-Z]+))?(?: under (?P<path>` + quoted + `))?(?: from (?P<later>` + period + `) on)?`
	modifiersForm = ` [to "<stream>"[ and "<stream>"]][ for everybody][ with toxicity <share>][ for the first <n> attempts][ on <METHOD>][ under "<path prefix>"][ from <duration> on]`
)

func faultWords() []Word {
	var out []Word
	for _, v := range allVerbs() {
		out = append(out, Word{
			Form:    `"<dependency>" ` + v.form + modifiersForm,
			Example: `"payment" ` + v.write(plumbline.Fault{Status: 503, Latency: time.Second, Bytes: 1000}),
			Doc:     v.doc,
			expr:    step(`(?P<dependency>` + quoted + `) ` + v.said + modifiers),
			apply:   func(b *Builder, g groups, _ Argument) error { return b.addFault(v.kind, g) },
		})
	}
	return out
}

// writeFault says a fault. It fails when the fault has a value that its kind
// has no word for.
func writeFault(f plumbline.Fault) (string, error) {
	for _, v := range allVerbs() {
		if v.kind != f.Kind {
			continue
		}
		var s strings.Builder
		fmt.Fprintf(&s, "%s %s", strconv.Quote(f.Dependency), v.write(f))
		for i, name := range f.Streams {
			s.WriteString([]string{" to ", " and "}[min(i, 1)] + strconv.Quote(name))
		}
		writeModifiers(&s, f)
		return s.String(), nil
	}
	return "", fmt.Errorf("no step says the fault %q", f.Kind)
}

func writeModifiers(s *strings.Builder, f plumbline.Fault) {
	switch f.Scope {
	case plumbline.ScopeAll:
		s.WriteString(" for everybody")
	case plumbline.ScopeRun:
		s.WriteString(" for this run")
	}
	if f.Toxicity != 0 {
		s.WriteString(" with toxicity " + float(f.Toxicity))
	}
	if f.First != 0 {
		fmt.Fprintf(s, " for the first %d attempts", f.First)
	}
	if f.Method != "" {
		s.WriteString(" on " + f.Method)
	}
	if f.Path != "" {
		s.WriteString(" under " + strconv.Quote(f.Path))
	}
	if f.After != 0 {
		s.WriteString(" from " + f.After.String() + " on")
	}
}
