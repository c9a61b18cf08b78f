// Package gate starts runs on request and tells their verdicts, in the shape
// that controllers of rollouts wait for: the web metric of Argo Rollouts and
// the webhooks of Flagger. It knows neither plans nor reports: a Job makes the
// run and says how it ended.
package gate

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Verdict is the word that a controller compares.
type Verdict string

// The verdicts. Running and Inconclusive are neither success nor failure: Argo
// Rollouts calls a measurement inconclusive when neither condition holds.
const (
	Running      Verdict = "running"
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
	Broken       Verdict = "error" // the harness or its configuration; nothing was learnt of the target
)

// A Result is how a run ended.
type Result struct {
	Verdict Verdict
	Reason  string   // one sentence
	Failed  []string // claims that gate and are broken
	Report  string   // path of the HTML report; empty when none was written
}

// A Job makes one run and returns when it has ended. The context ends when the
// gate is shut down; the job then heals what it has broken and returns.
type Job func(ctx context.Context, id string) Result

// An Answer is what the gate says of a run.
type Answer struct {
	ID      string     `json:"id"`
	Key     string     `json:"key"`
	Verdict Verdict    `json:"verdict"`
	Reason  string     `json:"reason,omitempty"`
	Failed  []string   `json:"failedGates"`
	Report  string     `json:"reportUrl,omitempty"`
	Started time.Time  `json:"started"`
	Ended   *time.Time `json:"ended,omitempty"`

	file string
}

// A Gate keeps one run per key. Runs happen one after the other: two at once
// would measure each other.
type Gate struct {
	job  Job
	keep int // how many ended runs are remembered

	life   context.Context //nolint:containedctx // that of the gate: a run outlives the request that asked for it
	turn   chan struct{}
	active sync.WaitGroup

	mu    sync.Mutex
	runs  map[string]*entry // by key
	order []string          // keys, the oldest first
	count int
}

type entry struct {
	answer Answer
	done   chan struct{}
}

// New returns a gate whose runs end with the context; it remembers the last
// keep of them.
func New(ctx context.Context, keep int, job Job) *Gate {
	return &Gate{job: job, keep: keep, life: ctx, turn: make(chan struct{}, 1), runs: map[string]*entry{}}
}

// Ask returns the answer for a key. The first to ask starts the run; one that
// ended in an error is started anew. It waits for the verdict as long as the
// context lasts and returns what is known by then.
func (g *Gate) Ask(ctx context.Context, key string) Answer {
	e := g.entry(key)
	select {
	case <-e.done:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return e.answer
}

// Find returns the answer with the ID, and whether there is one.
func (g *Gate) Find(id string) (Answer, bool) {
	for _, a := range g.List() {
		if a.ID == id {
			return a, true
		}
	}
	return Answer{}, false
}

// List returns every run that is remembered, the latest first.
func (g *Gate) List() []Answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Answer, 0, len(g.order))
	for i := len(g.order) - 1; i >= 0; i-- {
		out = append(out, g.runs[g.order[i]].answer)
	}
	return out
}

// Wait returns when no run is under way any more.
func (g *Gate) Wait() { g.active.Wait() }

func (g *Gate) entry(key string) *entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e, ok := g.runs[key]; ok && e.answer.Verdict != Broken {
		return e
	}
	g.forget(key)
	g.count++
	now := time.Now().UTC()
	e := &entry{done: make(chan struct{}), answer: Answer{
		ID: fmt.Sprintf("%s-%d", now.Format("20060102T150405Z"), g.count), Key: key,
		Verdict: Running, Failed: []string{}, Started: now,
	}}
	g.runs[key] = e
	g.order = append(g.order, key)
	g.prune()
	g.active.Go(func() { g.carry(e) })
	return e
}

func (g *Gate) carry(e *entry) {
	defer close(e.done)
	r := Result{Verdict: Broken, Reason: "the gate was shut down before the run began"}
	select {
	case g.turn <- struct{}{}:
		r = g.job(g.life, e.answer.ID)
		<-g.turn
	case <-g.life.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now().UTC()
	a := &e.answer
	a.Verdict, a.Reason, a.file, a.Ended = r.Verdict, r.Reason, r.Report, &now
	if r.Failed != nil {
		a.Failed = r.Failed
	}
	if r.Report != "" {
		a.Report = "/runs/" + a.ID + "/report.html"
	}
}

// forget drops the run of a key.
func (g *Gate) forget(key string) {
	delete(g.runs, key)
	g.order = slices.DeleteFunc(g.order, func(k string) bool { return k == key })
}

// prune drops the oldest runs that have ended, down to what is kept.
func (g *Gate) prune() {
	for i := 0; len(g.order) > g.keep && i < len(g.order); {
		if key := g.order[i]; g.runs[key].answer.Verdict != Running {
			g.forget(key)
			continue
		}
		i++
	}
}
