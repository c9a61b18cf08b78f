package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// withKeys is a design whose creation of orders takes a key, and that has two
// callers.
func withKeys(d *plumbline.Design) {
	withOrders(d)
	d.Identities = append(d.Identities, plumbline.Identity{Name: "bob"})
	for i := range d.Operations {
		switch o := &d.Operations[i]; o.ID {
		case "createOrder":
			o.Key = "Idempotency-Key"
			o.Cases = append([]plumbline.Case{}, o.Cases...)
			o.Cases[1].Request.Body = []byte(`{"product_id":"p-1","quantity":7}`)
		case "replaceOrder":
			another := o.Cases[0]
			another.ID, another.Request.Body = "replaceOrder/another", []byte(`{"product_id":"p-3","quantity":1}`)
			third := another
			third.ID, third.Request.Body = "replaceOrder/third", []byte(`{"product_id":"p-1","quantity":9}`)
			o.Cases = append(o.Cases, another, third)
		}
	}
}

// asFirst lets the repetitions of the flow with keys be answered as the first,
// and a body that contradicts be refused.
func asFirst(e *plumbline.Evidence) {
	first := ""
	each(idempotencyKeys, "", func(_ int, o *plumbline.Observation) {
		switch o.Stream[strings.LastIndex(o.Stream, "/")+1:] {
		case keyFirst:
			first = o.Transcript.ResponseBody
		case keySecond, keyLate:
			o.Transcript.ResponseBody = first
		case keyMismatch:
			o.Status = 422
		}
	})(e)
}

// copied lets the rounds have been sent ten times at once, all but the first
// answered with a status; the last n of them by 201.
func copied(status, n int) func(*plumbline.Evidence) {
	const copies = 9
	return func(e *plumbline.Evidence) {
		var out []plumbline.Observation
		for _, o := range e.Observations {
			out = append(out, o)
			name := o.Stream[strings.LastIndex(o.Stream, "/")+1:]
			if o.Experiment != idempotencyRace+"/createOrder" || !strings.HasPrefix(name, raceStepName) || strings.Contains(name, " ") {
				continue
			}
			for i := range copies {
				c := o
				t := *o.Transcript
				c.Stream, c.Status, c.Transcript = fmt.Sprintf("%s %d", o.Stream, i+2), status, &t
				if i >= copies-n {
					c.Status, t.ResponseBody = 201, fmt.Sprintf(`{"id":"x-%d"}`, i)
				}
				out = append(out, c)
			}
		}
		e.Observations = out
	}
}

func all(changes ...func(*plumbline.Evidence)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for _, c := range changes {
			c(e)
		}
	}
}

// walkedNew lets a walk of the losses see something that nobody asked for.
func walkedNew(name string) func(*plumbline.Evidence) {
	return walked(idempotencyLost+"/createOrder", name, func(w *plumbline.Walked) { w.New = append(w.New, "of another "+name) })
}

func tagged(tag string) func(*plumbline.Evidence) {
	return each(orderUpdates, "", func(_ int, o *plumbline.Observation) {
		if o.Transcript != nil {
			o.Transcript.ResponseHeader["Etag"] = []string{tag}
		}
	})
}

const orderUpdates = dataUpdates + "/orders"

// racing lets all but the first of the simultaneous writes be answered with a
// status, at the same time.
func racing(status int, apart bool) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		var first plumbline.Observation
		each(orderUpdates, "orders/race-", func(_ int, o *plumbline.Observation) {
			if strings.HasSuffix(o.Stream, " 1") {
				first = *o
				return
			}
			if o.Status = status; !apart {
				o.Due, o.Sent = first.Due, first.Sent
			}
		})(e)
	}
}

// contended is a right service under writes that contend.
func contended() func(*plumbline.Evidence) {
	return all(tagged(`"a"`), step(orderUpdates, "stale", status(412)), racing(412, false))
}

