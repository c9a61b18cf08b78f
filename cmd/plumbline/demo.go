package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/examples/shop"
)

func (a *app) demoCommand() *cobra.Command {
	var o options
	var defect, variant string
	c := &cobra.Command{
		Use: "demo", Short: "Run the whole job on the embedded sample system", Args: cobra.NoArgs,
		Long:    "Demo starts the sample system – a shop with three HTTP dependencies and a store – and its wires as processes on loopback ports, runs the whole job and stops everything. Its documents are kept in the user's cache folder. --defect switches known defects on. Other callers of the shop may be named in SHOP_TOKENS (carol=secret), its dependencies answer up to SHOP_JITTER late, and at the signal USR1 it is started anew, as by somebody who deploys it meanwhile.",
		Example: "  plumbline demo --out out/demo\n  plumbline demo --defect breaker-never-opens",
		RunE:    func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), o, defect, variant) },
	}
	o.bindRun(c)
	c.Flags().Float64Var(&o.overload, "overload", 0, "make the shop one that carries 100 requests a second, and allow up to so many, to judge capacity and overload")
	o.bindProfile(c.Flags(), "")
	c.Flags().DurationVar(&o.lasts, "duration", 0, "how long the load of a profile is sent (default as declared)")
	c.Flags().StringVar(&defect, "defect", "", "switch on one defect, or several with commas between: "+strings.Join(defects(), ", "))
	c.Flags().StringVar(&variant, "variant", "", "run another legitimate shape of the sample system, or something empty in its place: "+strings.Join(variants(), ", "))
	c.Flags().StringSliceVar(&o.only, "only", nil, "judge only these groups or functions")
	c.Flags().Uint64Var(&o.seed, "seed", 1, "seed of every random choice")
	c.Flags().DurationVar(&o.budget, "budget", 0, "leave out load and scenarios that would not fit into this time")
	return c
}

func defects() []string {
	var out []string
	for _, m := range shop.Mutants() {
		out = append(out, m.Name)
	}
	return out
}

func variants() []string {
	var out []string
	for _, v := range shop.Variants() {
		out = append(out, v.Name)
	}
	return out
}

func (a *app) demo(ctx context.Context, o options, defect, variant string) error {
	for name := range strings.SplitSeq(defect, ",") {
		if name != "" && !slices.Contains(defects(), name) {
			return usage(notOneOf("--defect", name, defects()))
		}
	}
	v, err := shop.Named(variant)
	if err != nil {
		return usage(notOneOf("--variant", variant, variants()))
	}
	if v.HTTP != "" {
		o.http = v.HTTP
	}
	if o.out == "" {
		o.out = filepath.Join("out", "demo")
	}
	dir, err := unpacked(v)
	if err != nil {
		return harness(err)
	}
	s := &sampleSystem{defect: defect, variant: variant, documents: dir}
	s.callers, _ = a.env("SHOP_TOKENS")
	if o.overload > 0 {
		s.work, o.rate, o.peak, o.search = sampleWork, samplePeak, samplePeak, sampleSearch(o.profile)
	}
	defer s.stop()
	if err := s.start(ctx); err != nil {
		return harness(err)
	}
	b := *a
	b.env = func(name string) (string, bool) {
		if v, ok := s.env[name]; ok {
			return v, true
		}
		return a.env(name)
	}
	defer s.redeployed(ctx)()
	o.config, o.group, o.groupTarget = filepath.Join(dir, "plumbline.yaml"), &s.roles, "orders"
	a.note("the sample system serves at %s; defect: %s\n", s.env["SHOP_URL"], orNone(strings.Trim(defect+","+variant, ",")))
	return b.run(ctx, o)
}

// sampleSearch is a quick search for capacity: steps are too short to prove the
// objectives, and end when these are disproved.
func sampleSearch(profile string) *plumbline.Search {
	s := plumbline.Search{Start: 50, Step: 4 * time.Second, Confirm: 10 * time.Second, Precision: 0.06}
	if profile == "recovery" {
		s.Precision = 0 // as rough as the profile has it
	}
	return &s
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// unpacked is where the documents of the sample system are. They stay, for the
// report names their lines, and at one place, for the same seed is to give the
// same plan.
func unpacked(v shop.Variant) (dir string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(cache, "plumbline", strings.TrimSuffix("sample-"+v.Name, "-"))
	return dir, unpack(shop.Files(), dir, v.Document)
}

func unpack(from fs.FS, dir string, as func(name string, data []byte) ([]byte, error)) error {
	return fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if data, err = as(name, data); err != nil {
			return err
		}
		path := filepath.Join(dir, name)
		if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, data) {
			return nil
		}
		return writeFile(path, data)
	})
}
