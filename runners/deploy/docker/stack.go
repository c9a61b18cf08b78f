package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
	tcnetwork "github.com/testcontainers/testcontainers-go/network"

	"github.com/plumbline-dev/plumbline/runners/ports"
)

// Labels of what is started here: the run that it belongs to, and the process
// that answers for it.
const (
	LabelRun   = "dev.plumbline.run"
	LabelOwner = "dev.plumbline.owner"
)

// labelService names the service that a container is of.
const labelService = "dev.plumbline.service"

// A Stack is a deployment that runs in containers. Down ends it, also after
// the context of the run is done. It is safe for concurrent use.
type Stack struct {
	run      string
	docker   *testcontainers.DockerClient
	services map[string]Service
	wired    map[string]string // service to the wire in its place
	wires    string            // tag of the image of the wires; empty when there are none
	mu       sync.Mutex
	networks map[string]*testcontainers.DockerNetwork
	boxes    map[string][]testcontainers.Container // by service
	images   map[string]string                     // built here, by service
	number   int
}

// Up starts services in the order in which they wait for each other. On error
// nothing is left running.
func Up(ctx context.Context, run string, services []Service, wires []WireSpec) (*Stack, error) {
	quiet()
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	s := &Stack{run: run, docker: docker, services: map[string]Service{}, wired: map[string]string{}, networks: map[string]*testcontainers.DockerNetwork{}, boxes: map[string][]testcontainers.Container{}, images: map[string]string{}}
	for _, v := range services {
		if len(v.Networks) == 0 {
			v.Networks = map[string][]string{"default": nil}
		}
		v.Replicas = max(v.Replicas, 1)
		s.services[v.Name] = v
	}
	if err := s.up(ctx, wires); err != nil {
		return nil, errors.Join(err, s.Down(ctx))
	}
	return s, nil
}

func (s *Stack) up(ctx context.Context, wires []WireSpec) error {
	order, err := ordered(s.services)
	if err != nil {
		return err
	}
	for _, v := range s.services {
		for name := range v.Networks {
			if err := s.join(ctx, name); err != nil {
				return err
			}
		}
	}
	if err := s.startWires(ctx, wires); err != nil {
		return err
	}
	for _, name := range order {
		v := s.services[name]
		for _, d := range slices.Sorted(maps.Keys(v.After)) {
			if err := s.await(ctx, d, v.After[d]); err != nil {
				return err
			}
		}
		for range v.Replicas {
			if err := s.start(ctx, v); err != nil {
				return fmt.Errorf("service %s: %w", name, err)
			}
		}
	}
	return nil
}

// startWires starts the wires, before anybody asks for the names that they take.
func (s *Stack) startWires(ctx context.Context, wires []WireSpec) error {
	for _, w := range wires {
		if w.Service != "" {
			s.wired[w.Service] = w.Wire.Name
		}
	}
	for _, w := range wires {
		if err := s.startWire(ctx, w); err != nil {
			return fmt.Errorf("wire %s: %w", w.Wire.Name, err)
		}
	}
	return nil
}

// quiet keeps testcontainers from writing to standard error, and from starting
// a reaper of its own, whose image wants a registry: what a killed run leaves
// carries labels, and is removed by Clean. Who has asked for the reaper gets it.
func quiet() {
	const ryuk = "TESTCONTAINERS_RYUK_DISABLED"
	if _, set := os.LookupEnv(ryuk); !set {
		_ = os.Setenv(ryuk, "true")
	}
	tclog.SetDefault(silent{})
}

type silent struct{}

// Printf says nothing.
func (silent) Printf(string, ...any) {}

// ordered puts services after those that they wait for.
func ordered(all map[string]Service) ([]string, error) {
	var out []string
	state := map[string]int{}
	var visit func(string) error
	visit = func(name string) error {
		switch state[name] {
		case 1:
			return fmt.Errorf("service %s waits for itself", name)
		case 2:
			return nil
		}
		state[name] = 1
		for _, d := range slices.Sorted(maps.Keys(all[name].After)) {
			if _, ok := all[d]; !ok {
				return fmt.Errorf("service %s waits for %s, which is not there", name, d)
			}
			if err := visit(d); err != nil {
				return err
			}
		}
		state[name] = 2
		out = append(out, name)
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Stack) labels(service string) map[string]string {
	host, _ := os.Hostname()
	return map[string]string{LabelRun: s.run, LabelOwner: host + "/" + strconv.Itoa(os.Getpid()), labelService: service}
}

func (s *Stack) join(ctx context.Context, name string) error {
	if s.networks[name] != nil {
		return nil
	}
	n, err := tcnetwork.New(ctx, tcnetwork.WithLabels(s.labels("")))
	if err != nil {
		return fmt.Errorf("network %s: %w", name, err)
	}
	s.networks[name] = n
	return nil
}

// behind is the name of a service whose own is held by a wire.
func behind(service string) string { return service + ".behind-the-wire" }

// names are those that a service has on a network: its own, or, when a wire
// stands in its place, one that only the wire knows.
func (s *Stack) names(v Service, network string) []string {
	if s.wired[v.Name] != "" {
		return []string{behind(v.Name)}
	}
	return append([]string{v.Name}, v.Networks[network]...)
}

// start starts one container of a service.
func (s *Stack) start(ctx context.Context, v Service) error {
	v.fixed = true
	aliases := map[string][]string{}
	for name := range v.Networks {
		aliases[s.networks[name].Name] = s.names(v, name)
	}
	s.mu.Lock()
	s.number++
	number := s.number
	image := s.images[v.Name]
	s.mu.Unlock()
	r := testcontainers.ContainerRequest{
		Image: v.Image, Entrypoint: v.Entrypoint, Cmd: v.Command, Env: v.Env, ExposedPorts: v.Ports, Tmpfs: v.Tmpfs,
		Networks: slices.Collect(maps.Keys(aliases)), NetworkAliases: aliases, Labels: s.labels(v.Name),
		Name:               fmt.Sprintf("plumbline-%s-%s-%d", s.run, v.Name, number),
		ConfigModifier:     v.configure,
		HostConfigModifier: v.confine,
	}
	if image != "" {
		r.Image = image
	} else if v.Build != nil {
		r.Image = ""
		r.FromDockerfile = testcontainers.FromDockerfile{Context: v.Build.Context, Dockerfile: v.Build.Dockerfile, BuildArgs: v.Build.Args, Repo: "plumbline-" + v.Name, Tag: s.run, KeepImage: true}
		image = "plumbline-" + v.Name + ":" + s.run
	}
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{ContainerRequest: r, Started: true, Logger: silent{}})
	if c != nil {
		s.mu.Lock()
		s.boxes[v.Name] = append(s.boxes[v.Name], c)
		if v.Build != nil {
			s.images[v.Name] = image
		}
		s.mu.Unlock()
	}
	return err
}

