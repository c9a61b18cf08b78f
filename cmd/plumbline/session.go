package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/crew"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/contracts/diff"
	"github.com/plumbline-dev/plumbline/contracts/examples"
	"github.com/plumbline-dev/plumbline/contracts/har"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
	"github.com/plumbline-dev/plumbline/contracts/slo"
	"github.com/plumbline-dev/plumbline/runners/deploy"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// options are the flags that say what is to be judged; run, plan and generate
// share them.
type options struct {
	config  string
	spec    string
	slos    []string
	target  string
	only    []string
	seed    uint64
	mode    string
	budget  time.Duration
	remote  bool
	out     string
	history string // folder or branch of earlier reports; empty for none
	force   bool
	quiet   bool // shows nothing of how the run goes
	plain   bool // shows it line by line
	engine  string
	library string
	timeout time.Duration
	http    string
	socket  string
	proxy   bool
	intakeOptions
	loadOptions
	auth    string
	publish bool   // results, to the broker
	otlp    string // collector that metrics and traces are sent to; empty for none

	group       *deploy.Group // processes that were started for the run; nil when there are none
	groupTarget string        // the one of them that is put to the test

	rootless bool // the target serves the paths of the document without the path of its server
	unjudged bool // nothing is sent, so that no plan needs the fields which answers are to have
}

func (o *options) bind(f *pflag.FlagSet) {
	f.StringVarP(&o.config, "config", "c", "", "declaration of the architecture (default plumbline.yaml when it exists)")
	f.StringVar(&o.spec, "spec", "", "OpenAPI document: a file, or a URL of the target")
	f.StringArrayVar(&o.slos, "slo", nil, "objective: "+sloForms)
	f.StringVar(&o.target, "target", "", "base URL of the deployment")
	f.StringSliceVar(&o.only, "only", nil, "judge only these groups or functions: contract,resilience/breaker-opens")
	f.Uint64Var(&o.seed, "seed", 1, "seed of every random choice; the same seed gives the same plan")
	f.StringVar(&o.mode, "mode", "", "what may be changed on the target: observe, own (only what the run created) or full")
	f.DurationVar(&o.budget, "budget", 0, "leave out load and scenarios that would not fit into this time")
	f.BoolVar(&o.remote, "allow-remote-refs", false, "fetch $refs that point to other hosts")
	o.bindIntake(f)
	f.StringVar(&o.auth, "auth", "", "authentication file of Web Fuzzing Commons, beside the declared identities")
	f.BoolVar(&o.force, "force", false, "run even against a target whose name looks like production")
}

// A session is a design with everything that it was made of.
type session struct {
	options
	declared  *declaration.Declaration
	doc       *openapi.Doc
	set       *schema.Set
	design    plumbline.Design
	functions []plumbline.Function
	plan      plumbline.Plan
	notes     []string
	places    map[string]plumbline.Source  // of notes that have one
	stated    sample.Stated                // sources of values that flows state
	answered  func(plumbline.Report) error // how the command ends; nil: as the verdict says
	stack     *stack                       // containers that were started for the run; nil when there are none
	cluster   *cluster                     // in which the deployment runs; nil when it is in none
	brokerage
	traffic *har.Traffic // recorded; nil when there is none
	reader  *diff.Reader // of answers, as a client of the released document; nil when there is none
}

// prepare reads everything and draws the plan. All errors are the user's.
func (a *app) prepare(o options) (*session, error) {
	defer frugal()()
	if err := o.profiled(); err != nil {
		return nil, usage(err)
	}
	s := &session{options: o}
	defer func() { a.noticed = s.notices() }()
	if err := s.declaration(a.env); err != nil {
		return nil, usage(err)
	}
	if err := s.document(); err != nil {
		return nil, usage(err)
	}
	if err := s.authenticated(); err != nil {
		return nil, usage(err)
	}
	if err := s.fill(); err != nil {
		return nil, usage(err)
	}
	if err := s.selectFunctions(); err != nil {
		return nil, usage(err)
	}
	plan, err := scenarios.Draw(s.design, s.functions, o.seed)
	if err != nil {
		return nil, harness(err)
	}
	s.plan = plan
	if err := s.override(); err != nil {
		return nil, usage(err)
	}
	s.trim()
	return s, nil
}