func init() {
	sameID := func(step string) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			first := ""
			each(idempotencyKeys, "", func(_ int, o *plumbline.Observation) {
				switch o.Stream[strings.LastIndex(o.Stream, "/")+1:] {
				case keyFirst:
					first = o.Transcript.ResponseBody
				case step:
					o.Transcript.ResponseBody = first
				}
			})(e)
		}
	}
	nothing := step(idempotencyKeys, keyFirst, unsent)
	specimens[keyReplays] = specimen{
		kept:     spoil(keyReplays+"/createOrder", asFirst, withKeys),
		broken:   spoil(keyReplays+"/createOrder", nil, withKeys),
		unproven: spoil(keyReplays+"/createOrder", all(asFirst, sameID(keyOther)), withKeys),
	}
	specimens[keyMismatched] = specimen{
		kept:     spoil(keyMismatched+"/createOrder", asFirst, withKeys),
		broken:   spoil(keyMismatched+"/createOrder", nil, withKeys),
		unproven: spoil(keyMismatched+"/createOrder", nothing, withKeys),
	}
	specimens[keyScoped] = specimen{
		kept:     spoil(keyScoped+"/createOrder", asFirst, withKeys),
		broken:   spoil(keyScoped+"/createOrder", all(asFirst, sameID(keyStranger)), withKeys),
		unproven: spoil(keyScoped+"/createOrder", step(idempotencyKeys, keyStranger, status(503)), withKeys),
	}
	specimens[keyConcurrent] = specimen{
		kept:     spoil(keyConcurrent+"/createOrder", copied(409, 0), withKeys),
		broken:   spoil(keyConcurrent+"/createOrder", copied(409, 1), withKeys),
		unproven: spoil(keyConcurrent+"/createOrder", nil, withKeys),
	}
	specimens[lostResponse] = specimen{
		kept:     spoil(lostResponse+"/createOrder", nil, withKeys),
		broken:   spoil(lostResponse+"/createOrder", all(walkedNew("list-2"), walkedNew("list-4")), withKeys),
		unproven: spoil(lostResponse+"/createOrder", walkedNew("list-2"), withKeys),
	}
	specimens[natural] = specimen{
		kept:     spoil(natural+"/orders", step(idempotencyNatural, "delete-again", status(404)), withKeys),
		broken:   spoil(natural+"/orders", step(idempotencyNatural, "delete-again", status(500)), withKeys),
		unproven: spoil(natural+"/orders", on(idempotencyNatural, "", unsent), withKeys),
	}
	specimens[noLostUpdate] = specimen{
		kept:     spoil(noLostUpdate+"/orders", contended(), withKeys),
		broken:   spoil(noLostUpdate+"/orders", all(contended(), step(orderUpdates, "stale", status(200))), withKeys),
		unproven: spoil(noLostUpdate+"/orders", all(contended(), step(orderUpdates, "write", status(412))), withKeys),
	}
	stale := func(o *plumbline.Observation) {
		name := o.Stream[strings.LastIndex(o.Stream, "-")+1:]
		differs("sent:write-"+name, "/quantity", "is 3, was 1")(o)
	}
	specimens[readYourWrites] = specimen{
		kept:     spoil(readYourWrites+"/orders", nil, withKeys),
		broken:   spoil(readYourWrites+"/orders", on(dataReads, "orders/now-", stale), withKeys),
		unproven: spoil(readYourWrites+"/orders", all(on(dataReads, "orders/now-", stale), on(dataReads, "orders/later-", stale)), withKeys),
	}
	specimens[gracefulDrain] = specimen{
		kept:     spoil(gracefulDrain+"/orders", draining(201), drainable),
		broken:   spoil(gracefulDrain+"/orders", draining(0), drainable),
		unproven: spoil(gracefulDrain+"/orders", func(e *plumbline.Evidence) { draining(0)(e); e.Injections = nil }, drainable),
	}
}

// drainable is a design whose target the run can stop, with a safe operation
// that calls a critical dependency.
func drainable(d *plumbline.Design) {
	d.Environment.Target = "orders"
	d.Dependencies[0].Operations = append(d.Dependencies[0].Operations, "getProduct")
}

