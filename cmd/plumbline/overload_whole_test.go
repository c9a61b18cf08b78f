package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A desk keeps notes behind slots, and holds only so many who wait.
type desk struct {
	slots
	most int  // who wait; zero: without a bound
	toil bool // what was begun for somebody who has left is done all the same

	mu      sync.Mutex
	waiting int
	made    int
	there   map[string]bool
}

// RoundTrip implements http.RoundTripper.
func (k *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	if !k.enter() {
		return answer(r, http.StatusServiceUnavailable, `{"error":"busy"}`), nil
	}
	ctx := r.Context()
	if k.toil {
		ctx = context.WithoutCancel(ctx)
	}
	done := make(chan bool, 1)
	go func() { done <- k.work(ctx) }()
	select {
	case worked := <-done:
		if !worked {
			return nil, ctx.Err()
		}
		return k.note(r), nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func (k *desk) enter() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.most > 0 && k.waiting >= k.most {
		return false
	}
	k.waiting++
	return true
}

// work waits for a slot and holds it for the time of service. It is false when the
// client has left.
func (k *desk) work(ctx context.Context) bool {
	select {
	case k.free <- struct{}{}:
	case <-ctx.Done():
		k.leave()
		return false
	}
	k.leave()
	defer func() { <-k.free }()
	time.Sleep(k.service)
	return true
}

func (k *desk) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting--
}

// drain waits until nobody waits and nothing is done: time stands still for what is
// left of a bubble.
func (k *desk) drain() {
	for waiting := 1; waiting > 0 || len(k.free) > 0; {
		time.Sleep(k.service)
		k.mu.Lock()
		waiting = k.waiting
		k.mu.Unlock()
	}
	time.Sleep(k.service)
}

func (k *desk) note(r *http.Request) *http.Response {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, id, _ := strings.Cut(r.URL.String(), "/notes/")
	switch {
	case r.Method == http.MethodPost:
		k.made++
		id = fmt.Sprintf("n%d", k.made)
		k.there[id] = true
		return answer(r, http.StatusCreated, fmt.Sprintf(`{"id":%q,"text":"t"}`, id))
	case !k.there[id]:
		return answer(r, http.StatusNotFound, "")
	case r.Method == http.MethodDelete:
		delete(k.there, id)
		return answer(r, http.StatusNoContent, "")
	}
	return answer(r, http.StatusOK, fmt.Sprintf(`{"id":%q,"text":"t"}`, id))
}

func answer(r *http.Request, status int, body string) *http.Response {
	h := http.Header{}
	if body != "" {
		h.Set("Content-Type", "application/json")
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// overloaded loads a desk with more than it carries, in fake time, by hits that
// are whole flows, and returns what came of each claim.
func overloaded(t *testing.T, k *desk) map[string]plumbline.Finding {
	t.Helper()
	dir := t.TempDir()
	document := strings.ReplaceAll(notesDocument, "'201':", "'503': {description: busy, content: {application/json: {schema: {type: object}}}}, '201':")
	document = strings.ReplaceAll(document, "'404':", "'503': {description: busy, content: {application/json: {schema: {type: object}}}}, '404':")
	for file, text := range map[string]string{
		"openapi.yaml": document,
		"flows.arazzo.yaml": `arazzo: 1.0.1
info: {title: Notes, version: "1"}
sourceDescriptions: [{name: api, url: openapi.yaml, type: openapi}]
workflows:
  - workflowId: note
    steps:
      - {stepId: write, operationId: createNote, outputs: {id: $response.body#/id}}
      - {stepId: look, operationId: getNote, parameters: [{in: path, name: id, value: $steps.write.outputs.id}]}
      - {stepId: remove, operationId: deleteNote, parameters: [{in: path, name: id, value: $steps.write.outputs.id}]}
`,
		"plumbline.yaml": "openapi: openapi.yaml\ntarget: {url: \"http://127.0.0.1:1\"}\nflows: [flows.arazzo.yaml]\nslos: [{name: fast, p99: 450ms}]\n" +
			"load: {rate: 20, overload: 200, arrivals: poisson, mix: {\"flow:note\": 1}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	out := filepath.Join(dir, "run")
	args := []string{"load", "--profile", "recovery", "-c", filepath.Join(dir, "plumbline.yaml"), "--out", out}
	a := &app{args: args, in: &bytes.Buffer{}, out: &said, err: &said, env: func(string) (string, bool) { return "", false }, version: "test", transport: k}
	code := execute(t.Context(), a)
	data, err := os.ReadFile(filepath.Join(out, "report.json"))
	var r plumbline.Report
	if err != nil || json.Unmarshal(data, &r) != nil {
		t.Fatalf("exit %d, %v\n%s", code, err, said.String())
	}
	verdicts := map[string]plumbline.Finding{}
	for _, f := range r.Findings {
		verdicts[f.Claim] = f
	}
	return verdicts
}

// Users who walk through flows overload as single requests do: who refuses what is
// too much keeps every claim, and who toils for clients that have left does not.
func TestOverloadOfFlows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		most   int
		toil   bool
		broken []string
	}{
		"refuses what is too much":    {12, false, nil},
		"toils for who has long left": {0, true, []string{"goodput-plateau", "queue-bounded", "sheds-fast"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				k := &desk{slots: newSlots(3, 60*time.Millisecond), most: c.most, toil: c.toil, there: map[string]bool{}}
				defer k.drain()
				findings := overloaded(t, k)
				for _, function := range []string{"goodput-plateau", "no-metastability", "queue-bounded", "recovers", "sheds-fast"} {
					f, want := findings["overload/"+function+"/service"], plumbline.Pass
					if slices.Contains(c.broken, function) {
						want = plumbline.Fail
					}
					if f.Outcome != want {
						t.Errorf("%s: %s, want %s: %s %s", function, f.Outcome, want, f.Reason, f.Statement)
					}
				}
			})
		})
	}
}
