package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/runners/deploy"
	"github.com/plumbline-dev/plumbline/runners/deploy/docker"
	"github.com/plumbline-dev/plumbline/runners/deploy/kube"
	"github.com/plumbline-dev/plumbline/runners/faults"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// A stack is a deployment that was started for a run, and its wires.
type stack struct {
	*docker.Stack
	id    string // that its containers are labelled with
	wires *wire.Client
}

// deploymentFile says in a run directory what was started for the run.
const deploymentFile = "deployment.json"

// A deployed is the content of deploymentFile.
type deployed struct {
	Containers string `json:"containers,omitempty"` // value of the label docker.LabelRun
	Cluster    string `json:"cluster,omitempty"`    // what changes of a cluster are noted under
}

// noteDeployment writes down what was started, for `plumbline clean RUN`.
func (s *session) noteDeployment() error {
	var was deployed
	switch {
	case s.stack != nil:
		was.Containers = s.stack.id
	case s.cluster != nil:
		was.Cluster = s.cluster.id
	default:
		return nil
	}
	data, err := indented(was)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(s.out, deploymentFile), data)
}

// startDeployment starts what target names in containers, with a wire in the place of each
// dependency, and makes it the target, or puts the wires into the cluster in which
// it runs. What it returns ends it, and is called on every way out; it does
// nothing where nothing was started.
func (a *app) startDeployment(ctx context.Context, s *session) (stop func() error, err error) {
	switch {
	case s.target != "":
	case s.declared.Start.Kubernetes != nil:
		return a.joinCluster(ctx, s)
	case s.declared.Start.Contained():
		return a.startContainers(ctx, s)
	}
	return func() error { return nil }, nil
}

// contained are the services to start, and the one of them that is the target.
func contained(ctx context.Context, at declaration.Start) (services []docker.Service, entry string, err error) {
	if len(at.Compose) > 0 {
		services, err = docker.Compose(ctx, at.Compose)
		return services, at.Entry, err
	}
	one := docker.Service{Name: soleService, Image: at.Image, Command: at.Command, Env: at.Env}
	return []docker.Service{docker.Alone(one, at.Dockerfile, at.Port)}, soleService, nil
}

func (a *app) startContainers(ctx context.Context, s *session) (stop func() error, err error) {
	nothing := func() error { return nil }
	services, entry, err := contained(ctx, s.declared.Start)
	if err != nil {
		return nothing, usage(err)
	}
	token := newToken()
	wires, err := placed(s.design.Dependencies, services, len(s.declared.Start.Compose) > 0, token)
	if err != nil {
		return nothing, usage(err)
	}
	a.note("starting %d services and %d wires in containers\n", len(services), len(wires))
	id := newRunID()
	up, err := docker.Up(ctx, id, services, wires)
	if err != nil {
		return nothing, harness(err)
	}
	s.stack = &stack{Stack: up, id: id, wires: &wire.Client{Token: token, Parts: map[string]*wire.Client{}}}
	stop = func() error { return up.Down(ctx) }
	for _, w := range wires {
		at, err := up.Control(ctx, w.Wire.Name)
		if err != nil {
			return stop, harness(err)
		}
		s.stack.wires.Parts[w.Wire.Name] = &wire.Client{Addr: at, Token: token}
	}
	at, err := up.Address(ctx, entry, s.declared.Start.Port)
	if err != nil {
		return stop, usage(err)
	}
	s.design.Target = "http://" + at
	return stop, answers(ctx, at)
}

// startTarget starts the process on this machine that is the target, once its
// wires are there.
func (c *carrier) startTarget(ctx context.Context, s *session) error {
	at := s.declared.Start
	if at.Contained() || len(at.Command) == 0 || s.target != "" {
		return nil
	}
	u, err := url.Parse(s.design.Target)
	if err != nil {
		return usage(err)
	}
	if listening(ctx, addressOf(u)) {
		return usage(fmt.Errorf("something listens at %s already, where target.command is to be started", u.Host))
	}
	var env []string
	for name, value := range at.Env {
		env = append(env, name+"="+value)
	}
	command := deploy.Command{Name: at.Command[0], Argv: at.Command, Env: env}
	p, err := deploy.Start(ctx, command)
	if err != nil {
		return harness(err)
	}
	c.own = true
	c.group.Add(soleService, p, command, stopGrace)
	c.group.Enter(soleService, deploy.Entrance{Addr: addressOf(u), Ready: readyPath(s.design)})
	return answers(ctx, addressOf(u))
}

