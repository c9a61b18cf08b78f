package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/examples/shop"
	"github.com/plumbline-dev/plumbline/runners/deploy"
	"github.com/plumbline-dev/plumbline/runners/ports"
)

func (a *app) demoCommand() *cobra.Command {
	var o options
	var defect string
	c := &cobra.Command{
		Use: "demo", Short: "Run the whole job on the embedded sample system", Args: cobra.NoArgs,
		Long:    "Demo starts the sample system – a shop with three HTTP dependencies and a store – and its wires as processes on loopback ports, runs the whole job and stops everything. Its documents are kept in the user's cache folder. --defect switches known defects on.",
		Example: "  plumbline demo --out out/demo\n  plumbline demo --defect breaker-never-opens",
		RunE:    func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), o, defect) },
	}
	o.bindRun(c)
	c.Flags().Float64Var(&o.overload, "overload", 0, "make the shop one that carries 100 requests a second, and allow up to so many, to judge capacity and overload")
	o.bindProfile(c.Flags(), "")
	c.Flags().DurationVar(&o.lasts, "duration", 0, "how long the load of a profile is sent (default as declared)")
	c.Flags().StringVar(&defect, "defect", "", "switch on one defect, or several with commas between: "+strings.Join(defects(), ", "))
	c.Flags().StringSliceVar(&o.only, "only", nil, "judge only these groups or functions")
	c.Flags().Uint64Var(&o.seed, "seed", 1, "seed of every random choice")
	c.Flags().DurationVar(&o.budget, "budget", 0, "leave out load and scenarios that would not fit into this time")
	return c
}

func defects() []string {
	var out []string
	for _, m := range shop.Mutants() {
		out = append(out, m.Name)
	}
	return out
}

func (a *app) demo(ctx context.Context, o options, defect string) error {
	for name := range strings.SplitSeq(defect, ",") {
		if name != "" && !slices.Contains(defects(), name) {
			return usage(notOneOf("--defect", name, defects()))
		}
	}
	if o.out == "" {
		o.out = filepath.Join("out", "demo")
	}
	s := &sampleSystem{defect: defect}
	if o.overload > 0 {
		s.work, o.rate, o.peak, o.search = sampleWork, samplePeak, samplePeak, sampleSearch(o.profile)
	}
	defer s.stop()
	if err := s.start(ctx); err != nil {
		return harness(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return harness(err)
	}
	// The documents stay, for the report names their lines, and at one place,
	// for the same seed is to give the same plan.
	dir := filepath.Join(cache, "plumbline", "sample")
	if err := unpack(shop.Files(), dir); err != nil {
		return harness(err)
	}
	b := *a
	b.env = func(name string) (string, bool) {
		if v, ok := s.env[name]; ok {
			return v, true
		}
		return a.env(name)
	}
	o.config, o.group, o.groupTarget = filepath.Join(dir, "plumbline.yaml"), &s.roles, "orders"
	a.note("the sample system serves at %s; defect: %s\n", s.env["SHOP_URL"], orNone(defect))
	return b.run(ctx, o)
}

// sampleSearch is a quick search for capacity: steps are too short to prove the
// objectives, and end when these are disproved.
func sampleSearch(profile string) *plumbline.Search {
	s := plumbline.Search{Start: 50, Step: 4 * time.Second, Confirm: 10 * time.Second, Precision: 0.06}
	if profile == "recovery" {
		s.Precision = 0 // as rough as the profile has it
	}
	return &s
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func unpack(from fs.FS, dir string) error {
	return fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, name)
		if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, data) {
			return nil
		}
		return writeFile(path, data)
	})
}

// A sampleSystem is the shop, its dependencies and the wires between them,
// each a process of its own.
type sampleSystem struct {
	defect  string
	work    string            // what each request costs the shop; empty: nothing
	public  string            // key that JWTs of the shop's callers are checked by
	env     map[string]string // what plumbline.yaml of the sample asks for
	roles   deploy.Group
	running []*deploy.Process // the wires
	life    *os.File          // what the roles read, and
	held    *os.File          // its other end, which closes when this process ends
}

// How long a process of the sample system lives at most, and how long wires
// without a run do.
const (
	sampleWork = "4x40ms"         // 100 requests a second
	samplePeak = 42               // of them are promised, and half as many again wanted
	sampleAge  = 45 * time.Minute // where requests are told by time a run takes half of it
	wireAge    = 10 * time.Minute // what a run leaves takes minutes to delete where the machine is busy, and no wire is asked for anything meanwhile
)

