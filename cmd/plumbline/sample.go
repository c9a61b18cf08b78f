package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/examples/shop"
	"github.com/plumbline-dev/plumbline/runners/deploy"
	"github.com/plumbline-dev/plumbline/runners/ports"
)

// A sampleSystem is the shop, its dependencies and the wires between them,
// each a process of its own.
type sampleSystem struct {
	defect    string
	variant   string
	documents string            // where they are
	callers   string            // beside those of its declaration: "carol=secret"; empty: none
	work      string            // what each request costs the shop; empty: nothing
	public    string            // key that JWTs of the shop's callers are checked by
	env       map[string]string // what plumbline.yaml of the sample asks for
	roles     deploy.Group
	running   []*deploy.Process // the wires
	life      *os.File          // what the roles read, and
	held      *os.File          // its other end, which closes when this process ends
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
	for _, role := range s.behindWires() {
		addr, err := s.role(ctx, role, nil)
		if err != nil {
			return err
		}
		scheme, name := "http://", strings.ToUpper(role)
		s.env[name+"_UPSTREAM"] = scheme + addr
		if role == "store" || role == "cache" {
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
	addr, err := s.inPlace(ctx, ready.Wires)
	s.env["SHOP_URL"] = "http://" + addr
	return err
}

// inPlace starts the shop, or what a variant has in its place.
func (s *sampleSystem) inPlace(ctx context.Context, wires map[string]string) (addr string, err error) {
	switch s.variant {
	case shop.Stub:
		return s.started(ctx, "orders", []string{"stub", "--with-parent", "--spec", filepath.Join(s.documents, "openapi.yaml")}, nil)
	case shop.AroundWires:
		wires = map[string]string{"store": s.env["STORE_UPSTREAM"]}
		for _, role := range []string{"inventory", "payment", "recs"} {
			wires[role] = strings.TrimPrefix(s.env[strings.ToUpper(role)+"_UPSTREAM"], "http://")
		}
	}
	return s.role(ctx, "orders", s.ordersEnv(wires))
}

// behindWires are the roles that orders calls.
func (s *sampleSystem) behindWires() []string {
	roles := []string{"inventory", "payment", "recs", "store"}
	if s.variant == shop.WithCache {
		roles = append(roles, "cache")
	}
	return roles
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
	if s.variant == shop.OpaqueTokens {
		s.env["SHOP_TOKEN_ALICE"], s.env["SHOP_JWT_SIGNING_KEY"], s.public = newToken(), "", ""
	}
	return err
}

func (s *sampleSystem) ordersEnv(wires map[string]string) []string {
	words := "bob=" + s.env["SHOP_TOKEN_BOB"] + ",dave=" + s.env["SHOP_TOKEN_DAVE"]
	if s.callers != "" {
		words += "," + s.callers
	}
	if s.public == "" {
		words += ",alice=" + s.env["SHOP_TOKEN_ALICE"]
	}
	return []string{
		"INVENTORY_URL=http://" + wires["inventory"], "PAYMENT_URL=http://" + wires["payment"],
		"RECS_URL=http://" + wires["recs"], "STORE_ADDR=" + wires["store"], "CACHE_ADDR=" + wires["cache"],
		"SHOP_TOKENS=" + words, "SHOP_JWT_KEY=" + s.public, "SHOP_LIMITS=dave=10/1s",
		"SHOP_MUTANT=" + s.defect, "SHOP_VARIANT=" + s.variant, "SHOP_WORK=" + s.work,
	}
}

// role starts one role, and lets it be started anew at the same address.
func (s *sampleSystem) role(ctx context.Context, role string, env []string) (addr string, err error) {
	return s.started(ctx, role, []string{"shop", role}, append(env, "SHOP_MAX_AGE="+sampleAge.String(), withParent+"=1"))
}

func (s *sampleSystem) started(ctx context.Context, role string, args, env []string) (addr string, err error) {
	at, err := ports.Free(ctx, "127.0.0.1")
	if err != nil {
		return "", err
	}
	c, err := s.command(role, append(args, "--listen", at), env)
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

// redeployed starts the shop anew whenever somebody asks for it, until the func
// that it returns is called. The run knows nothing of it.
func (s *sampleSystem) redeployed(ctx context.Context) (end func()) {
	asked, stop := redeployments()
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-asked:
				// What comes of it is for the run to notice.
				_, _, _ = s.roles.Upset(ctx, plumbline.Fault{Kind: plumbline.FaultRestart, Dependency: "orders"})
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		stop()
		cancel()
		wg.Wait()
	}
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
