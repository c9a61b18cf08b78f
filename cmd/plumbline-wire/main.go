// Command plumbline-wire serves wires inside a container: a static binary of
// its own, for plumbline itself needs the system's loader for the Pact core.
// Its configuration is JSON in PLUMBLINE_WIRE_CONFIG, its token is that of
// PLUMBLINE_WIRE_TOKEN.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/plumbline-dev/plumbline/runners/wire"
)

func main() {
	debug.SetGCPercent(wire.GCPercent)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "plumbline-wire:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func serve(ctx context.Context) error {
	var cfg wire.Config
	if err := json.Unmarshal([]byte(os.Getenv("PLUMBLINE_WIRE_CONFIG")), &cfg); err != nil {
		return fmt.Errorf("PLUMBLINE_WIRE_CONFIG: %w", err)
	}
	cfg.Token = os.Getenv("PLUMBLINE_WIRE_TOKEN")
	return wire.Serve(ctx, cfg, func(at wire.Addresses) { fmt.Println("ready", at.Control) })
}