func (s *session) declaration(env func(string) (string, bool)) error {
	name := s.config
	if name == "" {
		if !isFile("plumbline.yaml") || s.spec != "" {
			s.declared = &declaration.Declaration{Mode: plumbline.ModeOwn}
			return nil
		}
		name = "plumbline.yaml"
	}
	d, err := declaration.Read(name, env)
	s.declared = d
	return err
}

func isFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func (s *session) document() error {
	overlays, err := s.readOverlays()
	if err != nil {
		return err
	}
	file := cmp.Or(s.spec, s.declared.OpenAPI, extended(overlays))
	if file == "" {
		return unnamed("no OpenAPI document: it is not said what the deployment promises", "name one with --spec, or openapi: in plumbline.yaml (`plumbline init` writes one)")
	}
	doc, err := loadDocument(file, openapi.Options{AllowRemoteRefs: s.remote, Amend: amend(file, overlays), Rootless: s.rootless})
	if err != nil && s.spec == "" && s.declared.OpenAPI == file && !isURL(file) && !isFile(file) {
		return s.declared.Wrong("DOC301", "$.openapi", "the path is relative to "+s.declared.File, fmt.Errorf("the document cannot be read: there is no file %s", file))
	}
	if err != nil {
		return err
	}
	s.doc = doc
	for _, n := range doc.Notices {
		s.remark(n.Source, n.Message)
	}
	s.set, err = schema.Compile(doc)
	return err
}

// remark notes something about a place.
func (s *session) remark(at plumbline.Source, message string) {
	note := where(at) + message
	if s.places == nil {
		s.places = map[string]plumbline.Source{}
	}
	s.notes, s.places[note] = append(s.notes, note), at
}

func where(at plumbline.Source) string {
	if at.File == "" {
		return ""
	}
	if at.Line == 0 {
		return at.File + ": "
	}
	return fmt.Sprintf("%s:%d: ", at.File, at.Line)
}

func isURL(file string) bool {
	return strings.HasPrefix(file, "http://") || strings.HasPrefix(file, "https://")
}

func loadDocument(file string, o openapi.Options) (*openapi.Doc, error) {
	if !isURL(file) {
		return openapi.Load(file, o)
	}
	data, err := download(file)
	if err != nil {
		return nil, err
	}
	return openapi.Parse(path.Base(file), data, o)
}

// fill makes the design of document, declaration and flags.
func (s *session) fill() error {
	s.design = plumbline.Design{Schema: plumbline.DesignSchema, Target: s.target, Document: s.identity(), Declaration: s.declared.File}
	if err := s.recorded(); err != nil {
		return err
	}
	if err := s.described(); err != nil {
		return err
	}
	var errs []error
	inline, err := inlineObjectives(s.doc, s.design.Operations)
	errs = append(errs, err)
	s.design.Objectives = inline
	notices, err := s.declared.Fill(&s.design)
	errs = append(errs, err)
	s.notes = append(s.notes, notices...)
	if s.target != "" {
		s.design.Target = s.target
	}
	s.surroundings()
	s.design.History = s.history != ""
	s.allowed()
	s.mixed()
	s.unbase()
	if s.mode != "" {
		s.design.Mode = plumbline.Mode(s.mode)
		if !slices.Contains([]plumbline.Mode{plumbline.ModeObserve, plumbline.ModeOwn, plumbline.ModeFull}, s.design.Mode) {
			errs = append(errs, notOneOf("--mode", s.mode, modes()))
		}
	}
	if s.design.Service == "" {
		s.design.Service = serviceName(s.doc)
	}
	errs = append(errs, s.flagObjectives(), s.hits(), s.weighted(), s.partners(), s.agree(), s.consumers(), s.compare(), s.covered(), s.gating(), s.fedWell())
	s.design.Served = s.declared.Intake.Served
	return errors.Join(errs...)
}

