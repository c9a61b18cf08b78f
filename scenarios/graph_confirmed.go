package scenarios

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	graphConfirmed = "harness/graph-confirmed"
	contractGraph  = "contract/graph"
)

func init() {
	register(plumbline.Function{
		ID:    graphConfirmed,
		Title: "The resource graph is as the document lets one infer it",
		Doc: `Method: of every kind of resource that the graph can create, one is made, read under the identifier that the graph takes from the answer, looked for in the list of its kind, deleted where the document has an operation for that, and read again.
Criterion: the creation is answered 2xx, the reading 200, and the deletion, where there is one, 2xx, 404 or 410.
Guard: it never accuses the target: where a life does not come about, the inference may be wrong as well, and functions that rest on it have nothing to show. Reading waits two seconds for what is created by and by.`,
		Standard: "RESTler 2019, producer and consumer inference; EvoMaster, resource-based sampling",
		Informs:  true,
		Order:    16,
		Plan:     planGraph,
		Judge:    judgeGraph,
	})
}

func planGraph(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "lives", Role: plumbline.RoleProbe}
	for _, f := range livable(d) {
		l := life{d, f}
		read, ok := l.seeded("read", "create", f.Read)
		if !ok {
			continue
		}
		flow := plumbline.Flow{Name: l.subject(), Why: "does the graph hold for " + f.Name, Steps: []plumbline.Step{l.make("create"), settled(read, 200)}}
		if list, ok := l.list("listed", 20); ok && f.ItemID != "" {
			list.Walk.Expect = []string{"create"}
			flow.Steps = append(flow.Steps, list)
		}
		if remove, ok := l.removal("delete", "create"); ok {
			gone, _ := l.seeded("gone", "create", f.Read)
			flow.Steps = append(flow.Steps, remove, settled(provoking(gone), 404, 410))
		}
		ph.Flows = append(ph.Flows, flow)
		op, _ := d.Operation(f.Create)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: graphConfirmed + "/" + l.subject(), Function: graphConfirmed, Operation: f.Create, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: f.Name + ": what is created is found under its identifier", Experiments: []string{contractGraph},
		})
	}
	if len(ph.Flows) == 0 {
		return unlivable(graphConfirmed)
	}
	p.Experiments = []plumbline.Experiment{{ID: contractGraph, Title: "the resource graph is tried", Kind: plumbline.KindHarness, Phases: []plumbline.Phase{ph}}}
	return p
}

func judgeGraph(_ plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	x := flownOf(e, contractGraph, strings.TrimPrefix(c.ID, graphConfirmed+"/"))
	if _, ok := x.fine("create"); !ok {
		return inconclusive(plumbline.ReasonNoPositiveControl, "nothing was created: %s", x.told("create"))
	}
	if read, ok := x.fine("read"); !ok || read.Status == 202 {
		return inconclusive(plumbline.ReasonNoPositiveControl, refutedWord+"what was created was not found under the identifier that the graph gives it: reading was answered %s", x.told("read"))
	}
	said := "created and read"
	if remove, ok := x.steps["delete"]; ok {
		if !succeeded(remove) && remove.Status != 404 && remove.Status != 410 {
			return inconclusive(plumbline.ReasonNoPositiveControl, refutedWord+"it can be created and read, and not be deleted: %s", x.told("delete"))
		}
		said = fmt.Sprintf("created, read and deleted; reading is then answered %s", x.told("gone"))
	}
	return pass(figure{1, 1, "lives", 1}, "one was %s", said)
}
