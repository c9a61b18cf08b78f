package scenarios

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	nothing := func(experiment string) func(*plumbline.Evidence) {
		return on(experiment, "", unsent)
	}
	specimens[roundtrip] = specimen{
		kept:     spoil(roundtrip+"/orders/update-readable", nil, withOrders),
		broken:   spoil(roundtrip+"/orders/update-readable", step(contractRoundtrip, "read-replaced", differs("sent:replace", "/quantity", "is 2, was 3")), withOrders),
		unproven: spoil(roundtrip+"/orders/update-readable", nothing(contractRoundtrip), withOrders),
	}
	specimens[safeMethods] = specimen{
		kept:     spoil(safeMethods+"/getInvoice", nil, withOrders),
		broken:   spoil(safeMethods+"/getInvoice", alters("/quantity"), withOrders),
		unproven: spoil(safeMethods+"/getInvoice", nothing(contractSafe), withOrders),
	}
	specimens[useAfterDelete] = specimen{
		kept:     spoil(useAfterDelete+"/orders", nil, withOrders),
		broken:   spoil(useAfterDelete+"/orders", step(contractDeleted, "again getInvoice", status(200)), withOrders),
		unproven: spoil(useAfterDelete+"/orders", nothing(contractDeleted), withOrders),
	}
	specimens[hierarchy] = specimen{
		kept:     spoil(hierarchy+"/orders/{id}/items", nil, withOrders),
		broken:   spoil(hierarchy+"/orders/{id}/items", step(contractHierarchy, "through-other", status(200)), withOrders),
		unproven: spoil(hierarchy+"/orders/{id}/items", nothing(contractHierarchy), withOrders),
	}
	specimens[failedWrite] = specimen{
		kept:     spoil(failedWrite+"/orders", nil, withOrders),
		broken:   spoil(failedWrite+"/orders", step(contractFailed, "read-1", differs("answer:before", "/quantity", "is -1, was 2")), withOrders),
		unproven: spoil(failedWrite+"/orders", nothing(contractFailed), withOrders),
	}
	lost := loses
	specimens[paginationTies] = specimen{
		kept:     spoil(paginationTies+"/orders", nil, withOrders),
		broken:   spoil(paginationTies+"/orders", walked(apiTies, "walk-5", lost), withOrders),
		unproven: spoil(paginationTies+"/orders", nothing(apiTies), withOrders),
	}
	specimens[paginationComplete] = specimen{
		kept:     spoil(paginationComplete+"/orders", nil, withOrders),
		broken:   spoil(paginationComplete+"/orders", walked(apiPages, "walk-1", lost), withOrders),
		unproven: spoil(paginationComplete+"/orders", walked(apiPages, "", func(w *plumbline.Walked) { lost(w); w.Ended = "bound" }), withOrders),
	}
	specimens[paginationStable] = specimen{
		kept:     spoil(paginationStable+"/orders", nil, withOrders),
		broken:   spoil(paginationStable+"/orders", walked(apiStable, "", lost), withOrders),
		unproven: spoil(paginationStable+"/orders", walked(apiStable, "", func(w *plumbline.Walked) { w.Ended, w.Detail = "error", "page 2 was answered 500" }), withOrders),
	}
	specimens[paginationLimit] = specimen{
		kept: spoil(paginationLimit+"/orders", nil, withOrders),
		broken: spoil(paginationLimit+"/orders", func(e *plumbline.Evidence) {
			step(apiLimit, "huge", status(200))(e)
			walked(apiLimit, "huge", func(w *plumbline.Walked) { w.Items = 101 })(e)
		}, withOrders),
		unproven: spoil(paginationLimit+"/orders", nothing(apiLimit), withOrders),
	}
}

