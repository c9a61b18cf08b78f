package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// startOpenFGA serves OpenFGA on a PostgreSQL of its own.
func startOpenFGA(ctx context.Context, s *stage) (deployment, error) {
	address, err := startPostgres(ctx, s)
	if err != nil {
		return deployment{}, err
	}
	return serveOpenFGA(ctx, s, address)
}

// serveOpenFGA serves OpenFGA on the PostgreSQL at an address.
func serveOpenFGA(ctx context.Context, s *stage, address string) (deployment, error) {
	binary, err := s.goInstall(ctx, "github.com/openfga/openfga", "cmd/openfga", "v1.10.2")
	if err != nil {
		return deployment{}, err
	}
	database := atPostgres(address)
	if _, err := output(exec.CommandContext(ctx, binary, "migrate", "--datastore-engine", "postgres", "--datastore-uri", database)); err != nil { //nolint:gosec // built here
		return deployment{}, err
	}
	var ports [2]string
	for i := range ports {
		if ports[i], err = freePort(ctx); err != nil {
			return deployment{}, err
		}
	}
	d := deployment{
		document: filepath.Join(s.documents, "openfga.json"), config: filepath.Join(s.documents, "openfga.plumbline.yaml"),
		target: "http://" + loopback + ":" + ports[0],
	}
	c := exec.CommandContext(ctx, binary, "run", "--datastore-engine", "postgres", "--datastore-uri", database, //nolint:gosec // built here
		"--http-addr", loopback+":"+ports[0], "--grpc-addr", loopback+":"+ports[1],
		"--playground-enabled=false", "--metrics-enabled=false", "--log-level", "warn")
	if err := s.serve(c); err != nil {
		return d, err
	}
	return d, ready(ctx, d.target+"/healthz")
}

// atPostgres is the URL of the database at an address.
func atPostgres(address string) string {
	return "postgres://postgres@" + address + "/postgres?sslmode=disable"
}

// startPostgres makes a cluster in the folder of the stage and serves it. The
// server refuses to run as root, who lends it to the user of the package. It returns
// where it is.
func startPostgres(ctx context.Context, s *stage) (string, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return "", err
	}
	data, as := filepath.Join(s.dir, "postgres"), &syscall.SysProcAttr{}
	if err := os.Mkdir(data, 0o700); err != nil {
		return "", err
	}
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return "", err
		}
		uid, _ := strconv.Atoi(u.Uid) // a number where there are user ids
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(data, uid, gid); err != nil {
			return "", err
		}
		as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // an id
	}
	cluster := filepath.Join(data, "cluster")
	c := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", cluster, "-U", "postgres", "-A", "trust", "-N") //nolint:gosec // of the system
	c.Dir, c.SysProcAttr = data, as
	if _, err := output(c); err != nil {
		return "", err
	}
	port, err := freePort(ctx)
	if err != nil {
		return "", err
	}
	c = exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "-D", cluster, "-h", loopback, "-p", port, "-k", data) //nolint:gosec // of the system
	c.Dir, c.SysProcAttr = data, &syscall.SysProcAttr{Credential: as.Credential}
	if err := s.serve(c); err != nil {
		return "", err
	}
	return loopback + ":" + port, accepts(ctx, loopback+":"+port)
}

// postgresPrograms finds the folder of the server's programs: on the path, or
// where Debian keeps its versions.
func postgresPrograms() (string, error) {
	if found, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(found), nil
	}
	all, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(all) == 0 {
		return "", exec.ErrNotFound
	}
	return filepath.Dir(slices.Max(all)), nil
}

// accepts waits until somebody listens.
func accepts(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}
