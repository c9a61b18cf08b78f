// Package shop is the sample system: an orders service with three HTTP
// dependencies and a TCP store, and a cache if it is given one, each a process of its own. Every pattern is
// right by default; SHOP_MUTANT=<name> switches a defect on, or several with commas between. It
// measures how often Plumbline is right.
package shop

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"time"
)

//go:embed openapi.yaml payment.yaml slo.yaml plumbline.yaml flows.arazzo.yaml pacts
var files embed.FS

// Files are the documents of the sample system.
func Files() fs.FS { return files }

// maxAge bounds the life of a process whose parent was killed.
const maxAge = 30 * time.Minute

// ageOf reads SHOP_MAX_AGE: "2h".
func ageOf(text string) time.Duration {
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	return maxAge
}

// Main runs one role – orders, inventory, payment, recs, store or cache – until ctx
// ends, and writes "listening ADDR" when it is ready.
func Main(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("name a role: orders, inventory, payment, recs, store or cache")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	by, err := lateOf(env("SHOP_JITTER"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, ageOf(env("SHOP_MAX_AGE")))
	defer cancel()
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	ready := func() { _, _ = fmt.Fprintln(out, "listening", l.Addr()) }
	switch args[0] {
	case "store", "cache":
		ready()
		return serveStore(ctx, l, by)
	case "inventory", "payment", "recs":
		ready()
		return serve(ctx, l, serverOf(by.answers(dependency(args[0]))), false)
	case "orders":
		if served, err := inPlace(ctx, l, env("SHOP_VARIANT"), ready); served {
			return err
		}
		s, err := newService(env)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		if err := s.begin(ctx); err != nil {
			return errors.Join(err, l.Close())
		}
		ctx = s.joined(ctx, l.Addr().String())
		ready()
		srv := serverOf(s.handler())
		srv.Protocols = s.mutant.spoken()
		return serve(ctx, l, srv, s.mutant.is("sigterm-kills-inflight"))
	}
	return errors.Join(fmt.Errorf("no role is called %q", args[0]), l.Close())
}

func serverOf(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet()}
}

// serve serves until ctx ends, and then lets what is in flight finish, unless it
// has the defect to end abruptly.
func serve(ctx context.Context, l net.Listener, srv *http.Server, abrupt bool) error {
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	if abrupt {
		return srv.Close()
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	return srv.Shutdown(grace)
}
