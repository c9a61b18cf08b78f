package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// tokenVariable holds the token of the control port; it is never a flag, for
// flags can be read by every user of the machine.
const tokenVariable = "PLUMBLINE_WIRE_TOKEN"

func (a *app) wireCommand() *cobra.Command {
	var control, config, trust string
	var wires []string
	var cfg wire.Config
	var linger time.Duration
	c := &cobra.Command{
		Use: "wire", Short: "Serve recording fault proxies between a deployment and its dependencies", Args: cobra.NoArgs,
		Long: `Wire is a process of its own: it outlives the runs that use it, and passes
everything through when no run holds a fault. Its control port wants the token
of ` + tokenVariable + `; without that variable one is made and printed.

A run finds it by wires.control and wires.token of plumbline.yaml.`,
		Example: `  plumbline wire --control 127.0.0.1:7000 --wire payment=127.0.0.1:7001=http://127.0.0.1:9001 --wire db=127.0.0.1:7003=tcp://127.0.0.1:5432
  plumbline wire -c plumbline.yaml --control 127.0.0.1:7000`,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg.Control, cfg.Linger, cfg.Log = control, linger, slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
			if err := trusted(&cfg, trust); err != nil {
				return usage(err)
			}
			if err := a.wires(&cfg, config, wires); err != nil {
				return usage(err)
			}
			return a.serveWires(c.Context(), cfg)
		},
	}
	c.Flags().StringVar(&control, "control", "127.0.0.1:0", "address of the control port")
	c.Flags().StringArrayVar(&wires, "wire", nil, "NAME=LISTEN=UPSTREAM; the upstream is http://host:port, https://host:port or tcp://host:port; https:// before LISTEN ends TLS there; commas after NAME part the other names by which it is called")
	c.Flags().StringVar(&cfg.Proxy, "proxy", "", "address of a port for HTTP_PROXY and HTTPS_PROXY of the deployment: what is for a wire's upstream goes through that wire")
	c.Flags().StringVar(&cfg.Authority, "authority", "", "folder of the authority that signs for wires that end TLS; made when there is none")
	c.Flags().StringVar(&trust, "trust", "", "PEM file of authorities that upstreams with TLS are signed by, beside those of the system")
	c.Flags().StringVarP(&config, "config", "c", "", "take the dependencies of this plumbline.yaml")
	c.Flags().DurationVar(&linger, "linger", 0, "end when no run has called for so long; 0 stays")
	return c
}

// wires gathers the wires of flags and declaration, and the token.
func (a *app) wires(cfg *wire.Config, config string, flags []string) error {
	for _, f := range flags {
		w, err := parseWire(f)
		if err != nil {
			return err
		}
		cfg.Wires = append(cfg.Wires, w)
	}
	if config != "" {
		d, err := declaration.Read(config, a.env)
		if err != nil {
			return err
		}
		var design plumbline.Design
		// Operations are not known here; only the dependencies are wanted.
		_, _ = d.Fill(&design)
		cfg.Wires = append(cfg.Wires, wiresOf(design)...)
		cfg.Token = d.Token
	}
	if len(cfg.Wires) == 0 {
		return unnamed("no wires are named", "name them with --wire, or with -c plumbline.yaml")
	}
	if t, ok := a.env(tokenVariable); ok {
		cfg.Token = t
	}
	return nil
}

func wiresOf(d plumbline.Design) []wire.Wire {
	var out []wire.Wire
	for _, dep := range d.Dependencies {
		out = append(out, wire.Wire{Name: dep.Name, Kind: dep.Wire, Listen: dep.Listen, Upstream: dep.Upstream, Names: dep.Names})
	}
	return out
}

func parseWire(s string) (wire.Wire, error) {
	parts := strings.SplitN(s, "=", 3)
	if len(parts) != 3 {
		return wire.Wire{}, wrongFlag("--wire", s, "write NAME=LISTEN=UPSTREAM", "%q does not say name, listen and upstream", s)
	}
	names := strings.Split(parts[0], ",")
	w := wire.Wire{Name: names[0], Names: names[1:], Kind: plumbline.WireHTTP, Listen: parts[1], Upstream: parts[2]}
	u, err := url.Parse(parts[2])
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "tcp") {
		return w, wrongFlag("--wire", s, "write http://host:port, https://host:port or tcp://host:port", "its upstream is no address")
	}
	if u.Scheme == "tcp" {
		w.Kind, w.Upstream = plumbline.WireTCP, u.Host
	}
	return w, nil
}

// trusted adds authorities of a file to those that the system trusts.
func trusted(cfg *wire.Config, file string) error {
	if file == "" {
		return nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--trust: %w", err)
	}
	if cfg.Trust, err = x509.SystemCertPool(); err != nil {
		cfg.Trust = x509.NewCertPool()
	}
	if !cfg.Trust.AppendCertsFromPEM(data) {
		return wrongFlag("--trust", file, "a file of certificates in PEM form", "there is no certificate in the file")
	}
	return nil
}

// wireReady is what the process says, in one line of JSON, when it is ready.
type wireReady struct {
	Control string            `json:"control"`
	Token   string            `json:"token,omitempty"` // only when it was made here
	Wires   map[string]string `json:"wires"`
	Proxy   string            `json:"proxy,omitempty"`
}

const wireReadyWord = "ready "

func (a *app) serveWires(ctx context.Context, cfg wire.Config) error {
	said := wireReady{}
	if cfg.Token == "" {
		cfg.Token = newToken()
		said.Token = cfg.Token
	}
	debug.SetGCPercent(wire.GCPercent)
	err := wire.Serve(ctx, cfg, func(at wire.Addresses) {
		said.Control, said.Wires, said.Proxy = at.Control, at.Wires, at.Proxy
		text, _ := json.Marshal(said)
		a.printf("%s%s\n", wireReadyWord, text)
	})
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, io.EOF) {
		return harness(err)
	}
	return nil
}

func newToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