func (v Service) configure(c *container.Config) {
	c.User, c.WorkingDir, c.StopSignal = v.User, v.Dir, v.Signal
	if v.Health != nil {
		c.Healthcheck = &container.HealthConfig{Test: v.Health.Test, Interval: v.Health.Interval, Timeout: v.Health.Timeout, StartPeriod: v.Health.Begin, Retries: v.Health.Retries}
	}
}

// confine bounds a container. Its ports are open on this machine alone.
func (v Service) confine(h *container.HostConfig) {
	h.Binds = append(h.Binds, v.Binds...)
	h.Memory, h.NanoCPUs = v.Memory, int64(v.CPUs*1e9)
	if v.Host {
		h.ExtraHosts = append(h.ExtraHosts, "host.docker.internal:host-gateway")
	}
	if h.PortBindings == nil {
		h.PortBindings = network.PortMap{}
	}
	for _, p := range v.Ports {
		if port, err := network.ParsePort(p); err == nil {
			at := network.PortBinding{HostIP: netip.MustParseAddr("127.0.0.1")}
			if v.fixed {
				at.HostPort = freePort()
			}
			h.PortBindings[port] = []network.PortBinding{at}
		}
	}
}

// freePort is a port of this machine that nobody has. Docker gives a container
// another one at every start unless it is told which.
func freePort() string {
	addr, err := ports.Free(context.Background(), "127.0.0.1") //nolint:forbidigo // the library asks without a context, and this takes a moment
	if err != nil {
		return ""
	}
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// await waits until a service has come as far as another one needs it.
func (s *Stack) await(ctx context.Context, service string, w Wait) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := s.reached(ctx, service, w)
		if ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("service %s: %s was not reached: %w", service, w, ctx.Err())
		}
	}
}

func (s *Stack) reached(ctx context.Context, service string, w Wait) (bool, error) {
	for _, c := range s.of(service) {
		state, err := c.State(ctx)
		if err != nil {
			return false, err
		}
		switch {
		case w == Completed && state.Status == container.StateExited && state.ExitCode == 0:
		case state.Status == container.StateExited:
			return false, fmt.Errorf("service %s ended with status %d", service, state.ExitCode)
		case w == Completed, w == Healthy && (state.Health == nil || state.Health.Status != container.Healthy):
			return false, nil
		}
	}
	return true, nil
}

// of are the containers of a service.
func (s *Stack) of(service string) []testcontainers.Container {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.boxes[service])
}

// Address is where a port of a service is reached from this machine. Port zero
// is its only one.
func (s *Stack) Address(ctx context.Context, service string, port int) (string, error) {
	all := s.of(service)
	if len(all) == 0 {
		return "", fmt.Errorf("no service is called %q", service)
	}
	inspected, err := all[0].Inspect(ctx)
	if err != nil {
		return "", err
	}
	for p, at := range inspected.NetworkSettings.Ports {
		if (port == 0 || int(p.Num()) == port) && len(at) > 0 {
			return net.JoinHostPort("127.0.0.1", at[0].HostPort), nil
		}
	}
	return "", fmt.Errorf("service %s: port %d is not among its ports; name it under ports or expose", service, port)
}

// Images are the digests of what the services run, by their names.
func (s *Stack) Images(ctx context.Context) map[string]string {
	out := map[string]string{}
	for name := range s.services {
		for _, c := range s.of(name) {
			if inspected, err := c.Inspect(ctx); err == nil && inspected.Image != "" {
				out[name] = inspected.Image
			}
		}
	}
	return out
}

// Down ends and removes everything that was started, and says what it could
// not remove. Of the images of wires one is kept, for the next run.
func (s *Stack) Down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	_, err := remove(ctx, s.docker, client.Filters{}.Add("label", LabelRun+"="+s.run))
	if s.wires != "" {
		err = errors.Join(err, prune(ctx, s.docker, wireImages, s.wires, time.Now().Add(-settling)))
	}
	return errors.Join(err, s.docker.Close())
}