// draining lets every request of the phase take half a second, and those that
// were in flight at the signal be answered by a status, or not at all.
func draining(status int) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		m, _ := e.Phase(deployDrain, "drain")
		asked := m.Began + 2*time.Second
		for i := range e.Injections {
			if in := &e.Injections[i]; in.Fault.Kind == plumbline.FaultStop {
				in.Asked, in.Began, in.Hits = asked, asked+600*time.Millisecond, 1
			}
		}
		each(deployDrain, "", func(_ int, o *plumbline.Observation) {
			if o.Phase != "drain" {
				return
			}
			o.Latency = 500 * time.Millisecond
			if o.Sent < asked && o.Done() > asked {
				if o.Status = status; status == 0 {
					o.Error = plumbline.ErrorEOF
				}
			}
		})(e)
	}
}

func TestKeysDuplicatesAndContention(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		claim   string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		level   plumbline.Level
	}{
		"a replay is refused":              {keyReplays + "/createOrder", all(asFirst, step(idempotencyKeys, keySecond, status(409))), plumbline.Fail, plumbline.LevelLikely},
		"a replay crashes":                 {keyReplays + "/createOrder", all(asFirst, step(idempotencyKeys, keyLate, status(500))), plumbline.Fail, plumbline.LevelProved},
		"a replay has another time":        {keyReplays + "/createOrder", all(asFirst, step(idempotencyKeys, keySecond, differs("answer:first", "/updated_at", "is b, was a"))), plumbline.Pass, ""},
		"a replay says something else":     {keyReplays + "/createOrder", all(asFirst, step(idempotencyKeys, keySecond, differs("answer:first", "/total", "is 2, was 1"))), plumbline.Fail, plumbline.LevelLikely},
		"no late repetition":               {keyReplays + "/createOrder", all(asFirst, step(idempotencyKeys, keyLate, unsent)), plumbline.Pass, ""},
		"duplicates crash":                 {keyConcurrent + "/createOrder", copied(500, 0), plumbline.Fail, ""},
		"duplicates wait their turn":       {keyConcurrent + "/createOrder", copied(201, 0), plumbline.Pass, ""},
		"rounds that name nothing":         {keyConcurrent + "/createOrder", all(copied(201, 0), on(idempotencyRace+"/createOrder", "", bodied(`{}`))), plumbline.Inconclusive, ""},
		"all rounds name the same":         {keyConcurrent + "/createOrder", all(copied(201, 0), on(idempotencyRace+"/createOrder", "", bodied(`{"id":"o-1"}`))), plumbline.Inconclusive, ""},
		"a thrown answer is repeated anew": {lostResponse + "/createOrder", step(idempotencyLost+"/createOrder", "again-4", bodied(`{"id":"o-9999"}`)), plumbline.Fail, plumbline.LevelProved},
		"others fill the list":             {lostResponse + "/createOrder", all(walkedNew("list-1"), walkedNew("list-2"), walkedNew("list-3")), plumbline.Pass, ""},
		"what is named is not there":       {lostResponse + "/createOrder", step(idempotencyLost+"/createOrder", "read-2", status(404)), plumbline.Fail, plumbline.LevelLikely},
		"a repetition crashes":             {lostResponse + "/createOrder", step(idempotencyLost+"/createOrder", "again-2", status(500)), plumbline.Fail, plumbline.LevelLikely},
		"repetitions are refused":          {lostResponse + "/createOrder", on(idempotencyLost+"/createOrder", "createOrder/again-", status(409)), plumbline.Inconclusive, ""},
		"all creations are one":            {lostResponse + "/createOrder", on(idempotencyLost+"/createOrder", "", bodied(`{"id":"o-1"}`)), plumbline.Inconclusive, ""},
		"nothing is deleted, nor replaced": {natural + "/orders", all(step(idempotencyNatural, "delete-again", status(204)), step(idempotencyNatural, "gone", status(200)), step(idempotencyNatural, "read-once", differs("sent:put", "/quantity", "is 1, was 2"))), plumbline.Inconclusive, ""},
		"nothing is deleted":               {natural + "/orders", all(step(idempotencyNatural, "delete-again", status(204)), step(idempotencyNatural, "gone", status(200))), plumbline.Pass, ""},
		"what is gone is not shown":        {natural + "/orders", all(step(idempotencyNatural, "delete-again", status(403)), step(idempotencyNatural, "gone", status(403))), plumbline.Pass, ""},
		"the second DELETE is refused":     {natural + "/orders", all(step(idempotencyNatural, "delete-again", status(403)), step(idempotencyNatural, "gone", status(404))), plumbline.Fail, plumbline.LevelLikely},
		"PUT twice adds up":                {natural + "/orders", all(step(idempotencyNatural, "delete-again", status(404)), step(idempotencyNatural, "read-after", differs("answer:read-once", "/counter", "is 2, was 1"))), plumbline.Fail, plumbline.LevelLikely},
		"no ETag":                          {noLostUpdate + "/orders", nil, plumbline.Skipped, ""},
		"weak ETags":                       {noLostUpdate + "/orders", all(contended(), tagged(`W/"a"`)), plumbline.Skipped, ""},
		"two winners":                      {noLostUpdate + "/orders", all(tagged(`"a"`), step(orderUpdates, "stale", status(412)), racing(200, false)), plumbline.Fail, ""},
		"no race":                          {noLostUpdate + "/orders", all(tagged(`"a"`), step(orderUpdates, "stale", status(412)), racing(412, true)), plumbline.Inconclusive, ""},
	} {
		d, claim, e := spoil(c.claim, c.change, withKeys)(t)
		if v := catalogue[claim.Function].Judge(d, claim, e); v.Outcome != c.outcome || v.Level != c.level {
			t.Errorf("%s: %s %s %s: %s", name, v.Outcome, v.Level, v.Reason, v.Statement)
		}
	}
}