func TestLives(t *testing.T) {
	t.Parallel()
	read := func(message string) func(*plumbline.Evidence) {
		return step(contractRoundtrip, "read", differs("sent:create", "/note", message))
	}
	at := func(rule string) string { return roundtrip + "/orders/" + rule }
	gone := func(code int, marks int) func(*plumbline.Evidence) {
		return step(contractRoundtrip, "gone", func(o *plumbline.Observation) {
			o.Status = code
			for range marks {
				differs("answer:read-unset", "/status", "is 1, was 2")(o)
			}
		})
	}
	kept := func(with string) func(*plumbline.Evidence) {
		return step(contractRoundtrip, "read-less", func(o *plumbline.Observation) {
			for i := range o.Matches {
				if o.Matches[i].With == with {
					o.Matches[i].Marks = []plumbline.Mark{{Kind: plumbline.MarkSame, Pointer: "/note", Message: `is "x" in both`}}
				}
			}
		})
	}
	location := func(to string) func(*plumbline.Evidence) {
		return step(contractRoundtrip, "create", func(o *plumbline.Observation) { o.Transcript.ResponseHeader["Location"] = []string{to} })
	}
	judgings(t, []judging{
		{"changed", at(ruleReadable), read(`is "y", was "x"`), plumbline.Fail, plumbline.LevelProved, nil},
		{"lower case", at(ruleReadable), read(`is "xa", was " XA"`), plumbline.Fail, plumbline.LevelLikely, nil},
		{"rounded", at(ruleReadable), read(`is 2.46, was 2.4567`), plumbline.Fail, plumbline.LevelLikely, nil},
		{"another whole number", at(ruleReadable), read(`is 99, was 100`), plumbline.Fail, plumbline.LevelProved, nil},
		{"lost", at(ruleReadable), read(`is missing, was "x"`), plumbline.Fail, plumbline.LevelProved, nil},
		{"nothing lost", at(ruleReadable), read(`is missing, was ""`), plumbline.Pass, "", nil},
		{"not in the answer", at(ruleReadable), step(contractRoundtrip, "read", differs("sent:create", "/password", `is missing, was "x"`)), plumbline.Pass, "", nil},
		{"not there", at(ruleReadable), step(contractRoundtrip, "read", status(404)), plumbline.Fail, plumbline.LevelProved, nil},
		{"made later", at(ruleReadable), func(e *plumbline.Evidence) {
			step(contractRoundtrip, "create", status(202))(e)
			step(contractRoundtrip, "read", status(404))(e)
		}, plumbline.Inconclusive, "", nil},
		{"a patch that is lost", at(ruleUpdated), step(contractRoundtrip, "read-patched", differs("sent:patch", "/quantity", "is 3, was 5")), plumbline.Fail, plumbline.LevelProved, nil},
		{"updates are refused", at(ruleUpdated), func(e *plumbline.Evidence) {
			step(contractRoundtrip, "replace", status(409))(e)
			step(contractRoundtrip, "patch", status(409))(e)
		}, plumbline.Skipped, "", nil},
		{"PUT adds up", at(ruleIdempotent), step(contractRoundtrip, "read-again", differs("answer:read-replaced", "/quantity", "is 6, was 3")), plumbline.Fail, plumbline.LevelProved, nil},
		{"a time of update", at(ruleIdempotent), step(contractRoundtrip, "read-again", differs("answer:read-replaced", "/updated_at", `is "b", was "a"`)), plumbline.Pass, "", nil},
		{"something computed", at(ruleIdempotent), step(contractRoundtrip, "read-again", differs("answer:read-replaced", "/counter", "is 2, was 1")), plumbline.Fail, plumbline.LevelLikely, nil},
		{"PUT creates again", at(ruleIdempotent), step(contractRoundtrip, "replace-again", status(201)), plumbline.Fail, plumbline.LevelLikely, nil},
		{"PUT keeps the rest", at(ruleReplaced), kept("answer:read-patched"), plumbline.Fail, plumbline.LevelProved, nil},
		{"a default", at(ruleReplaced), func(e *plumbline.Evidence) { kept("answer:read-patched")(e); kept("answer:read")(e) }, plumbline.Pass, "", nil},
		{"PUT of less is refused", at(ruleReplaced), step(contractRoundtrip, "replace-less", status(422)), plumbline.Skipped, "", nil},
		{"Location leads nowhere", at(ruleLocated), func(e *plumbline.Evidence) {
			location("/orders/x")(e)
			step(contractRoundtrip, "located", status(404))(e)
		}, plumbline.Fail, plumbline.LevelProved, nil},
		{"Location leads there", at(ruleLocated), location("http://shop/orders/x"), plumbline.Pass, "", nil},
		{"Location of another shape", at(ruleLocated), func(e *plumbline.Evidence) {
			location("/jobs/1/x")(e)
			step(contractRoundtrip, "located", status(404))(e)
		}, plumbline.Skipped, "", nil},
		{"PATCH clears", at(rulePartial), step(contractRoundtrip, "read-patched", differs("answer:read-before", "/note", `is missing, was "x"`)), plumbline.Fail, plumbline.LevelProved, nil},
		{"PATCH moves the total", at(rulePartial), step(contractRoundtrip, "read-patched", differs("answer:read-before", "/total", "is 5, was 3")), plumbline.Pass, "", nil},
		{"null keeps the value", at(ruleCleared), noted("y", "y"), plumbline.Fail, plumbline.LevelProved, nil},
		{"null removes it", at(ruleCleared), noted("y", ""), plumbline.Pass, "", nil},
		{"null brings the default back", at(ruleCleared), noted("y", "none"), plumbline.Pass, "", nil},
		{"never shown", at(ruleCleared), noted("", ""), plumbline.Skipped, "", nil},
		{"null is refused", at(ruleCleared), func(e *plumbline.Evidence) { noted("y", "y")(e); step(contractRoundtrip, "unset", status(422))(e) }, plumbline.Skipped, "", nil},
		{"still there", at(ruleGone), gone(200, 0), plumbline.Fail, plumbline.LevelProved, nil},
		{"marked as deleted", at(ruleGone), gone(200, 1), plumbline.Fail, plumbline.LevelLikely, nil},
		{"deleted softly", at(ruleGone), func(e *plumbline.Evidence) {
			gone(200, 1)(e)
			step(contractRoundtrip, "gone", bodied(`{"data":{"id":"o-1","deletedAt":"2026-01-01T00:00:00Z"}}`))(e)
		}, plumbline.Pass, "", nil},
		{"deleted before too", at(ruleGone), func(e *plumbline.Evidence) {
			gone(200, 1)(e)
			for _, name := range []string{"read-unset", "gone"} {
				step(contractRoundtrip, name, bodied(`{"id":"o-1","deleted":true}`))(e)
			}
		}, plumbline.Fail, plumbline.LevelLikely, nil},
		{"the identifier was used again", at(ruleGone), gone(200, 3), plumbline.Inconclusive, "", nil},
		{"deleted later", at(ruleGone), func(e *plumbline.Evidence) {
			step(contractRoundtrip, "delete", status(202))(e)
			gone(200, 0)(e)
		}, plumbline.Inconclusive, "", nil},
		{"the creation is refused", at(ruleGone), step(contractRoundtrip, "create", status(409)), plumbline.Skipped, "", nil},
	})
}

