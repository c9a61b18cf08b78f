package declaration

import (
	"fmt"
	"net"
	"net/url"
	"slices"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

func (b *builder) dependency(name string, f dependency) {
	at := "$.dependencies." + key(name)
	d := plumbline.Dependency{
		Name: name, Listen: f.Listen, Names: f.Names, Stub: f.Stub, Operations: f.Operations, Accept: f.Accept,
		RetryBudget: f.RetryBudget, Degraded: f.Degraded, Bulkhead: f.Bulkhead, OpenAPI: b.path(f.OpenAPI), Source: b.at(at),
		Calls: f.Calls, Connects: f.Connections, Parallel: f.Parallel, Cancels: f.Cancels,
	}
	b.traffic(at, name, f)
	d.Wire = plumbline.Wire(b.oneOf(at+".wire", f.Wire, "http"))
	d.Class = plumbline.Class(b.oneOf(at+".class", f.Class, ""))
	d.Kind = plumbline.Keeping(b.oneOf(at+".kind", f.Kind, ""))
	d.Timeout = b.duration(at+".timeout", f.Timeout)
	d.ConnectTimeout = b.duration(at+".connect_timeout", f.Connect)
	if f.Stub {
		b.stub(at, name, f)
	} else {
		d.Upstream = b.upstream(at, d.Wire, f.Upstream)
	}
	if f.Listen == "" && !b.out.Start.Wired() {
		b.wrong("CFG003", at, "listen: 127.0.0.1:7001 is where the deployment finds the dependency through the wire", "the dependency %q does not say where its wire listens", name)
	}
	if f.OpenAPI != "" && d.Wire == plumbline.WireTCP {
		b.wrong("CFG004", at+".openapi", "an OpenAPI document is about an HTTP wire", "the wire to %q is TCP", name)
	}
	d.Pacts = b.found(at+".pact", f.Pact.Files)
	if broker := b.reachable(at+".pact.broker", f.Pact.Broker); broker != nil {
		b.out.Brokers[name] = broker
	}
	if (len(d.Pacts) > 0 || f.Pact.Broker != nil) && d.Wire == plumbline.WireTCP {
		b.wrong("CFG004", at+".pact", "a pact is about an HTTP wire", "the wire to %q is TCP", name)
	}
	b.retries(at, f, &d)
	if f.Breaker != nil {
		d.Breaker = b.breaker(at+".breaker", *f.Breaker)
	}
	b.out.dependencies = append(b.out.dependencies, d)
}

// traffic checks what is declared of the calls to a dependency.
func (b *builder) traffic(at, name string, f dependency) {
	if f.Calls < 0 || f.Connections < 0 {
		b.wrong("CFG004", at, "calls: 2 allows two calls for one request", "a number of calls or connections is not negative")
	}
	for i, other := range f.Parallel {
		if _, known := b.file.Dependencies[other]; !known || other == name {
			b.wrong("CFG004", fmt.Sprintf("%s.parallel[%d]", at, i), "name another one of dependencies", "%q is no other dependency", other)
		}
	}
}

// stub checks that a dependency that is missing can be stood in for.
func (b *builder) stub(at, name string, f dependency) {
	switch {
	case f.OpenAPI == "" || f.Wire == "tcp":
		b.wrong("CFG004", at+".stub", "openapi: names the document that the stub is made of, and the wire is http", "there is nothing to make a stub of %q of", name)
	case f.Upstream != "":
		b.wrong("CFG004", at+".stub", "leave upstream out, or stub", "the dependency %q is both there and stood in for", name)
	case b.file.Wires.Control != "" || b.out.Start.Wired():
		b.wrong("CFG004", at+".stub", "run `plumbline stub` yourself and name it as upstream", "a stub of %q is started only together with wires that the run starts as processes", name)
	}
}

// upstream checks the address behind a wire: a URL for HTTP, host:port for TCP.
func (b *builder) upstream(at string, wire plumbline.Wire, s string) string {
	if wire == plumbline.WireTCP {
		if _, _, err := net.SplitHostPort(s); err != nil {
			b.wrong("CFG004", at+".upstream", "write host:port", "%q is not the address of a TCP dependency", s)
		}
		return s
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		b.wrong("CFG004", at+".upstream", "write http://host:port or https://host:port; to pass TLS through unread use wire: tcp", "%q is not the URL of an HTTP dependency", s)
	}
	return s
}

// dependencies sees that names which stand in a list are those of dependencies.
func (b *builder) dependencies(at string, named []string) {
	names := b.keys("$.dependencies")
	for i, name := range named {
		if !slices.Contains(names, name) {
			b.wrong("CFG005", fmt.Sprintf("%s[%d]", at, i), mistake.DidYouMean(name, names), "no dependency is called %q", name)
		}
	}
}

// readiness takes over the policy of the readiness path.
func (b *builder) readiness() {
	f := b.file.Readiness
	if f == nil {
		return
	}
	const at = "$.readiness"
	if f.Path == "" {
		b.wrong("CFG003", at, "path: /readyz", "the readiness that is declared has no path")
	}
	b.dependencies(at+".reflects", f.Reflects)
	b.out.readiness = &plumbline.Readiness{Path: f.Path, Reflects: f.Reflects, Within: b.duration(at+".within", f.Within), Source: b.at(at)}
}

// retries are how calls are repeated, and how much of it there may be.
func (b *builder) retries(at string, f dependency, d *plumbline.Dependency) {
	if f.Retry != nil {
		d.Retry = b.retry(at+".retry", *f.Retry)
	}
	const most = 10 // of a share; what is above was meant as a percentage
	if f.RetryBudget < 0 || f.RetryBudget > most {
		b.wrong("CFG004", at+".retry_budget", "write a share: 0.2 allows one retry for five requests", "%g is no share of further calls", f.RetryBudget)
	}
}

func (b *builder) retry(at string, f retryFile) *plumbline.Retry {
	r := &plumbline.Retry{MaxAttempts: f.MaxAttempts, Jitter: f.Jitter == nil || *f.Jitter, On: f.On, Key: f.Key, Source: b.at(at)}
	r.Backoff = b.duration(at+".backoff", f.Backoff)
	if f.MaxAttempts < 0 {
		b.wrong("CFG004", at+".max_attempts", "the first try counts as one", "a number of attempts is not negative")
	}
	return r
}

func (b *builder) breaker(at string, f breakerFile) *plumbline.Breaker {
	out := &plumbline.Breaker{MinCalls: f.MinCalls, Ratio: f.Ratio, HalfOpen: f.HalfOpen, Source: b.at(at)}
	out.Window = b.duration(at+".window", f.Window)
	out.OpenFor = b.duration(at+".open_for", f.OpenFor)
	if f.MinCalls < 0 || f.HalfOpen < 0 || f.Ratio < 0 || f.Ratio > 1 {
		b.wrong("CFG004", at, "min_calls and half_open_calls are counts and ratio a share in [0, 1]", "this breaker cannot be")
	}
	return out
}
