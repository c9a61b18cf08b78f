package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/plumbline-dev/plumbline/runners/wire"
)

// A stage is the sample system and its wires, which no run owns. Tokens are the
// names of the callers: it is reached from this machine alone.
type stage struct {
	shop    string            // base URL
	wires   map[string]string // where each listens
	client  *wire.Client
	env     []string // for the declaration
	running []*exec.Cmd
}

// token is that of the wires.
const token = "harm"

func (c config) stage(ctx context.Context) (*stage, error) {
	s := &stage{}
	args := []string{"wire", "--linger", "45m"}
	for _, role := range []string{"inventory", "payment", "recs", "store"} {
		said, err := s.start(ctx, c.plumbline, nil, "shop", role)
		if err != nil {
			return s, err
		}
		addr := strings.TrimPrefix(said, "listening ")
		scheme, upstream := "http://", "http://"+addr
		if role == "store" {
			scheme, upstream = "tcp://", addr
		}
		args = append(args, "--wire", role+"=127.0.0.1:0="+scheme+addr)
		s.env = append(s.env, strings.ToUpper(role)+"_UPSTREAM="+upstream)
	}
	said, err := s.start(ctx, c.plumbline, []string{"PLUMBLINE_WIRE_TOKEN=" + token}, args...)
	if err != nil {
		return s, err
	}
	var ready struct {
		Control string
		Wires   map[string]string
	}
	if _, text, ok := strings.Cut(said, "{"); !ok || json.Unmarshal([]byte("{"+text), &ready) != nil {
		return s, fmt.Errorf("the wires said %q", said)
	}
	s.wires, s.client = ready.Wires, &wire.Client{Addr: ready.Control, Token: token}
	for role, addr := range ready.Wires {
		s.env = append(s.env, strings.ToUpper(role)+"_LISTEN="+addr)
	}
	said, err = s.start(ctx, c.plumbline, []string{
		"INVENTORY_URL=http://" + s.wires["inventory"], "PAYMENT_URL=http://" + s.wires["payment"],
		"RECS_URL=http://" + s.wires["recs"], "STORE_ADDR=" + s.wires["store"], "SHOP_TOKENS=alice=alice,bob=bob,carol=carol,dave=dave", "SHOP_LIMITS=dave=10/1s",
	}, "shop", "orders")
	s.shop = "http://" + strings.TrimPrefix(said, "listening ")
	s.env = append(s.env, "SHOP_URL="+s.shop, "SHOP_TOKEN_ALICE=alice", "SHOP_TOKEN_BOB=bob", "SHOP_TOKEN_DAVE=dave", "WIRE_CONTROL="+ready.Control, "WIRE_TOKEN="+token)
	return s, err
}

// start starts a process and returns its first line.
func (s *stage) start(ctx context.Context, binary string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, binary, args...) //nolint:gosec // the binary under measurement
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	s.running = append(s.running, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%v ended: %w", args, err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return strings.TrimSpace(line), nil
}

// stop ends what was started, by its processes.
func (s *stage) stop() {
	for _, cmd := range s.running {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}