// noted makes the note be shown after it was set, and after it was taken away.
func noted(before, after string) func(*plumbline.Evidence) {
	shown := func(note string) func(*plumbline.Observation) {
		if note == "" {
			return bodied(`{"id":"o-1"}`)
		}
		return bodied(`{"id":"o-1","note":"` + note + `"}`)
	}
	return func(e *plumbline.Evidence) {
		step(contractRoundtrip, "read-set", shown(before))(e)
		step(contractRoundtrip, "read-unset", shown(after))(e)
	}
}

func TestFailedWrites(t *testing.T) {
	t.Parallel()
	claim := failedWrite + "/orders"
	judgings(t, []judging{
		{"something else changed", claim, step(contractFailed, "read-1", differs("answer:before", "/note", `is "b", was "a"`)), plumbline.Fail, plumbline.LevelLikely, nil},
		{"accepted: not ours to judge", claim, func(e *plumbline.Evidence) {
			step(contractFailed, "write-1", status(200))(e)
			step(contractFailed, "read-1", differs("answer:before", "/quantity", "is -1, was 2"))(e)
		}, plumbline.Pass, "", nil},
		{"the list has grown", claim, walked(contractFailed, "list-after", func(w *plumbline.Walked) { w.Distinct++ }), plumbline.Fail, plumbline.LevelLikely, nil},
		{"children under the wrong parent", hierarchy + "/orders/{id}/items", step(contractHierarchy, "through-other", func(o *plumbline.Observation) {
			o.Status = 200
			differs("answer:read", "/id", `is "a", was "b"`)(o)
		}), plumbline.Inconclusive, "", nil},
	})
}

// A flow stays within what one operation may be asked: the pagination functions
// make 25 things, walk them in four sizes, and delete them.
func TestFlowsAreBounded(t *testing.T) {
	t.Parallel()
	d := shop()
	withOrders(&d)
	for _, f := range Functions() {
		for _, x := range f.Plan(d).Experiments {
			for _, ph := range x.Phases {
				for _, flow := range ph.Flows {
					most := 40
					if x.ID == apiPages {
						most = 2*pagedMembers + 4
					}
					if len(flow.Steps) > most {
						t.Errorf("%s %s: %d steps", x.ID, flow.Name, len(flow.Steps))
					}
				}
			}
		}
	}
}
