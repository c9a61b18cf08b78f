package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
	"github.com/plumbline-dev/plumbline/runners/deploy"
)

// stubReady comes before the address of a server that is ready.
const stubReady = "listening "

func (a *app) stubCommand() *cobra.Command {
	var spec, listen string
	var seed uint64
	var withParent bool
	c := &cobra.Command{
		Use: "stub", Short: "Serve what an OpenAPI document describes, in place of a dependency that is missing", Args: cobra.NoArgs,
		Long: `Stub answers as an OpenAPI document says: random data that its schemas accept,
what was created as it was created, and an error for every request that breaks
the document. It asks for no credentials. dependencies.NAME.stub of
plumbline.yaml starts one for the time of a run.`,
		Example: "  plumbline stub --spec payment.yaml --listen 127.0.0.1:9001",
		RunE: func(c *cobra.Command, _ []string) error {
			doc, err := openapi.Load(spec, openapi.Options{})
			if err != nil {
				return usage(err)
			}
			set, err := schema.Compile(doc)
			if err != nil {
				return usage(err)
			}
			ctx, cancel := context.WithCancel(c.Context())
			defer cancel()
			if withParent {
				go func() { _, _ = io.Copy(io.Discard, a.in); cancel() }()
			}
			return a.serve(ctx, mock.New(doc, set, mock.Options{Seed: seed, Open: true}), listen, "")
		},
	}
	c.Flags().StringVar(&spec, "spec", "", "OpenAPI document of the dependency")
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "address")
	c.Flags().Uint64Var(&seed, "seed", 1, "seed of its data")
	c.Flags().BoolVar(&withParent, "with-parent", false, "end with standard input")
	_ = c.Flags().MarkHidden("with-parent")
	_ = c.MarkFlagRequired("spec")
	return c
}

// serve answers requests at an address until the context ends, and says where,
// after the word by which a parent knows that it is ready.
func (a *app) serve(ctx context.Context, h http.Handler, listen, scheme string) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", listen)
	if err != nil {
		return usage(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	a.printf("%s%s%s\n", stubReady, scheme, l.Addr())
	if err := srv.Serve(l); ctx.Err() == nil {
		return harness(err)
	}
	return nil
}

// startStubs starts what stands in for dependencies that are missing, and names
// it as their upstream.
func (c *carrier) startStubs(ctx context.Context, d plumbline.Design) (plumbline.Design, error) {
	self, err := os.Executable()
	if err != nil {
		return d, err
	}
	d.Dependencies = slices.Clone(d.Dependencies)
	for i := range d.Dependencies {
		dep := &d.Dependencies[i]
		if !dep.Stub {
			continue
		}
		p, err := c.startStub(ctx, self, *dep)
		if err != nil {
			return d, err
		}
		dep.Upstream = "http://" + p.Line
	}
	return d, nil
}

// startStub starts one. It reads a pipe whose other end closes with this
// process, however that ends.
func (c *carrier) startStub(ctx context.Context, self string, d plumbline.Dependency) (*deploy.Process, error) {
	life, held, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = life.Close() }()
	p, err := deploy.Start(ctx, deploy.Command{Name: "stub of " + d.Name, Argv: []string{self, "stub", "--with-parent", "--spec", d.OpenAPI}, Stdin: life, Ready: stubReady})
	if err != nil {
		return nil, errors.Join(err, held.Close())
	}
	c.stubs, c.lives = append(c.stubs, p), append(c.lives, held)
	return p, nil
}
