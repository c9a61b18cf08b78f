package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
)

// judged are the groups that are judged of a service whose database breaks.
const judged = "harness,resilience"

// outages are services with a wire to their PostgreSQL.
func outages() []service {
	return []service{
		{name: "openfga-outage", version: "v1.10.2", start: startBrokenOpenFGA},
		{name: "todo-outage", version: "6.0.0", start: startBrokenTodo},
	}
}

// allServices are those that can be served, and that a confirmation may be of.
func allServices() []service { return append(services(), outages()...) }

// startBrokenOpenFGA serves OpenFGA with a wire to its PostgreSQL.
func startBrokenOpenFGA(ctx context.Context, s *stage) (deployment, error) {
	w, err := startWired(ctx, s)
	if err != nil {
		return deployment{}, err
	}
	d, err := serveOpenFGA(ctx, s, w.listen)
	d.config, d.env, d.only = filepath.Join(s.documents, "openfga.outage.plumbline.yaml"), w.env(), judged
	return d, err
}

// startBrokenTodo serves LoopBack's example with its connector for PostgreSQL,
// and a wire to that.
func startBrokenTodo(ctx context.Context, s *stage) (deployment, error) {
	w, err := startWired(ctx, s)
	if err != nil {
		return deployment{}, err
	}
	pkg, err := s.npm(ctx, "@loopback/example-todo", "6.0.0", "loopback-connector-postgresql@9.0.3")
	if err != nil {
		return deployment{}, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return deployment{}, err
	}
	base := "http://" + loopback + ":" + port
	d := deployment{
		target: base, document: base + "/openapi.json", config: filepath.Join(s.documents, "todo.outage.plumbline.yaml"),
		env: append(w.env(), "TODO_URL="+base), only: judged,
	}
	c := exec.CommandContext(ctx, "node", filepath.Join(s.documents, "todo.postgres.js"), pkg) //nolint:gosec // of this bench
	c.Env = append(os.Environ(), "HOST="+loopback, "PORT="+port, "DATABASE="+atPostgres(w.listen))
	if err := s.serve(c); err != nil {
		return d, err
	}
	return d, ready(ctx, d.document)
}

// A wired is a PostgreSQL behind a wire.
type wired struct{ listen, upstream, control string }

const wireToken = "bench"

func startWired(ctx context.Context, s *stage) (w wired, err error) {
	if w.upstream, err = startPostgres(ctx, s); err != nil {
		return w, err
	}
	for _, at := range []*string{&w.listen, &w.control} {
		port, err := freePort(ctx)
		if err != nil {
			return w, err
		}
		*at = loopback + ":" + port
	}
	c := exec.CommandContext(ctx, s.plumbline, "wire", "--control", w.control, "--wire", "database="+w.listen+"=tcp://"+w.upstream) //nolint:gosec // the binary under measurement
	c.Env = append(os.Environ(), "PLUMBLINE_WIRE_TOKEN="+wireToken)
	if err := s.serve(c); err != nil {
		return w, err
	}
	return w, accepts(ctx, w.control)
}

// env is what the declarations leave open.
func (w wired) env() []string {
	return []string{"DATABASE_LISTEN=" + w.listen, "DATABASE_UPSTREAM=" + w.upstream, "WIRE_CONTROL=" + w.control, "WIRE_TOKEN=" + wireToken}
}