func (s *sampleSystem) start(ctx context.Context) error {
	token := newToken()
	s.env = map[string]string{"WIRE_TOKEN": token, "SHOP_TOKEN_BOB": newToken(), "SHOP_TOKEN_DAVE": newToken()}
	err := s.issue()
	if err != nil {
		return err
	}
	if s.life, s.held, err = os.Pipe(); err != nil {
		return err
	}
	wires := []string{"wire", "--linger", wireAge.String()}
	for _, role := range []string{"inventory", "payment", "recs", "store"} {
		addr, err := s.role(ctx, role, nil)
		if err != nil {
			return err
		}
		scheme, name := "http://", strings.ToUpper(role)
		s.env[name+"_UPSTREAM"] = scheme + addr
		if role == "store" {
			scheme, s.env[name+"_UPSTREAM"] = "tcp://", addr
		}
		wires = append(wires, "--wire", role+"=127.0.0.1:0="+scheme+addr)
	}
	said, err := s.process(ctx, "wires", wires, wireReadyWord, []string{tokenVariable + "=" + token})
	if err != nil {
		return err
	}
	var ready wireReady
	if err := json.Unmarshal([]byte(said), &ready); err != nil {
		return fmt.Errorf("wires: %w", err)
	}
	s.env["WIRE_CONTROL"] = ready.Control
	for role, addr := range ready.Wires {
		s.env[strings.ToUpper(role)+"_LISTEN"] = addr
	}
	addr, err := s.role(ctx, "orders", s.ordersEnv(ready.Wires))
	s.env["SHOP_URL"] = "http://" + addr
	return err
}

// issue gives alice a JSON Web Token, which outlives the system.
func (s *sampleSystem) issue() error {
	by, err := shop.NewIssuer()
	if err != nil {
		return err
	}
	if s.public, s.env["SHOP_JWT_SIGNING_KEY"], err = by.Keys(); err != nil {
		return err
	}
	s.env["SHOP_TOKEN_ALICE"], err = by.Token("alice", 2*sampleAge)
	return err
}

func (s *sampleSystem) ordersEnv(wires map[string]string) []string {
	return []string{
		"INVENTORY_URL=http://" + wires["inventory"], "PAYMENT_URL=http://" + wires["payment"],
		"RECS_URL=http://" + wires["recs"], "STORE_ADDR=" + wires["store"],
		"SHOP_TOKENS=bob=" + s.env["SHOP_TOKEN_BOB"] + ",dave=" + s.env["SHOP_TOKEN_DAVE"], "SHOP_JWT_KEY=" + s.public, "SHOP_LIMITS=dave=10/1s",
		"SHOP_MUTANT=" + s.defect, "SHOP_WORK=" + s.work,
	}
}

// role starts one role, and lets it be started anew at the same address.
func (s *sampleSystem) role(ctx context.Context, role string, env []string) (addr string, err error) {
	at, err := ports.Free(ctx, "127.0.0.1")
	if err != nil {
		return "", err
	}
	c, err := s.command(role, []string{"shop", role, "--listen", at}, append(env, "SHOP_MAX_AGE="+sampleAge.String(), withParent+"=1"))
	if err != nil {
		return "", err
	}
	c.Ready = "listening "
	p, err := deploy.Start(ctx, c)
	if err != nil {
		return "", err
	}
	s.roles.Add(role, p, c, roleGrace)
	if role == "orders" {
		s.roles.Enter(role, deploy.Entrance{Addr: p.Line, Ready: "/readyz"})
	}
	return p.Line, nil
}

// roleGrace is what a role has to end.
const roleGrace = 3 * time.Second

func (s *sampleSystem) command(name string, args, env []string) (deploy.Command, error) {
	self, err := os.Executable()
	return deploy.Command{Name: name, Argv: append([]string{self}, args...), Env: env, Stdin: s.life, Log: io.Discard}, err
}

func (s *sampleSystem) process(ctx context.Context, name string, args []string, ready string, env []string) (string, error) {
	c, err := s.command(name, args, env)
	if err != nil {
		return "", err
	}
	c.Ready = ready
	p, err := deploy.Start(ctx, c)
	if err != nil {
		return "", err
	}
	s.running = append(s.running, p)
	return p.Line, nil
}

// stop ends every process, the wires last.
func (s *sampleSystem) stop() {
	s.roles.Stop()
	for _, p := range slices.Backward(s.running) {
		p.Stop(3 * time.Second)
	}
	s.running = nil
	for _, end := range []*os.File{s.held, s.life} {
		if end != nil {
			_ = end.Close()
		}
	}
}
