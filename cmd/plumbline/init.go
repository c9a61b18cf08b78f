package main

import (
	"context"
	_ "embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/slo"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

//go:embed init.yaml.tmpl
var declarationTemplate string

// initOptions are the answers that init takes. It asks for none that a flag
// gives, and for nothing where nobody is there to ask, so that it does the same
// in a pipeline as by hand.
type initOptions struct {
	spec, target, out string
	service, mode     string
	rate              float64
	p99               time.Duration
	availability      string
	identities        []string
	dependencies      []string
	ci                string // who runs the pipelines: github or gitlab; empty for nobody
	probe, force, yes bool
}

func (a *app) initCommand() *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use: "init", Short: "Write a commented plumbline.yaml", Args: cobra.NoArgs,
		Long: `Init reads the document and writes a declaration that runs as it is: what it
cannot know is there as a comment. With --target it asks the deployment as well,
without credentials and by safe methods only: which operations answer, whether
the base path of the document holds, and what wants credentials.

On a terminal, and without --spec, it asks for what its flags do not say.`,
		Example: `  plumbline init
  plumbline init --spec openapi.yaml --target http://127.0.0.1:8080 --ci github
  plumbline init --spec openapi.yaml --target http://127.0.0.1:8080 --identity alice=ALICE_TOKEN --p99 300ms
  plumbline init --spec openapi.yaml --dependency payment=127.0.0.1:7001=http://127.0.0.1:9001`,
		RunE: func(c *cobra.Command, _ []string) error {
			wanted := o.probe
			o.probe = wanted && c.Flags().Changed("target")
			if a.asks(o) {
				o.probe = wanted
				if err := o.free(); err != nil { // before anything is asked
					return usage(err)
				}
				if err := a.ask(c.Context(), &o, c.Flags().Changed); err != nil {
					return err
				}
			}
			return usage(a.initialize(c.Context(), o))
		},
	}
	f := c.Flags()
	f.StringVar(&o.spec, "spec", "", "OpenAPI document: a file, or a URL; asked for on a terminal when it is missing")
	f.StringVar(&o.target, "target", "http://127.0.0.1:8080", "base URL of the deployment; it is asked when it is given")
	f.StringVarP(&o.out, "output", "o", "plumbline.yaml", "file to write")
	f.StringVar(&o.service, "service", "", "name of the service (default from the document's title)")
	f.StringVar(&o.mode, "mode", string(plumbline.ModeOwn), "what may be changed on the target: observe, own or full")
	f.Float64Var(&o.rate, "rate", 20, "requests a second that the objectives are to hold at")
	f.DurationVar(&o.p99, "p99", 500*time.Millisecond, "latency that 99 % of requests keep")
	f.StringVar(&o.availability, "availability", "99%", "share of requests without a server error")
	f.StringArrayVar(&o.identities, "identity", nil, "caller, and the variable of the environment that holds its secret: NAME=VARIABLE; may be repeated")
	f.StringArrayVar(&o.dependencies, "dependency", nil, "dependency, where its wire listens, and where it is: NAME=LISTEN=UPSTREAM; may be repeated")
	f.StringVar(&o.ci, "ci", "", "write the file of a pipeline as well: github or gitlab")
	f.BoolVarP(&o.yes, "yes", "y", false, "ask nothing")
	f.BoolVar(&o.probe, "probe", true, "ask the target, when one is given")
	f.BoolVar(&o.force, "force", false, "write over an existing file")
	return c
}

func (a *app) initialize(ctx context.Context, o initOptions) error {
	if o.spec == "" {
		return unnamed("init reads an OpenAPI document, and none is named", "name it with --spec FILE")
	}
	if err := o.free(); err != nil {
		return err
	}
	d, err := o.file()
	pipeline, steps, wrong := a.pipeline(o)
	if err := errors.Join(err, wrong); err != nil {
		return err
	}
	s := &session{options: options{spec: o.spec, target: o.target, seed: 1}, declared: &declaration.Declaration{Mode: plumbline.ModeObserve}}
	if err := s.document(); err != nil {
		return err
	}
	if err := s.described(); err != nil {
		return err
	}
	s.design.Target = o.target
	s.unbase()
	if o.probe {
		p := s.sounded(ctx)
		d.Probed, d.answered = p.lines(o.target, s.doc.Base()), p.answers
		d.Asking = p.asking
		for _, line := range d.Probed {
			a.note("%s\n", line)
		}
	}
	d.describe(s.doc, s.design.Operations, o)
	text, err := d.write(o.out)
	if err != nil {
		return err
	}
	if err := writeFile(o.out, text); err != nil {
		return err
	}
	if pipeline != "" {
		if err := writeFile(pipeline, steps); err != nil {
			return err
		}
		a.printf("wrote %s\n", pipeline)
	}
	a.printf("wrote %s (operations: %d); `plumbline plan -c %s` shows what it asks for\n", o.out, len(d.Operations), o.out)
	return nil
}

