package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
	"github.com/plumbline-dev/plumbline/runners"
	"github.com/plumbline-dev/plumbline/runners/deploy"
	"github.com/plumbline-dev/plumbline/runners/faults"
	"github.com/plumbline-dev/plumbline/runners/progress"
	"github.com/plumbline-dev/plumbline/runners/target"
	"github.com/plumbline-dev/plumbline/runners/wire"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// A carrier is a runner with what was started for it.
type carrier struct {
	*runners.Runner
	client *target.Client
	live   *runners.Live
	owned  *deploy.Process   // wires that this run started
	group  *deploy.Group     // processes of the deployment that the run can stop and start; nil when there are none
	own    bool              // and has started
	stubs  []*deploy.Process // and what stands in for dependencies that are missing
	lives  []*os.File        // close with this process, and end the stubs then
	wired  *wire.Client      // the control of the wires; nil without any
	design plumbline.Design
	base   string // of the paths in the document
}

// connect builds everything that a run needs to reach its deployment.
func (a *app) connect(ctx context.Context, s *session) (*carrier, error) {
	run := plumbline.Run{
		Schema: plumbline.EvidenceSchema, ID: newRunID(), Began: time.Now(), Tool: a.version, Seed: s.plan.Seed, Revision: a.revision(), Images: a.images(ctx, s),
		Host: fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
	}
	for name, sum := range map[string]*string{"design.json": &run.Design, "plan.json": &run.Plan} {
		if data, err := os.ReadFile(filepath.Join(s.out, name)); err == nil {
			*sum = digest(data)
		}
	}
	verifier, err := pactEngine(s)
	if err != nil {
		return nil, usage(err)
	}
	tally := &runners.Tally{}
	cfg := a.targetConfig(s, run, tally)
	if err := s.identify(&cfg); err != nil {
		return nil, usage(err)
	}
	client, err := target.New(cfg)
	if err != nil {
		return nil, usage(besides("TGT501", "--target, or target.url of plumbline.yaml, names it", err))
	}
	c := &carrier{client: client, design: s.design, base: s.doc.Base()}
	c.live = &runners.Live{Design: s.design, Run: run, Client: client, Pool: &target.Pool{Client: client, Operations: slices.Concat(s.design.Operations, s.design.Health), Families: s.design.Families, Mode: s.design.Mode}}
	c.live.Meter = progress.NewMeter(s.design.Objectives)
	c.live.Pool.Holds = sample.NewProver(s.doc, s.set, s.design.Operations).Holds
	c.live.Pool.Place = func() string { return target.Trace(run.ID, [3]int{0xffff, 0, 0}, uint64(time.Now().UnixNano())) }
	if err := c.live.Pool.Open(filepath.Join(s.out, target.LedgerFile)); err != nil {
		return nil, harness(err)
	}
	journal, err := runners.OpenJournal(filepath.Join(s.out, "evidence.jsonl"), run.Began)
	if err != nil {
		return nil, harness(err)
	}
	c.Runner = &runners.Runner{
		Design: s.design, Run: run, Dir: s.out, Journal: journal, Target: c.live, Streams: runners.LiveStreams{Live: c.live},
		Checks: map[string]runners.Check{"proxy-transparent": wire.SelfTest, scenarios.CheckServed: s.served(client)}, Meter: c.live.Meter,
		Pacts: runners.PactEngine{Verifier: verifier, Live: c.live, Messages: messageHook(s.declared.Messages)}, Seen: tally, More: s.more(),
	}
	err = c.connectWires(ctx, s)
	if err == nil {
		err = c.startTarget(ctx, s)
	}
	if err != nil {
		c.close(ctx)
		return nil, err
	}
	return c, nil
}

func newRunID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func (a *app) targetConfig(s *session, run plumbline.Run, tally *runners.Tally) target.Config {
	cfg := target.Config{
		Base: s.design.Target, Run: run.ID, Began: run.Began,
		Force: s.force, Timeout: s.timeout, Limit: s.design.Load.Limit,
		Protocol: target.Protocol(s.http), Socket: s.socket, Proxy: s.proxy, Redact: s.declared.Redact,
		Transport: a.transport,
	}
	inspector := schema.NewInspector(s.doc, s.set)
	var hosts []string
	for _, d := range s.design.Dependencies {
		for _, h := range []string{d.Listen, d.Upstream} {
			hosts = append(hosts, h[strings.LastIndexByte(h, '/')+1:])
		}
	}
	leaker := scenarios.NewLeaker(hosts)
	lessened := scenarios.Lessened(s.design.Dependencies)
	cfg.Inspect = func(op string, req plumbline.Request, resp plumbline.Response) []plumbline.Mark {
		tally.Add(op, resp, func() map[string]bool { return inspector.Fields(op, resp) })
		return slices.Concat(inspector.Inspect(op, req, resp), leaker.Scan(resp.Body), lessened(resp))
	}
	if s.reader != nil {
		cfg.Released = s.reader.Read
	}
	return cfg
}

