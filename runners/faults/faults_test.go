package faults_test

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	client "github.com/Shopify/toxiproxy/v2/client"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/faults"
	"github.com/plumbline-dev/plumbline/runners/ports"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// makers are the rigs of the drivers, by what is said of them in test output.
func makers() map[string]maker {
	every := []plumbline.FaultKind{}
	for _, e := range effects() {
		if !slices.Contains(onlyTCP(), e.fault.Kind) && e.fault.Kind != plumbline.FaultUnreachable {
			every = append(every, e.fault.Kind)
		}
	}
	every = append(every, plumbline.FaultStale)
	tcp := append(anyWire(), onlyTCP()...)
	relay := []plumbline.FaultKind{plumbline.FaultCut}
	if runtime.GOOS == "linux" {
		relay = append(relay, plumbline.FaultUnreachable, plumbline.FaultMoved)
	}
	return map[string]maker{
		"wire, HTTP":                {"wire", wireRig(plumbline.WireHTTP), every},
		"wire, TCP":                 {"wire", wireRig(plumbline.WireTCP), append(relay, tcp...)},
		"toxiproxy":                 {"toxiproxy", toxiproxyRig, tcp},
		"toxiproxy, its own server": {"toxiproxy", toxiproxyServerRig, tcp},
	}
}

func TestEveryDriverConforms(t *testing.T) {
	t.Parallel()
	var seen []string
	for name, m := range makers() {
		seen = append(seen, m.scheme)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conform(t, m)
		})
	}
	slices.Sort(seen)
	if got, want := slices.Compact(seen), faults.Schemes(); !slices.Equal(got, want) {
		t.Errorf("there are rigs for the drivers %q, but %q are registered", got, want)
	}
}

func wireRig(kind plumbline.Wire) func(*testing.T, string) rig {
	return func(t *testing.T, upstream string) rig {
		t.Helper()
		if kind == plumbline.WireHTTP {
			upstream = "http://" + upstream
		}
		ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
		ready, failed := make(chan wire.Addresses, 1), make(chan error, 1)
		go func() {
			defer close(failed)
			c := wire.Config{Control: "127.0.0.1:0", Token: "t", Wires: []wire.Wire{{Name: "dep", Kind: kind, Listen: "127.0.0.1:0", Upstream: upstream}}}
			if err := wire.Serve(ctx, c, func(a wire.Addresses) { ready <- a }); err != nil {
				failed <- err
			}
		}()
		t.Cleanup(func() {
			stop()
			if err := <-failed; err != nil {
				t.Error(err)
			}
		})
		select {
		case a := <-ready:
			return rig{"wire://t@" + a.Control, a.Wires["dep"]}
		case err := <-failed:
			t.Fatal(err)
			return rig{}
		}
	}
}

func toxiproxyRig(t *testing.T, upstream string) rig {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	control := httptest.NewServer(server.Routes())
	t.Cleanup(control.Close)
	addr := strings.TrimPrefix(control.URL, "http://")
	p, err := client.NewClient(addr).CreateProxy("dep", "127.0.0.1:0", upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Delete(); err != nil {
			t.Error(err)
		}
	})
	return rig{"toxiproxy://" + addr, p.Listen}
}

// toxiproxyServer is the program that Toxiproxy ships, built from its module.
var toxiproxyServer = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "toxiproxy")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "toxiproxy-server")
	out, err := exec.Command("go", "build", "-o", name, "github.com/Shopify/toxiproxy/v2/cmd/server").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return name, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if name, err := toxiproxyServer(); err == nil {
		_ = os.RemoveAll(filepath.Dir(name))
	}
	os.Exit(code)
}

// toxiproxyServerRig is a Toxiproxy that is deployed already, as users have it.
func toxiproxyServerRig(t *testing.T, upstream string) rig {
	t.Helper()
	name, err := toxiproxyServer()
	if err != nil {
		t.Fatal(err)
	}
	addr, err := ports.Free(t.Context(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(addr)
	cmd := exec.CommandContext(t.Context(), name, "-host", host, "-port", port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	c := client.NewClient(addr)
	var p *client.Proxy
	for over := time.Now().Add(20 * time.Second); ; {
		if p, err = c.CreateProxy("dep", "127.0.0.1:0", upstream); err == nil {
			break
		}
		if time.Now().After(over) {
			t.Fatal(err)
		}
	}
	return rig{"toxiproxy://" + addr, p.Listen}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	nobody := strings.TrimPrefix(closed.URL, "http://")
	at := wireRig(plumbline.WireHTTP)(t, nobody)
	for url, want := range map[string]string{
		"pumba://127.0.0.1:1":   `"pumba" is not one of toxiproxy, wire`,
		"://":                   "open fault driver",
		"wire://t@" + nobody:    nobody,
		"toxiproxy://" + nobody: nobody,
		strings.Replace(at.driver, "t@", "x@", 1): "401",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := faults.Open(ctx, url)
		cancel()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error that says %s", url, err, want)
		}
	}
}