// readyPath is where an instance says that it can be sent requests; empty when
// that is not declared.
func readyPath(d plumbline.Design) string {
	if d.Readiness == nil {
		return ""
	}
	return d.Readiness.Path
}

// addressOf is host and port of a URL.
func addressOf(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return net.JoinHostPort(u.Hostname(), "80")
}

// soleService is what faults call the target where no compose file names it.
const soleService = deploy.Target

// stopGrace is what a process has between the request to end and the kill.
const stopGrace = 10 * time.Second

// surroundings says in the design what the run will be able to do to the
// deployment itself.
func (s *session) surroundings() {
	e, at := &s.design.Environment, s.declared.Start
	switch {
	case s.target != "":
	case s.group != nil:
		e.Services, e.Target, e.Scales = s.group.Names(), s.groupTarget, at.Scales
	case at.Kubernetes != nil:
		e.Target, e.Services, e.Faults = at.Kubernetes.Deployment, []string{at.Kubernetes.Deployment}, kube.Faults()
	case len(at.Compose) > 0:
		e.Target, e.Services = at.Entry, []string{at.Entry}
	case at.Contained():
		e.Target, e.Services = soleService, []string{soleService}
	case len(at.Command) > 0:
		s.group = &deploy.Group{}
		e.Target, e.Services, e.Scales = soleService, []string{soleService}, at.Scales
	}
	e.Instances, e.Watched = at.Instances, s.group != nil && s.target == "" && watchable()
	if done := hooksOf(s.declared).Faults(); e.Target == "" && len(done) > 0 {
		e.Target, e.Faults = soleService, done
	}
}

// environments are what the run can upset of the deployment.
func (c *carrier) environments(s *session) []faults.Environment {
	var out []faults.Environment
	if s.stack != nil {
		out = append(out, s.stack)
	}
	if s.cluster != nil {
		out = append(out, s.cluster)
	}
	if s.group != nil {
		out = append(out, s.group)
	}
	if len(s.declared.Hooks) > 0 {
		out = append(out, hooksOf(s.declared))
	}
	return out
}

func hooksOf(d *declaration.Declaration) deploy.Hooks {
	out := deploy.Hooks{}
	for name, h := range d.Hooks {
		out[name] = deploy.Hook{Run: h.Run, Undo: h.Undo, Done: h.Done, Undone: h.Undone, Within: h.Within}
	}
	return out
}

// answers waits until something listens behind a published port: Docker itself
// takes connections there before the container does.
func answers(ctx context.Context, at string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !listening(ctx, at) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return &exit{plumbline.ExitNotProven, fmt.Errorf("the deployment does not answer at %s: %w", at, ctx.Err())}
		}
	}
	return nil
}

// listening tells whether a connection stays open although nothing is said.
func listening(ctx context.Context, at string) bool {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", at)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	_, err = conn.Read(make([]byte, 1))
	return os.IsTimeout(err)
}

// placed are the wires in the places of the services that dependencies name in
// their upstreams; without compose files dependencies are outside, and are found
// by their names.
func placed(dependencies []plumbline.Dependency, services []docker.Service, composed bool, token string) ([]docker.WireSpec, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var out []docker.WireSpec
	for _, d := range dependencies {
		at := d.Upstream
		if u, err := url.Parse(at); err == nil && d.Wire == plumbline.WireHTTP {
			at = addressOf(u)
		}
		service, port, err := net.SplitHostPort(at)
		number, perr := strconv.Atoi(port)
		if err != nil || perr != nil {
			return nil, fmt.Errorf("dependency %s: its upstream %q names no host and port", d.Name, d.Upstream)
		}
		w := docker.WireSpec{
			Wire: wire.Wire{Name: d.Name, Kind: d.Wire, Names: d.Names, Upstream: d.Upstream}, Port: number,
			Binary: filepath.Join(filepath.Dir(self), "plumbline-wire"), Token: token,
		}
		if slices.ContainsFunc(services, func(s docker.Service) bool { return s.Name == service }) {
			w.Service = service
		} else if composed {
			return nil, fmt.Errorf("dependency %s: its upstream %q names no service of the compose file", d.Name, d.Upstream)
		}
		out = append(out, w)
	}
	return out, nil
}
