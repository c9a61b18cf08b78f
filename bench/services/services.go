package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A service is a deployment that others wrote. A control is served from its
// document by its makers.
type service struct {
	name, version string
	control       bool
	start         func(context.Context, *stage) (deployment, error)
}

// A deployment is a service that runs.
type deployment struct {
	document, target string
	config           string   // plumbline.yaml, of what a user would declare
	version          string   // when only the running service tells
	env              []string // of plumbline, for what the declaration leaves open
	only             string   // functions that are judged; empty: as by default
}

func services() []service {
	return []service{
		{name: "alertmanager", control: true, start: startAlertmanager},
		{name: "prism", version: "5.16.0", control: true, start: startPrism},
		{name: "todo", version: "6.0.0", start: startTodo},
		{name: "httpbin", version: "v2.22.1", start: startHTTPBin},
		{name: "openfga", version: "v1.10.2", start: startOpenFGA},
	}
}

const loopback = "127.0.0.1"

// startAlertmanager serves the one that is installed. Its document is that of
// the module of the same version; what it declares is the base path.
func startAlertmanager(ctx context.Context, s *stage) (deployment, error) {
	said, err := output(exec.CommandContext(ctx, "prometheus-alertmanager", "--version"))
	if err != nil {
		return deployment{}, err
	}
	version := strings.TrimSuffix(strings.Fields(said)[2], ",")
	module, err := s.goModule(ctx, "github.com/prometheus/alertmanager", "v"+version)
	if err != nil {
		return deployment{}, err
	}
	file := filepath.Join(s.dir, "alertmanager.yml")
	if err := os.WriteFile(file, []byte("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"), 0o600); err != nil {
		return deployment{}, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return deployment{}, err
	}
	d := deployment{document: filepath.Join(module, "api", "v2", "openapi.yaml"), target: "http://" + loopback + ":" + port + "/api/v2", version: version}
	c := exec.CommandContext(ctx, "prometheus-alertmanager", "--config.file", file, "--storage.path", filepath.Join(s.dir, "data"), //nolint:gosec // made here
		"--web.listen-address", loopback+":"+port, "--cluster.listen-address", "")
	if err := s.serve(c); err != nil {
		return d, err
	}
	return d, ready(ctx, "http://"+loopback+":"+port+"/-/ready")
}

// startPrism serves the museum, mocked from the document itself.
func startPrism(ctx context.Context, s *stage) (deployment, error) {
	pkg, err := s.npm(ctx, "@stoplight/prism-cli", "5.16.0")
	if err != nil {
		return deployment{}, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return deployment{}, err
	}
	document := filepath.Join(s.documents, "museum.yaml")
	d := deployment{document: document, config: filepath.Join(s.documents, "museum.plumbline.yaml"), target: "http://" + loopback + ":" + port}
	if err := s.serve(exec.CommandContext(ctx, "node", filepath.Join(pkg, "dist", "index.js"), "mock", "--host", loopback, "--port", port, document)); err != nil { //nolint:gosec // made here
		return d, err
	}
	return d, accepts(ctx, loopback+":"+port)
}

// startTodo serves LoopBack's example from a folder of its own, where it keeps
// its file of data; its document is the one that it serves.
func startTodo(ctx context.Context, s *stage) (deployment, error) {
	pkg, err := s.npm(ctx, "@loopback/example-todo", "6.0.0")
	if err != nil {
		return deployment{}, err
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "data"), 0o755); err != nil { //nolint:gosec // removed
		return deployment{}, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return deployment{}, err
	}
	d := deployment{target: "http://" + loopback + ":" + port, document: "http://" + loopback + ":" + port + "/openapi.json"}
	c := exec.CommandContext(ctx, "node", pkg) //nolint:gosec // made here
	c.Env = append(os.Environ(), "HOST="+loopback, "PORT="+port)
	if err := s.serve(c); err != nil {
		return d, err
	}
	return d, ready(ctx, d.document)
}

// startHTTPBin serves go-httpbin; its longest delay is the one of the document.
func startHTTPBin(ctx context.Context, s *stage) (deployment, error) {
	binary, err := s.goInstall(ctx, "github.com/mccutchen/go-httpbin/v2", "cmd/go-httpbin", "v2.22.1")
	if err != nil {
		return deployment{}, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return deployment{}, err
	}
	d := deployment{document: filepath.Join(s.documents, "httpbin.yaml"), target: "http://" + loopback + ":" + port}
	c := exec.CommandContext(ctx, binary, "-host", loopback, "-port", port, "-max-duration", "200ms", "-log-level", "ERROR") //nolint:gosec // made here
	if err := s.serve(c); err != nil {
		return d, err
	}
	return d, ready(ctx, d.target+"/get")
}
