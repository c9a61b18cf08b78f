package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios"
)

func (a *app) loadCommand() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use: "load", Short: "Load the deployment by a profile and judge its objectives", Args: cobra.NoArgs,
		Long: `Load sends one profile, derived from the objectives and the declared load, and
judges what it decides:

` + profileTable() + `
` + "`plumbline generate`" + ` writes each profile that the design allows to
profiles/NAME/; what is edited there is sent instead. A rate above what is
promised is only sent up to --up-to, or load.overload.`,
		Example: "  plumbline load --profile smoke\n  plumbline load --profile spike --peak 200\n  plumbline load --profile soak --duration 2h",
		RunE:    func(c *cobra.Command, _ []string) error { return a.load(c.Context(), o) },
	}
	o.bind(c.Flags())
	o.bindRun(c)
	o.bindProfile(c.Flags(), baseline)
	_ = c.Flags().MarkHidden("only")
	f := c.Flags()
	f.Float64Var(&o.overload, "up-to", 0, "requests a second that are never exceeded (default load.overload)")
	f.Float64Var(&o.peak, "peak", 0, "requests a second that are promised at the busiest time (default load.peak)")
	f.DurationVar(&o.lasts, "duration", 0, "how long the load is sent (default load.duration; 30m for soak)")
	return c
}

func (o *options) bindProfile(f *pflag.FlagSet, usual string) {
	f.StringVar(&o.profile, "profile", usual, "way to load the deployment: "+strings.Join(profiles(), ", "))
}

// profileTable lists the profiles for the help.
func profileTable() string {
	var b strings.Builder
	for _, p := range scenarios.Profiles() {
		_, _ = fmt.Fprintf(&b, "  %-9s %s\n", p.Name, p.Title)
	}
	return b.String()
}

func profiles() []string {
	var out []string
	for _, p := range scenarios.Profiles() {
		out = append(out, p.Name)
	}
	return out
}

// profiled selects what judges the profile that is asked for, and what it asks
// of the search for capacity.
func (o *options) profiled() error {
	if o.profile == "" {
		return nil
	}
	all := scenarios.Profiles()
	i := slices.IndexFunc(all, func(p scenarios.Profile) bool { return p.Name == o.profile })
	if i < 0 {
		return notOneOf("--profile", o.profile, profiles())
	}
	if len(o.only) == 0 {
		o.only = all[i].Functions
	}
	if o.profile == "capacity" && o.search == nil {
		o.search = &plumbline.Search{}
	}
	return nil
}

// load runs one profile. One that may not be sent is a mistake of the user's.
func (a *app) load(ctx context.Context, o options) error {
	s, err := a.prepare(o) //nolint:contextcheck // what it asks a broker has a deadline of its own
	if err != nil {
		return err
	}
	if slices.ContainsFunc(s.plan.Experiments, func(x plumbline.Experiment) bool { return x.Kind == plumbline.KindLoad }) {
		return a.carry(ctx, s)
	}
	for _, k := range s.plan.Skips {
		sends := strings.HasPrefix(k.Function, "load/") || strings.HasPrefix(k.Function, "overload/")
		if sends && (k.Reason == plumbline.ReasonUnsafe || k.Reason == plumbline.ReasonNotApplicable) {
			return usage(fmt.Errorf("the profile %s cannot be sent: %s; what allows it: %s", o.profile, k.Detail, k.Unlock))
		}
	}
	return usage(fmt.Errorf("the profile %s sends nothing to this target", o.profile))
}

// baseline is the profile that a run sends when none is named, and needs no
// folder of its own.
const baseline = "baseline"

// profileFolder is where the files of a profile are, below profiles/.
func profileFolder(name string) string {
	if name == baseline {
		return ""
	}
	return name
}

// profileFiles renders every profile that the design allows, each into a folder
// of its own.
func (s *session) profileFiles(out map[string]artefact) error {
	was := s.design.Load
	defer func() { s.design.Load = was }()
	plans := map[string]plumbline.Plan{}
	for _, p := range scenarios.Profiles() {
		if p.Name == baseline {
			continue
		}
		if s.design.Load.Profile = p.Name; p.Name == "capacity" {
			s.design.Load.Search = &plumbline.Search{}
		}
		fns := slices.DeleteFunc(scenarios.Functions(), func(f plumbline.Function) bool {
			group, _, _ := strings.Cut(f.ID, "/")
			return !slices.Contains(p.Functions, f.ID) && !slices.Contains(p.Functions, group)
		})
		plan, err := scenarios.Draw(s.design, fns, s.seed)
		if err != nil {
			return err
		}
		plans["profiles/"+p.Name+"/"] = plan
	}
	return loads(out, plans)
}