// described fills in what the document alone says of the operations: their
// cases and resources, and beside that, since it does not depend on it, what
// they answer.
func (s *session) described() error {
	var err error
	answers := map[string]plumbline.Operation{}
	crew.Beside(func() {
		err = s.operations()
	}, func() {
		inspector := schema.NewInspector(s.doc, s.set)
		for _, o := range s.doc.Operations {
			a := plumbline.Operation{Pictures: examples.Pictures(o, s.set, inspector)}
			if !s.unjudged {
				a.Fields = inspector.Documented(o.ID)
			}
			answers[o.ID] = a
		}
		s.design.Untrue, s.design.Examples = examples.Check(s.doc, s.set)
	})
	for i := range s.design.Operations {
		o := &s.design.Operations[i]
		o.Fields, o.Pictures = answers[o.ID].Fields, answers[o.ID].Pictures
	}
	s.design.Errors = problemDetails(s.doc)
	return err
}

// unbase takes the base path of the document off the target, where it was given
// with it: paths of operations hold it already.
func (s *session) unbase() {
	base := s.doc.Base()
	trimmed := strings.TrimRight(s.design.Target, "/")
	if base == "" || !strings.HasSuffix(trimmed, base) {
		return
	}
	s.design.Target = strings.TrimSuffix(trimmed, base)
	s.notes = append(s.notes, fmt.Sprintf("%s is where the document's paths begin, so the target is %s", base, s.design.Target))
}

func (s *session) identity() plumbline.Document {
	d := plumbline.Document{File: s.doc.File, URL: plainURL(cmp.Or(s.spec, s.declared.OpenAPI)), OpenAPI: s.doc.Version, SHA256: s.doc.SHA256}
	if i := s.doc.T.Info; i != nil {
		d.Title, d.Version = i.Title, i.Version
	}
	return d
}

// plainURL is a URL that holds nothing secret; empty for everything else.
func plainURL(file string) string {
	u, err := url.Parse(file)
	if err != nil || !isURL(file) || u.User != nil || u.RawQuery != "" {
		return ""
	}
	return file
}

// serviceName makes a name for files and pacts from the document's title.
func serviceName(d *openapi.Doc) string {
	title := ""
	if d.T.Info != nil {
		title = d.T.Info.Title
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, title)
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '-' }), "-")
	if name == "" {
		return "service"
	}
	return name[:min(len(name), 60)]
}

// flagObjectives adds what --slo says.
func (s *session) flagObjectives() error {
	if len(s.slos) == 0 {
		return nil
	}
	want, err := promises(s.slos, os.LookupEnv)
	if err != nil {
		return err
	}
	objectives, notices, err := want(s.design.Operations)
	s.notes = append(s.notes, notices...)
	s.design.Objectives = append(s.design.Objectives, objectives...)
	return errors.Join(append(slo.Contradictions(s.design.Objectives), err)...)
}

// selectFunctions keeps what --only names, and always the self-checks that the
// rest of them rests on.
func (s *session) selectFunctions() error {
	all := scenarios.Functions()
	if len(s.only) == 0 {
		s.functions = all
		return nil
	}
	used := map[string]bool{}
	for _, f := range all {
		group, _, _ := strings.Cut(f.ID, "/")
		for _, want := range s.only {
			if want == f.ID || want == group || strings.HasPrefix(want, f.ID+"/") {
				used[want] = true
				s.functions = append(s.functions, f)
				break
			}
		}
		if group == "harness" && !slices.ContainsFunc(s.functions, func(g plumbline.Function) bool { return g.ID == f.ID }) {
			s.functions = append(s.functions, f)
		}
	}
	for _, want := range s.only {
		if !used[want] {
			return unknownFunction("--only", want, all)
		}
	}
	return nil
}

// unknownFunction is what a flag names and the catalogue does not have.
func unknownFunction(flag, want string, all []plumbline.Function) error {
	var names []string
	for _, f := range all {
		group, _, _ := strings.Cut(f.ID, "/")
		names = append(names, f.ID, group)
	}
	help := strings.TrimSpace(mistake.DidYouMean(want, names) + " `plumbline functions` lists them")
	return wrongFlag(flag, want, help, "there is no group or function %q", want)
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("larger than %d bytes", limit)
	}
	return data, err
}
