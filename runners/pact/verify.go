package pact

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A Verifier verifies pact files. The zero value uses the library of the cache
// and this binary as worker.
type Verifier struct {
	Engine   string        // in the results; empty: "ffi"
	Worker   []string      // argv of a worker; empty: this binary's pact-worker
	Library  string        // empty: that of the cache
	Shard    int           // interactions of one job; zero: 10
	Deadline time.Duration // of one job; zero: a minute, and what its requests may take
	Timeout  time.Duration // of one request; zero: 10 s
}

// A Job is what is to be verified.
type Job struct {
	Files  []string
	Base   string                                      // URL of the target
	Send   func(*http.Request) (*http.Response, error) // sends with credentials; required
	States func(ctx context.Context, name string, params map[string]any) (map[string]any, error)
	// Messages makes the messages of message pacts. Without it they are
	// PactUndeclared.
	Messages func(ctx context.Context, r MessageRequest) (Message, error)

	secret string // of this run
}

// correlation is the header that ties a request to its interaction: the run's
// secret and the interaction's key. It never reaches the target.
const correlation = "X-Plumbline-Interaction"

// Verify returns one result for every interaction of the files, and one for a
// file that has none. Without the library each interaction is not-run, and the
// error wraps ErrNoLibrary.
func (v *Verifier) Verify(ctx context.Context, j Job) ([]plumbline.PactResult, error) {
	dir, err := os.MkdirTemp("", "plumbline-pact-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	j.secret = newSecret()
	shards, all, err := v.shards(j, dir)
	if err != nil {
		return all, err
	}
	path, sum, err := Library(v.Library)
	if err != nil {
		return because(all, err), err
	}
	front, err := newFront(ctx, j, v.timeout())
	if err != nil {
		return all, err
	}
	defer front.close()
	cert, err := certificate(dir)
	if err != nil {
		return all, err
	}
	h := hands{verifier: v, front: front, byKey: map[string]*plumbline.PactResult{}, worker: worker{verifier: v, certificate: cert, library: path, sum: sum}}
	for i := range all {
		h.byKey[all[i].Key] = &all[i]
	}
	h.all(ctx, shards)
	for i := range all {
		all[i].Key = strings.SplitN(all[i].Key, "#", 2)[0]
	}
	return all, ctx.Err()
}

// because says why nothing was run.
func because(all []plumbline.PactResult, err error) []plumbline.PactResult {
	for i := range all {
		if all[i].Result == plumbline.PactNotRun {
			all[i].Detail = []string{err.Error()}
		}
	}
	return all
}

func (v *Verifier) engine() string {
	if v.Engine != "" {
		return v.Engine
	}
	return "ffi"
}

func (v *Verifier) timeout() time.Duration {
	if v.Timeout > 0 {
		return v.Timeout
	}
	return 10 * time.Second
}

// patience is how much longer the core waits than the front, which alone can
// say why there was no answer.
const patience = 5 * time.Second

// deadline bounds a job of some interactions: a target that hangs may take the
// time of each, which is no fault of the worker.
func (v *Verifier) deadline(interactions int) time.Duration {
	if v.Deadline > 0 {
		return v.Deadline
	}
	return time.Minute + time.Duration(interactions)*(v.timeout()+patience)
}

// A shard is a working copy of some interactions of one file.
type shard struct {
	file, provider string
	free           bool // may be verified beside others
	keys           []string
	described      map[string][]string // keys of messages, by description
}

// shards writes the working copies: small ones, because the core copies the
// whole file for every interaction.
func (v *Verifier) shards(j Job, dir string) ([]shard, []plumbline.PactResult, error) {
	size := v.Shard
	if size == 0 {
		size = 10
	}
	var out []shard
	var all []plumbline.PactResult
	for _, name := range j.Files {
		d, err := readDocument(name)
		if err != nil {
			return nil, all, err
		}
		if len(d.interactions) == 0 {
			all = append(all, plumbline.PactResult{File: name, Engine: v.engine(), Consumer: d.consumer, Result: plumbline.PactEmpty})
			continue
		}
		results, interactions := d.results(name, v.engine(), j)
		all = append(all, results...)
		free, ordered := d.parts(interactions, size)
		for n, part := range slices.Concat(free, ordered) {
			s := d.shard(filepath.Join(dir, fmt.Sprintf("%d.json", len(out))), part)
			s.free = n < len(free)
			if err := d.write(s.file, part); err != nil {
				return nil, all, err
			}
			out = append(out, s)
		}
	}
	return out, all, nil
}

// shard is a working copy of some interactions, which is yet to be written.
func (d *document) shard(file string, part []map[string]any) shard {
	s := shard{file: file, provider: d.provider, described: map[string][]string{}}
	for _, x := range part {
		key, _ := x["key"].(string)
		s.keys = append(s.keys, key)
		if isMessage(x) {
			text, _ := x["description"].(string)
			s.described[text] = append(s.described[text], key)
		}
	}
	return s
}

// A document is a pact file, read only as far as it is worked on.
type document struct {
	rest         map[string]json.RawMessage
	interactions []map[string]any
	consumer     string
	provider     string
}

// readDocument reads a pact file. One without interactions has at least to say
// whose it is.
func readDocument(name string) (*document, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("pact: %w", err)
	}
	var d document
	if err := json.Unmarshal(data, &d.rest); err != nil {
		return nil, fmt.Errorf("%s is not a pact: %w", name, err)
	}
	if err := d.read(); err != nil {
		return nil, fmt.Errorf("%s is not a pact: %w", name, err)
	}
	if len(d.interactions) == 0 && (d.consumer == "" || d.provider == "") {
		return nil, fmt.Errorf("%s is not a pact: it has no interactions, and names no consumer and provider", name)
	}
	return &d, nil
}

