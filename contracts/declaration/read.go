package declaration

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/slo"
)

// Read reads plumbline.yaml. The environment fills ${NAME} and ${NAME:-default}.
func Read(name string, env func(string) (string, bool)) (*Declaration, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, &Problem{Code: "CFG006", Source: plumbline.Source{File: name}, Message: "the file cannot be read: " + errors.Unwrap(err).Error(), Help: "name another file with -c, or write one with `plumbline init`"}
	}
	return Parse(name, data, env)
}

// Parse is Read on bytes. Paths inside are relative to the folder of name.
func Parse(name string, data []byte, env func(string) (string, bool)) (*Declaration, error) {
	s, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	var f file
	if !s.decode(&f) {
		return nil, s.err()
	}
	s.expand(reflect.ValueOf(&f).Elem(), "$", env)
	d := &Declaration{Brokers: map[string]*Broker{}, File: name, Service: f.Service, Liveness: f.Target.Liveness, Public: f.Target.Public, Unsafe: f.Unsafe, Control: f.Wires.Control, Token: f.Wires.Token, bindings: f.Bindings, text: s}
	b := &builder{source: s, file: f, out: d, dir: filepath.Dir(name)}
	b.build()
	return d, s.err()
}

type builder struct {
	*source
	file file
	out  *Declaration
	dir  string
}

func (b *builder) build() {
	f := b.file
	b.out.OpenAPI = b.path(f.OpenAPI)
	b.out.Generated, b.out.Dictionary, b.out.Packs = b.path(f.Generated), f.Dictionary, f.Packs
	b.out.Gates = f.Gates
	b.out.Unlearnt = f.Learn != nil && !*f.Learn
	for _, p := range f.OpenSLO {
		b.out.openSLO = append(b.out.openSLO, b.path(p))
	}
	b.target()
	b.pacts()
	b.broker()
	b.words()
	b.identities()
	b.wfc()
	b.operations()
	b.load()
	b.metrics()
	for _, name := range b.keys("$.dependencies") {
		b.dependency(name, f.Dependencies[name])
	}
	for _, name := range b.keys("$.finite") {
		b.finite(name, f.Finite[name])
	}
	b.readiness()
	b.hooks()
	for i, m := range f.SLOs {
		at := fmt.Sprintf("$.slos[%d]", i)
		n, key, err := slo.FromMap(m)
		if err != nil {
			b.errs = append(b.errs, &Problem{Code: "SLO101", Source: b.atKey(at, key), Message: err.Error(), Help: slo.Known})
			continue
		}
		b.out.slos = append(b.out.slos, native{n, b.at(at), at})
	}
	b.waivers()
	b.severities()
	b.intake()
	b.flows()
	b.coverage()
	b.cors()
	b.deadline()
	b.jwt()
	b.limits()
}

func (b *builder) path(p string) string {
	if p == "" || filepath.IsAbs(p) || strings.Contains(p, "://") {
		return p
	}
	return filepath.Join(b.dir, p)
}

func (b *builder) target() {
	b.start()
	t := b.file.Target.URL
	if t == "" {
		return
	}
	u, err := url.Parse(t)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		b.wrong("CFG004", "$.target.url", "write http://host:port or https://host/base", "%q is not the URL of a deployment", t)
	}
	b.out.Target = t
}

// mostScales bounds the instances that a run starts side by side.
const mostScales = 8

// start takes over how the deployment is started, in one of its ways.
func (b *builder) start() {
	t := b.file.Target
	s := Start{Entry: t.Service, Image: t.Image, Dockerfile: b.path(t.Dockerfile), Command: t.Command, Env: t.Env, Port: t.Port, Instances: t.Instances, Scales: t.Scales}
	if k := t.Kubernetes; k != nil {
		s.Kubernetes = &Kubernetes{Deployment: k.Deployment, Namespace: k.Namespace, Kubeconfig: b.path(k.Kubeconfig), Context: k.Context, WireImage: k.WireImage}
	}
	for _, name := range t.Compose {
		s.Compose = append(s.Compose, b.path(name))
	}
	b.out.Start = s
	if s.Instances < 0 {
		b.wrong("CFG004", "$.target.instances", "instances: 3", "%d instances cannot be", s.Instances)
	}
	if s.Scales < 0 || s.Scales > mostScales {
		b.wrong("CFG004", "$.target.scales", "scales: 2", "%d instances are not started side by side: from 2 to %d are", s.Scales, mostScales)
	}
	b.oneWay(s)
}

// oneWay checks that a deployment is started in one way, of which nothing is
// missing.
func (b *builder) oneWay(s Start) {
	composed, alone := len(s.Compose) > 0, s.Image != "" || s.Dockerfile != ""
	switch {
	case s.Kubernetes != nil:
		b.clustered(s, composed || alone || len(s.Command) > 0)
	case composed:
		b.composed(s, alone)
	case alone:
		b.contained(s)
	case len(s.Command) > 0 && b.file.Target.URL == "":
		b.wrong("CFG004", "$.target.command", "target.url says where it listens", "where the process listens is not said")
	}
}

// contained checks a deployment of one container.
func (b *builder) contained(s Start) {
	switch {
	case s.Image != "" && s.Dockerfile != "":
		b.wrong("CFG004", "$.target", "keep one of image and dockerfile", "the container is made in two ways")
	case s.Port == 0:
		b.wrong("CFG004", "$.target.port", "port: 8080", "the port on which the container listens is not said")
	}
}

