package docker

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// requireDocker skips a test where no Docker runs; where one is demanded, as
// in .ci/run, it fails.
func requireDocker(t *testing.T) {
	t.Helper()
	if err := exec.Command("docker", "info").Run(); err != nil {
		if os.Getenv("PLUMBLINE_REQUIRE_DOCKER") != "" {
			t.Fatal("no Docker runs here")
		}
		t.Skip("no Docker runs here")
	}
}

// built builds a static program of this module.
func built(t *testing.T, pkg, to string) string {
	t.Helper()
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", to, "github.com/plumbline-dev/plumbline/"+pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return to
}

// shop is the folder of the sample system's compose file, with its binary.
func shop(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"Dockerfile", "compose.yaml"} {
		data, err := os.ReadFile(filepath.Join("../../../examples/shop", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	built(t, "examples/shop/cmd/shop", filepath.Join(dir, "shop"))
	return dir
}

// One stack serves all of it: starting one costs seconds.
func TestDockerStackWithAWireByAlias(t *testing.T) {
	requireDocker(t)
	dir := shop(t)
	services, err := Compose(t.Context(), []string{filepath.Join(dir, "compose.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	run := "t" + time.Now().Format("150405")
	spec := WireSpec{Wire: wire.Wire{Name: "payment", Kind: plumbline.WireHTTP}, Service: "payment", Port: 8080, Token: "t", Binary: built(t, "cmd/plumbline-wire", filepath.Join(t.TempDir(), "plumbline-wire"))}
	s, err := Up(t.Context(), run, services, []WireSpec{spec})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Down(t.Context()); err != nil {
			t.Error(err)
		}
		out, err := exec.Command("docker", "ps", "-aq", "--filter", "label="+LabelRun+"="+run).Output()
		if err != nil || len(out) != 0 {
			t.Errorf("left behind: %s %v", out, err)
		}
	})
	at, err := s.Address(t.Context(), "orders", 8080)
	if err != nil {
		t.Fatal(err)
	}
	order := func() int { return post(t, "http://"+at+"/orders") }
	eventually(t, "the shop does not answer", func() bool { return order() == http.StatusCreated })

	control, err := s.Control(t.Context(), "payment")
	if err != nil {
		t.Fatal(err)
	}
	c := &wire.Client{Addr: control, Token: "t"}
	if err := c.Sync(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	order()
	seen, err := c.Exchanges(t.Context())
	if err != nil || len(seen) == 0 || seen[len(seen)-1].Path != "/charge" {
		t.Errorf("the wire in the place of payment saw %+v, %v", seen, err)
	}
	t.Run("faults", func(t *testing.T) { upsets(t, s, order) })
}

// One container is a deployment, too; what it calls is outside, under the name
// of the dependency.
func TestDockerOneContainerWithAWireToTheOutside(t *testing.T) {
	requireDocker(t)
	env := map[string]string{"INVENTORY_URL": "http://inventory:8080", "SHOP_TOKENS": "alice=alice-secret"}
	one := Alone(Service{Name: "target", Command: []string{"orders", "-listen", "0.0.0.0:8080"}, Env: env}, filepath.Join(shop(t), "Dockerfile"), 8080)
	spec := WireSpec{Wire: wire.Wire{Name: "inventory", Kind: plumbline.WireHTTP, Upstream: "http://host.docker.internal:9"}, Port: 8080, Token: "t", Binary: built(t, "cmd/plumbline-wire", filepath.Join(t.TempDir(), "plumbline-wire"))}
	s, err := Up(t.Context(), "o"+time.Now().Format("150405"), []Service{one}, []WireSpec{spec})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Down(t.Context()); err != nil {
			t.Error(err)
		}
	})
	at, err := s.Address(t.Context(), "target", 8080)
	if err != nil {
		t.Fatal(err)
	}
	control, err := s.Control(t.Context(), "inventory")
	if err != nil {
		t.Fatal(err)
	}
	c := &wire.Client{Addr: control, Token: "t"}
	eventually(t, "the wire does not answer", func() bool { return c.Sync(t.Context(), time.Now()) == nil })
	eventually(t, "the container does not answer", func() bool { return post(t, "http://"+at+"/orders") == http.StatusServiceUnavailable })
	seen, err := c.Exchanges(t.Context())
	if err != nil || len(seen) == 0 || seen[0].Path != "/stock/p-1" {
		t.Errorf("the wire saw %+v, %v", seen, err)
	}
}

// Images of wires do not pile up: one stays, and what a container is of.
func TestDockerKeepsOneImageOfWires(t *testing.T) {
	requireDocker(t)
	quiet()
	docker, err := testcontainers.NewDockerClientWithOpts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docker.Close() })
	const images = "plumbline-test-wire"
	const used, idle = images + ":used", images + ":idle"
	for _, name := range []string{used, idle} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nLABEL a="+name+"\nCMD [\"/none\"]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("docker", "build", "-q", "-t", name, dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("docker", "rmi", name).Run() })
	}
	if out, err := exec.Command("docker", "create", "--name", "plumbline-test-image", used).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "plumbline-test-image").Run() })
	there := func(name string) bool { return exec.Command("docker", "image", "inspect", name).Run() == nil }
	if err := prune(t.Context(), docker, images, "x", time.Unix(0, 0)); err != nil || !there(idle) || !there(used) {
		t.Errorf("what is young is removed: %v", err)
	}
	if err := prune(t.Context(), docker, images, "x", time.Now().Add(time.Minute)); err != nil || there(idle) || !there(used) {
		t.Errorf("idle is there: %t, used is there: %t, %v", there(idle), there(used), err)
	}
}