func refused(status int) func(o *plumbline.Observation) {
	return func(o *plumbline.Observation) {
		o.Status, o.Transcript.ResponseBody = status, `{"title":"used"}`
	}
}

// A duplicate may be refused by design.
func TestDuplicatesThatAreRefused(t *testing.T) {
	t.Parallel()
	refusing := func(d *plumbline.Design) {
		withKeys(d)
		for i := range d.Operations {
			if d.Operations[i].ID == "createOrder" {
				d.Operations[i].Replay = 409
			}
		}
	}
	lost := idempotencyLost + "/createOrder"
	replayed := all(asFirst, step(idempotencyKeys, keySecond, refused(409)), step(idempotencyKeys, keyLate, refused(409)))
	again := on(lost, "createOrder/again-", func(o *plumbline.Observation) {
		if !strings.HasSuffix(o.Stream, " lost") {
			refused(409)(o)
		}
	})
	for name, c := range map[string]struct {
		claim   string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		level   plumbline.Level
	}{
		"as declared":                     {keyReplays + "/createOrder", replayed, plumbline.Pass, ""},
		"by another status":               {keyReplays + "/createOrder", all(replayed, step(idempotencyKeys, keyLate, refused(422))), plumbline.Fail, plumbline.LevelLikely},
		"answered as the first":           {keyReplays + "/createOrder", asFirst, plumbline.Fail, plumbline.LevelLikely},
		"created anew":                    {keyReplays + "/createOrder", nil, plumbline.Fail, plumbline.LevelProved},
		"after a lost answer":             {lostResponse + "/createOrder", again, plumbline.Pass, ""},
		"thrown answers name what is new": {lostResponse + "/createOrder", all(again, walkedNew("list-5"), walkedNew("list-6")), plumbline.Fail, plumbline.LevelProved},
		"made twice all the same":         {lostResponse + "/createOrder", all(again, walkedNew("list-2"), walkedNew("list-3")), plumbline.Fail, plumbline.LevelProved},
	} {
		d, claim, e := spoil(c.claim, c.change, refusing)(t)
		if v := catalogue[claim.Function].Judge(d, claim, e); v.Outcome != c.outcome || v.Level != c.level {
			t.Errorf("%s: %s %s %s: %s", name, v.Outcome, v.Level, v.Reason, v.Statement)
		}
	}
}

func TestWhatNeedsKeysIsSkippedWithoutThem(t *testing.T) {
	t.Parallel()
	for _, id := range []string{keyReplays, keyConcurrent, keyMismatched, keyScoped, lostResponse, gracefulDrain} {
		if p := catalogue[id].Plan(shop()); len(p.Claims) != 0 || len(p.Skips) != 1 || p.Skips[0].Unlock == "" {
			t.Errorf("%s: %+v", id, p)
		}
	}
}
