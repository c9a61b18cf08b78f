package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/huh/v2"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/slo"
)

// asks says whether init asks for what its flags do not say: where there is
// somebody to ask, and the one flag that has no default is missing.
func (a *app) asks(o initOptions) bool {
	ci, _ := a.env("CI")
	return o.spec == "" && !o.yes && a.prompts && (ci == "" || ci == "false")
}

// wishes are what was typed. Numbers are text until they are taken over.
type wishes struct {
	spec, target, mode, p99, availability, rate, callers, ci string
	secured                                                  bool // the document asks for credentials
}

// errNothingWritten is how init ends when whom it asks goes away.
var errNothingWritten = &exit{plumbline.ExitInterrupted, errors.New("nothing was written")}

// ask asks for what the flags do not say. Told says which do.
func (a *app) ask(ctx context.Context, o *initOptions, told func(flag string) bool) error {
	g := wishes{
		spec: firstDocument(os.DirFS(".")), target: o.target, mode: o.mode, p99: o.p99.String(), availability: o.availability,
		rate: strconv.FormatFloat(o.rate, 'g', -1, 64), callers: strings.Join(o.identities, ","), ci: o.ci,
	}
	if g.ci == "" {
		g.ci = likelyCI(os.DirFS("."))
	}
	kind, _ := a.env("TERM")
	form := huh.NewForm(g.groups(told)...).WithTheme(huh.ThemeFunc(huh.ThemeBase16)).WithAccessible(kind == "dumb").WithInput(a.in).WithOutput(a.err)
	switch err := form.RunWithContext(ctx); {
	case errors.Is(err, huh.ErrUserAborted), errors.Is(err, huh.ErrTimeout), ctx.Err() != nil:
		return errNothingWritten
	case err != nil:
		return harness(err)
	}
	return g.into(o)
}

// groups are the questions, a screen each; those that a flag answers are left
// out.
func (g *wishes) groups(told func(string) bool) []*huh.Group {
	spec := huh.NewInput().Title("OpenAPI document").Description("a file, or a URL of the deployment").Value(&g.spec).
		SuggestionsFunc(func() []string { return documents(os.DirFS(".")) }, nil).Validate(g.readable)
	target := huh.NewInput().Title("Base URL of the deployment").Description("it is asked what answers: by safe methods, without credentials").Value(&g.target).Validate(isBase)
	mode := huh.NewSelect[string]().Title("What may a run change there?").Value(&g.mode).Options(
		huh.NewOption("only what it created itself", string(plumbline.ModeOwn)),
		huh.NewOption("nothing: it only reads", string(plumbline.ModeObserve)),
		huh.NewOption("everything: nobody else uses it", string(plumbline.ModeFull)),
	)
	p99 := huh.NewInput().Title("Latency that 99 % of the requests keep").Value(&g.p99).Validate(isLatency)
	availability := huh.NewInput().Title("Share of requests that are answered well").Value(&g.availability).Validate(isShare)
	rate := huh.NewInput().Title("At how many requests a second").Value(&g.rate).Validate(isRate)
	callers := huh.NewInput().Title("Callers").Description("as alice=ALICE_TOKEN,bob=BOB_TOKEN: names, and the variables that hold their secrets; two show whether one gets at what is the other's").Value(&g.callers).Validate(areCallers)
	ci := huh.NewSelect[string]().Title("Run it in a pipeline?").Value(&g.ci).Options(offered(os.DirFS("."))...)
	var groups []*huh.Group
	add := func(hide func() bool, asked map[string]huh.Field, order ...string) {
		var fields []huh.Field
		for _, flag := range order {
			if !told(flag) {
				fields = append(fields, asked[flag])
			}
		}
		if len(fields) > 0 {
			groups = append(groups, huh.NewGroup(fields...).WithHideFunc(hide))
		}
	}
	never := func() bool { return false }
	add(never, map[string]huh.Field{"spec": spec, "target": target, "mode": mode}, "spec", "target", "mode")
	add(never, map[string]huh.Field{"p99": p99, "availability": availability, "rate": rate}, "p99", "availability", "rate")
	add(func() bool { return !g.secured }, map[string]huh.Field{"identity": callers}, "identity")
	add(never, map[string]huh.Field{"ci": ci}, "ci")
	return groups
}

// offered are the pipelines whose files are not there yet.
func offered(in fs.FS) []huh.Option[string] {
	out := []huh.Option[string]{huh.NewOption("no", "")}
	for _, name := range pipelines() {
		who := cis()[name]
		if _, err := fs.Stat(in, who.file); err != nil {
			out = append(out, huh.NewOption(fmt.Sprintf("%s: writes %s", who.title, who.file), name))
		}
	}
	return out
}

// into takes the answers over.
func (g *wishes) into(o *initOptions) error {
	var errs [2]error
	o.spec, o.mode, o.availability, o.ci = g.spec, g.mode, g.availability, g.ci
	o.target = g.target
	o.p99, errs[0] = time.ParseDuration(g.p99)
	o.rate, errs[1] = strconv.ParseFloat(g.rate, 64)
	if g.secured {
		o.identities = callersOf(g.callers)
	}
	return errors.Join(errs[:]...)
}

// readable says whether a document can be read, and notes whether it asks for
// credentials.
func (g *wishes) readable(name string) error {
	if name == "" {
		return errors.New("what does the deployment promise? Name its OpenAPI document")
	}
	doc, err := loadDocument(name, openapi.Options{})
	if err != nil {
		if all := mistake.All(err); len(all) > 0 {
			return fmt.Errorf("%s", all[0].Message)
		}
		return err
	}
	g.secured = slices.ContainsFunc(doc.Plumb(), func(op plumbline.Operation) bool { return op.Secured })
	return nil
}

func isBase(s string) error {
	if u, err := url.Parse(s); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("write it as http://127.0.0.1:8080")
	}
	return nil
}

func isLatency(s string) error {
	if d, err := time.ParseDuration(s); err != nil || d <= 0 {
		return errors.New("write it as 300ms")
	}
	return nil
}

func isShare(s string) error {
	if _, err := slo.Share(s); err != nil {
		return errors.New("write it as 99.5%")
	}
	return nil
}

func isRate(s string) error {
	if n, err := strconv.ParseFloat(s, 64); err != nil || n <= 0 {
		return errors.New("write it as 20")
	}
	return nil
}

func areCallers(s string) error {
	for _, text := range callersOf(s) {
		if name, variable, ok := strings.Cut(text, "="); !ok || name == "" || variable == "" {
			return errors.New("write them as alice=ALICE_TOKEN,bob=BOB_TOKEN; the secrets themselves stay in the environment")
		}
	}
	return nil
}

func callersOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// documents are files that are called like an OpenAPI document, in the usual
// places.
func documents(in fs.FS) []string {
	var out []string
	for _, dir := range []string{".", "api", "docs", "spec", "openapi", "src/main/resources"} {
		for _, name := range []string{"openapi", "swagger", "api"} {
			for _, ext := range []string{".yaml", ".yml", ".json"} {
				file := filepath.ToSlash(filepath.Join(dir, name+ext))
				if info, err := fs.Stat(in, file); err == nil && info.Mode().IsRegular() {
					out = append(out, file)
				}
			}
		}
	}
	return out
}

func firstDocument(in fs.FS) string {
	if all := documents(in); len(all) > 0 {
		return all[0]
	}
	return ""
}
