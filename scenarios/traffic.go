package scenarios

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/plumbline-dev/plumbline"
)

// The experiments that several functions share. A function proposes the whole
// of it (see the func that builds it) and Draw merges them.
const (
	baselineBefore = "baseline/before"
	baselineAfter  = "baseline/after"
	wiresLive      = "wires/live"
	contractValid  = "contract/valid"
	contractWrong  = "contract/invalid"

	contractMethods     = "contract/methods"
	contractNegotiation = "contract/negotiation"
	contractShadow      = "contract/shadow"
	contractStatus      = "contract/status"
	contractRoundtrip   = "contract/roundtrip"
	contractDeleted     = "contract/use-after-delete"
	contractHierarchy   = "contract/hierarchy"
	contractFailed      = "contract/failed-write"
	contractSafe        = "contract/safe"
	apiPages            = "api/pages"
	apiTies             = "api/pages-ties"
	apiStable           = "api/pages-stable"
	apiLimit            = "api/limit"

	idempotencyKeys    = "idempotency/keys"
	idempotencyRace    = "idempotency/race"
	idempotencyLost    = "idempotency/lost"
	idempotencyNatural = "idempotency/natural"
	dataUpdates        = "data/updates"
	dataReads          = "data/reads"
	dataClaims         = "data/claims"
	dataSaga           = "data/saga"
	deployDrain        = "deploy/drain"
	deployRoll         = "deploy/roll"
	deployKill         = "deploy/kill"
	deployAbreast      = "deploy/abreast"
	deployStart        = "deploy/start"

	loadTarget = "load/target"
	teardown   = "harness/teardown"
)

// warmUp names the phase of a load experiment whose requests are not judged.
const warmUp = "warmup"

// The self-checks that a phase can ask the runner for.
const (
	checkProxy       = "proxy-transparent"
	checkPassThrough = "pass-through"
	checkWires       = "wires"
)

// steady is a stream on one operation at a rate that does not change, evenly
// spaced and recorded request by request: what small samples want.
func steady(operation string, rate float64, d time.Duration) plumbline.Stream {
	return plumbline.Stream{
		Name: operation, Operation: operation,
		Stages:   []plumbline.Stage{{From: rate, To: rate, Duration: d}},
		Arrivals: plumbline.ArrivalsConstant, Detail: true,
	}
}

// seed returns the request that stands for the operation: the first of its
// valid cases.
func seed(o plumbline.Operation) (plumbline.Case, bool) {
	if len(o.Cases) == 0 {
		return plumbline.Case{}, false
	}
	return o.Cases[0], true
}

// callable says whether the mode of the design lets a run send valid requests
// to the operation: safe ones always, in mode own also what creates resources,
// what changes or deletes only those, and what is posted to a place that names
// no resource, unless it is called as something that acts on what was there
// before; in mode full everything. An operation without a valid case is not
// callable.
func callable(d plumbline.Design, o plumbline.Operation) bool {
	c, ok := seed(o)
	switch {
	case !ok:
		return false
	case o.Safe() || d.Mode == plumbline.ModeFull:
		return true
	case d.Mode == plumbline.ModeObserve:
		return false
	}
	return o.Creates() || ownsPath(d, c) || harmlessPost(o)
}

// harmlessPost says whether an operation is a POST to a place that names no
// resource, and is not called as something that acts on what was there before
// or reaches somebody.
func harmlessPost(o plumbline.Operation) bool {
	if o.Method != "POST" || strings.Contains(o.Path, "{") {
		return false
	}
	return !actsOnWhatIsThere(o)
}

// actsOnWhatIsThere says whether an operation is called as something that acts
// on what was there before, or reaches somebody.
func actsOnWhatIsThere(o plumbline.Operation) bool {
	return slices.ContainsFunc(wordsOf(o.ID+" "+o.Path), func(w string) bool {
		return slices.Contains([]string{
			"delete", "remove", "clear", "purge", "flush", "reset", "wipe", "truncate", "drop", "shutdown", "restart", "reboot", "stop", "kill",
			"logout", "revoke", "cancel", "disable", "deactivate", "migrate", "import", "restore", "rollback", "reload",
			"send", "publish", "notify", "email", "mail", "sms", "pay", "charge", "refund", "transfer", "withdraw", "checkout", "deploy",
		}, w)
	})
}

// leavesTrace says whether each call of an operation may leave something that
// the run cannot delete: a few calls are enough then.
func leavesTrace(d plumbline.Design, o plumbline.Operation) bool {
	if o.Safe() || d.Mode == plumbline.ModeFull || o.Method != "POST" || o.Deletes != "" {
		return false
	}
	return o.Creates() || slices.Contains(o.Statuses, "201") || slices.Contains(o.Statuses, "202")
}

// wordsOf parts a name or a path into its words, in small letters: those of
// camelCase too.
func wordsOf(s string) []string {
	var b strings.Builder
	for i, r := range s {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		if !unicode.IsLetter(r) {
			r = ' '
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.Fields(b.String())
}

// ownsPath says whether the path of the case leads to a resource that the run
// itself has created.
func ownsPath(d plumbline.Design, c plumbline.Case) bool {
	return slices.ContainsFunc(c.Binds, func(b plumbline.Bind) bool {
		from, ok := d.Operation(b.From)
		return b.In == "path" && ok && from.Creates()
	})
}

// repeatable says whether the operation can be called again and again at a
// rate without being used up: reads and creations are, changes and deletions
// of one resource are not.
func repeatable(d plumbline.Design, o plumbline.Operation) bool {
	return callable(d, o) && (o.Safe() || o.Creates())
}

// inCallOrder sorts operations so that what is read exists and what is deleted
// is not needed any more: creations, reads, changes, deletions. The order is
// otherwise that of the document.
func inCallOrder(operations []plumbline.Operation) []plumbline.Operation {
	out := make([]plumbline.Operation, 0, len(operations))
	turns := make([]int, len(operations)) // an operation is too large to be copied for every comparison
	for i := range operations {
		turns[i] = turn(&operations[i])
	}
	for now := range lastTurn + 1 {
		for i, t := range turns {
			if t == now {
				out = append(out, operations[i])
			}
		}
	}
	return out
}

// lastTurn is that of deletions.
const lastTurn = 3

func turn(o *plumbline.Operation) int {
	switch {
	case o.Creates():
		return 0
	case o.Safe():
		return 1
	case o.Method != "DELETE":
		return 2
	}
	return lastTurn
}

// notCallable is the skip of an operation that callable turns away.
func notCallable(function string, o plumbline.Operation) plumbline.Skip {
	if len(o.Cases) == 0 {
		return plumbline.Skip{
			Function: function, Subject: o.ID, Reason: plumbline.ReasonNotApplicable,
			Detail: "no valid request for " + o.ID + " could be made from the document",
			Unlock: "an example of every required parameter and of the body",
		}
	}
	return plumbline.Skip{
		Function: function, Subject: o.ID, Reason: plumbline.ReasonUnsafe,
		Detail: o.ID + " changes what the run did not create",
		Unlock: "mode: full",
	}
}