// clustered checks a deployment that runs in a cluster.
func (b *builder) clustered(s Start, started bool) {
	switch {
	case started:
		b.wrong("CFG004", "$.target", "keep one of kubernetes, compose, image, dockerfile and command", "the deployment runs in a cluster, and is started beside it")
	case s.Kubernetes.Deployment == "":
		b.wrong("CFG003", "$.target.kubernetes", "deployment: orders", "which Deployment is the target is not said")
	case b.file.Target.URL == "":
		b.wrong("CFG003", "$.target.kubernetes", "target.url says where it is reached from here, by an Ingress or a port-forward", "where the Deployment answers is not said")
	case s.Kubernetes.WireImage != "" && b.file.Wires.Control != "":
		b.wrong("CFG004", "$.wires.control", "keep one of wires.control and target.kubernetes.wire_image", "the wires run already, and are to be put in")
	}
}

// composed checks a deployment of compose files.
func (b *builder) composed(s Start, alone bool) {
	switch {
	case alone:
		b.wrong("CFG004", "$.target", "keep one of compose, image and dockerfile", "the deployment is started in more than one way")
	case s.Entry == "":
		b.wrong("CFG004", "$.target.compose", "target.service names the service of the compose file that is put to the test", "which service is the target is not said")
	case len(s.Command)+len(s.Env) > 0:
		b.wrong("CFG004", "$.target", "what a service is started with stands in the compose file", "target.command and target.env are not for compose files")
	}
}

func (b *builder) hooks() {
	b.out.Hooks = map[string]Hook{}
	for name, h := range b.file.Hooks {
		at := "$.hooks." + key(name)
		if h.Run == "" {
			b.wrong("CFG003", at, "run: kubectl rollout restart deployment/shop", "the hook %q does nothing", name)
		}
		b.out.Hooks[name] = Hook{Run: h.Run, Undo: h.Undo, Done: h.Done, Undone: h.Undone, Within: b.duration(at+".within", h.Within)}
	}
}

func (b *builder) pacts() {
	b.out.Pacts = b.found("$.pacts", b.file.Pacts.Files)
}

// found are the files of patterns; a folder stands for the JSON files in it.
func (b *builder) found(at string, patterns []string) []string {
	var out []string
	for i, pattern := range patterns {
		full := b.path(pattern)
		if info, err := os.Stat(full); err == nil && info.IsDir() {
			full = filepath.Join(full, "*.json")
		}
		files, err := filepath.Glob(full)
		if err != nil || len(files) == 0 {
			b.wrong("CFG006", fmt.Sprintf("%s[%d]", at, i), "patterns are relative to plumbline.yaml", "no file matches %q", pattern)
		}
		out = append(out, files...)
	}
	return out
}

// broker takes over how the broker of the pacts, and the maker of messages, are
// reached.
func (b *builder) broker() {
	b.out.Messages, b.out.Redact = b.file.Messages, b.file.Redact
	if m := b.out.Messages; m != nil && (m.URL == "") == (len(m.Command) == 0) {
		b.wrong("CFG004", "$.messages", "write url: or command:", "exactly one of url and command makes the messages")
	}
	b.out.Broker = b.reachable("$.pacts.broker", b.file.Pacts.Broker)
}

// reachable checks the address of a broker, if there is one.
func (b *builder) reachable(at string, broker *Broker) *Broker {
	if broker == nil {
		return nil
	}
	if u, err := url.Parse(broker.URL); err != nil || u.Host == "" {
		b.wrong("CFG004", at+".url", "write https://broker.example.com", "%q is not the URL of a Pact Broker", broker.URL)
	}
	return broker
}

func (b *builder) words() {
	f := b.file
	b.out.Mode = plumbline.Mode(b.oneOf("$.mode", f.Mode, "own"))
	b.out.propagation = plumbline.Propagation(b.oneOf("$.propagation", f.Propagation, ""))
	b.out.recovery = b.duration("$.recovery", f.Recovery)
}

func (b *builder) duration(path, value string) time.Duration {
	if value == "" {
		return 0
	}
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		b.wrong("CFG004", path, "write 300ms, 1.5s or 2m", "%q is not a duration above zero", value)
	}
	return d
}

func (b *builder) waivers() {
	day := regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	for i, w := range b.file.Waivers {
		at := fmt.Sprintf("$.waivers[%d]", i)
		if w.Claim == "" || w.Reason == "" || !day.MatchString(w.Until) {
			b.wrong("CFG004", at, "a waiver says claim, reason and until: YYYY-MM-DD", "this waiver is incomplete")
		}
		b.out.waivers = append(b.out.waivers, plumbline.Waiver{Claim: w.Claim, Reason: w.Reason, Owner: w.Owner, Until: w.Until, Source: b.at(at)})
	}
}

// severities takes over which claims do not fail the run.
func (b *builder) severities() {
	for _, name := range b.keys("$.severity") {
		at := "$.severity." + key(name)
		if _, err := path.Match(name, ""); err != nil {
			b.wrong("CFG004", at, "write a group, a function, or a pattern such as resilience/retry-*", "%q is not a pattern", name)
			continue
		}
		s := plumbline.Severity(b.oneOf(at, b.file.Severity[name], string(plumbline.SeverityGate)))
		b.out.severities = append(b.out.severities, plumbline.Weighting{Claims: name, Severity: s, Source: b.atKey("$.severity", name)})
	}
}