func upsets(t *testing.T, s *Stack, order func() int) {
	t.Helper()
	ctx := t.Context()
	for _, kind := range []plumbline.FaultKind{plumbline.FaultPause, plumbline.FaultStop, plumbline.FaultKill, plumbline.FaultDisconnect} {
		seen, mend, err := s.Upset(ctx, plumbline.Fault{Kind: kind, Dependency: "payment"})
		if err != nil || seen != 1 {
			t.Fatalf("%s: seen of %d, %v", kind, seen, err)
		}
		if got := order(); got == http.StatusCreated {
			t.Errorf("%s: an order was taken without payment", kind)
		}
		for range 2 {
			if err := mend(ctx); err != nil {
				t.Fatalf("mend %s: %v", kind, err)
			}
		}
		eventually(t, "no orders after "+string(kind), func() bool { return order() == http.StatusCreated })
	}
	for _, f := range []plumbline.Fault{
		{Kind: plumbline.FaultSqueeze, Dependency: "inventory", CPUs: 0.05, Bytes: 32 << 20}, {Kind: plumbline.FaultRestart, Dependency: "recs"},
	} {
		seen, mend, err := s.Upset(ctx, f)
		if err != nil || seen != 1 {
			t.Errorf("%s: seen of %d, %v", f.Kind, seen, err)
		}
		if err := mend(ctx); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := s.Upset(ctx, plumbline.Fault{Kind: plumbline.FaultPause, Dependency: "nobody"}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a service that is not there: %v", err)
	}
	seen, mend, err := s.Upset(ctx, plumbline.Fault{Kind: plumbline.FaultScale, Dependency: "recs", Instances: 2})
	if err != nil || seen != 2 || len(s.of("recs")) != 2 {
		t.Errorf("scale: %d, %v", seen, err)
	}
	killed, revive, err := s.Upset(ctx, plumbline.Fault{Kind: plumbline.FaultKill, Dependency: "recs", Instances: 1})
	if err != nil || killed != 1 {
		t.Errorf("kill one of two: %d, %v", killed, err)
	}
	if _, _, err := s.Upset(ctx, plumbline.Fault{Kind: plumbline.FaultKill, Dependency: "recs", Instances: 3}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("kill three of two: %v", err)
	}
	for range 2 {
		if err := errors.Join(revive(ctx), mend(ctx)); err != nil || len(s.of("recs")) != 1 {
			t.Errorf("scale back: %v", err)
		}
	}
}

func post(t *testing.T, url string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"product_id":"p-1","quantity":1}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer alice-secret")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for over := time.Now().Add(60 * time.Second); !holds(); {
		if time.Now().After(over) {
			t.Fatal(what)
		}
	}
}

func TestComposeFilesAreReadWhole(t *testing.T) {
	t.Parallel()
	services, err := Compose(t.Context(), []string{"../../../examples/shop/compose.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(services, func(s Service) bool { return s.Name == "orders" })
	if i < 0 || len(services) != 5 || services[i].Env["PAYMENT_URL"] != "http://payment:8080" || services[i].After["store"] != Started || services[i].Ports[0] != "8080/tcp" {
		t.Errorf("read %+v", services)
	}
	odd := filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(odd, []byte("services: {a: {image: x, network_mode: host}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Compose(t.Context(), []string{odd}); err == nil || !strings.Contains(err.Error(), "network_mode") {
		t.Errorf("what is not carried out was passed over: %v", err)
	}
}