// connectWires calls the process of wires that the declaration names, or
// starts one.
func (c *carrier) connectWires(ctx context.Context, s *session) error {
	c.group = s.group
	around := c.environments(s)
	if len(s.design.Dependencies) == 0 {
		if len(around) > 0 {
			c.Wires = runners.WireSet{Driver: faults.Deployment{Environments: around}}
		}
		return nil
	}
	client, err := c.wiresOf(ctx, s)
	if err != nil {
		return err
	}
	if err := client.Sync(ctx, c.Run.Began); err != nil {
		return usage(s.declared.Wrong("CFG004", "$.wires.control", "`plumbline wire` prints its address when it is ready", fmt.Errorf("no process of wires can be told of the run: %w", err)))
	}
	if err := c.watchWires(ctx, client); err != nil {
		return err
	}
	c.wired = client
	set := runners.WireSet{Driver: faults.Deployment{Wires: faults.Wire{Client: client}, Environments: around}, Client: client}
	c.Wires = set
	c.Checks["pass-through"], c.Checks["wires"] = set.PassThrough(s.design), set.PassThrough(s.design)
	c.Checks["connections"] = set.Connections
	return nil
}

// wiresOf are the wires of the deployment that was started, those that the
// declaration names, or some that are started here.
func (c *carrier) wiresOf(ctx context.Context, s *session) (*wire.Client, error) {
	if s.stack != nil {
		return s.stack.wires, nil
	}
	if s.cluster != nil && s.cluster.wires != nil {
		return s.cluster.wires, nil
	}
	control, token := s.declared.Control, s.declared.Token
	if control == "" {
		d, err := c.startStubs(ctx, s.design)
		if err != nil {
			return nil, harness(err)
		}
		if control, token, err = c.startWires(ctx, d); err != nil {
			return nil, harness(err)
		}
	}
	return &wire.Client{Addr: control, Token: token}, nil
}

// linger is how long wires that a run started outlive it when it is killed.
const linger = 10 * time.Minute

func (c *carrier) startWires(ctx context.Context, d plumbline.Design) (control, token string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", "", err
	}
	token = newToken()
	argv := []string{self, "wire", "--linger", linger.String()}
	for _, w := range wiresOf(d) {
		up := w.Upstream
		if w.Kind == plumbline.WireTCP {
			up = "tcp://" + up
		}
		argv = append(argv, "--wire", strings.Join(append([]string{w.Name}, w.Names...), ",")+"="+w.Listen+"="+up)
	}
	c.owned, err = deploy.Start(ctx, deploy.Command{Name: "wires", Argv: argv, Env: []string{tokenVariable + "=" + token}, Ready: wireReadyWord, Log: io.Discard})
	if err != nil {
		return "", "", err
	}
	var ready wireReady
	err = json.Unmarshal([]byte(c.owned.Line), &ready)
	return ready.Control, token, err
}

// close stops what was started for the run.
func (c *carrier) close(context.Context) {
	_ = c.live.Pool.Close()
	if c.own {
		c.group.Stop()
	}
	if c.owned != nil {
		c.owned.Stop(3 * time.Second)
	}
	for i, p := range c.stubs {
		p.Stop(3 * time.Second)
		_ = c.lives[i].Close()
	}
}

// errRootless says that the target serves what the document describes without
// the path that the document's server has.
var errRootless = errors.New("the paths of the document are served without that of its server")

// preflight finds out, before anything is sent in earnest, that the target is
// there and that the document is about it. It may give errRootless.
func (c *carrier) preflight(ctx context.Context) error {
	if err := c.client.Reachable(ctx); err != nil {
		return &exit{plumbline.ExitNotProven, fmt.Errorf("%w\n  help: is the deployment running? --target or target.url names it", err)}
	}
	switch s := c.sound(ctx); {
	case s.known > 0:
		return nil
	case s.rootless > 0:
		return usage(errRootless)
	case s.unknown == 0: // a thing that is not there is a 404 of a target that knows its kind
		return nil
	}
	return usage(errors.New("the target knows none of the document's operations: all that were tried answered 404\n  help: is it the right document (--spec) for this target, and is the base path right?"))
}

// A sounding counts what came of a few requests that need nothing else.
type sounding struct {
	known    int // did not answer 404
	unknown  int // answered 404 on a path without parameters
	rootless int // answered 404, and something else without the base path
}

// sound asks for a few things that need nothing else.
func (c *carrier) sound(ctx context.Context) sounding {
	var s sounding
	tried := 0
	for _, op := range c.design.Operations {
		if !op.Safe() || len(op.Cases) == 0 || len(op.Cases[0].Binds) > 0 || tried >= 5 {
			continue
		}
		tried++
		req := op.Cases[0].Request
		if c.known(ctx, op, req) {
			s.known++
			continue
		}
		if !strings.Contains(op.Path, "{") {
			s.unknown++
		}
		if path, ok := strings.CutPrefix(req.Path, c.base); ok && c.base != "" {
			req.Path = path
			if c.known(ctx, op, req) {
				s.rootless++
			}
		}
	}
	return s
}

// known tells whether the target answers anything else than 404.
func (c *carrier) known(ctx context.Context, op plumbline.Operation, req plumbline.Request) bool {
	return c.client.Do(ctx, target.Shot{Operation: op.ID, Request: req}).Status != http.StatusNotFound
}