func (d *document) read() error {
	for role, name := range map[string]*string{"consumer": &d.consumer, "provider": &d.provider} {
		var party struct{ Name string }
		if d.rest[role] != nil {
			if err := json.Unmarshal(d.rest[role], &party); err != nil {
				return err
			}
		}
		*name = party.Name
	}
	if d.rest["interactions"] != nil {
		if err := json.Unmarshal(d.rest["interactions"], &d.interactions); err != nil {
			return err
		}
	}
	if err := d.modernise(); err != nil {
		return err
	}
	return d.readMessages()
}

func (d *document) result(file string, x map[string]any, n int) plumbline.PactResult {
	r := plumbline.PactResult{File: file, Consumer: d.consumer, Result: plumbline.PactNotRun}
	r.Description, _ = x["description"].(string)
	key, _ := x["key"].(string)
	r.Key = fmt.Sprintf("%s#%d-%s", key, n, filepath.Base(file))
	if c, ok := x["comments"].(map[string]any); ok {
		r.Operation, _ = c["operation"].(string)
	}
	states, _ := x["providerStates"].([]any)
	for _, s := range states {
		if m, ok := s.(map[string]any); ok {
			r.States = append(r.States, fmt.Sprint(m["name"]))
		}
	}
	return r
}

// results are one for each interaction, and the interactions that are to be
// verified: messages only when somebody makes them.
func (d *document) results(file, engine string, j Job) ([]plumbline.PactResult, []map[string]any) {
	var all []plumbline.PactResult
	var kept []map[string]any
	for n, x := range d.interactions {
		r := d.result(file, x, n)
		r.Engine = engine
		if isMessage(x) && j.Messages == nil {
			r.Result, r.Detail = plumbline.PactUndeclared, []string{"plumbline.yaml declares no messages: nobody makes the message"}
		} else {
			correlate(x, r.Key, j.secret)
			kept = append(kept, x)
		}
		all = append(all, r)
	}
	return all, kept
}

// correlate gives an interaction of a working copy its key, and its request
// the header.
func correlate(x map[string]any, key, secret string) {
	x["key"] = key
	if isMessage(x) {
		return
	}
	req, ok := x["request"].(map[string]any)
	if !ok {
		return
	}
	h, ok := req["headers"].(map[string]any)
	if !ok {
		h = map[string]any{}
		req["headers"] = h
	}
	h[correlation] = []string{secret + " " + key}
}

func (d *document) write(name string, part []map[string]any) error {
	data, err := json.Marshal(part)
	if err != nil {
		return err
	}
	d.rest["interactions"] = data
	if data, err = json.Marshal(d.rest); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o600)
}

// verdicts is what the core says in JSON.
type verdicts struct {
	InteractionResults []struct {
		InteractionKey string          `json:"interactionKey"`
		Result         string          `json:"result"`
		Mismatch       json.RawMessage `json:"mismatch"`
	} `json:"interactionResults"`
}

// read checks that the core ran and gave as many results as there are
// interactions. What it returns otherwise is the reason.
func (s shard) read(r result, err error) (doc verdicts, trouble string) {
	switch {
	case err != nil:
		return doc, err.Error()
	case r.Error != "":
		return doc, r.Error
	case r.Code != 0 && r.Code != 1:
		return doc, fmt.Sprintf("the core did not run (code %d)", r.Code)
	}
	if err := json.Unmarshal([]byte(r.Document), &doc); err != nil {
		return doc, "the core's result cannot be read: " + err.Error()
	}
	if len(doc.InteractionResults) != len(s.keys) {
		return doc, fmt.Sprintf("the core gave %d results for %d interactions", len(doc.InteractionResults), len(s.keys))
	}
	return doc, ""
}

// fold takes a shard's verdicts over. An interaction is ok only when the core
// named it; until then it is not run.
func (s shard) fold(doc verdicts, f *front, byKey map[string]*plumbline.PactResult, unset int) {
	for _, x := range doc.InteractionResults {
		if p, ok := byKey[x.InteractionKey]; ok {
			f.decide(p, x.Result == "OK", string(x.Mismatch), unset)
		}
	}
	for _, k := range s.keys {
		if p := byKey[k]; p.Result == plumbline.PactNotRun && len(p.Detail) == 0 {
			p.Detail = []string{"the core gave no result for it"}
		}
	}
}