// free says whether the declaration can be written without loss.
func (o initOptions) free() error {
	if _, err := os.Stat(o.out); !errors.Is(err, fs.ErrNotExist) && !o.force {
		return wrongFlag("--output", o.out, "--force writes over it", "the file exists")
	}
	return nil
}

// initFile is what the template of plumbline.yaml is filled with.
type initFile struct {
	Schema, Service, Spec, Target, Liveness string
	Mode, Availability, P99, Rate           string
	Operations                              []string
	Secured                                 bool
	Scheme                                  string // of the document, that identities show themselves by; empty: a bearer token
	Identities                              []caller
	Dependencies                            []wire.Wire
	Probed                                  []string // what the target said, one line each
	Asking                                  []string // operations that want credentials, though the document does not say so
	answered                                map[string]bool
}

// A caller is an identity, and the variable that holds its secret.
type caller struct{ Name, Variable string }

// file takes over what the flags say.
func (o initOptions) file() (initFile, error) {
	d := initFile{
		Schema: declaration.SchemaURL, Service: o.service, Target: o.target, Mode: o.mode,
		Availability: o.availability, P99: o.p99.String(), Rate: strconv.FormatFloat(o.rate, 'g', -1, 64),
	}
	var errs []error
	if _, err := slo.Share(o.availability); err != nil {
		errs = append(errs, wrongFlag("--availability", o.availability, "write 99%", "%v", err))
	}
	if o.p99 <= 0 || o.rate <= 0 {
		errs = append(errs, wrongFlag("--p99", "", "write --p99 300ms --rate 20", "--p99 and --rate are above zero"))
	}
	for _, text := range o.identities {
		name, variable, ok := strings.Cut(text, "=")
		if !ok || name == "" || variable == "" {
			errs = append(errs, wrongFlag("--identity", text, "write alice=ALICE_TOKEN: the secret itself stays in the environment", "%q does not say name and variable", text))
		}
		d.Identities = append(d.Identities, caller{name, variable})
	}
	for _, text := range o.dependencies {
		w, err := parseWire(text)
		if err != nil {
			errs = append(errs, wrongFlag("--dependency", text, "write payment=127.0.0.1:7001=http://127.0.0.1:9001, or store=127.0.0.1:7002=tcp://127.0.0.1:5432", "%q does not say name, listen and upstream", text))
		}
		d.Dependencies = append(d.Dependencies, w)
	}
	return d, errors.Join(errs...)
}

// describe takes over what the document says.
func (d *initFile) describe(doc *openapi.Doc, ops []plumbline.Operation, o initOptions) {
	rel, err := filepath.Rel(filepath.Dir(o.out), o.spec)
	if err != nil || strings.Contains(o.spec, "://") {
		rel = o.spec
	}
	d.Spec = filepath.ToSlash(rel)
	if d.Service == "" {
		d.Service = serviceName(doc)
	}
	for _, op := range ops {
		d.Operations = append(d.Operations, op.ID)
		d.Secured = d.Secured || op.Secured
		if d.Scheme == "" {
			d.Scheme = shownBy(op)
		}
		if d.Liveness == "" && tellsLife(op) && (d.answered == nil || d.answered[op.ID]) {
			d.Liveness = op.Path
		}
	}
}

// shownBy is the first scheme of an operation that a secret is shown by.
func shownBy(op plumbline.Operation) string {
	for _, s := range op.Schemes {
		if s.Type != "mutualTLS" {
			return s.Name
		}
	}
	return ""
}

// tellsLife tells whether an operation is called like a probe of liveness.
func tellsLife(op plumbline.Operation) bool {
	return op.Method == "GET" && (strings.Contains(op.Path, "live") || strings.Contains(op.Path, "health"))
}

// write fills the template. What it gives has been read again.
func (d *initFile) write(name string) ([]byte, error) {
	t, err := template.New("plumbline.yaml").Funcs(template.FuncMap{"yaml": quoted}).Parse(declarationTemplate)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if err := t.Execute(&b, d); err != nil {
		return nil, err
	}
	set := func(string) (string, bool) { return "x", true }
	_, err = declaration.Parse(name, []byte(b.String()), set)
	return []byte(b.String()), err
}

// quoted is a text as a YAML scalar.
func quoted(s string) string {
	if regexp.MustCompile(`^[A-Za-z/.]([\w./:-]*[\w./-])?$`).MatchString(s) && s != "null" {
		return s
	}
	return strconv.Quote(s)
}
